"""Models from a hub and on the disk, from the command line: real requests, real downloads, and a bar on a real terminal."""

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from tests.hub_server import TOKEN, Generated, HubServer, NotJSON, Stall, Status
from tests.models.gguf_files import write_small

from zhiyin_models.cli import main
from zhiyin_models.cli.text_width import width
from zhiyin_models.hub.settings import HubSettings, Source, write_hub_settings
from zhiyin_models.library.installed import Library

Output = pytest.CaptureFixture[str]
PROGRAM = (  # a shell that starts tests in the background has them ignore Ctrl-C
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "from zhiyin_models.cli import main; sys.exit(main(sys.argv[1:]))"
)
WAIT = 60.0
REPOSITORY = "qin/Qin-GGUF"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    with HubServer(tmp_path_factory.mktemp("hub")) as server:
        yield server


@pytest.fixture
def clean(hub: HubServer) -> Iterator[HubServer]:
    hub.forget_requests()
    yield hub
    hub.behave()


def official(hub: HubServer) -> Source:
    return Source("Test Hub", "huggingface", hub.address, official=True)


@pytest.fixture(autouse=True)
def data_dir(hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "数据"
    mirror = Source("Mirror", "huggingface", "http://127.0.0.1:9")  # nobody is there
    write_hub_settings(folder, HubSettings(sources=(official(hub), mirror), proxy=""))
    monkeypatch.setenv("ZHIYIN_DATA_DIR", str(folder))
    monkeypatch.setenv("ZHIYIN_LANG", "en")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return folder


@pytest.fixture(scope="module")
def model(hub: HubServer, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A repository of a small model in three types, with a projector; the bytes of the one of four bits."""
    folder = tmp_path_factory.mktemp("models")
    files = {
        kind: write_small(folder / f"琴-{kind}.gguf", {"general.name": f"琴 {kind}"}, data=200_000) for kind in ("Q2_K", "Q4_K_M", "Q8_0")
    }
    contents = {path.name: path.read_bytes() for path in files.values()}
    contents["mmproj-F16.gguf"] = write_small(folder / "mmproj.gguf", {"general.architecture": "clip"}).read_bytes()
    about = {"downloads": 1234, "likes": 56, "licence": "apache-2.0", "languages": ("zh", "en"), "gguf": {"total": 7_600_000_000}}
    hub.add_repository(REPOSITORY, contents, **about)
    return contents["琴-Q4_K_M.gguf"]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM, *arguments]


def environment(root: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(root / "models"), **more}


# ---------------------------------------------------------------- search and sources


@pytest.mark.usefixtures("model")
def test_a_search_is_a_table_or_json(hub: HubServer, capsys: Output) -> None:
    hub.add_repository("other/tiny", {"tiny-Q8_0.gguf": b"x"}, downloads=5, gguf={"total": 500_000_000}, gated="manual", languages=("en",))
    assert main(["search", "qin", "--sort", "downloads", "--size", "1B-8B", "--language", "zh"]) == 0
    said = capsys.readouterr()
    headings, row = said.out.splitlines()
    assert headings.split()[:3] == ["Repository", "Downloads", "Likes"]
    assert row.split() == [REPOSITORY, "1,234", "56", "7.6B", "apache-2.0", "zh,", "en"]
    assert said.err == "1 found at Test Hub. To fetch one: zhiyin-models pull REPO\n"
    assert main(["search", "--json", "--limit", "1", "--sort", "downloads", "--source", "test-hub"]) == 0
    said = capsys.readouterr()
    assert [found["id"] for found in json.loads(said.out)] == [REPOSITORY]
    assert said.err == ""
    assert main(["search", "tiny", "--lang", "zh"]) == 0
    assert "须先接受许可" in capsys.readouterr().out
    assert main(["search", "no such thing"]) == 0
    assert capsys.readouterr() == ("", "Nothing was found at Test Hub.\n")


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (["search", "x", "--source", "nowhere"], "there is no source “nowhere”, but there are: Test Hub, Mirror", 2),
        (["pull", "nobody/nothing"], "nobody/nothing", 1),
        (["pull", "no repository"], "no repository", 1),
        (["pull", f"{REPOSITORY}:Q5_K_M"], "Q2_K, Q4_K_M, Q8_0", 1),
        (["pull", "ftp://127.0.0.1/a.gguf"], "ftp", 1),
        (["pull", "file:///etc/passwd"], "https://", 1),
        (["import"], "a model file or --found is needed", 2),
        (["verify"], "the name of a model or --all is needed", 2),
        (["verify", "unknown"], "no model “unknown” in the library", 1),
        (["rm", "unknown", "--yes"], "no model “unknown” in the library", 1),
        (["token", "Mirror"], "mirror", 2),
    ],
)
@pytest.mark.usefixtures("model")
def test_what_cannot_be_done_is_one_sentence(arguments: list[str], words: str, code: int, capsys: Output) -> None:
    assert main(arguments) == code
    said = capsys.readouterr()
    assert words in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_order_that_is_none_is_answered_with_those_that_are(lang: str, capsys: Output) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["search", "--sort", "bogus", "--lang", lang])
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert "bogus" in said
    assert all(order in said for order in ("trend", "downloads", "likes", "updated"))
    assert not any(sign in said for sign in "<>_")


def test_a_hub_that_is_no_hub_is_one_sentence(clean: HubServer, capsys: Output) -> None:
    clean.misbehave("/api/*", NotJSON())
    assert main(["search", "qin"]) == 1
    said = capsys.readouterr()
    assert clean.address in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)


def with_mirror(hub: HubServer, data_dir: Path, folder: Path) -> HubServer:
    """A second source that answers and has nothing, besides the test's own."""
    mirror = HubServer(folder)
    sources = (official(hub), Source("Second", "huggingface", mirror.address))
    write_hub_settings(data_dir, HubSettings(sources=sources, proxy=""))
    return mirror


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize("named", [[], ["--source", "Test Hub"]])
def test_where_another_source_stands_in_that_is_said(
    named: list[str], clean: HubServer, data_dir: Path, tmp_path: Path, capsys: Output
) -> None:
    with with_mirror(clean, data_dir, tmp_path / "mirror") as mirror:
        mirror.add_repository(REPOSITORY, {"a-Q2_K.gguf": write_small(tmp_path / "a.gguf").read_bytes()})
        clean.misbehave("/api/*", NotJSON())
        assert main(["search", "qin", *named, "--json"]) == 0
        said = capsys.readouterr()
        assert [one["source"] for one in json.loads(said.out)] == ["Second"]
        (line,) = said.err.splitlines()
        assert line.startswith("Test Hub was not used, and another source stood in: ")
        assert clean.address in line
        assert main(["pull", f"{REPOSITORY}:Q2_K", *named, "--lang", "zh"]) == 0
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("没有用 Test Hub，由其他来源代替：")
        assert main(["search", "no such thing", *named]) == 0
        first, last = capsys.readouterr().err.splitlines()
        assert first.startswith("Test Hub was not used")
        assert last == "Nothing was found at Second."


def test_results_are_shown_page_by_page(clean: HubServer, capsys: Output) -> None:
    for number in range(7):
        clean.add_repository(f"paged/m{number}", {"m-Q8_0.gguf": b"x"}, downloads=100 - number, gguf={"total": (1 + number % 2) * 10**9})
    search = ["search", "--author", "paged", "--sort", "downloads"]

    def page(number: int, *more: str) -> tuple[list[str], str]:
        assert main([*search, "--limit", "3", "--page", str(number), *more]) == 0
        said = capsys.readouterr()
        return [row.split()[0] for row in said.out.splitlines()[1:]], said.err

    assert page(1)[0] == ["paged/m0", "paged/m1", "paged/m2"]
    assert page(2)[0] == ["paged/m3", "paged/m4", "paged/m5"]
    assert "There is more, with: --page 3" in page(2)[1]
    found, said = page(3)
    assert found == ["paged/m6"]
    assert "There is more" not in said
    assert page(4) == ([], "There is nothing more at Test Hub.\n")
    assert [page(number, "--size", "2B-2B")[0] for number in (1, 2)] == [["paged/m1", "paged/m3", "paged/m5"], []]  # a filter of ours


def test_sources_say_whether_they_answer(clean: HubServer, capsys: Output) -> None:
    assert main(["sources"]) == 0
    rows = capsys.readouterr().out.splitlines()[1:]
    assert ["answers in" in row for row in rows] == [True, False]
    assert "http://127.0.0.1:9 cannot be reached (" in rows[1]
    assert "detail=" not in rows[1]
    clean.misbehave("/api/*", Status(500))
    assert main(["sources", "--json"]) == 1
    assert all(one["problem"] for one in json.loads(capsys.readouterr().out))


# ---------------------------------------------------------------- pull


def test_what_is_pulled_is_in_the_library_and_right(clean: HubServer, model: bytes, data_dir: Path, capsys: Output) -> None:
    assert main(["pull", REPOSITORY]) == 0
    said = capsys.readouterr()
    place = data_dir / "models" / REPOSITORY / "琴-Q4_K_M.gguf"
    assert said.err == ""
    assert said.out == f"琴 is in the library: {place}\nChat with it: zhiyin-models chat 琴\n"
    assert place.read_bytes() == model
    assert (place.parent / "mmproj-F16.gguf").exists()
    clean.forget_requests()
    assert main(["pull", f"{REPOSITORY}:q4_k_m", "--json"]) == 0  # it is there
    pulled = json.loads(capsys.readouterr().out)
    assert (pulled["name"], pulled["path"], pulled["repository"]) == ("琴", str(place), REPOSITORY)
    assert not [request for request in clean.requests if request.path.endswith("Q4_K_M.gguf")]
    assert main(["list"]) == 0
    headings, row = capsys.readouterr().out.splitlines()
    assert [heading in headings for heading in ("Languages", "Licence", "From", "Last used")] == [True] * 4
    assert [cell in row for cell in ("琴", "zh, en", "apache-2.0", "Test Hub", str(place))] == [True] * 5
    (listed,) = Library(data_dir).models()
    assert listed.origin is not None
    assert listed.origin.sha256["琴-Q4_K_M.gguf"] == sha256(model).hexdigest()


def test_a_newer_revision_goes_into_a_folder_of_its_own(clean: HubServer, data_dir: Path, tmp_path: Path, capsys: Output) -> None:
    old, new = (write_small(tmp_path / name, data=size) for name, size in (("1", 5000), ("2", 6000)))
    projector = write_small(tmp_path / "3", {"general.architecture": "clip"})
    clean.add_repository("some/revised", {"r-Q4_K_M.gguf": old, "mmproj-F16.gguf": projector})
    folder = data_dir / "models" / "some" / "revised"
    assert main(["pull", "some/revised"]) == 0
    assert capsys.readouterr().err == ""
    revision = clean.revise("some/revised", {"r-Q4_K_M.gguf": new})
    beside = folder / revision[:8] / "r-Q4_K_M.gguf"
    assert main(["pull", "some/revised"]) == 0
    said = capsys.readouterr()
    assert said.err == f"r in the library is of another revision and stays; this one goes into {beside.parent}\n"
    assert str(beside) in said.out
    assert (folder / "r-Q4_K_M.gguf").read_bytes() == old.read_bytes()
    assert beside.read_bytes() == new.read_bytes()
    clean.revise("some/revised", {"README.md": "# About"})
    assert main(["pull", "some/revised", "--json"]) == 0  # the same files under another revision's name
    assert json.loads(capsys.readouterr().out)["path"] == str(beside)
    assert [place.name for place in folder.iterdir() if place.is_dir()] == [revision[:8]]
    assert len(Library(data_dir).models()) == 2


def test_a_damaged_copy_is_taken_away_and_pulled_again(clean: HubServer, data_dir: Path, tmp_path: Path, capsys: Output) -> None:
    clean.add_repository("some/rotten", {"rotten one-Q4_K_M.gguf": write_small(tmp_path / "1", data=5000)})
    assert main(["pull", "some/rotten"]) == 0
    (path,) = (data_dir / "models" / "some" / "rotten").iterdir()
    content = path.read_bytes()
    before = path.stat().st_mtime_ns
    path.write_bytes(content[:-1] + b"!")
    os.utime(path, ns=(before, before))
    capsys.readouterr()
    assert main(["verify", "rotten one"]) == 1
    assert "Take it away with zhiyin-models rm, then pull it again." in capsys.readouterr().err
    assert main(["pull", "some/rotten"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("is in the library, but it is not the file to be fetched. Take it away first: zhiyin-models rm 'rotten one'")
    assert main(["rm", "rotten one", "--yes"]) == 0
    assert main(["pull", "some/rotten"]) == 0
    assert path.read_bytes() == content


def test_a_file_that_is_in_the_way_of_a_pull_is_said(clean: HubServer, tmp_path: Path, capsys: Output) -> None:
    clean.add_repository("some/blocked", {"b-Q4_K_M.gguf": write_small(tmp_path / "1")})
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "b-Q4_K_M.gguf").write_text("mine")
    assert main(["pull", "some/blocked", "--folder", str(tmp_path / "there")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("Move it away, or choose another --folder.")
    assert (tmp_path / "there" / "b-Q4_K_M.gguf").read_text() == "mine"


@pytest.mark.usefixtures("model")
def test_one_type_of_a_page_into_a_folder_without_its_projector(hub: HubServer, tmp_path: Path, capsys: Output) -> None:
    page = f"{hub.address}/{REPOSITORY}/blob/main/琴-Q2_K.gguf"
    assert main(["pull", page, "--folder", str(tmp_path / "elsewhere"), "--no-projector"]) == 0
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["琴-Q2_K.gguf"]
    assert "琴 is in the library" in capsys.readouterr().out


def test_an_address_with_a_checksum(hub: HubServer, model: bytes, data_dir: Path, capsys: Output) -> None:
    address = hub.add_file("some model.gguf", model)
    assert main(["pull", address, "--sha256", sha256(b"other").hexdigest()]) == 1
    assert "some model.gguf" in capsys.readouterr().err
    assert not (data_dir / "models" / "some model.gguf").exists()
    assert main(["pull", address, "--sha256", sha256(model).hexdigest().upper()]) == 0
    assert "Chat with it: zhiyin-models chat 'some model'" in capsys.readouterr().out


def test_without_a_type_what_suits_this_computer(hub: HubServer, tmp_path: Path, capsys: Output) -> None:
    small = write_small(tmp_path / "small.gguf").read_bytes()
    hub.add_repository("some/others", {f"m-{kind}.gguf": small + bytes(99 * place) for place, kind in enumerate(("Q2_K", "IQ4_XS", "F16"))})
    assert main(["pull", "some/others", "--json"]) == 0
    said = capsys.readouterr()
    assert Path(json.loads(said.out)["path"]).name == "m-IQ4_XS.gguf"
    assert said.err.startswith("There is no Q4_K_M; IQ4_XS (")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 42)
    hub.add_repository("some/large", {"m-Q2_K.gguf": small, "m-Q4_K_M.gguf": tmp_path / "huge"})
    for content in hub.repository("some/large").commits[-1].files.values():
        content._sums["sha256"] = sha256(small).hexdigest()  # nobody waits for that of four terabytes
    assert main(["pull", "some/large"]) == 0
    assert "Q4_K_M (4.0 TB) does not fit this computer; Q2_K (" in capsys.readouterr().err
    hub.add_repository("some/giant", {"m-Q4_K_M.gguf": tmp_path / "huge"})
    hub.repository("some/giant").commits[-1].files["m-Q4_K_M.gguf"]._sums["sha256"] = "0" * 64
    assert main(["pull", "some/giant", "--lang", "zh"]) == 2
    assert "没有这台电脑放得下的文件" in capsys.readouterr().err


def test_a_checkpoint_is_fetched_for_a_conversion(hub: HubServer, data_dir: Path, capsys: Output) -> None:
    hub.add_repository("some/checkpoint", {"config.json": "{}", "model.safetensors": Generated(3000), "README.md": "# About"})
    assert main(["pull", "some/checkpoint"]) == 0
    folder = data_dir / "checkpoints" / "some" / "checkpoint"
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]
    assert f"Convert it: zhiyin-models convert '{folder}'" in capsys.readouterr().out.replace(str(folder) + "\n", f"'{folder}'\n")
    assert Library(data_dir).models() == []


# ---------------------------------------------------------------- the library


def test_a_copy_is_the_librarys_own_and_goes_to_the_trash(data_dir: Path, tmp_path: Path, capsys: Output) -> None:
    source = write_small(tmp_path / "mine.gguf")
    assert main(["import", str(source), "--copy"]) == 0
    copy = data_dir / "models" / "mine.gguf"
    assert copy.read_bytes() == source.read_bytes()
    assert capsys.readouterr().err == "mine is in the library.\n"
    assert main(["import", str(source), "--json"]) == 0
    in_place = json.loads(capsys.readouterr().out)
    assert (in_place["path"], in_place["owned"]) == (str(source), False)
    assert main(["rm", "mine"]) == 2
    assert "--yes is needed" in capsys.readouterr().err
    assert main(["rm", str(copy), "--yes"]) == 0
    assert str(copy) in capsys.readouterr().err
    assert not copy.exists()
    assert main(["rm", in_place["name"], "--yes"]) == 0
    assert f"Its file stays at {source}" in capsys.readouterr().err
    assert source.exists()
    assert Library(data_dir).models() == []


def test_models_of_other_apps_are_taken_in_where_they_lie(data_dir: Path, capsys: Output) -> None:
    home = Path(os.environ["HOME"])
    folder = home / ".lmstudio" / "models" / "some" / "one"
    folder.mkdir(parents=True)
    path = write_small(folder / "theirs.gguf")
    try:
        assert main(["import", "--found"]) == 0
        said = capsys.readouterr()
        assert "LM Studio" in said.out
        assert str(path) in said.out
        assert said.err == "1 models were added; their files stay where they are.\n"
        assert main(["import", "--found", "--json"]) == 0
        assert capsys.readouterr() == ("[]\n", "")
        assert [model.path for model in Library(data_dir).models()] == [str(path)]
    finally:
        path.unlink()


def test_models_are_read_again(tmp_path: Path, capsys: Output) -> None:
    good, bad = (write_small(tmp_path / name) for name in ("good.gguf", "bad.gguf"))
    for path in (good, bad):
        assert main(["import", str(path)]) == 0
    assert main(["verify", "--all"]) == 0
    capsys.readouterr()
    before = bad.stat().st_mtime_ns
    content = bytearray(bad.read_bytes())
    content[-1] ^= 1
    bad.write_bytes(content)
    os.utime(bad, ns=(before, before))  # as a disk does it that rots
    assert main(["verify", "good"]) == 0
    assert capsys.readouterr() == ("good is as it should be.\n", "")
    assert main(["verify", "--all", "--json"]) == 1
    said = capsys.readouterr()
    results = {one["name"]: one for one in json.loads(said.out)}
    assert results["good"]["failure"] is None
    assert results["bad"]["failure"]["code"] == "verify.differs"
    assert str(bad) in said.err
    bad.unlink()
    assert main(["list"]) == 0
    assert "file missing" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"], ["info", "mine"], ["verify", "mine"]])
def test_a_damaged_list_is_said_once(arguments: list[str], data_dir: Path, capsys: Output) -> None:
    (data_dir / "models").mkdir()
    write_small(data_dir / "models" / "mine.gguf")
    (data_dir / "library.json").write_text("{")
    assert main(arguments) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("The list of models was damaged")]
    assert len(said) == 1
    assert str(data_dir / "library.json.damaged-1") in said[0]
    assert main(arguments) == 0
    assert "The list of models" not in capsys.readouterr().err


# ---------------------------------------------------------------- tokens


def test_a_token_is_read_where_nobody_sees_it(root: Path, data_dir: Path, clean: HubServer, capsys: Output) -> None:
    clean.add_repository("some/gated", {"a-Q4_K_M.gguf": b"GGUF"}, gated="manual")
    write_hub_settings(data_dir, HubSettings(sources=(official(clean),), proxy=""))

    def token(*arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command("token", *arguments), env=environment(root), input=said, capture_output=True, text=True, timeout=WAIT, check=False
        )

    kept = token("Test Hub", said=f"{TOKEN}\n")
    assert (kept.returncode, kept.stdout) == (0, "")
    assert "The token of Test Hub is kept." in kept.stderr
    assert TOKEN not in kept.stderr
    assert (data_dir / "tokens.json").stat().st_mode & 0o777 == 0o600
    assert main(["pull", "some/gated"]) == 1
    assert "then keep your token with zhiyin-models token" in capsys.readouterr().err
    assert any(request.headers.get("authorization") == f"Bearer {TOKEN}" for request in clean.requests)
    assert token("test hub", "--delete").returncode == 0
    assert TOKEN not in (data_dir / "tokens.json").read_text()
    assert token("Test Hub", said="\n").returncode == 2


# ---------------------------------------------------------------- a terminal


class Watching:
    """A command at a real terminal, so many columns wide, with everything that is written there."""

    def __init__(self, root: Path, *arguments: str, columns: int = 100, shown: bool = False, **more: str) -> None:
        self.desk, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        variables = environment(root, **{"TERM": "xterm-256color", **more})
        self.process = subprocess.Popen(
            command(*arguments),
            env=variables,
            stdin=theirs,
            stdout=theirs if shown else subprocess.PIPE,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.screen = ""

    def until(self, seen: Callable[[str], bool]) -> None:
        """Read on until it is so."""
        while not seen(self.screen):
            assert self.read(), self.screen

    def types(self, words: str) -> None:
        os.write(self.desk, words.encode())

    def read(self) -> bool:
        """What comes next; False at the end."""
        try:
            seen = os.read(self.desk, 1 << 16)
        except OSError:  # the other end is closed
            return False
        self.screen += seen.decode(errors="replace")
        return bool(seen)

    def ended(self) -> tuple[int, str]:
        """The exit code, and what went to standard output."""
        while self.read():
            pass
        said, _ = self.process.communicate(timeout=WAIT)
        return self.process.returncode, (said or b"").decode()

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        os.close(self.desk)


@pytest.fixture
def watch(root: Path) -> Iterator[Callable[..., Watching]]:
    opened: list[Watching] = []

    def start(*arguments: str, **more: object) -> Watching:
        opened.append(Watching(root, *arguments, **more))  # type: ignore[arg-type]
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def test_a_bar_while_it_is_fetched_and_ctrl_c_keeps_what_is_there(clean: HubServer, watch: Callable[..., Watching], data_dir: Path) -> None:
    clean.add_repository("some/long", {"long-Q4_K_M.gguf": Generated(40_000_000)})
    stall = Stall(after=2_000_000)
    clean.misbehave("*long-Q4_K_M.gguf", stall)
    person = watch("pull", "some/long:Q4_K_M", "--lang", "zh", NO_COLOR="1")
    person.until(lambda screen: "38.1 MB" in screen and "MB（共" in screen)
    assert "正在询问模型网站" in person.screen
    assert "下载" in person.screen
    assert "━" in person.screen
    assert "long-Q4_K_M.gguf" in person.screen
    assert "\x1b[3" not in person.screen  # no colours
    person.process.send_signal(signal.SIGINT)
    code, said = person.ended()
    assert (code, said) == (130, "")
    assert "再次运行同一命令即可继续" in person.screen
    assert "\x1b[?25h" in person.screen  # the cursor is back
    (part,) = data_dir.glob("models/some/long/*.part")
    clean.behave()
    stall.until.set()
    clean.forget_requests()
    person = watch("pull", "some/long:Q4_K_M", "--json", TERM="dumb")
    code, said = person.ended()
    assert code == 1  # what was fetched is no model
    assert "Downloading  " in person.screen
    assert "\x1b" not in person.screen
    assert clean.sent < 39_000_000
    assert not part.exists()


def test_a_token_is_typed_unseen(watch: Callable[..., Watching], data_dir: Path) -> None:
    person = watch("token", "Test Hub")
    person.until(lambda screen: "Token of Test Hub" in screen)
    person.types(f"{TOKEN}\n")
    assert person.ended() == (0, "")
    assert TOKEN not in person.screen
    assert TOKEN in (data_dir / "tokens.json").read_text()


@pytest.mark.parametrize("columns", [200, 120, 100, 80, 66])
def test_a_list_fits_the_terminal(columns: int, watch: Callable[..., Watching], data_dir: Path, tmp_path: Path, capsys: Output) -> None:
    library = Library(data_dir)
    for number, name in enumerate(("我的模型", "another-model-of-mine-that-has-a-name")):
        folder = tmp_path / "a folder with a long name" / ("wide" * 8) / str(number)
        folder.mkdir(parents=True)
        about = {"general.name": name, "general.license": "apache-2.0", "general.languages": ["zh", "en", "ja", "ko", "de"]}
        library.touch(library.add(write_small(folder / f"{name}.gguf", about)).path)
    person = watch("list", columns=columns, shown=True)
    assert person.ended() == (0, "")
    rows = person.screen.replace("\r", "").splitlines()
    assert len(rows) == 3
    assert max(map(width, rows)) <= columns
    assert all(words in person.screen for words in ("Name", "Quant type", "Size", "我的模型", "another-model-of-mine"))
    assert ("Languages" in rows[0]) == (columns == 200)
    assert ("…" in rows[2]) == ("File" in rows[0]) == (columns >= 120)
    capsys.readouterr()
    assert main(["list"]) == 0
    said = capsys.readouterr().out
    assert all(words in said for words in ("Languages", "Last used", str(folder)))  # no terminal: nothing is left out


def test_a_model_is_taken_away_only_when_a_person_says_so(watch: Callable[..., Watching], data_dir: Path) -> None:
    (data_dir / "models").mkdir()
    path = write_small(data_dir / "models" / "mine.gguf")
    for answer, code in (("\n", 1), ("y\n", 0)):
        assert path.exists()
        person = watch("rm", "mine")
        person.until(lambda screen: "Move mine (" in screen and "[y/N]" in screen)
        person.types(answer)
        assert person.ended() == (code, "")
    assert not path.exists()


@pytest.mark.usefixtures("model")
def test_without_a_terminal_nothing_is_drawn(root: Path) -> None:
    arguments = command("pull", f"{REPOSITORY}:Q8_0", "--no-projector")
    done = subprocess.run(arguments, env=environment(root, TERM="dumb"), capture_output=True, text=True, timeout=WAIT, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 2


def test_the_command_line_starts_without_what_it_does_not_need(root: Path) -> None:
    script = (
        "import sys; from zhiyin_models.cli import main; main(['list']); print(sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment(root), capture_output=True, text=True, timeout=WAIT, check=True)
    heavy = {"rich", "httpx2", "huggingface_hub", "keyring", "numpy", "llama_cpp", "gguf", "jinja2", "send2trash"}
    assert not {name for name in heavy if f"'{name}'" in done.stdout}
