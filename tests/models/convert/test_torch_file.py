"""PyTorch's weight files without PyTorch: real ones, and those that want to run something, or lie."""

import pickle
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.models.convert.checkpoint_files import (
    dict_opcodes,
    name_of,
    sizes,
    tensor_opcodes,
    whole,
    word,
    write_archive,
    write_torch_bin,
    write_zip,
)

from zhiyin_models.convert import tensor_pickle
from zhiyin_models.convert.torch_file import TorchFile
from zhiyin_models.convert.weight_file import SLAB
from zhiyin_models.errors import Code, ModelError

DATA = Path(__file__).parent / "data"  # made by make_saved.py there


def ramp(*shape: int) -> NDArray[np.float32]:
    return np.arange(1, np.prod(shape) + 1, dtype=np.float32).reshape(shape)


SAVED = {
    "plain": ramp(5, 7),
    "half": ramp(4, 3),
    "bf16": ramp(4, 3),
    "double": ramp(3),
    "transposed": ramp(3, 5).T,
    "columns": ramp(6, 8)[:, 2:5],
    "rows": ramp(6, 8)[2:4],
    "whole": ramp(6, 8),
    "permuted": ramp(2, 3, 4).transpose(2, 0, 1),
    "strided": ramp(6, 8)[:, ::2],
    "expanded": np.broadcast_to(ramp(1, 3), (4, 3)),
    "scalar": np.array(1.5, np.float32),
    "empty": np.zeros((0, 4), np.float32),
    "parameter": ramp(2, 2),
    "attributed": ramp(2, 2),
}
OTHERS = {"mask": "BOOL", "positions": "I64", "float8": "F8_E4M3"}


def refusal(path: Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        TorchFile.open(path)
    return caught.value


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Callable[..., TorchFile]]:
    """Opens an archive of a pickle program and a storage "0" of 64 bytes."""
    opened: list[TorchFile] = []

    def make(program: bytes, storage: bytes = ramp(16).tobytes()) -> TorchFile:
        opened.append(TorchFile.open(write_archive(tmp_path / "a.bin", program, {"0": storage})))
        return opened[-1]

    yield make
    for file in opened:
        file.close()


@pytest.mark.parametrize("name", ["saved.bin", "wrapped.bin"])
def test_reads_what_pytorch_saved(name: str) -> None:
    file = TorchFile.open(DATA / name)
    assert set(file.tensors) == set(SAVED) | set(OTHERS)
    for tensor, wanted in SAVED.items():
        values = file.read(tensor)
        assert values.flags.c_contiguous
        assert (values.dtype, file.tensors[tensor].shape) == (np.float32, wanted.shape)
        np.testing.assert_array_equal(values, wanted)
        for start in range(len(wanted) if wanted.ndim else 0):
            np.testing.assert_array_equal(file.read(tensor, start, start + 1), wanted[start : start + 1])
            np.testing.assert_array_equal(file.read(tensor, start), wanted[start:])
    for tensor, dtype in OTHERS.items():
        assert file.tensors[tensor].dtype == dtype
        with pytest.raises(ModelError, match=r"tensor\.type"):
            file.read(tensor)
    file.close()


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16", "F64"])
def test_large_views_are_gathered_in_slabs(tmp_path: Path, dtype: str) -> None:
    rows, columns = 700, SLAB // 256 + 3
    values = (np.arange(rows * columns) % 251).astype(np.float32).reshape(rows, columns)  # exact in each type
    path = write_torch_bin(tmp_path / "b.bin", {"w": values}, dtype)
    program = dict_opcodes(
        {
            "whole": tensor_opcodes("0", dtype, values.size, (rows, columns), (columns, 1)),
            "turned": tensor_opcodes("0", dtype, values.size, (columns, rows), (1, columns)),
            "part": tensor_opcodes("0", dtype, values.size, (300, 500), (columns, 1), offset=5 * columns + 9),
            "thin": tensor_opcodes("0", dtype, values.size, (rows // 2, 3), (2 * columns, 70)),
            "blocks": tensor_opcodes("0", dtype, values.size, (10, columns, 70), (70 * columns, 1, columns)),
        }
    )
    with zipfile.ZipFile(path) as made:
        storage = made.read("b/data/0")
    file = TorchFile.open(write_archive(tmp_path / "c.bin", b"\x80\x02" + program + b".", {"0": storage}))
    np.testing.assert_array_equal(file.read("whole"), values)
    np.testing.assert_array_equal(file.read("turned"), values.T)
    np.testing.assert_array_equal(file.read("turned", 100, 164), values.T[100:164])
    np.testing.assert_array_equal(file.read("part"), values[5:305, 9:509])
    np.testing.assert_array_equal(file.read("thin"), values[: rows // 2 * 2 : 2, :141:70])
    np.testing.assert_array_equal(file.read("blocks"), values.reshape(10, 70, columns).transpose(0, 2, 1))
    file.close()


def test_values_that_are_not_finite_are_found(tmp_path: Path) -> None:
    values = ramp(3, 5)
    values[1, 2] = np.nan
    file = TorchFile.open(write_torch_bin(tmp_path / "a.bin", {"w": values}))
    assert file.read("w", 2).tolist() == [[11, 12, 13, 14, 15]]
    with pytest.raises(ModelError, match="not_finite"):
        file.read("w")
    file.close()


@pytest.mark.parametrize(
    ("name", "wants"), [("legacy.bin", "pickle (PyTorch < 1.6)"), ("script.bin", "TorchScript"), ("module.bin", "__main__.Small")]
)
def test_other_files_of_pytorch_are_refused_in_words(name: str, wants: str) -> None:
    error = refusal(DATA / name)
    assert (error.code, error.failure.args["name"]) == (Code.PICKLE_REFUSED, wants)


class Runs:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_pickle_that_runs_code_runs_nothing(archive: Callable[..., TorchFile], tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "it ran"
    program = pickle.dumps({"w": Runs(mark)}, protocol)
    pickle.loads(program)
    assert mark.exists()  # it does, if it may
    mark.unlink()
    with pytest.raises(ModelError) as caught:
        archive(program)
    assert caught.value.code == Code.PICKLE_REFUSED
    assert "getattr" in str(caught.value.failure.args["name"]) or "Path" in str(caught.value.failure.args["name"])
    assert not mark.exists()


@pytest.mark.parametrize(
    "dotted",
    [
        *("os.system", "posix.system", "builtins.eval", "builtins.getattr", "_codecs.encode", "numpy.core.multiarray._reconstruct"),
        *(
            "torch.load",
            "torch.hub.load",
            "torch._utils._rebuild_sparse_tensor",
            "torch.float32.__class__",
            "collections.OrderedDict.fromkeys",
        ),
    ],
)
def test_no_other_name_is_admitted(archive: Callable[..., TorchFile], dotted: str) -> None:
    module, _, name = dotted.rpartition(".")
    for program in (name_of(module, name), word(module) + word(name) + b"\x93"):
        with pytest.raises(ModelError) as caught:
            archive(b"\x80\x04" + program + b")R.")
        assert (caught.value.code, caught.value.failure.args["name"]) == (Code.PICKLE_REFUSED, dotted)


def test_an_admitted_name_is_not_for_every_use(archive: Callable[..., TorchFile]) -> None:
    with pytest.raises(ModelError) as caught:
        archive(b"\x80\x02" + name_of("torch", "FloatStorage") + b")R.")
    assert (caught.value.code, caught.value.failure.args["name"]) == (Code.PICKLE_REFUSED, "torch.FloatStorage")


GOOD = tensor_opcodes("0", "F32", 16, (4, 4), (4, 1))
BAD_VIEWS = {
    "reaches past": tensor_opcodes("0", "F32", 16, (4, 4), (4, 1), offset=1),
    "past its": tensor_opcodes("0", "F32", 16, (2, 4), (1 << 40, 1)),
    "cut short": tensor_opcodes("0", "F32", 17, (4, 4), (4, 1)),
    "are missing": tensor_opcodes("1", "F32", 16, (4, 4), (4, 1)),
    "strides": tensor_opcodes("0", "F32", 16, (4, 4), (4, -1)),
    "impossible shape": tensor_opcodes("0", "F32", 16, (-4, 4), (4, 1)),
    "an impossible shape": tensor_opcodes("0", "F32", 16, (0, 1 << 40, 1 << 40), (0, 0, 0)),
    "shape": tensor_opcodes("0", "F32", 16, (4, 4), (1,)),
    "too often": tensor_opcodes("0", "F32", 16, (1 << 40, 4), (0, 1)),
    "without a storage": tensor_opcodes("0", "F32", 16, (4, 4), (4, 1), offset=-1),
    "impossible size": tensor_opcodes("0", "F32", -1, (4, 4), (4, 1)),
}


@pytest.mark.parametrize("words", BAD_VIEWS)
def test_a_view_that_lies_is_refused(archive: Callable[..., TorchFile], words: str) -> None:
    assert archive(b"\x80\x02" + dict_opcodes({"w": GOOD}) + b".").read("w")[3, 3] == 16
    with pytest.raises(ModelError) as caught:
        archive(b"\x80\x02" + dict_opcodes({"w": BAD_VIEWS[words]}) + b".")
    assert caught.value.code == Code.SHARD_DAMAGED
    assert words in str(caught.value.failure.args["detail"])


BAD_PROGRAMS = {
    "empty": b"",
    "no end": b"\x80\x02}",
    "old protocol": b"\x80\x00}.",
    "not a dict": b"\x80\x02K\x05.",
    "no tensors": b"\x80\x02}.",
    "unknown opcode": b"\x80\x02\xff.",
    "a class's instance": b"\x80\x02(i__main__\nX\n.",
    "an empty stack": b"\x80\x020.",
    "no mark": b"\x80\x02}u.",
    "a mark as a value": b"\x80\x02(.",
    "never kept": b"\x80\x02hA.",
    "huge memo": b"\x80\x02}r\xff\xff\xff\xff0.",
    "huge text": b"\x80\x02X\xff\xff\xff\xffabc.",
    "huge number": b"\x80\x02\x8a\xff" + b"\x7f" * 255 + b".",
    "endless name": b"\x80\x02c" + b"a" * 1000 + b".",
    "deep": b"\x80\x02" + b")\x85" + b"\x85" * 200_000 + b".",
    "a tuple as a key": b"\x80\x02})K\x01s.",
    "a large number as a key": b"\x80\x02}\x8a\x08" + b"\x7f" * 8 + b"K\x01s.",
    "a copy": b"\x80\x02" + name_of("collections", "OrderedDict") + b"]\x85R.",
    "attributes of a list": b"\x80\x02]}b.",
    "a storage of nothing": b"\x80\x02)Q.",
    "a call of a word": b"\x80\x02" + word("os.system") + b")R.",
    "few arguments": b"\x80\x02" + name_of("torch._utils", "_rebuild_tensor_v2") + b")R.",
    "few of the third": b"\x80\x02" + name_of("torch._utils", "_rebuild_tensor_v3") + b")R.",
    "a parameter of none": b"\x80\x02" + name_of("torch._utils", "_rebuild_parameter") + b"N\x85R.",
    "a name that is a number": b"\x80\x04K\x01K\x02\x93.",
    "a tensor without a name": b"\x80\x02}K\x01" + GOOD + b"s.",
}


@pytest.mark.parametrize("kind", BAD_PROGRAMS)
def test_a_damaged_pickle_is_refused(archive: Callable[..., TorchFile], kind: str) -> None:
    with pytest.raises(ModelError) as caught:
        archive(BAD_PROGRAMS[kind])
    assert caught.value.code == Code.SHARD_DAMAGED
    assert (caught.value.failure.args["detail"] == "0 tensors") == (kind == "no tensors")


def test_bombs_end_soon() -> None:
    with pytest.raises(ValueError, match="too many values"):
        tensor_pickle.load(b"\x80\x02" + b"]\x940" * (1 << 19) + b".")
    nested = b"\x80\x02]" + b"q\x01h\x01\x86" * 5000  # each the last one twice
    assert isinstance(tensor_pickle.load(nested + b"."), tuple)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_mutated_pickles_raise_nothing_unexpected(tmp_path: Path, data: st.DataObject) -> None:
    program = bytearray(b"\x80\x02" + dict_opcodes({"w": GOOD, "v": tensor_opcodes("0", "F16", 32, (2, 3), (1, 2), offset=3)}) + b".")
    pieces = st.binary(max_size=3) | st.sampled_from(
        [whole(-1), whole(1 << 40), sizes((2, 2)), b"N", b"R", b"b", b"}", b"(", b"u", b"\x86"]
    )
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(program) - 1))
        program[place : place + data.draw(st.integers(0, 3))] = data.draw(pieces)
    read_all(write_archive(tmp_path / "a.bin", bytes(program), {"0": ramp(16).tobytes()}))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_mutated_archives_raise_nothing_unexpected(tmp_path: Path, data: st.DataObject) -> None:
    path = write_torch_bin(tmp_path / "a.bin", {"w": ramp(2, 3), "v": ramp(4)})
    content = bytearray(path.read_bytes())
    start = content.rfind(b"PK\1\2") - 300 if data.draw(st.booleans()) else 0
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(max(start, 0), len(content) - 1))
        content[place : place + data.draw(st.sampled_from([1, 1, 1, 2, 4]))] = data.draw(st.binary(min_size=1, max_size=4))
    path.write_bytes(content)
    read_all(path)


def read_all(path: Path) -> None:
    try:
        file = TorchFile.open(path)
    except ModelError:
        return
    for name, info in file.tensors.items():
        try:
            assert file.read(name).shape == info.shape
        except ModelError as error:
            assert error.code in (Code.TENSOR_TYPE, Code.TENSOR_NOT_FINITE)
    file.close()


PROGRAM = b"\x80\x02" + dict_opcodes({"w": GOOD}) + b"."
ENTRIES = {"a/data.pkl": PROGRAM, "a/data/0": ramp(16).tobytes(), "a/version": b"3\n"}


def test_archives_of_other_writers_and_of_64_bits(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    with zipfile.ZipFile(path, "w") as made:
        for name, data in ENTRIES.items():
            with made.open(name, "w", force_zip64=True) as one:
                one.write(data)
        made.comment = b"a comment with PK\5\6 in it"
    file = TorchFile.open(path)
    np.testing.assert_array_equal(file.read("w"), ramp(4, 4))
    file.close()
    path.write_bytes(as_64_bits(write_zip(path, ENTRIES).read_bytes()))
    with zipfile.ZipFile(path) as checked:
        assert checked.read("a/data/0") == ENTRIES["a/data/0"]
    file = TorchFile.open(path)
    np.testing.assert_array_equal(file.read("w"), ramp(4, 4))
    file.close()


def as_64_bits(content: bytes) -> bytes:
    """The same archive with every number of its directory in the 64-bit fields, as in files of more than 4 GB."""
    _, _, _, count, _, size, begin, _ = struct.unpack("<4sHHHHIIH", content[-22:])
    directory, wide = content[begin : begin + size], b""
    while directory:
        fields = list(struct.unpack("<4sHHHHHHIIIHHHHHII", directory[:46]))
        name, directory = directory[46 : 46 + fields[10]], directory[46 + fields[10] :]
        extra = struct.pack("<HHB", 0x4246, 1, 0) + struct.pack("<HHQQQ", 1, 24, fields[9], fields[8], fields[16])
        fields[8] = fields[9] = fields[16] = 0xFFFFFFFF
        fields[11] = len(extra)
        wide += struct.pack("<4sHHHHHHIIIHHHHHII", *fields) + name + extra
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(wide), begin)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, begin + len(wide), 1)
    return content[:begin] + wide + record + locator + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)


def test_tricks_of_archives_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in ENTRIES.items():
            made.writestr(name, data)
    assert "compressed" in str(refusal(path))
    write_zip(path, {"a/data.pkl": PROGRAM, "b/data.pkl": PROGRAM})
    assert "not an archive of PyTorch" in str(refusal(path))
    write_zip(path, {"a/other": b"1"})
    assert "not an archive of PyTorch" in str(refusal(path))
    write_archive(path, PROGRAM, {"0": ENTRIES["a/data/0"]}, order=b"big")
    assert "big-endian" in str(refusal(path))
    whole_file = write_zip(path, ENTRIES).read_bytes()
    for wrong, right, words in (
        (b"a/version", b"a/data/0\0", "not where"),  # in the directory alone
        (struct.pack("<II", 64, 64), struct.pack("<II", 1 << 20, 1 << 20), "not where"),
        (struct.pack("<II", 64, 64), struct.pack("<II", 64, 6400), "compressed"),
    ):
        start = whole_file.rfind(wrong)
        path.write_bytes(whole_file[:start] + right + whole_file[start + len(wrong) :])
        assert words in str(refusal(path)), wrong
    path.write_bytes(whole_file[: len(whole_file) // 2])
    assert "missing" in str(refusal(path))
    path.write_bytes(b"<!DOCTYPE html>")
    assert "neither" in str(refusal(path))
    path.write_bytes(b"PK")
    assert refusal(path).code == Code.SHARD_TRUNCATED


def test_files_of_an_archive_lie_nowhere_twice(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.bin", {**ENTRIES, "a/data/1": ENTRIES["a/data/0"]})
    content = path.read_bytes()
    twice = content.replace(b"a/data/1", b"a/data/0")
    path.write_bytes(twice)
    assert "twice" in str(refusal(path))
    directory = content.find(b"PK\1\2")
    first, second = content.find(b"a/data/0") - 30, content.find(b"a/data/1") - 30
    upon = content[:directory] + content[directory:].replace(
        struct.pack("<I", second) + b"a/data/1", struct.pack("<I", first) + b"a/data/1"
    )
    path.write_bytes(upon)
    assert "not where" in str(refusal(path))  # the names differ
    renamed = bytearray(upon)
    renamed[first + 30 : first + 38] = b"a/data/1"
    path.write_bytes(bytes(renamed).replace(b"a/data/0", b"a/data/1"))
    assert "twice" in str(refusal(path))
