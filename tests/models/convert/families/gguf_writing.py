"""Writes the F32 GGUF file of a family's declarations, without a vocabulary: what logits are judged from."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from tests.models.convert.families.cases import Mistake, Tensor, Tensors

from zhiyin_models.convert.families.family import Family
from zhiyin_models.convert.tensors import Metadata, TensorInfo, TensorSource


class MemorySource:
    """A checkpoint in memory."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self._values = tensors
        self.tensors: dict[str, TensorInfo] = {name: TensorInfo(name, values.shape, "F32") for name, values in tensors.items()}

    def read(self, name: str, start: int = 0, stop: int | None = None) -> Tensor:
        return np.array(self._values[name][start:stop], np.float32, order="C")


def write_gguf(path: Path, family: Family, source: TensorSource, mistake: Mistake | None = None) -> None:
    """The whole file in F32. The mistake changes what is about to be written."""
    metadata: dict[str, Any] = dict(family.metadata())
    tensors = made(family, source)
    if mistake:
        mistake(metadata, tensors)
    writer = gguf.GGUFWriter(path, family.architecture)
    _add(writer, metadata)
    writer.add_tokenizer_model("none")
    for name, values in tensors.items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def made(family: Family, source: TensorSource) -> Tensors:
    """Every target's values; each tensor of the source must be read in the shape that it has, or be ignored."""
    unread = set(source.tensors)
    tensors: Tensors = {}
    for target in family.targets():
        for piece in target.pieces:
            if piece.read:
                assert source.tensors[piece.read.name].shape == piece.read.shape, piece.read
                unread.discard(piece.read.name)
        values = [piece.make(source).reshape(-1) for piece in target.pieces]
        assert target.name not in tensors
        tensors[target.name] = np.concatenate(values).reshape(target.shape)
    assert not [name for name in unread if not family.ignores(name)]
    return tensors


def _add(writer: gguf.GGUFWriter, metadata: Metadata) -> None:
    for key, value in metadata.items():
        if isinstance(value, bool):
            writer.add_bool(key, value)
        elif isinstance(value, int):
            writer.add_uint32(key, value)
        elif isinstance(value, float):
            writer.add_float32(key, value)
        elif isinstance(value, str):
            writer.add_string(key, value)
        else:
            assert isinstance(value, Sequence)
            writer.add_array(key, value)
