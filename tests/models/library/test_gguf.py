import os
import struct
from pathlib import Path

import gguf
import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.models import gguf_files
from tests.models.gguf_files import Raw, Tensor, write_small, write_split

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.gguf import ArrayStub, read_metadata


def refusal(path: Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        read_metadata(path)
    return caught.value


def test_the_starter_describes_itself() -> None:
    file = read_metadata(gguf_files.starter_path())
    assert (file.architecture, file.quant, file.parameters) == ("llama", "Q4_1", 134_515_008)
    assert (file.trained_context, file.layers, file.embedding, file.heads, file.kv_heads) == (8192, 30, 576, 9, 3)
    assert (file.key_length, file.value_length, file.vocabulary, file.tensor_count) == (64, 64, 49152, 272)
    assert file.version == 3
    assert file.size == gguf_files.starter_path().stat().st_size == file.parts[0].expected_size
    assert "<|im_start|>" in (file.chat_template or "")
    tokens = file.metadata["tokenizer.ggml.tokens"]
    assert isinstance(tokens, ArrayStub)
    assert (tokens.element, tokens.length) == ("string", 49152)
    file.check_complete()
    file.check_chat()


def test_reads_what_the_reference_writer_writes(tmp_path: Path) -> None:
    path = tmp_path / "reference.gguf"
    writer = gguf.GGUFWriter(path, "qwen3")
    writer.add_name("知音 test")
    writer.add_block_count(2)
    writer.add_head_count_kv([4, 2])
    writer.add_float32("qwen3.rope.freq_base", 1e6)
    writer.add_array("qwen3.rope.sections", [1, 2, 3])
    writer.add_array("general.languages", ["en", "zh"])
    writer.add_array("tokenizer.ggml.tokens", [f"token {number}" for number in range(200)])
    writer.add_array("tokenizer.ggml.scores", [float(number) for number in range(5000)])
    writer.add_uint64("general.large", 1 << 39)
    writer.add_custom_alignment(64)
    writer.add_tensor("blk.0.weight", numpy.zeros((4, 64), dtype=numpy.float16))
    writer.add_tensor("blk.1.weight", numpy.zeros((3, 33), dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    file = read_metadata(path)

    file.check_complete()
    assert file.name == "知音 test"
    assert file.numbers("qwen3.attention.head_count_kv") == (4, 2)
    assert file.kv_heads == 4
    assert file.metadata["qwen3.rope.freq_base"] == pytest.approx(1e6)
    assert file.metadata["qwen3.rope.sections"] == (1, 2, 3)
    assert file.metadata["general.languages"] == ("en", "zh")
    assert file.number("general.large") == 1 << 39
    assert file.vocabulary == 200
    assert file.metadata["tokenizer.ggml.scores"] == ArrayStub("float32", 5000, file.metadata["tokenizer.ggml.scores"].offset)  # type: ignore[union-attr]
    theirs = gguf.GGUFReader(path)
    ours = [(tensor.name, list(tensor.shape), tensor.nbytes, tensor.offset + file.data_offset) for tensor in file.tensors()]
    assert ours == [(one.name, list(one.shape), one.n_bytes, one.data_offset) for one in theirs.tensors]


def test_version_two_is_read_and_others_are_refused(tmp_path: Path) -> None:
    assert read_metadata(write_small(tmp_path / "two.gguf", version=2)).version == 2
    assert refusal(write_small(tmp_path / "one.gguf", version=1)).failure.args["version"] == 1
    assert refusal(write_small(tmp_path / "noise.gguf", version=0x5EED1234)).code is Code.MODEL_DAMAGED
    error = refusal(write_small(tmp_path / "big.gguf", version=3 << 24))
    assert error.code == Code.MODEL_GGUF_VERSION
    assert error.failure.args["version"] == "3 (big-endian)"


@pytest.mark.parametrize("content", [b"", b"GG", b"GGML" + bytes(100), b"PK\x03\x04" + bytes(100), "知音".encode()])
def test_other_files_are_no_gguf(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.gguf"
    path.write_bytes(content)
    assert refusal(path).code == Code.MODEL_NOT_GGUF


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    (tmp_path / "loop.gguf").symlink_to(tmp_path / "loop.gguf")
    assert refusal(tmp_path / "pipe.gguf").code == Code.MODEL_UNREADABLE
    assert refusal(tmp_path).code == Code.MODEL_IS_FOLDER
    assert refusal(tmp_path / "loop.gguf").code == Code.MODEL_UNREADABLE
    assert refusal(tmp_path / "absent.gguf").code == Code.MODEL_MISSING
    assert refusal(write_small(tmp_path / "file.gguf") / "below").code == Code.MODEL_MISSING
    assert refusal(Path("a\0b.gguf")).code == Code.MODEL_UNREADABLE
    assert refusal(Path("x" * 5000)).code == Code.MODEL_UNREADABLE


def test_a_file_cut_anywhere_is_said_to_be_cut(tmp_path: Path) -> None:
    whole = write_small(tmp_path / "whole.gguf").read_bytes()
    path = tmp_path / "cut.gguf"
    for length in range(4, len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelError) as caught:
            read_metadata(path).check_complete()
        assert caught.value.code == Code.MODEL_TRUNCATED, length
        assert caught.value.failure.args["actual"] == length
        assert length < int(caught.value.failure.args["expected"]) <= len(whole)


def test_a_broken_download_says_how_much_is_there(tmp_path: Path) -> None:
    path = gguf_files.starter_truncated(tmp_path / "half.gguf", 50_000_000)
    with pytest.raises(ModelError) as caught:
        read_metadata(path).check_complete()
    assert caught.value.failure.args == {"path": str(path), "expected": 98_362_432, "actual": 50_000_000}


def hostile_headers() -> dict[str, bytes]:
    def keys(count: int, content: bytes) -> bytes:
        return b"GGUF" + struct.pack("<IQQ", 3, 0, count) + content

    def value(kind: int, content: bytes) -> bytes:
        return keys(1, gguf_files.text("key") + struct.pack("<I", kind) + content)

    nested = struct.pack("<IQ", 9, 1) * 50 + struct.pack("<IQ", 4, 1)
    many = 3_000_000
    return {
        "keys without end": keys(1 << 63, b""),
        "tensors without end": b"GGUF" + struct.pack("<IQQ", 3, 1 << 40, 0),
        "a long key": keys(1, struct.pack("<Q", 1 << 62)),
        "a long text": value(8, struct.pack("<Q", (1 << 64) - 1)),
        "a text of a gigabyte": value(8, struct.pack("<Q", 1 << 30)),
        "a long array": value(9, struct.pack("<IQ", 4, (1 << 64) - 1)),
        "an array that overflows": value(9, struct.pack("<IQ", 10, 1 << 61)),
        "an array of endless texts": value(9, struct.pack("<IQ", 8, 1 << 60)),
        "texts that lie": value(9, struct.pack("<IQ", 8, 100) + struct.pack("<Q", (1 << 64) - 8) * 100),
        "arrays in arrays": value(9, nested + bytes(64)),
        "many arrays in an array": value(9, struct.pack("<IQ", 9, many) + struct.pack("<IQ", 0, 0) * many),
        "an unknown type": value(77, bytes(16)),
        "an array of an unknown type": value(9, struct.pack("<IQ", 77, 4) + bytes(64)),
        "the same key twice": keys(2, (gguf_files.text("a") + gguf_files.encoded(1)) * 2),
        "alignment of nought": gguf_files.header({"general.alignment": 0}),
        "crooked alignment": gguf_files.header({"general.alignment": 33}),
        "alignment in words": gguf_files.header({"general.alignment": "wide"}),
        "a tensor twice": gguf_files.header({}, [Tensor("a", (8,), 0), Tensor("a", (8,), 32)]),
        "a tensor beyond numbers": gguf_files.header({}, [Tensor("a", (1 << 40, 1 << 40), 0)]),
        "a crooked place": gguf_files.header({}, [Tensor("a", (8,), 7)]),
        "half a block": gguf_files.header({}, [Tensor("a", (31,), 0, kind=2)]),
        "no dimensions": gguf_files.header({}, [Tensor("a", (), 0)]),
        "nine dimensions": gguf_files.header({}, [Tensor("a", (1,) * 9, 0)]),
    }


@pytest.mark.parametrize("name", hostile_headers().keys())
def test_hostile_headers_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "hostile.gguf"
    path.write_bytes(hostile_headers()[name] + bytes(64))
    assert refusal(path).code in {Code.MODEL_DAMAGED, Code.MODEL_TRUNCATED}


def test_tensors_that_overlap_or_leave_gaps_are_damage(tmp_path: Path) -> None:
    path = tmp_path / "overlap.gguf"
    for offset in (0, 64):
        path.write_bytes(gguf_files.header({}, [Tensor("a", (8,), 0), Tensor("b", (8,), offset)]) + bytes(256))
        with pytest.raises(ModelError) as caught:
            read_metadata(path).check_complete()
        assert caught.value.code == Code.MODEL_DAMAGED


def test_values_of_the_wrong_type_read_as_nothing(tmp_path: Path) -> None:
    lies: dict[str, gguf_files.Value] = {
        "general.architecture": 7,
        "general.name": 1.5,
        "general.file_type": "Q4",
        "llama.block_count": "many",
        "llama.context_length": Raw(11, struct.pack("<q", -5)),
        "tokenizer.chat_template": [1, 2],
    }
    file = read_metadata(write_small(tmp_path / "lies.gguf", lies))
    assert (file.architecture, file.name, file.quant, file.layers, file.trained_context) == ("", "lies", "F32", 0, 0)
    assert file.chat_template is None
    assert not file.is_chat


def test_texts_that_are_no_utf8_or_not_one_line_are_made_so(tmp_path: Path) -> None:
    broken = Raw(8, gguf_files.text(b"a\xff\n\x1b[31mb"))
    assert read_metadata(write_small(tmp_path / "a.gguf", {"general.name": broken})).name == "a\ufffd [31mb"
    assert len(read_metadata(write_small(tmp_path / "b.gguf", {"general.name": "long " * 1000})).name) <= 120


def test_quant_type_comes_from_the_tensors_when_the_file_does_not_say(tmp_path: Path) -> None:
    path = tmp_path / "quant.gguf"
    tensors = [Tensor("a", (256, 2), 0, kind=12), Tensor("b", (8,), 288)]
    path.write_bytes(gguf_files.header({"general.architecture": "llama"}, tensors) + bytes(320))
    assert read_metadata(path).quant == "Q4_K"
    assert read_metadata(write_small(tmp_path / "guessed.gguf", {"general.file_type": 1024 + 15})).quant == "Q4_K_M"


@pytest.mark.parametrize(
    "metadata",
    [
        {"general.architecture": "bert"},
        {"general.architecture": "clip", "general.type": "mmproj"},
        {"general.type": "adapter", "adapter.type": "lora"},
        {"general.type": "imatrix"},
    ],
)
def test_what_cannot_chat_is_named(tmp_path: Path, metadata: dict[str, gguf_files.Value]) -> None:
    file = read_metadata(write_small(tmp_path / "other.gguf", metadata))
    assert not file.is_chat
    with pytest.raises(ModelError) as caught:
        file.check_chat()
    assert caught.value.code == Code.MODEL_NOT_CHAT
    assert str(metadata.get("general.type", "bert")) in str(caught.value.failure.args["architecture"])


def test_a_split_set_is_one_model_whichever_part_is_named(tmp_path: Path) -> None:
    paths = write_split(tmp_path, "large")
    for path in paths:
        file = read_metadata(path)
        file.check_complete()
        assert file.path == paths[0]
        assert (file.name, file.tensor_count, file.parameters) == ("large", 3, 96)
        assert file.size == sum(one.stat().st_size for one in paths)


def test_parts_that_are_missing_are_named(tmp_path: Path) -> None:
    paths = write_split(tmp_path, "large")
    paths[2].unlink()
    with pytest.raises(ModelError) as caught:
        read_metadata(paths[0]).check_complete()
    assert caught.value.failure.args["part"] == "large-00003-of-00003.gguf"
    paths[0].unlink()
    error = refusal(paths[1])
    assert (error.code, error.failure.args["part"]) == (Code.MODEL_SPLIT_MISSING, "large-00001-of-00003.gguf")
    renamed = paths[1].rename(tmp_path / "renamed.gguf")
    assert refusal(renamed).code == Code.MODEL_SPLIT_MISSING


def test_a_part_cut_short_is_found(tmp_path: Path) -> None:
    paths = write_split(tmp_path, "large")
    os.truncate(paths[1], paths[1].stat().st_size - 1)
    with pytest.raises(ModelError) as caught:
        read_metadata(paths[0]).check_complete()
    assert (caught.value.code, caught.value.failure.args["path"]) == (Code.MODEL_TRUNCATED, str(paths[1]))


def use_every_value(path: Path) -> None:
    file = read_metadata(path)
    for name in dir(type(file)):
        if isinstance(getattr(type(file), name), property):
            getattr(file, name)
    assert isinstance(file.quant + file.name, str)
    assert file.parameters >= 0
    file.check_chat()
    file.check_complete()


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, 703), st.binary(min_size=1, max_size=9)), min_size=1, max_size=4), cut=st.integers(0, 704))
def test_changed_bytes_end_in_a_known_error_or_in_none(tmp_path: Path, changes: list[tuple[int, bytes]], cut: int) -> None:
    path = tmp_path / "changed.gguf"
    content = bytearray(write_small(path).read_bytes())
    for place, piece in changes:
        content[place : place + len(piece)] = piece
    path.write_bytes(content[:cut] if cut > 300 else content)
    try:
        use_every_value(path)
    except ModelError as error:
        assert str(path) in error.failure.args.values()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.binary(max_size=300))
def test_junk_behind_the_magic_ends_in_a_known_error(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "junk.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<I", 3) + junk)
    with pytest.raises(ModelError):
        use_every_value(path)


def vocabulary(words: list[str]) -> dict[str, gguf_files.Value]:
    return {"tokenizer.ggml.tokens": words, "behind.it": "x"}


def test_a_vocabulary_that_was_seen_before_is_gone_past_and_another_that_begins_like_it_is_read(tmp_path: Path) -> None:
    words = [f"{number:05}" for number in range(5000)]
    for name, other in {
        "first": words,
        "again": words,
        "longer": [*words[:-1], "and more of it"],
        "shorter": [*words[:-1], ""],
        "as long": [*words[:-2], words[-1] + "1", words[-2][:-1]],
        "and again": words,
    }.items():
        file = read_metadata(write_small(tmp_path / f"{name}.gguf", vocabulary(other)))
        assert isinstance(file.metadata["tokenizer.ggml.tokens"], ArrayStub), name
        assert (file.vocabulary, file.text("behind.it"), file.tensor_count) == (5000, "x", 2), name
        file.check_complete()


def test_a_vocabulary_that_was_seen_before_is_missed_where_the_file_ends(tmp_path: Path) -> None:
    whole = write_small(tmp_path / "whole.gguf", vocabulary([f"{number:05}" for number in range(5000)]))
    read_metadata(whole)
    for size in (2000, 40_000, 60_000):
        (tmp_path / "cut.gguf").write_bytes(whole.read_bytes()[:size])
        with pytest.raises(ModelError) as caught:
            read_metadata(tmp_path / "cut.gguf")
        assert caught.value.code == Code.MODEL_TRUNCATED
