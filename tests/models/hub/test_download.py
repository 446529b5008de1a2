"""Downloads of whole models: several files that get their names together, what is there already, and what the disk says."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tests.hub_server import Generated, HubServer, Stall, Status, WrongBytes
from tests.models.hub.fetched import LITTLE, REPOSITORY, sources

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.download import download
from zhiyin_models.hub.settings import HubSettings, Source, write_hub_settings
from zhiyin_models.hub.values import RemoteFile
from zhiyin_models.jobs.leftovers import remove_leftovers
from zhiyin_models.jobs.protocol import Download, Outcome
from zhiyin_models.library.installed import Library
from zhiyin_models.work import Progress, Stage, Stop, Tuning, silent

PARTS = tuple(f"m-Q8_0-0000{number}-of-00003.gguf" for number in (1, 2, 3))
PROJECTOR = "mmproj-F16.gguf"
FILES = {name: Generated(400_000 + number, number) for number, name in enumerate((*PARTS, PROJECTOR))}


@pytest.fixture
def data_dir(hub: HubServer, tmp_path: Path) -> Path:
    hub.add_repository(REPOSITORY, {**FILES, "config.json": '{"a": 1}', "../evil.gguf": b"x", "CON": b"x", "con": b"y"})
    write_hub_settings(tmp_path / "data", HubSettings(sources=sources(hub), proxy=""))
    return tmp_path / "data"


def remote(hub: HubServer, *names: str) -> tuple[RemoteFile, ...]:
    files = hub.repository(REPOSITORY).commits[-1].files
    return tuple(RemoteFile(name, files[name].size, files[name].sha256) for name in names)


def task(hub: HubServer, data_dir: Path, *names: str, purpose: str = "model") -> Download:
    files = remote(hub, *(names or (*PARTS, PROJECTOR)))
    folder = str(data_dir / "models" / "m")
    revision = hub.repository(REPOSITORY).commits[-1].sha
    licence = {"licence": "apache-2.0", "languages": ("zh", "en")}
    return msgspec.convert(
        {
            "type": "download",
            "source": "hub 0",
            "kind": "huggingface",
            "repository": REPOSITORY,
            "revision": revision,
            "files": files,
            "folder": folder,
            "data_dir": str(data_dir),
            "purpose": purpose,
            **licence,
        },
        Download,
    )


def run(one: Download, heard: list[Progress] | None = None) -> Outcome:
    return download(one, silent if heard is None else heard.append, Stop(), Tuning(), LITTLE)


def code(one: Download) -> Code:
    with pytest.raises(ModelError) as caught:
        run(one)
    return caught.value.code


def left(one: Download) -> list[str]:
    folder = Path(one.folder)
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()) if folder.exists() else []


def test_a_model_of_several_files_comes_as_one(hub: HubServer, data_dir: Path) -> None:
    one = task(hub, data_dir)
    heard: list[Progress] = []
    outcome = run(one, heard)
    assert left(one) == sorted(FILES)
    assert [(output.type, Path(output.path).name) for output in outcome.outputs] == [("gguf", name) for name in (*PARTS, PROJECTOR)]
    assert all((Path(one.folder) / name).read_bytes() == content.read() for name, content in FILES.items())
    total = sum(content.size for content in FILES.values())
    assert {progress.total for progress in heard if progress.stage == Stage.DOWNLOAD} == {total}
    assert heard[-1].done == total


def test_the_library_knows_where_it_came_from(hub: HubServer, data_dir: Path) -> None:
    one = task(hub, data_dir)
    run(one)
    (model,) = [model for model in Library(data_dir).models() if model.path.endswith(PARTS[0])]
    assert model.origin is not None
    assert (model.origin.source, model.origin.repository, model.origin.revision) == ("hub 0", REPOSITORY, one.revision)
    assert model.origin.sha256 == {name: hashlib.sha256(content.read()).hexdigest() for name, content in FILES.items()}
    assert model.licence == "apache-2.0"


def test_no_file_gets_its_name_before_all_are_right(hub: HubServer, data_dir: Path) -> None:
    one = task(hub, data_dir)
    hub.misbehave(f"*/{PROJECTOR}", WrongBytes(5))
    assert code(one) == Code.CHECKSUM_DIFFERS
    assert not set(left(one)) & set(FILES)
    hub.behave()
    hub.forget_requests()
    run(one)
    assert left(one) == sorted(FILES)
    assert {request.path.rpartition("/")[2] for request in hub.requests} == {PROJECTOR}  # the others were there


def test_the_first_file_gets_its_name_last(hub: HubServer, data_dir: Path) -> None:
    one = task(hub, data_dir)
    theirs = Path(one.folder) / PROJECTOR

    def report(progress: Progress) -> None:
        if progress.done and not theirs.exists():
            theirs.write_bytes(b"theirs")  # it comes in the way when all seemed well

    with pytest.raises(ModelError) as caught:
        download(one, report, Stop(), Tuning(), LITTLE)
    assert caught.value.code == Code.OUTPUT_EXISTS
    assert theirs.read_bytes() == b"theirs"
    assert PARTS[0] not in left(one)
    theirs.unlink()
    hub.forget_requests()
    run(one)
    assert left(one) == sorted(FILES)
    assert not hub.requests  # everything was there


def test_a_file_that_had_its_name_already_is_read_before_it_is_believed(hub: HubServer, data_dir: Path) -> None:
    """It was ended between the names of two files, and one was replaced by another of the same length."""
    one = task(hub, data_dir)
    first, other = Path(one.folder) / PARTS[0], Path(one.folder) / PROJECTOR

    def report(progress: Progress) -> None:
        if progress.done and not first.exists():
            first.write_bytes(b"theirs")  # the name that is given last

    with pytest.raises(ModelError):
        download(one, report, Stop(), Tuning(), LITTLE)
    right = other.read_bytes()
    other.write_bytes(bytes(len(right)))
    first.unlink()
    assert code(one) == Code.OUTPUT_EXISTS
    assert PARTS[0] not in left(one)
    other.write_bytes(right)
    run(one)
    assert left(one) == sorted(FILES)


def test_what_is_there_and_the_same_is_not_fetched_again(hub: HubServer, data_dir: Path) -> None:
    one = task(hub, data_dir)
    folder = Path(one.folder)
    folder.mkdir(parents=True)
    FILES[PARTS[1]].write(folder / PARTS[1])
    run(one)
    assert left(one) == sorted(FILES)
    assert not any(request.path.endswith(PARTS[1]) for request in hub.requests)
    hub.forget_requests()
    run(one)
    assert not hub.requests


@pytest.mark.parametrize("size", [0, 1])
def test_what_is_there_and_another_is_never_replaced(hub: HubServer, data_dir: Path, size: int) -> None:
    one = task(hub, data_dir)
    theirs = Path(one.folder) / PARTS[2]
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(bytes(FILES[PARTS[2]].size) if size else b"theirs")
    before = theirs.read_bytes()
    assert code(one) == Code.OUTPUT_EXISTS
    assert theirs.read_bytes() == before
    assert not hub.requests


def test_small_files_without_a_checksum(hub: HubServer, data_dir: Path) -> None:
    one = msgspec.structs.replace(task(hub, data_dir, PARTS[0], purpose="checkpoint"), files=(RemoteFile("config.json"),))
    outcome = run(one)
    assert (Path(one.folder) / "config.json").read_text() == '{"a": 1}'
    assert [output.type for output in outcome.outputs] == ["file"]


@pytest.mark.parametrize("names", [("../evil.gguf",), ("CON", "con")])
def test_names_that_lead_elsewhere_or_fall_together_are_refused(hub: HubServer, data_dir: Path, names: tuple[str, ...]) -> None:
    one = task(hub, data_dir, *names)
    assert code(one) == Code.FILE_NAME_BAD
    assert not hub.requests
    assert left(one) == []


def test_a_plain_address_with_and_without_a_checksum(hub: HubServer, data_dir: Path) -> None:
    content = Generated(300_000, 9)
    address = hub.add_file("some file.gguf", content)
    sha256 = hashlib.sha256(content.read()).hexdigest()
    for name, known in (("a.gguf", ""), ("b.gguf", sha256), ("c.gguf", sha256.upper())):
        one = Download("url", "url", address, "", (RemoteFile(name, -1, known),), str(data_dir / "x"), str(data_dir), "checkpoint")
        run(one)
        assert (Path(one.folder) / name).read_bytes() == content.read()
    wrong = Download("url", "url", address, "", (RemoteFile("d.gguf", -1, "0" * 64),), str(data_dir / "x"), str(data_dir), "checkpoint")
    assert code(wrong) == Code.CHECKSUM_DIFFERS
    assert "d.gguf" not in left(wrong)


@pytest.mark.parametrize("address", ["ftp://127.0.0.1/x", "127.0.0.1/x", "http://", "http://[", "file:///etc/passwd", "http://a b/"])
def test_what_is_no_address_is_said(data_dir: Path, address: str) -> None:
    one = Download("url", "url", address, "", (RemoteFile("x.gguf"),), str(data_dir / "x"), str(data_dir))
    assert code(one) == Code.ADDRESS_BAD


def test_modelscope_serves_as_well(hub: HubServer, data_dir: Path) -> None:
    write_hub_settings(data_dir, HubSettings(sources=(Source("ms", "modelscope", hub.address, official=True),), proxy=""))
    one = msgspec.structs.replace(task(hub, data_dir), source="ms", kind="modelscope")
    run(one)
    assert left(one) == sorted(FILES)


def test_no_source_of_the_kind_is_said(hub: HubServer, data_dir: Path) -> None:
    assert code(msgspec.structs.replace(task(hub, data_dir), kind="modelscope")) == Code.HUB_NO_SOURCE


def test_two_runs_of_one_download_do_not_meet(hub: HubServer, data_dir: Path) -> None:
    one = task(hub, data_dir)
    stop = Stop()
    inner: list[Code] = []

    def report(_: Progress) -> None:
        if not inner:
            inner.append(code(one))
            stop.ask()

    hub.misbehave("*.gguf", Stall(1000), host="files")
    with pytest.raises(Exception):  # noqa: B017 - the stop
        download(one, report, stop, Tuning(), LITTLE)
    assert inner == [Code.OUTPUT_BUSY]


def test_a_download_that_is_not_wanted_any_more_leaves_nothing(hub: HubServer, data_dir: Path) -> None:
    one = task(hub, data_dir)
    hub.misbehave(f"*/{PARTS[2]}", Status(404))
    assert code(one) == Code.HUB_NOT_FOUND
    assert left(one)
    remove_leftovers(one)
    assert not Path(one.folder).exists()
    remove_leftovers(one)
    assert not Path(one.folder).exists()


@pytest.mark.parametrize("purpose", ["model", "checkpoint"])
def test_a_folder_that_a_person_chose_stays(hub: HubServer, data_dir: Path, tmp_path: Path, purpose: str) -> None:
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    one = msgspec.structs.replace(task(hub, data_dir, purpose=purpose), folder=str(chosen))
    hub.misbehave(f"*/{PARTS[2]}", Status(404))
    assert code(one) == Code.HUB_NOT_FOUND
    remove_leftovers(one)
    assert chosen.is_dir()
    assert left(one) == []


def test_what_another_download_may_go_on_with_stays(hub: HubServer, data_dir: Path) -> None:
    one = task(hub, data_dir)
    hub.misbehave(f"*/{PARTS[2]}", Status(404))
    assert code(one) == Code.HUB_NOT_FOUND
    there = left(one)
    remove_leftovers(one, [one])
    assert left(one) == there
    others = tuple(msgspec.structs.replace(file, sha256="0" * 64) for file in one.files)
    remove_leftovers(msgspec.structs.replace(one, repository="other/m", files=others))
    assert left(one) == there  # it wants something else under the same names
    remove_leftovers(one)
    assert left(one) == []


def test_where_a_plain_address_leads_is_kept_without_what_is_secret(hub: HubServer, data_dir: Path) -> None:
    content = Generated(300_000, 9)
    address = hub.add_file("m.gguf", content) + "?Signature=secret"
    folder = data_dir / "models" / "x"
    outcome = run(Download("url", "url", address, "", (RemoteFile("m.gguf"),), str(folder), str(data_dir), "model"))
    (model,) = [model for model in Library(data_dir).models() if model.path == outcome.outputs[0].path]
    assert model.origin is not None
    assert model.origin.repository.endswith("/plain/m.gguf")
    assert b"secret" not in b"".join(path.read_bytes() for path in data_dir.rglob("*.json"))


def test_a_disk_that_is_too_small_is_said_before_anything_is_fetched(hub: HubServer, data_dir: Path) -> None:
    one = task(hub, data_dir)
    huge = msgspec.structs.replace(one.files[1], size=1 << 60)
    with pytest.raises(ModelError) as caught:
        run(msgspec.structs.replace(one, files=(one.files[0], huge)))
    assert caught.value.code == Code.DISK_SMALL
    assert int(caught.value.failure.args["need"]) > 1 << 60
    assert not hub.requests


FULL_DISK = """
import resource, sys
import msgspec
from zhiyin_models.errors import ModelError
from zhiyin_models.hub.download import download
from zhiyin_models.jobs.protocol import Download
from zhiyin_models.work import Stop, Tuning

def report(progress):
    if progress.done:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))

try:
    download(msgspec.json.decode(sys.argv[1], type=Download), report, Stop(), Tuning(5_000_000))
except ModelError as error:
    print(error.code.value)
"""


def test_a_disk_that_gets_full_keeps_what_is_there(hub: HubServer, data_dir: Path) -> None:
    """A limit on the size of files stands for the full disk: the system refuses in the same place."""
    hub.add_repository(REPOSITORY, {"m.gguf": Generated(3_000_000, 4)})
    one = task(hub, data_dir, "m.gguf", purpose="checkpoint")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", FULL_DISK, msgspec.json.encode(one).decode(), "2000000"]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert result.stdout.strip() == Code.DOWNLOAD_DISK_FULL.value, result.stderr
    assert left(one) == ["m.gguf.part", "m.gguf.part.json"]
    hub.forget_requests()
    run(one)
    assert left(one) == ["m.gguf"]
    assert hub.sent <= 1_500_000
