"""The table of types and the rules around it; that the choices are llama.cpp's is shown in test_identical.py."""

import random

import gguf
import pytest

from zhiyin_models.convert.quant_types import (
    BF16,
    F16,
    F32,
    IQ4_NL,
    IQ4_XS,
    Q4_0,
    Q4_K,
    Q5_K,
    Q6_K,
    Q8_0,
    QUANT_TYPES,
    ModelShape,
    choose_types,
    fitting,
    kept_type,
    loader_order,
    tensor_bytes,
)
from zhiyin_models.convert.tensors import Shape
from zhiyin_models.library.ggml_types import FILE_TYPES

LLAMA = ModelShape("llama", 8, 8, 8)


def layers(count: int) -> list[tuple[str, Shape]]:
    parts = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
    return [(f"blk.{layer}.{part}.weight", (256, 256)) for layer in range(count) for part in parts]


def chosen(name: str, tensors: list[tuple[str, Shape]], *, imatrix: bool = False) -> dict[str, int]:
    types = choose_types(QUANT_TYPES[name], LLAMA, tensors, imatrix=imatrix)
    return {tensor: ggml_type for (tensor, _), ggml_type in zip(tensors, types, strict=True)}


def test_the_table_has_the_numbers_of_the_format() -> None:
    wanted = "F32 F16 BF16 Q8_0 Q6_K Q5_K_M Q5_K_S Q4_K_M Q4_K_S Q4_0 Q4_1 IQ4_NL IQ4_XS Q3_K_M Q2_K"
    assert list(QUANT_TYPES) == wanted.split()
    for name, kind in QUANT_TYPES.items():
        assert kind.name == name == FILE_TYPES[kind.file_type]
        upstream = gguf.GGMLQuantizationType(kind.tensor_type).name
        assert upstream == name.removesuffix("_M").removesuffix("_S")
    losses = [kind.loss for kind in QUANT_TYPES.values()]
    assert all(loss is not None and 0 <= loss < 1 for loss in losses)


def test_types_do_not_depend_on_the_order_in_which_tensors_are_given() -> None:
    tensors = [*layers(8), ("token_embd.weight", (512, 256)), ("output.weight", (512, 256))]
    mixed = random.Random(1).sample(tensors, len(tensors))
    for name in QUANT_TYPES:
        assert chosen(name, mixed) == chosen(name, tensors), name
    assert {name for name, kind in chosen("Q4_K_M", tensors).items() if kind == Q6_K and "attn_v" in name} == {
        f"blk.{layer}.attn_v.weight" for layer in (0, 3, 6, 7)
    }


def test_a_tied_embedding_is_quantized_as_the_output() -> None:
    embedding = [("token_embd.weight", (512, 256))]
    assert chosen("Q4_K_M", embedding) == {"token_embd.weight": Q6_K}
    assert chosen("Q4_K_M", [*embedding, ("output.weight", (512, 256))]) == {"token_embd.weight": Q4_K, "output.weight": Q6_K}
    assert chosen("Q8_0", embedding) == {"token_embd.weight": Q8_0}
    assert chosen("F16", embedding) == {"token_embd.weight": F16}


def test_the_first_layers_are_spared_in_q4_0_only_with_an_importance_matrix() -> None:
    down = "blk.0.ffn_down.weight"
    assert chosen("Q4_0", layers(8))[down] == Q4_0
    assert chosen("Q4_0", layers(8), imatrix=True)[down] == 3
    assert chosen("IQ4_XS", layers(8))[down] == Q5_K
    assert chosen("IQ4_XS", layers(8), imatrix=True)[down] == IQ4_XS


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("blk.0.attn_q.bias", (256,)),
        ("output_norm.weight", (256,)),
        ("blk.0.attn_q_norm.weight", (4, 64)),
        ("blk.0.ffn_gate_inp.weight", (8, 256)),
        ("position_embd.weight", (128, 256)),
        ("rope_freqs.weight", (32,)),
        ("blk.0.attn_q.weight", (1, 256)),
        ("blk.0.odd", (4, 256)),
    ],
)
def test_small_tensors_stay_in_f32(name: str, shape: Shape) -> None:
    assert kept_type(name, shape) == F32
    for kind in ("Q4_K_M", "F16", "BF16"):
        assert chosen(kind, [(name, shape)]) == {name: F32}
    assert choose_types(QUANT_TYPES["Q4_K_M"], LLAMA, [(name, shape)], imatrix=False, present=[BF16]) == [BF16]


def test_what_does_not_fit_into_blocks_gets_a_type_that_does() -> None:
    assert kept_type("blk.0.attn_q.weight", (256, 256)) is None
    assert [fitting(kind, 288) for kind in (Q4_K, Q6_K, IQ4_XS, Q8_0, Q4_0)] == [6, Q8_0, IQ4_NL, Q8_0, Q4_0]
    assert [fitting(kind, 40) for kind in (Q4_K, Q6_K, IQ4_XS, Q8_0, Q4_0)] == [F16] * 5


def test_the_order_of_the_loader() -> None:
    names = ["token_embd.weight", "blk.10.attn_q.weight", "blk.9.ffn_up.weight", "blk.9.attn_q.weight", "output.weight", "blk.0.a"]
    assert sorted(names, key=loader_order) == [
        *("output.weight", "token_embd.weight", "blk.0.a", "blk.9.attn_q.weight", "blk.9.ffn_up.weight", "blk.10.attn_q.weight"),
    ]


def test_sizes() -> None:
    assert tensor_bytes(Q4_K, (3, 512)) == 3 * 2 * 144
    assert tensor_bytes(F32, (5,)) == 20
    for kind, shape in ((Q4_K, (3, 128)), (Q8_0, ()), (Q8_0, (33,))):
        with pytest.raises(ValueError, match="rows of"):
            tensor_bytes(kind, shape)
