"""Card files from the window: answered on its thread, pictures kept, nothing lost when the process that reads them dies."""

import json
import os
import resource
import signal
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from tests.app.prompt.cards.card_files import card, picture

from zhiyin.importing.pictures import SIDE
from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.cards.mending import Mend
from zhiyin.prompt.cards.png_text import END, SIGNATURE, chunk, with_texts
from zhiyin.prompt.cards.reading import read_card
from zhiyin.prompt.cards.writing import write_charx, write_json, write_png
from zhiyin.prompt.errors import CardCode
from zhiyin.services.cards import CardFailed, CardRead, CardService, CardWritten, PictureMade, PicturesCleared
from zhiyin_models.child.command import child_environment

WAIT = 60_000
PICTURE = picture(300, 500)
Answered = TypeVar("Answered")
pytestmark = pytest.mark.usefixtures("qapp")


class Asking:
    """The service, asked one thing at a time."""

    def __init__(self, service: CardService, qtbot: QtBot) -> None:
        self.service = service
        self._qtbot = qtbot

    def answer(self, ask: Callable[[Callable[[Any], None]], int], kind: type[Answered]) -> Answered:
        heard: list[Any] = []
        ask(lambda answer: heard.append((answer, threading.current_thread() is threading.main_thread())))
        self._qtbot.waitUntil(lambda: bool(heard), timeout=WAIT)
        ((answer, on_thread),) = heard
        assert isinstance(answer, kind), answer
        assert on_thread
        return answer

    def read(self, path: Path | str) -> CardRead:
        return self.answer(lambda then: self.service.read(str(path), then), CardRead)

    def refused(self, path: Path | str) -> CardCode:
        return self.answer(lambda then: self.service.read(str(path), then), CardFailed).failure.code

    def everything(self, paths: list[str], on_card: Callable[[Any], None] = lambda _card: None) -> list[CardRead | CardFailed]:
        heard: list[CardRead | CardFailed] = []
        ended: list[bool] = []
        told: list[tuple[int, int]] = []

        def hear(answer: CardRead | CardFailed) -> None:
            heard.append(answer)
            on_card(answer)

        self.service.import_files(paths, hear, lambda done, total: told.append((done, total)), lambda: ended.append(True))
        self._qtbot.waitUntil(lambda: bool(ended), timeout=WAIT)
        assert told == sorted(told)
        assert told[-1] == (len(heard), len(heard))
        return heard


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cards") / "data"


@pytest.fixture(scope="module")
def service(data_dir: Path, qapp: QApplication) -> Iterator[CardService]:
    """One process for all tests that do not kill it: it takes a while to start."""
    del qapp
    made = CardService(data_dir, data_dir.with_name("cards.log"))
    yield made
    made.close()
    made.close()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[CardService]:
    made = CardService(tmp_path / "data", tmp_path / "cards.log")
    yield made
    made.close()


@pytest.fixture
def asking(service: CardService, qtbot: QtBot) -> Asking:
    return Asking(service, qtbot)


def header_only(width: int, height: int) -> bytes:
    """A PNG that claims a size and has a few bytes of picture."""
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + END


def test_a_card_is_read_with_its_picture_and_written_again_in_every_format(
    asking: Asking, service: CardService, data_dir: Path, tmp_path: Path
) -> None:
    source = tmp_path / "人物.png"
    source.write_bytes(write_png(card(1), PICTURE))
    read = asking.read(source)
    assert Card.from_json(read.card_json) == card(1)
    assert (read.path, read.container, read.mended, read.size) == (str(source), "png", (), source.stat().st_size)
    assert Path(read.picture).read_bytes() == PICTURE
    assert Path(read.picture).parent == data_dir / "pictures"
    assert len(read.picture_key) == 64
    Path(read.picture).write_bytes(b"")  # as a loss of power leaves it
    assert Path(asking.read(source).picture).read_bytes() == PICTURE
    small = QImage(read.thumbnail)
    assert (small.width(), small.height()) == (SIDE, SIDE)

    for kind, container in (("png2", "png"), ("png3", "png"), ("json2", "json"), ("json3", "json"), ("charx", "charx")):
        target = tmp_path / f"out.{kind}"
        written = asking.answer(
            lambda then, target=target, kind=kind: service.write(read.card_json, read.picture_key, str(target), kind, then), CardWritten
        )
        assert (written.size, written.mended) == (target.stat().st_size, ())
        again = asking.read(target)
        assert again.container == container
        assert Card.from_json(again.card_json).name == "人物 1"
        assert container == "json" or again.picture == read.picture
    target = tmp_path / "flat.json"
    asking.answer(lambda then: service.write(read.card_json, "", str(target), "json1", then), CardWritten)
    assert json.loads(target.read_bytes()).keys() == {"name", "description", "personality", "scenario", "first_mes", "mes_example"}
    seal = tmp_path / "seal.png"
    asking.answer(lambda then: service.write(read.card_json, "", str(seal), "png3", then, png=picture(20, 20)), CardWritten)
    assert Path(asking.read(seal).picture).read_bytes() == picture(20, 20)
    assert not list(tmp_path.glob("*.part")) + list(tmp_path.glob(".*.part"))


def test_files_that_came_with_a_card_go_with_it(asking: Asking, service: CardService, data_dir: Path, tmp_path: Path) -> None:
    files = {"assets/e/joy.webp": b"RIFF", "notes.txt": b"n"}
    whole = card().changed(assets=[{"type": "emotion", "uri": "embeded://assets/e/joy.webp", "name": "joy", "ext": "webp"}])
    source = tmp_path / "a.charx"
    source.write_bytes(write_charx(whole, PICTURE, files))
    read = asking.read(source)
    assert {(asset.name, asset.size) for asset in read.assets} == {("joy", 4), ("main", len(PICTURE)), ("notes.txt", 1)}
    target = tmp_path / "b.charx"
    asking.answer(lambda then: service.write(read.card_json, read.picture_key, str(target), "charx", then), CardWritten)
    before, after = (read_card(None, path.read_bytes()) for path in (source, target))
    assert (before.card, before.assets, before.picture) == (after.card, after.assets, after.picture)
    (tmp_path / "other.png").write_bytes(picture(30, 30))
    other = asking.answer(lambda then: service.make_picture(str(tmp_path / "other.png"), then), PictureMade)
    asking.answer(lambda then: service.write(read.card_json, other.picture_key, str(target), "charx", then), CardWritten)
    repainted = read_card(None, target.read_bytes())
    assert (repainted.picture, repainted.assets.keys()) == (picture(30, 30), before.assets.keys())
    plain = asking.answer(lambda then: service.write(read.card_json, "", str(tmp_path / "c.json"), "json3", then), CardWritten)
    assert [mended.code for mended in plain.mended] == [Mend.ASSET_DROPPED]
    key = Card.from_json(read.card_json).own["assets"]
    folder = data_dir / "pictures"
    assert asking.answer(lambda then: service.clear_pictures(set(), then, keep_assets=set()), PicturesCleared).count == 0  # all young
    for path in folder.glob(f"{read.picture_key}*"):
        os.utime(path, (0, 0))
    half = folder / ".zhiyin-0123.part"
    half.touch()
    for path in (half, folder / f"{key}.assets.zip"):
        os.utime(path, (0, 0))
    cleared = asking.answer(
        lambda then: service.clear_pictures({read.picture_key}, then, keep_assets=set()),
        PicturesCleared,
    )
    assert cleared.count == 2
    assert not list(folder.glob(f"{key}*"))
    assert asking.answer(lambda then: service.clear_pictures(set(), then), PicturesCleared).count == 2


def test_pictures_chosen_by_hand_and_those_that_cannot_be_shown(asking: Asking, service: CardService, tmp_path: Path) -> None:
    image = QImage(3000, 1000, QImage.Format.Format_RGB32)
    image.fill(QColor("teal"))
    for ending in ("jpg", "webp", "png"):
        chosen = tmp_path / f"a.{ending}"
        assert image.save(str(chosen))
        made = asking.answer(lambda then, chosen=chosen: service.make_picture(str(chosen), then), PictureMade)
        assert QImage(made.picture).width() == (3000 if ending == "png" else 2048)
        assert QImage(made.thumbnail).width() == SIDE
    for bad in (header_only(100_000, 100_000), header_only(16_000, 16_000), header_only(30, 30)[:40], b"<svg/>", b"nothing"):
        (tmp_path / "bad").write_bytes(bad)
        failed = asking.answer(lambda then: service.make_picture(str(tmp_path / "bad"), then), CardFailed)
        assert failed.failure.code == CardCode.PICTURE_BAD
    text = write_png(card(), None, versions=(3,))
    start = text.index(b"ccv3") + 5
    encoded = text[start : text.index(b"IEND") - 8]
    (tmp_path / "huge.png").write_bytes(with_texts(header_only(100_000, 100_000), [("ccv3", encoded)]))
    read = asking.read(tmp_path / "huge.png")
    assert (read.picture, read.thumbnail, [mended.code for mended in read.mended]) == ("", "", [Mend.PICTURE_BAD])
    assert Card.from_json(read.card_json) == card()


def test_what_is_no_file_is_refused_and_nothing_is_waited_for(asking: Asking, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert asking.refused(tmp_path / "pipe.png") == CardCode.NOT_FILE
    assert asking.refused(tmp_path) == CardCode.NOT_FILE
    assert asking.refused("/dev/zero") == CardCode.NOT_FILE
    assert asking.refused(tmp_path / "missing.png") == CardCode.UNREADABLE
    assert asking.refused(tmp_path / ("n" * 300)) == CardCode.UNREADABLE
    assert asking.refused("/proc/self/status") == CardCode.CHANGING  # never as long as it says
    (tmp_path / "empty.png").touch()
    assert asking.refused(tmp_path / "empty.png") == CardCode.EMPTY
    with (tmp_path / "large.json").open("wb") as large:
        large.truncate(80 << 20)
    assert asking.refused(tmp_path / "large.json") == CardCode.TOO_LARGE
    (tmp_path / "quotes.json").write_bytes(b'{"first_mes": "' + b"\\\\" * (3 << 20) + b'"}')
    assert len(asking.read(tmp_path / "quotes.json").card_json) > 6 << 20
    (tmp_path / "quotes.json").write_bytes(b'{"first_mes": "' + b"\\u0001" * (4 << 18) + b"\\\\" * (3 << 19) + b'"}')
    assert asking.refused(tmp_path / "quotes.json") == CardCode.TOO_LARGE


def test_what_cannot_be_written_leaves_what_was_there(fresh: CardService, qtbot: QtBot, tmp_path: Path) -> None:
    asking, service = Asking(fresh, qtbot), fresh

    def write(path: Path) -> CardFailed:
        return asking.answer(lambda then: service.write(card(0, words=2000).to_json(), "", str(path), "json3", then), CardFailed)

    assert write(tmp_path / "no" / "a.json").failure.code == CardCode.WRITE_FAILED
    (tmp_path / "folder.json").mkdir()
    assert write(tmp_path / "folder.json").failure.code == CardCode.WRITE_FAILED
    target = tmp_path / "there.json"
    target.write_bytes(b"before")
    assert service.pid is not None
    resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (1000, 1000))  # as a disk that fills up while it is written
    assert write(target).failure.code == CardCode.WRITE_FAILED
    assert target.read_bytes() == b"before"
    (tmp_path / "a.png").write_bytes(write_png(card(), PICTURE))
    assert asking.refused(tmp_path / "a.png") == CardCode.WRITE_FAILED  # of its picture
    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".part"]


def fill(folder: Path, count: int) -> None:
    """A folder of cards with smaller folders in it, among files that are none."""
    (folder / "inner" / "innermost").mkdir(parents=True)
    for number in range(count):
        place = (folder, folder / "inner", folder / "inner" / "innermost")[number % 3]
        (place / f"{number:03}.png").write_bytes(write_png(card(number), picture(seed=number)))
    (folder / "inner" / "round").symlink_to(folder)
    (folder / "notes.txt").write_text("no card")
    (folder / ".hidden.png").write_bytes(b"")


def test_a_folder_is_read_whole_and_its_failures_and_books_are_told(asking: Asking, tmp_path: Path) -> None:
    folder = tmp_path / "人物"
    fill(folder, 24)
    (folder / "picture.png").write_bytes(PICTURE)
    (folder / "world.json").write_text(json.dumps({"entries": {"0": {"key": ["a"], "content": "b"}}}))
    odd = os.fsdecode(bytes(str(folder), "utf-8") + b"/\xff.json")
    Path(odd).write_bytes(write_json(card(99), 3))
    extra = tmp_path / "one.json"
    extra.write_bytes(write_json(card(98), 2))
    heard = asking.everything([str(folder), str(extra), str(tmp_path / "missing")])
    names = {Card.from_json(one.card_json).name for one in heard if isinstance(one, CardRead) and not one.book}
    assert names == {f"人物 {number}" for number in (*range(24), 98, 99)}
    assert [Path(one.path).name for one in heard if isinstance(one, CardRead) and one.book] == ["world.json"]
    failed = {Path(one.path).name: one.failure.code for one in heard if isinstance(one, CardFailed)}
    assert failed == {"picture.png": CardCode.NONE, "missing": CardCode.UNREADABLE}
    assert odd in {one.path for one in heard}
    assert asking.everything([str(tmp_path / "none")])[0].path == str(tmp_path / "none")


def test_nothing_is_heard_after_a_cancel(asking: Asking, service: CardService, tmp_path: Path) -> None:
    folder = tmp_path / "cards"
    fill(folder, 40)
    heard: list[CardRead | CardFailed] = []
    ends: list[bool] = []

    def hear(answer: CardRead | CardFailed) -> None:
        heard.append(answer)
        if len(heard) == 5:
            service.cancel(ticket)

    ticket = service.import_folder(str(folder), hear, lambda _done, _total: None, lambda: ends.append(True))
    unheard: list[Any] = []
    service.cancel(service.read(str(folder / "000.png"), unheard.append))
    assert len(asking.everything([str(folder)])) == 40  # what is asked afterwards is answered
    assert (len(heard), ends, unheard, service.waiting) == (5, [], [], 0)


def test_a_killed_process_is_told_once_and_the_next_question_starts_another(fresh: CardService, tmp_path: Path, qtbot: QtBot) -> None:
    asking, service = Asking(fresh, qtbot), fresh
    source = tmp_path / "a.json"
    source.write_bytes(write_json(card(), 3))
    asking.read(source)
    first = service.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    heard: list[CardRead | CardFailed] = []
    service.read(str(source), heard.append)
    service.read(str(source), heard.append)
    qtbot.waitUntil(lambda: psutil.Process(first).status() == psutil.STATUS_STOPPED, timeout=WAIT)
    os.kill(first, signal.SIGKILL)
    qtbot.waitUntil(lambda: len(heard) == 2, timeout=WAIT)
    assert [one.failure.code for one in heard if isinstance(one, CardFailed)] == [CardCode.IMPORT_DIED] * 2
    asking.read(source)
    assert service.pid != first
    assert (len(heard), service.waiting) == (2, 0)


def test_a_process_that_hangs_is_ended(tmp_path: Path, qtbot: QtBot) -> None:
    service = CardService(tmp_path / "data", tmp_path / "cards.log", longest=2)
    source = tmp_path / "a.json"
    source.write_bytes(write_json(card(), 3))
    service.read(str(source), lambda _answer: None)  # on a busy machine even this can take too long
    qtbot.waitUntil(lambda: service.pid is not None, timeout=WAIT)
    assert service.pid is not None
    os.kill(service.pid, signal.SIGSTOP)
    assert Asking(service, qtbot).refused(source) == CardCode.IMPORT_DIED
    service.close()


def test_an_import_goes_on_after_the_process_was_killed_again_and_again(fresh: CardService, tmp_path: Path, qtbot: QtBot) -> None:
    asking, service = Asking(fresh, qtbot), fresh
    folder = tmp_path / "cards"
    fill(folder, 40)
    kills = {3, 4}
    count = 0

    def kill(_answer: Any) -> None:
        nonlocal count
        count += 1
        if count in kills and service.pid is not None:
            os.kill(service.pid, signal.SIGKILL)

    heard = asking.everything([str(folder)], kill)
    assert len({one.path for one in heard}) == len(heard) == 40
    assert all(isinstance(one, CardRead) for one in heard)


def test_closing_ends_the_process_and_everything_is_forgotten(fresh: CardService, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "cards"
    fill(folder, 20)
    heard: list[Any] = []
    service = fresh
    service.import_folder(str(folder), heard.append, lambda _done, _total: None, lambda: heard.append("end"))
    qtbot.waitUntil(lambda: bool(heard), timeout=WAIT)
    pid = service.pid
    service.close()
    count = len(heard)
    service.read(str(folder), heard.append)
    qtbot.wait(50)
    assert (len(heard), service.waiting) == (count, 0)
    assert pid is not None
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_frozen_build_finds_the_process_too() -> None:
    command = [sys.executable, "-m", "zhiyin", "--child", "cards"]
    result = subprocess.run(command, env=child_environment(), input=b"", capture_output=True, check=False, timeout=60)
    assert json.loads(result.stdout.splitlines()[0])["kind"] == "cards"
