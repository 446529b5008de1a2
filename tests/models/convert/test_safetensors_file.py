"""safetensors files: their values, and headers that lie."""

import json
import os
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.models.convert.checkpoint_files import to_bf16, write_header, write_safetensors

from zhiyin_models.convert.safetensors_file import SafetensorsFile
from zhiyin_models.convert.weight_file import SLAB
from zhiyin_models.errors import Code, ModelError

RANDOM = np.random.default_rng(7)


def refusal(path: Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        SafetensorsFile.open(path)
    return caught.value


def entry(begin: int, end: int, shape: list[int], dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16", "F64"])
def test_values_are_what_was_written(tmp_path: Path, dtype: str) -> None:
    values = {"a.weight": RANDOM.standard_normal((300, 1003)).astype(np.float32), "b": RANDOM.standard_normal(5).astype(np.float32)}
    values |= {"scalar": np.float32(2.5).reshape(()), "empty": np.zeros((0, 3), np.float32), "one": np.ones((1, 1, 2), np.float32)}
    file = SafetensorsFile.open(write_safetensors(tmp_path / "模型 a.safetensors", values, dtype))

    for name, wanted in values.items():
        stored = wanted.astype(np.float16).astype(np.float32) if dtype == "F16" else wanted
        if dtype == "BF16":
            stored = (to_bf16(wanted).astype(np.uint32) << 16).view(np.float32)
        given_back = file.read(name)
        assert (file.tensors[name].shape, file.tensors[name].dtype) == (wanted.shape, dtype)
        assert given_back.dtype == np.float32
        assert given_back.flags.c_contiguous
        assert given_back.flags.writeable
        np.testing.assert_array_equal(given_back, stored)
    np.testing.assert_array_equal(file.read("a.weight", 7, 290), file.read("a.weight")[7:290])
    assert file.read("a.weight", 4, 4).shape == (0, 1003)
    with pytest.raises(IndexError):
        file.read("a.weight", 1, 301)
    with pytest.raises(KeyError):
        file.read("nothing")
    file.close()


@pytest.mark.parametrize(("dtype", "first_bad"), [("F16", 0x7C00), ("BF16", 0x7F80)])
def test_every_value_of_sixteen_bits_is_widened_exactly(tmp_path: Path, dtype: str, first_bad: int) -> None:
    bits = np.concatenate([np.arange(first_bad), np.arange(0x8000, 0x8000 + first_bad)]).astype("<u2")
    file = SafetensorsFile.open(write_header(tmp_path / "a.safetensors", {"a": entry(0, bits.nbytes, [bits.size], dtype)}, bits.tobytes()))
    wanted = bits.view(np.float16).astype(np.float32) if dtype == "F16" else (bits.astype(np.uint32) << 16).view(np.float32)
    np.testing.assert_array_equal(file.read("a").view(np.uint32), wanted.view(np.uint32))  # as bits: the sign of zero too
    file.close()


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16", "F64"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_single_value_that_is_not_finite_is_found(tmp_path: Path, dtype: str, value: float) -> None:
    values = np.zeros((3, SLAB // 4), np.float32)
    values[2, 5] = value
    file = SafetensorsFile.open(write_safetensors(tmp_path / "a.safetensors", {"w": values}, dtype))
    assert not file.read("w", 0, 2).any()
    with pytest.raises(ModelError) as caught:
        file.read("w")
    assert (caught.value.code, caught.value.failure.args) == (Code.TENSOR_NOT_FINITE, {"name": "w"})
    file.close()


def test_a_double_too_large_for_f32_is_not_finite(tmp_path: Path) -> None:
    file = SafetensorsFile.open(write_safetensors(tmp_path / "a.safetensors", {"w": np.array([1e300])}, "F64"))
    with pytest.raises(ModelError, match="not_finite"):
        file.read("w")
    file.close()


@pytest.mark.parametrize("dtype", ["I64", "I32", "I8", "U8", "BOOL", "F8_E4M3", "F4_SOON"])
def test_other_types_are_listed_but_not_read(tmp_path: Path, dtype: str) -> None:
    size = {"I64": 8, "I32": 4}.get(dtype, 1)
    file = SafetensorsFile.open(write_header(tmp_path / "a.safetensors", {"a": entry(0, size, [1], dtype)}, b"\0" * size))
    assert file.tensors["a"].dtype == dtype
    with pytest.raises(ModelError) as caught:
        file.read("a")
    assert (caught.value.code, caught.value.failure.args) == (Code.TENSOR_TYPE, {"name": "a", "detail": dtype})
    file.close()


BAD_HEADERS: list[tuple[object, str]] = [
    (b"no json at all", "Expecting value"),
    (b"[]", "no object"),
    (b'{"a":"\xff"}', "UTF-8"),
    (b"[" * 100_000, "deeply"),
    (b'{"a":' * 100 + b"1" + b"}" * 100, "deeply"),
    (b"[" + b"0," * 5_000_000 + b"0]", "many values"),
    (b'{"a": ' + b"9" * 5000 + b"}", "digits"),
    (b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', "twice"),
    ({"a": 5}, "not described"),
    ({"a": entry(0, 8, [1])}, "8 bytes"),
    ({"a": entry(0, 4, [-1, -1])}, "impossible"),
    ({"a": entry(0, 4, [1 << 40, 1 << 40])}, "impossible"),
    ({"a": entry(0, 0, [0, 1 << 40, 1 << 40])}, "impossible"),
    ({"a": entry(0, 4, [True])}, "impossible"),  # a flag is no number
    ({"a": entry(0, 4, [1.0])}, "impossible"),  # type: ignore[list-item]
    ({"a": entry(4, 0, [1])}, "impossible place"),
    ({"a": entry(-4, 0, [1])}, "impossible place"),
    ({"a": {**entry(0, 4, [1]), "data_offsets": [0]}}, "impossible place"),
    ({"a": {**entry(0, 4, [1]), "dtype": 5}}, "impossible type"),
    ({"a": entry(0, 8, [2]), "b": entry(4, 8, [1])}, "upon another"),
    ({"a": entry(0, 8, [2]), "b": entry(0, 8, [2])}, "upon another"),
    ({"": entry(0, 4, [1])}, "named"),
    ({"\ud800": entry(0, 4, [1])}, "named"),
    ({"a" * 2000: entry(0, 4, [1])}, "named"),
]


@pytest.mark.parametrize(("header", "words"), BAD_HEADERS)
def test_a_header_that_lies_is_refused(tmp_path: Path, header: object, words: str) -> None:
    error = refusal(write_header(tmp_path / "a.safetensors", header, b"\0" * 8))
    assert error.code == Code.SHARD_DAMAGED
    assert words in str(error.failure.args["detail"])


def test_metadata_and_holes_are_of_no_concern(tmp_path: Path) -> None:
    header = {"__metadata__": {"format": "pt"}, "b": entry(8, 12, [1]), "nothing": entry(4, 4, [0]), "a": entry(0, 4, [1])}
    file = SafetensorsFile.open(write_header(tmp_path / "a.safetensors", header, struct.pack("<4f", 1, 2, 3, 4)))
    assert (file.read("a")[0], file.read("b")[0], list(file.tensors)) == (1, 3, ["b", "nothing", "a"])
    file.close()


def test_a_truncated_file_is_refused_with_its_sizes(tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "a.safetensors", {"a": np.zeros(1000, np.float32)}, "F32")
    whole = path.read_bytes()
    for length in (0, 7, 8, 50, len(whole) - 1):
        path.write_bytes(whole[:length])
        error = refusal(path)
        assert error.code == Code.SHARD_TRUNCATED
        assert error.failure.args["actual"] == length
        assert length < int(error.failure.args["expected"]) <= len(whole)
    assert error.failure.args["expected"] == len(whole)


def test_a_header_longer_than_the_format_allows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", 1 << 60) + b"{}")
    assert refusal(path).code == Code.SHARD_DAMAGED
    path.write_bytes(struct.pack("<Q", 0))
    assert refusal(path).code == Code.SHARD_DAMAGED


def test_what_is_no_plain_file_is_refused_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.safetensors"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, Path("/dev/zero")):
        assert refusal(path).code == Code.SHARD_DAMAGED
    assert refusal(tmp_path / "absent.safetensors").code == Code.SHARD_MISSING


def test_a_file_cut_short_while_it_is_read(tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "a.safetensors", {"a": np.ones(1000, np.float32)}, "F32")
    file = SafetensorsFile.open(path)
    os.truncate(path, 2000)
    with pytest.raises(ModelError) as caught:
        file.read("a")
    assert caught.value.code == Code.SOURCE_CHANGED
    file.close()
    with pytest.raises(ModelError) as caught:  # not of another file that has the same number now
        file.read("a")
    assert caught.value.code == Code.SOURCE_UNREADABLE


def test_threads_read_at_once(tmp_path: Path) -> None:
    values = {str(number): np.full((64, 8192), number, np.float32) for number in range(8)}
    file = SafetensorsFile.open(write_safetensors(tmp_path / "a.safetensors", values))
    with ThreadPoolExecutor(8) as pool:
        for number, given_back in enumerate(pool.map(lambda name: file.read(str(name)), [*range(8)] * 4)):
            assert (given_back == number % 8).all()
    file.close()


MEMORY = """
import resource, sys
from pathlib import Path
from zhiyin_models.convert.safetensors_file import SafetensorsFile

def peak():
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts what the process that started this one took, unless this is asked.
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) << 10

file = SafetensorsFile.open(Path(sys.argv[1]))
before = peak()
values = file.read("w")
assert values.nbytes == 600 << 20 and not values[-1].any()
print(peak() - before)
print(peak())
"""


def test_reading_takes_no_more_memory_than_the_values(tmp_path: Path) -> None:
    rows, columns = 300 * 64, 8192
    path = write_header(tmp_path / "a.safetensors", {"w": entry(0, rows * columns * 2, [rows, columns], "BF16")})
    os.truncate(path, path.stat().st_size + rows * columns * 2)  # a hole
    run = subprocess.run([sys.executable, "-c", MEMORY, path], capture_output=True, text=True, check=True)
    grown, whole = (int(line) for line in run.stdout.split())
    assert grown < (600 + 4) << 20
    assert whole < (600 + 60) << 20


SEED = {"__metadata__": {"format": "pt"}, "a": entry(0, 24, [2, 3]), "b": entry(24, 32, [4], "BF16"), "c": entry(32, 40, [1], "I64")}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_mutated_files_raise_nothing_unexpected(tmp_path: Path, data: st.DataObject) -> None:
    path = write_header(tmp_path / "a.safetensors", SEED, bytes(range(40)))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 3))] = data.draw(
            st.binary(max_size=3) | st.sampled_from([b"-", b"9" * 30, b"[[", b"1e9"])
        )
    path.write_bytes(content)
    read_all(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 1 << 70) | st.floats() | st.text(max_size=5) | st.sampled_from(["F32", "BF16"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["dtype", "shape", "data_offsets", "x"]), inner),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(max_size=3), JSON, max_size=4))
def test_any_json_as_a_header_raises_nothing_unexpected(tmp_path: Path, header: dict[str, Any]) -> None:
    read_all(write_header(tmp_path / "a.safetensors", json.dumps(header).encode(), bytes(40)))


def read_all(path: Path) -> None:
    try:
        file = SafetensorsFile.open(path)
    except ModelError:
        return
    for name, info in file.tensors.items():
        try:
            assert file.read(name).shape == info.shape
        except ModelError as error:
            assert error.code in (Code.TENSOR_TYPE, Code.TENSOR_NOT_FINITE)
    file.close()
