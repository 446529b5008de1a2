"""What a file says of itself, as a person is shown it: all of it, and never more than a list can hold."""

import os
import struct
from pathlib import Path

import pytest
from tests.models import gguf_files
from tests.models.gguf_files import Raw, write_small, write_split

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.details import LONGEST_KEY, LONGEST_TEMPLATE, LONGEST_VALUE, MOST_ROWS
from zhiyin_models.library.installed import Library


def test_the_starters_details(library: Library) -> None:
    details = library.details(library.add_starter().path)
    rows = dict(details.rows)
    assert rows["general.architecture"] == "llama"
    assert rows["llama.context_length"] == "8192"
    assert rows["tokenizer.ggml.tokens"] == "[string × 49,152]"
    assert rows["tokenizer.ggml.add_bos_token"] == "false"
    assert "tokenizer.chat_template" not in rows
    assert "<|im_start|>" in details.template
    assert (details.vocabulary, details.layers, details.tensor_count, details.version) == (49152, 30, 272, 3)
    assert [(one.type, one.count) for one in details.tensors] == [("Q4_1", 210), ("Q8_0", 1), ("F32", 61)]
    assert [part.path for part in details.parts] == [details.path]
    assert details.problem is None


def test_a_sets_parts_are_named_with_those_that_are_missing(library: Library) -> None:
    paths = write_split(library.models_directory, "large")
    paths[1].unlink()
    details = library.details(paths[0])
    assert [(Path(part.path).name, part.missing) for part in details.parts] == [(path.name, path == paths[1]) for path in paths]
    assert details.problem == Code.MODEL_SPLIT_MISSING
    with pytest.raises(ModelError) as caught:
        library.details(paths[1])
    assert caught.value.code == Code.MODEL_MISSING


def test_values_are_bounded_and_are_text(library: Library) -> None:
    long = "字" * 300_000
    many: dict[str, gguf_files.Value] = {f"key.{number}": number for number in range(2 * MOST_ROWS)}
    path = write_small(
        library.models_directory / "odd.gguf",
        {
            "k" * 5000: 1,
            "long": long,
            "control": "a\x1b[31m\0b\u202e\nc",
            "numbers": list(range(100)),
            "texts": ["en", long],
            "real": 1e6,
            "infinite": float("inf"),
            "broken": Raw(8, gguf_files.text(b"\xff\xfe")),
            "empty": Raw(9, struct.pack("<IQ", 8, 0)),
            "tokenizer.chat_template": long,
            **many,
        },
    )
    details = library.details(path)
    rows = dict(details.rows)
    assert (len(details.rows), details.left_out) == (MOST_ROWS, 2 * MOST_ROWS + 17 - MOST_ROWS)
    assert rows["control"] == "a\ufffd[31m\ufffdb\ufffd\nc"
    assert rows["numbers"].startswith("[0, 1, 2, ")
    assert rows["numbers"].endswith("63, … (100)]")
    assert (rows["real"], rows["infinite"], rows["broken"], rows["empty"]) == ("1000000", "inf", "\ufffd\ufffd", "[]")
    assert max(len(key) for key, _ in details.rows) == LONGEST_KEY + 1
    assert max(len(value) for _, value in details.rows) == LONGEST_VALUE + 1
    assert len(details.template) == LONGEST_TEMPLATE + 1


@pytest.mark.parametrize("kind", [8, 9])
def test_a_file_that_claims_billions_of_entries_is_listed_as_damaged(library: Library, kind: int) -> None:
    path = library.models_directory / "billions.gguf"
    claim = gguf_files.text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, kind, 4_000_000_000)
    for content in (struct.pack("<IQQ", 3, 4_000_000_000, 5_000_000_000), struct.pack("<IQQ", 3, 0, 1) + claim):
        path.write_bytes(b"GGUF" + content)
        os.truncate(path, 1 << 40)  # as long as it claims to be, and full of nothing
        (model,) = library.models()
        assert model.problem in {Code.MODEL_DAMAGED, Code.MODEL_TRUNCATED}
        with pytest.raises(ModelError):
            library.details(path)
        with pytest.raises(ModelError):
            library.add(path)
        path.unlink()


def test_projectors_belong_to_models_and_are_not_listed(library: Library) -> None:
    folder = library.models_directory
    clip: dict[str, gguf_files.Value] = {"general.architecture": "clip"}
    gemma = write_small(folder / "gemma-3-4b-it-Q4_K_M.gguf")
    small = write_small(folder / "gemma-3-4b-it-UD-IQ2_M.gguf")
    other = write_small(folder / "other.gguf")
    projector = write_small(folder / "mmproj-gemma-3-4b-it-BF16.gguf", clip)
    (folder / "alone").mkdir()
    alone = write_small(folder / "alone" / "Vision-Q8_0.gguf")
    beside = write_small(folder / "alone" / "mmproj-F16.gguf", clip)
    write_small(folder / "orphan-mmproj.gguf", clip)
    found = {model.path: model.projector for model in library.models()}
    assert found == {str(gemma): str(projector), str(small): str(projector), str(other): "", str(alone): str(beside)}
    with pytest.raises(ModelError) as caught:
        library.add(projector)
    assert caught.value.code == Code.MODEL_NOT_CHAT
