"""Importance matrices: what is read is what llama.cpp's tools read, and a file may hold anything."""

import struct
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyin_models.convert.importance_file import Importance, Sums
from zhiyin_models.convert.tensors import Matrix
from zhiyin_models.errors import Code, ModelError

DOWN, EXPERTS = "blk.0.ffn_down.weight", "blk.1.ffn_up_exps.weight"


def numbers(*values: float) -> Matrix:
    return np.array(values, np.float32)


def write_as_upstream(path: Path, tensors: dict[str, Matrix]) -> Path:
    """As llama.cpp's tools/imatrix lays it out."""
    writer = gguf.GGUFWriter(path, "")
    writer.kv_data[0].clear()
    writer.add_type("imatrix")
    writer.add_array("imatrix.datasets", ["书.txt", "code.txt"])
    writer.add_uint32("imatrix.chunk_count", 7)
    writer.add_uint32("imatrix.chunk_size", 512)
    for name, values in tensors.items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def legacy(*entries: tuple[str, int, list[float]], tail: bytes = b"") -> bytes:
    content = struct.pack("<i", len(entries))
    for name, calls, values in entries:
        content += struct.pack("<i", len(name)) + name.encode() + struct.pack(f"<ii{len(values)}f", calls, len(values), *values)
    return content + tail


def reason(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        Importance.open(path)
    assert caught.value.code == Code.IMATRIX_BAD
    return str(caught.value.failure.args["detail"])


def test_a_file_of_upstream_is_read(tmp_path: Path) -> None:
    sums = np.arange(1, 9, dtype=np.float32).reshape(2, 4)
    path = write_as_upstream(
        tmp_path / "重要.gguf",
        {
            DOWN + ".in_sum2": numbers(2, 4, 6)[None, :],
            DOWN + ".counts": numbers(4)[None, :],
            EXPERTS + ".in_sum2": sums,
            EXPERTS + ".counts": numbers(2, 0)[:, None],
        },
    )
    importance = Importance.open(path)
    assert (importance.datasets, importance.chunks, importance.chunk_size) == (("书.txt", "code.txt"), 7, 512)
    assert importance.names == (DOWN, EXPERTS)
    down, experts = importance.of(DOWN, (5, 3)), importance.of(EXPERTS, (2, 9, 4))
    assert down is not None
    assert experts is not None
    assert np.array_equal(down, numbers(0.5, 1, 1.5)[None, :])
    assert np.array_equal(experts, [[0.5, 1, 1.5, 2], [1, 1, 1, 1]])  # an expert that saw nothing
    assert importance.of("blk.7.attn_q.weight", (4, 4)) is None


def test_what_is_written_is_read_again_and_is_as_upstream_writes_it(tmp_path: Path) -> None:
    entries = {
        EXPERTS: Sums(np.arange(6, dtype=np.float32).reshape(2, 3), numbers(3, 5)),
        DOWN: Sums(numbers(1, 2, 3, 4, 5)[None, :], numbers(2)),
    }
    path = tmp_path / "made.gguf"
    Importance(entries, datasets=["对话"], chunks=3, chunk_size=256).write(path)
    tensors = {}
    for name in sorted(entries):
        tensors[name + ".in_sum2"] = entries[name].sums
        tensors[name + ".counts"] = entries[name].counts[:, None]
    again = Importance.open(path)
    assert (again.datasets, again.chunks, again.chunk_size) == (("对话",), 3, 256)
    reader = gguf.GGUFReader(path)
    assert [tensor.name for tensor in reader.tensors] == list(tensors)
    for tensor in reader.tensors:
        assert np.array_equal(tensor.data.reshape(tensors[tensor.name].shape), tensors[tensor.name]), tensor.name
        assert list(tensor.shape) == list(reversed(tensors[tensor.name].shape))
    assert reader.fields["general.type"].contents() == "imatrix"
    again.write(tmp_path / "again.gguf")
    assert (tmp_path / "again.gguf").read_bytes() == path.read_bytes()


def test_the_older_format_is_read(tmp_path: Path) -> None:
    path = tmp_path / "imatrix.dat"
    path.write_bytes(legacy((DOWN, 4, [2, 4, 6]), ("blk.0.attn_q.weight", 0, [3, 5]), tail=struct.pack("<ii", 9, 5) + b"a.txt"))
    importance = Importance.open(path)
    assert (importance.chunks, importance.datasets) == (9, ("a.txt",))
    down, query = importance.of(DOWN, (5, 3)), importance.of("blk.0.attn_q.weight", (2, 2))
    assert down is not None
    assert query is not None
    assert np.array_equal(down, numbers(0.5, 1, 1.5)[None, :])
    assert np.array_equal(query, numbers(3, 5)[None, :])
    path.write_bytes(legacy((DOWN, 4, [2, 4, 6])))
    assert Importance.open(path).datasets == ()


def test_an_importance_of_another_model_is_noticed() -> None:
    importance = Importance(
        {DOWN: Sums(numbers(1, 2, 3)[None, :], numbers(1)), "token_embd.weight": Sums(numbers(1, 2)[None, :], numbers(1))}
    )
    importance.check([(DOWN, (4, 3)), ("blk.0.attn_q.weight", (4, 4))])
    with pytest.raises(ModelError) as caught:
        importance.of(DOWN, (3, 4))
    assert (caught.value.code, caught.value.failure.args["name"]) == (Code.IMATRIX_OTHER, DOWN)
    for tensors in ([(DOWN, (3, 4))], [("blk.9.ffn_down.weight", (4, 3))], []):
        with pytest.raises(ModelError) as caught:
            importance.check(tensors)
        assert caught.value.code == Code.IMATRIX_OTHER
    assert importance.of("token_embd.weight", (9, 4)) is None  # nothing flows into it: llama.cpp does without
    assert importance.of(DOWN, (3,)) is None  # is kept in F32


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.gguf"
    good = {DOWN + ".in_sum2": numbers(2, 4)[None, :], DOWN + ".counts": numbers(4)[None, :]}
    for wrong in (
        {DOWN + ".in_sum2": good[DOWN + ".in_sum2"]},
        {DOWN + ".counts": good[DOWN + ".counts"]},
        {"token_embd.weight": numbers(1)},
        {**good, DOWN + ".in_sum2": numbers(2, np.nan)[None, :]},
        {**good, DOWN + ".in_sum2": numbers(2, np.inf)[None, :]},
        {**good, DOWN + ".in_sum2": numbers(2, -1)[None, :]},
        {**good, DOWN + ".counts": numbers(np.nan)[None, :]},
        {**good, DOWN + ".counts": numbers(-1)[None, :]},
        {**good, DOWN + ".counts": numbers(1, 1, 1)[None, :]},
        {**good, DOWN + ".in_sum2": np.zeros((1, 2), np.float16)},
    ):
        write_as_upstream(path, wrong)
        assert reason(path)
    data = write_as_upstream(path, good).read_bytes()
    for length in (0, 3, 4, 40, len(data) - 40):
        path.write_bytes(data[:length])
        assert reason(path)
    for content in (
        legacy((DOWN, 1, [1, 2, 3]))[:-1],
        legacy((DOWN, 1, [])),
        legacy((DOWN, 1, [1.0]), (DOWN, 1, [1.0])),
        struct.pack("<i", -1),
        struct.pack("<i", 1 << 30),
        struct.pack("<ii", 1, 1 << 30),
        struct.pack("<ii", 1, -5),
        struct.pack("<ii", 1, 1) + b"a" + struct.pack("<ii", 1, (1 << 31) - 1),
    ):
        path.write_bytes(content)
        assert reason(path)
    assert reason(tmp_path)
    assert reason(tmp_path / "absent")


@given(st.binary(max_size=200), st.booleans())
def test_no_content_does_more_than_be_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes, marked: bool) -> None:
    path = tmp_path_factory.getbasetemp() / "any.imatrix"
    path.write_bytes((b"GGUF\3\0\0\0" if marked else b"") + content)
    try:
        Importance.open(path)
    except ModelError as error:
        assert error.code == Code.IMATRIX_BAD


def test_a_folder_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    importance = Importance({DOWN: Sums(numbers(1, 2, 3)[None, :], numbers(1))})
    (tmp_path / "taken").mkdir()
    with pytest.raises(ModelError) as caught:
        importance.write(tmp_path / "taken")
    assert caught.value.code == Code.OUTPUT_UNWRITABLE
    with pytest.raises(ModelError):
        importance.write(tmp_path / "absent" / "out.gguf")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
