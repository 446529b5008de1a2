"""Small models as GGUF files, with the metadata that llama.cpp needs to quantize them and few rows in each tensor."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray

from zhiyin_models.convert.quant_types import BF16, F32, ModelShape, kept_type
from zhiyin_models.convert.tensors import Matrix, Shape


@dataclass(frozen=True)
class SmallModel:
    """A model of seeded weights, which BF16 holds exactly."""

    architecture: str = "llama"
    layers: int = 16
    columns: int = 256
    inner: int = 256
    rows: int = 4
    heads: int = 4
    kv_heads: int = 2
    experts: int = 0
    tied: bool = False
    biases: bool = False
    fused: bool = False
    odd: int = 0  # columns of one more tensor
    seed: int = 1
    extra: dict[str, int] = field(default_factory=dict)

    @property
    def shape(self) -> ModelShape:
        return ModelShape(self.architecture, self.layers, self.heads, self.kv_heads, self.experts)

    def names(self) -> Iterator[tuple[str, Shape]]:
        """Every tensor, in an order of its own."""
        yield "token_embd.weight", (32, self.columns)
        if not self.tied:
            yield "output.weight", (32, self.columns)
        for layer in reversed(range(self.layers)):
            yield from ((f"blk.{layer}.{name}", shape) for name, shape in self._layer())
        yield "output_norm.weight", (self.columns,)
        if self.fused:
            yield "position_embd.weight", (16, self.columns)
        if self.odd:
            yield "blk.0.odd.weight", (self.rows, self.odd)

    def _layer(self) -> Iterator[tuple[str, Shape]]:
        wide, down = (self.rows, self.columns), (self.rows, self.inner)
        yield "attn_norm.weight", (self.columns,)
        for part in ("qkv",) if self.fused else ("q", "k", "v"):
            yield f"attn_{part}.weight", wide
            if self.biases:
                yield f"attn_{part}.bias", (self.rows,)
        yield "attn_output.weight", wide
        if self.experts:
            yield "ffn_gate_inp.weight", (self.experts, self.columns)
            for part in ("gate", "up"):
                yield f"ffn_{part}_exps.weight", (self.experts, *wide)
            yield "ffn_down_exps.weight", (self.experts, *down)
            return
        for part in ("up",) if self.fused else ("gate", "up"):
            yield f"ffn_{part}.weight", wide
        yield "ffn_down.weight", down

    def values(self) -> dict[str, Matrix]:
        """Weights by name, in the loader's order or not: as ``names`` has them."""
        random = np.random.default_rng(self.seed)
        weights = {}
        for name, shape in self.names():
            values = random.standard_normal(shape, np.float32) * random.uniform(0.01, 2) + random.uniform(-0.1, 0.1)
            values.view(np.uint32)[...] &= np.uint32(0xFFFF0000)
            weights[name] = values
        return weights

    def metadata(self) -> dict[str, int | float]:
        """What the family's loader asks for."""
        return {
            "block_count": self.layers,
            "context_length": 128,
            "embedding_length": self.columns,
            "feed_forward_length": self.inner,
            "attention.head_count": self.heads,
            "attention.head_count_kv": self.kv_heads,
            "attention.layer_norm_rms_epsilon": 1e-5,
            "attention.layer_norm_epsilon": 1e-5,
            **({"expert_count": self.experts, "expert_used_count": 2} if self.experts else {}),
            **self.extra,
        }


def write_gguf(path: Path, model: SmallModel, weights: dict[str, Matrix], plain: int = BF16, *, split: int = 0, kept: int = F32) -> Path:
    """The model as llama.cpp's converter writes it: weights in ``plain`` (F32, F16, BF16), matrices that are not quantized in ``kept``.

    ``split``: into files of so many tensors.
    """
    writer = gguf.GGUFWriter(path, model.architecture, split_max_tensors=split)
    for key, value in model.metadata().items():
        name = f"{model.architecture}.{key}"
        writer.add_float32(name, value) if isinstance(value, float) else writer.add_uint32(name, value)
    writer.add_array("tokenizer.ggml.tokens", [f"<{number}>" for number in range(100)])
    writer.add_bool("general.flag", True)
    for name, values in weights.items():
        kind = (F32 if values.ndim == 1 else kept) if kept_type(name, values.shape) is not None else plain
        writer.add_tensor(name, packed(values, kind), raw_shape=values.shape if kind == BF16 else None, raw_dtype=QUANT[kind])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


QUANT = {kind: gguf.GGMLQuantizationType(kind) for kind in (F32, 1, BF16)}


def packed(values: Matrix, kind: int) -> NDArray[np.generic]:
    if kind == BF16:
        return (np.ascontiguousarray(values).view(np.uint32) >> 16).astype(np.uint16)
    return values.astype(np.float16 if kind == 1 else np.float32)
