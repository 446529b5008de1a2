"""Checkpoint folders: what is read from which file, and every bad day that a folder can have."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.models.convert.checkpoint_files import write_checkpoint, write_safetensors, write_torch_bin

from zhiyin_models.convert.checkpoint import Checkpoint
from zhiyin_models.errors import Code, ModelError

CONFIG: dict[str, Any] = {"architectures": ["LlamaForCausalLM", "Other"], "hidden_size": 8}
TENSORS = {f"layers.{number}.weight": np.full((4, 8), number, np.float32) for number in range(5)}
OTHERS = {name: values + 100 for name, values in TENSORS.items()}


def refusal(folder: Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        Checkpoint.open(folder).close()
    return caught.value


def read_all(folder: Path) -> dict[str, float]:
    with Checkpoint.open(folder) as checkpoint:
        return {name: float(checkpoint.read(name).mean()) for name in checkpoint.tensors}


WANTED = {name: float(values.mean()) for name, values in TENSORS.items()}


@pytest.mark.parametrize("torch", [False, True])
@pytest.mark.parametrize("shards", [1, 3])
def test_reads_every_layout(tmp_path: Path, shards: int, torch: bool) -> None:
    folder = write_checkpoint(tmp_path / "我的 模型 é", CONFIG, TENSORS, shards, torch=torch)
    (folder / "generation_config.json").write_text('{"eos_token_id": [1, 2]}')
    (folder / "tokenizer.model").write_bytes(b"\0\xff")
    checkpoint = Checkpoint.open(folder)
    assert {name: float(checkpoint.read(name).mean()) for name in checkpoint.tensors} == WANTED
    assert checkpoint.read("layers.3.weight", 1, 3).shape == (2, 8)
    assert (checkpoint.architecture, checkpoint.config.integer("hidden_size"), checkpoint.path) == ("LlamaForCausalLM", 8, folder)
    assert checkpoint.generation is not None
    assert checkpoint.generation.values == {"eos_token_id": [1, 2]}
    assert checkpoint.size == sum(path.stat().st_size for path in folder.iterdir() if path.suffix in (".safetensors", ".bin"))
    assert checkpoint.json("config.json") == CONFIG
    assert checkpoint.json("absent.json") is None
    assert checkpoint.text("config.json") == json.dumps(CONFIG)
    assert checkpoint.text("absent.txt") is None
    assert checkpoint.data("tokenizer.model") == b"\0\xff"
    checkpoint.check_unchanged()
    checkpoint.close()


def test_a_read_only_snapshot_of_links(tmp_path: Path) -> None:
    """As the hub's cache lays it out: the names link to blobs outside of the folder."""
    made = write_checkpoint(tmp_path / "made", CONFIG, TENSORS, 2)
    blobs, snapshot = tmp_path / "hub" / "blobs", tmp_path / "hub" / "snapshots" / "abc"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for number, path in enumerate(sorted(made.iterdir())):
        shutil.copy(path, blobs / f"{number:064x}")
        (snapshot / path.name).symlink_to(Path("../../blobs") / f"{number:064x}")
    before = {path: path.stat() for path in blobs.iterdir()}
    for path in (*blobs.iterdir(), blobs, snapshot):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        with Checkpoint.open(snapshot) as checkpoint:
            assert checkpoint.json("config.json") == CONFIG
            assert checkpoint.read("layers.4.weight").mean() == 4
            checkpoint.check_unchanged()
    finally:
        snapshot.chmod(0o755)
        blobs.chmod(0o755)
    assert {path: path.stat().st_mtime_ns for path in blobs.iterdir()} == {path: status.st_mtime_ns for path, status in before.items()}
    (blobs / (snapshot / "model-00002-of-00002.safetensors").readlink().name).unlink()
    assert refusal(snapshot).failure.args == {"path": str(snapshot / "model-00002-of-00002.safetensors")}


def test_safetensors_go_before_pickles_and_one_file_before_shards(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "a", CONFIG, OTHERS, torch=True)
    write_checkpoint(folder, CONFIG, TENSORS, 2)
    assert read_all(folder) == WANTED
    write_checkpoint(folder, CONFIG, OTHERS, 3)
    write_checkpoint(folder, CONFIG, TENSORS)
    assert read_all(folder) == WANTED


def test_an_odd_file_does_not_go_before_the_one_that_is_named_as_it_should_be(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "a", CONFIG, TENSORS, torch=True)
    write_safetensors(folder / "vision.safetensors", OTHERS)
    assert read_all(folder) == WANTED


def test_a_folder_whose_name_is_no_text(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / os.fsdecode(b"a\xff"), CONFIG, TENSORS)
    assert read_all(folder) == WANTED
    (folder / "model.safetensors").write_bytes(b"")
    assert json.loads(msgspec.json.encode(refusal(folder).failure))["args"]["actual"] == 0


@pytest.mark.parametrize(
    "names",
    [
        ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
        ["mine-00001-of-00002.safetensors", "mine-00002-of-00002.safetensors", "consolidated.safetensors"],
        ["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin", "training_args.bin", "optimizer.bin"],
        ["my model.safetensors"],
        ["my model.safetensors", "consolidated.safetensors", "adapter_model.safetensors"],
        ["consolidated.safetensors"],
        ["model-00001-of-00001.safetensors"],
    ],
)
def test_without_an_index_only_what_is_clear_is_read(tmp_path: Path, names: list[str]) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    shards = [name for name in names if "-of-" in name]
    used = shards or names[:1]
    for name in names:
        place = used.index(name) if name in used else None
        part = OTHERS if place is None else {key: TENSORS[key] for key in list(TENSORS)[place :: len(used)]}
        (write_torch_bin if name.endswith(".bin") else write_safetensors)(tmp_path / name, part)
    assert read_all(tmp_path) == WANTED


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        ([], "model.safetensors"),
        (["adapter_model.safetensors"], "model.safetensors"),
        (["training_args.bin", "model.bin"], "model.safetensors"),
        (["a.safetensors", "b.safetensors"], "model.safetensors.index.json"),
        (["a-00001-of-00001.safetensors", "b.safetensors"], "model.safetensors.index.json"),
        (["model-00001-of-00003.safetensors", "model-00003-of-00003.safetensors"], "model-00002-of-00003.safetensors"),
        (["pytorch_model-00002-of-00002.bin"], "pytorch_model-00001-of-00002.bin"),
    ],
)
def test_without_an_index_what_is_not_clear_is_refused(tmp_path: Path, names: list[str], missing: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    for name in names:
        write_safetensors(tmp_path / name, TENSORS)
    error = refusal(tmp_path)
    assert (error.code, error.failure.args) == (Code.SHARD_MISSING, {"path": str(tmp_path / missing)})


def test_what_is_no_checkpoint_is_said(tmp_path: Path) -> None:
    assert refusal(tmp_path / "absent").code == Code.SOURCE_MISSING
    assert refusal(tmp_path).code == Code.SOURCE_NOT_CHECKPOINT
    (tmp_path / "file").touch()
    assert refusal(tmp_path / "file").code == Code.SOURCE_NOT_CHECKPOINT
    assert refusal(tmp_path / "file" / "below").code == Code.SOURCE_MISSING
    assert refusal(tmp_path / "a\0b").code == Code.SOURCE_UNREADABLE
    write_safetensors(tmp_path / "model.safetensors", TENSORS)
    assert refusal(tmp_path).code == Code.SOURCE_NOT_CHECKPOINT


CONFIGS = {
    "not JSON": b"{",
    "empty": b"",
    "not an object": b"[1]",
    "null": b"null",
    "not UTF-8": b'{"a": "\xff"}',
    "deep": b'{"architectures": ' + b"[" * 100_000,
    "deep enough": b'{"architectures": ["A"], "a": ' + b"[" * 70 + b"]" * 70 + b"}",
    "a huge number": b'{"a": ' + b"1" * 10_000 + b"}",
    "too large": b'{"a": "' + b" " * (5 << 20) + b'"}',
    "no architectures": b"{}",
    "architectures is a word": b'{"architectures": "LlamaForCausalLM"}',
    "architectures is empty": b'{"architectures": []}',
    "architectures are numbers": b'{"architectures": [5]}',
}


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_configuration_that_is_none_is_refused(tmp_path: Path, kind: str) -> None:
    folder = write_checkpoint(tmp_path / "a", CONFIG, TENSORS)
    (folder / "config.json").write_bytes(CONFIGS[kind])
    error = refusal(folder)
    assert (error.code, error.failure.args["path"]) == (Code.CONFIG_BAD, str(folder / "config.json"))


def test_other_small_files_are_bounded_too(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "a", CONFIG, TENSORS)
    (folder / "tokenizer.json").write_bytes(b"[" * 200_000)
    (folder / "chat_template.jinja").write_bytes(b"\xff")
    (folder / "big.txt").write_bytes(b"x" * 1001)
    (folder / "sub").mkdir()
    os.mkfifo(folder / "pipe.json")
    with Checkpoint.open(folder) as checkpoint:
        for code, ask in {
            Code.TOKENIZER_BAD: lambda: checkpoint.json("tokenizer.json"),
            Code.TEMPLATE_BAD: lambda: checkpoint.text("chat_template.jinja"),
            Code.SOURCE_UNREADABLE: lambda: checkpoint.json("pipe.json"),
            Code.SHARD_OUTSIDE: lambda: checkpoint.text("../made/config.json"),
        }.items():
            with pytest.raises(ModelError) as caught:
                ask()
            assert caught.value.code == code
        with pytest.raises(ModelError, match="larger than"):
            checkpoint.text("big.txt", 1000)
        with pytest.raises(ModelError, match="not a regular file"):
            checkpoint.text("sub")
        assert len(checkpoint.text("big.txt", 1001) or "") == 1001
    (folder / "generation_config.json").write_bytes(b"5")
    assert refusal(folder).code == Code.CONFIG_BAD


def with_index(folder: Path, change: Callable[[dict[str, str]], object], *, torch: bool = False) -> Path:
    write_checkpoint(folder, CONFIG, TENSORS, 2, torch=torch)
    path = folder / ("pytorch_model.bin.index.json" if torch else "model.safetensors.index.json")
    places = json.loads(path.read_text())["weight_map"]
    changed = change(places)
    path.write_text(json.dumps({"weight_map": places if changed is None else changed}))
    return folder


@pytest.mark.parametrize(
    "name",
    [
        *("../model.safetensors", "..", ".", "", "a/../../model.safetensors", "/etc/model.safetensors", "//host/model.safetensors"),
        *("C:/model.safetensors", "c:model.safetensors", "..\\model.safetensors", "\\\\host\\a.safetensors", "a\0.safetensors"),
        *("a//b.safetensors", "./model.safetensors", "\ud800.safetensors", "a" * 2000 + ".safetensors"),
    ],
)
@pytest.mark.parametrize("torch", [False, True])
def test_a_shard_outside_is_refused(tmp_path: Path, name: str, torch: bool) -> None:
    write_safetensors(tmp_path / "model.safetensors", TENSORS)
    folder = with_index(tmp_path / "a", lambda places: places.update({"layers.0.weight": name}), torch=torch)
    assert refusal(folder).code == Code.SHARD_OUTSIDE


def test_an_index_that_lies_is_refused(tmp_path: Path) -> None:
    first, second = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
    for change, code in (
        (lambda places: places.update({"layers.9.weight": first}), Code.TENSOR_MISSING),
        (lambda places: places.update({"layers.0.weight": second}), Code.TENSOR_MISSING),
        (lambda places: places.update({"layers.0.weight": "other.safetensors"}), Code.SHARD_MISSING),
        (lambda places: places.update({"layers.0.weight": "config.json"}), Code.SHARD_DAMAGED),
        (lambda places: places.update({"layers.0.weight": 5}), Code.SHARD_DAMAGED),
        (lambda _: {}, Code.SHARD_DAMAGED),
        (lambda _: "words", Code.SHARD_DAMAGED),
        (lambda _: {str(number): f"{number}.safetensors" for number in range(2000)}, Code.SHARD_DAMAGED),
    ):
        assert refusal(with_index(tmp_path / "a", change)).code == code
    index = tmp_path / "a" / "model.safetensors.index.json"
    index.write_text("[" * 100_000)
    assert refusal(tmp_path / "a").failure.args == {"path": str(index), "detail": "nested too deeply"}


def test_a_tensor_that_the_index_forgets_is_there_all_the_same(tmp_path: Path) -> None:
    assert read_all(with_index(tmp_path / "a", lambda places: {**places, "layers.0.weight": places.pop("layers.0.weight")})) == WANTED
    folder = with_index(tmp_path / "b", lambda places: {key: name for key, name in places.items() if key != "layers.0.weight"})
    assert read_all(folder) == WANTED


def test_a_tensor_in_two_shards_is_refused(tmp_path: Path) -> None:
    folder = with_index(tmp_path / "a", lambda _: None)
    write_safetensors(folder / "model-00002-of-00002.safetensors", TENSORS)
    assert "another file" in str(refusal(folder))


@pytest.mark.parametrize("torch", [False, True])
def test_shards_that_are_no_files(tmp_path: Path, torch: bool) -> None:
    folder = write_checkpoint(tmp_path / "a", CONFIG, TENSORS, 2, torch=torch)
    shard = max(path for path in folder.iterdir() if "-00002-" in path.name)
    content = shard.read_bytes()
    shard.write_bytes(content[:-30])
    error = refusal(folder)
    assert error.failure.args["path"] == str(shard)
    if torch:
        assert error.code == Code.SHARD_DAMAGED  # its length is written at its end
    else:
        assert (error.code, error.failure.args["expected"], error.failure.args["actual"]) == (
            *(Code.SHARD_TRUNCATED, len(content)),
            len(content) - 30,
        )
    shard.unlink()
    assert refusal(folder).code == Code.SHARD_MISSING
    os.mkfifo(shard)
    assert refusal(folder).code == Code.SHARD_DAMAGED
    shard.unlink()
    shard.mkdir()
    assert refusal(folder).code == Code.SHARD_DAMAGED


@pytest.mark.parametrize(
    ("name", "dtype", "method", "detail"),
    [
        ("layers.0.qweight", "int32", "gptq", "I32 (gptq)"),
        ("layers.0.weight", "uint8", "bitsandbytes", "U8 (bitsandbytes)"),
        ("layers.0.weight", "int8", None, "I8"),
        ("layers.0.weight_scale_inv", "float32", "fp8", "BF16 (fp8)"),
        ("experts.blocks", "uint8", "mxfp4", "U8 (mxfp4)"),
    ],
)
def test_a_quantized_checkpoint_is_refused(tmp_path: Path, name: str, dtype: str, method: str | None, detail: str) -> None:
    config = CONFIG if method is None else {**CONFIG, "quantization_config": {"quant_method": method}}
    folder = write_checkpoint(tmp_path / "a", config, {**TENSORS, name: np.ones((2, 2), dtype)})
    error = refusal(folder)
    assert (error.code, error.failure.args) == (Code.TENSOR_TYPE, {"name": name, "detail": detail})


def test_of_a_quantized_matrix_the_values_are_named_rather_than_their_scales(tmp_path: Path) -> None:
    tensors = {"a.weight_scale": np.ones(2, np.float32), "a.weight": np.ones((2, 2), np.int8)}
    assert refusal(write_checkpoint(tmp_path / "a", CONFIG, tensors)).failure.args == {"name": "a.weight", "detail": "I8"}


def test_masks_and_leftover_settings_do_not_make_it_quantized(tmp_path: Path) -> None:
    tensors = {**TENSORS, "h.0.attn.bias": np.ones((2, 2), np.uint8), "position_ids": np.arange(3)}
    write_checkpoint(tmp_path / "a", CONFIG, tensors)
    write_checkpoint(tmp_path / "b", {**CONFIG, "quantization_config": {"quant_method": "bitsandbytes"}}, TENSORS)
    with Checkpoint.open(tmp_path / "a") as checkpoint:
        assert checkpoint.tensors["position_ids"].dtype == "I64"
    assert read_all(tmp_path / "b") == WANTED


@pytest.mark.parametrize("name", ["model-00001-of-00002.safetensors", "config.json", "tokenizer.json", "model.safetensors.index.json"])
@pytest.mark.parametrize("how", ["written to", "replaced", "removed"])
def test_a_change_meanwhile_is_seen(tmp_path: Path, name: str, how: str) -> None:
    folder = write_checkpoint(tmp_path / "a", CONFIG, TENSORS, 2)
    (folder / "tokenizer.json").write_text("{}")
    with Checkpoint.open(folder) as checkpoint, Checkpoint.open(folder) as other:
        assert checkpoint.fingerprint() == other.fingerprint()
        before = checkpoint.fingerprint()
        assert checkpoint.json("tokenizer.json") == {}
        assert checkpoint.fingerprint() == before
        checkpoint.check_unchanged()
        path = folder / name
        content = path.read_bytes()
        if how == "written to":
            with path.open("ab") as file:
                file.write(b" ")
        elif how == "replaced":
            (folder / "new").write_bytes(content)
            (folder / "new").replace(path)
        else:
            path.unlink()
        with pytest.raises(ModelError) as caught:
            checkpoint.check_unchanged()
        assert (caught.value.code, caught.value.failure.args) == (Code.SOURCE_CHANGED, {"path": str(path)})
        assert checkpoint.fingerprint() == before
        if how != "removed" and name != "model.safetensors.index.json":
            with Checkpoint.open(folder) as changed:
                assert changed.fingerprint() != before
    if how == "replaced" and name == "tokenizer.json":
        with pytest.raises(ModelError, match=r"source\.changed"):
            checkpoint.json("tokenizer.json")


DESCRIPTORS = """
import os, sys
from pathlib import Path
from zhiyin_models.convert.checkpoint import Checkpoint
from zhiyin_models.errors import ModelError
for folder in sys.argv[1:]:
    before = len(os.listdir("/dev/fd"))
    for _ in range(5):
        try:
            Checkpoint.open(Path(folder)).close()
        except ModelError:
            pass
    print(len(os.listdir("/dev/fd")) - before)
print("torch" in sys.modules)
"""


def test_no_file_stays_open(tmp_path: Path) -> None:
    good = write_checkpoint(tmp_path / "a", CONFIG, TENSORS, 3)
    bad = write_checkpoint(tmp_path / "b", CONFIG, TENSORS, 3, torch=True)
    (bad / "pytorch_model-00003-of-00003.bin").write_bytes(b"PK\3\4")
    run = subprocess.run([sys.executable, "-c", DESCRIPTORS, good, bad], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["0", "0", "False"]
