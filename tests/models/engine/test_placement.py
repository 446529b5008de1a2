"""What is decided before loading: the context's length and the layers on cards, from a file's metadata and the memory that is free."""

import os
from pathlib import Path

import pytest
from tests.models import gguf_files

from zhiyin_models.engine.placement import Placement, place
from zhiyin_models.engine.protocol import Device, Load
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.gguf import read_metadata

TERABYTE = 1 << 40


def card(free: int) -> Device:
    return Device("CUDA0", "a card", "gpu", "CUDA", 64 * TERABYTE, free)


def huge(path: Path) -> Path:
    """A sparse file of two layers of a terabyte each."""
    tensors = [gguf_files.Tensor(f"blk.{layer}.weight", (1 << 20, 1 << 18), layer * TERABYTE) for layer in range(2)]
    shape = {"llama.block_count": 2, "llama.context_length": 4096, "llama.embedding_length": 64, "llama.attention.head_count": 8}
    path.write_bytes(gguf_files.header({"general.architecture": "llama", **shape}, tensors))
    os.truncate(path, path.stat().st_size + 2 * TERABYTE)
    return path


def placed(path: Path, device: Device, freed: dict[str, int] | None = None, **options: object) -> Placement:
    request = Load(id=1, path=str(path), **options)  # type: ignore[arg-type]
    return place(read_metadata(path), request, [device], freed=freed or {}, unused_card=str)


def test_only_what_the_layers_that_were_asked_for_take_is_counted_on_the_card(tmp_path: Path) -> None:
    path = huge(tmp_path / "huge.gguf")
    assert placed(path, card(4 * TERABYTE)).gpu_layers == 3
    assert placed(path, card(4 * TERABYTE), gpu_layers=3).gpu_layers == 3
    for layers in (0, 1, 2):  # at least a terabyte is left for the main memory
        with pytest.raises(ModelError) as caught:
            placed(path, card(4 * TERABYTE), gpu_layers=layers)
        assert caught.value.code is Code.MODEL_TOO_BIG


def test_what_the_old_model_leaves_on_a_card_is_free(starter: Path) -> None:
    assert placed(starter, card(0)).gpu_layers == 0
    assert placed(starter, card(0), {"CUDA0": 2 << 30}).gpu_layers == 31
    assert placed(starter, card(0), {"CUDA1": 2 << 30}).gpu_layers == 0


def test_without_flash_attention_more_memory_is_counted(starter: Path) -> None:
    assert placed(starter, card(0), flash_attention="off").fit.compute > placed(starter, card(0)).fit.compute
