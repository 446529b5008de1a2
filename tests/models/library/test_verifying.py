"""A model's files, read again and compared with what is known of them."""

import hashlib
import os
from pathlib import Path

import pytest
from tests.models.gguf_files import write_small, write_split

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.jobs.protocol import Verify
from zhiyin_models.jobs.tasks import run
from zhiyin_models.library.installed import Library, Origin
from zhiyin_models.work import Progress, Stage, Stop, StoppedError, silent


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def verified(library: Library, path: Path) -> list[tuple[Code, str]]:
    outcome = run(Verify(str(path), str(library.directory)), silent, Stop())
    return [(notice.code, Path(str(notice.args["path"])).name) for notice in outcome.notices]


def refusal(library: Library, path: Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        verified(library, path)
    return caught.value


def change_one_byte(path: Path) -> None:
    """As a disk does it: nobody is told."""
    status = path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_what_the_origin_said_is_compared(library: Library) -> None:
    paths = write_split(library.models_directory, "large")
    sums = {f"folder/{path.name}": digest(path).upper() for path in paths}
    library.record_origin(paths[0], Origin("Hugging Face", "a/b", "c", sums))
    told: list[Progress] = []
    run(Verify(str(paths[0]), str(library.directory)), told.append, Stop())
    assert {progress.stage for progress in told} == {Stage.HASH}
    first = library.models()[0].checked
    assert verified(library, paths[0]) == []
    assert library.models()[0].checked > first > 0
    change_one_byte(paths[1])
    error = refusal(library, paths[0])
    assert (error.code, error.failure.args["path"]) == (Code.VERIFY_DIFFERS, str(paths[1]))
    assert library.models()[0].checked == 0


def test_what_was_not_known_is_kept_and_compared_from_then_on(library: Library) -> None:
    path = write_small(library.models_directory / "a.gguf")
    library.models()
    assert verified(library, path) == [(Code.VERIFY_KEPT, "a.gguf")]
    assert library.models()[0].checked > 0
    assert verified(library, path) == []
    change_one_byte(path)
    assert refusal(library, path).code == Code.VERIFY_DIFFERS


def test_a_file_that_was_written_anew_has_no_checksum_any_more(library: Library) -> None:
    path = write_small(library.models_directory / "a.gguf")
    library.models()
    verified(library, path)
    write_small(path, {"llama.context_length": 5})
    assert library.models()[0].checked == 0
    assert verified(library, path) == [(Code.VERIFY_KEPT, "a.gguf")]


def test_a_projector_is_compared_with_its_model(library: Library) -> None:
    path = write_small(library.models_directory / "a.gguf")
    projector = write_small(library.models_directory / "mmproj-a.gguf", {"general.architecture": "clip"})
    library.record_origin(path, Origin("Hugging Face", "", "", {one.name: digest(one) for one in (path, projector)}))
    assert verified(library, path) == []
    change_one_byte(projector)
    assert refusal(library, path).failure.args["path"] == str(projector)


def test_of_a_broken_file_no_checksum_is_kept(library: Library, tmp_path: Path) -> None:
    path = write_small(library.models_directory / "a.gguf")
    os.truncate(path, path.stat().st_size - 1)
    library.models()
    assert refusal(library, path).code == Code.MODEL_TRUNCATED
    assert library.checksums(str(path)) == {}
    assert refusal(library, tmp_path / "b.gguf").code == Code.MODEL_UNKNOWN_NAME
    path.unlink()
    library.add(write_small(tmp_path / "gone.gguf"))
    (tmp_path / "gone.gguf").unlink()
    assert refusal(library, tmp_path / "gone.gguf").code == Code.MODEL_MISSING


def test_a_check_can_be_stopped(library: Library) -> None:
    path = write_small(library.models_directory / "a.gguf", data=4 << 20)
    library.models()
    stop = Stop()
    with pytest.raises(StoppedError):
        run(Verify(str(path), str(library.directory)), lambda _progress: stop.ask(), stop)
    assert library.models()[0].checked == 0
