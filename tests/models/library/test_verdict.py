from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models import gguf_files
from tests.models.gguf_files import Raw, Tensor

from zhiyin_models.engine.placement import layers_that_fit
from zhiyin_models.engine.protocol import Device
from zhiyin_models.hub.values import Shape
from zhiyin_models.library import fit
from zhiyin_models.library.gguf import read_metadata
from zhiyin_models.library.shapes import BITS, estimated_size, guess_shape, parameters_of, shape_of
from zhiyin_models.library.speed import Speed
from zhiyin_models.library.verdict import Gpu, Machine, Verdict, gpus_of, judge, this_machine

GIB = 1 << 30
# Qwen3-8B in Q4_K_M, as its file says
SIZE = 5_027_783_488
QWEN = Shape(
    *(8_190_735_360, 36, 4096, 32, 8, 128, 128, 151_936, 40_960, "qwen3"),
    feed_forward=12_288,
)
KV_8192 = 8192 * 36 * 8 * 256 * 2


def test_a_shape_and_its_file_give_the_same_memory() -> None:
    file = read_metadata(gguf_files.starter_path())
    shape = shape_of(file)
    assert (shape.parameters, shape.layers, shape.kv_heads, shape.active) == (134_515_008, 30, 3, 0)
    size = fit.weights(file)
    for context in (512, 3000, 8192):
        assert fit.estimate(shape, context, size=size) == fit.estimate(file, context)
        assert fit.estimate(shape, context, "q8_0", size=size, flash_attention=False) == fit.estimate(
            file, context, "q8_0", flash_attention=False
        )
    for free in (250 << 20, 300 << 20, 1 << 40):
        assert fit.largest_context(shape, free, wanted=8192, size=size) == fit.largest_context(file, free, wanted=8192)
    assert msgspec.convert(msgspec.to_builtins(shape), Shape) == shape


def test_layers_with_different_heads_and_latent_attention_keep_their_memory(tmp_path: Path) -> None:
    metadata: dict[str, gguf_files.Value] = {
        "llama.block_count": 4,
        "llama.attention.head_count": 8,
        "llama.attention.head_count_kv": [2, 0, 4, 0],
        "llama.attention.key_length": 64,
        "llama.attention.value_length": 32,
    }
    changes: dict[str, dict[str, gguf_files.Value]] = {
        "mixed": {},
        "latent": {"llama.attention.key_length_mla": 192},
        "none": {"llama.attention.head_count_kv": [0, 0]},
    }
    for name, change in changes.items():
        file = read_metadata(gguf_files.write_small(tmp_path / f"{name}.gguf", metadata | change))
        assert fit.kv_cache(shape_of(file), 700) == fit.kv_cache(file, 700)
    mixed = shape_of(read_metadata(tmp_path / "mixed.gguf"))
    assert (mixed.heads_of_layers, fit.kv_cache(mixed, 256)) == (6, 256 * 6 * 96 * 2)
    assert fit.kv_cache(shape_of(read_metadata(tmp_path / "latent.gguf")), 256) == 256 * 6 * 64 * 2
    assert fit.kv_cache(shape_of(read_metadata(tmp_path / "none.gguf")), 256) == 0


@pytest.mark.parametrize(
    ("architecture", "change", "tokens"),
    [
        # Qwen3.5 4B: of 32 layers every fourth has attention, with 4 heads of 256
        ("qwen35", {"full_attention_interval": 4}, 8 * 4 * 512),
        ("qwen35", {}, 8 * 4 * 512),
        ("qwen35", {"attention.recurrent_layers": [1, 0] * 16}, 16 * 4 * 512),
        ("qwen35", {"full_attention_interval": 1}, 32 * 4 * 512),
        # Gemma 3n: only the first 20 layers keep keys
        ("gemma3n", {}, 20 * 4 * 512),
        # Gemma 4: five of six layers have a window and shorter heads, and the last ones share
        (
            "gemma4",
            {"attention.key_length_swa": 128, "attention.value_length_swa": 128, "attention.sliding_window_pattern": [1, 1, 1, 0] * 8},
            32 * 4 * 320,
        ),
        ("gemma4", {"attention.shared_kv_layers": 12}, 20 * 4 * 512),
        ("gemma4", {"attention.shared_kv_layers": 40}, 0),
        ("llama", {"attention.sliding_window_pattern": [1, 0] * 16, "attention.sliding_window": 512}, 32 * 4 * 512),
    ],
)
def test_layers_that_keep_less_than_others(tmp_path: Path, architecture: str, change: dict[str, gguf_files.Value], tokens: int) -> None:
    described: dict[str, gguf_files.Value] = {"block_count": 32, "attention.head_count": 16, "attention.head_count_kv": 4}
    described |= {"attention.key_length": 256, "attention.value_length": 256} | change
    metadata: dict[str, gguf_files.Value] = {f"{architecture}.{key}": value for key, value in described.items()}
    file = read_metadata(gguf_files.write_small(tmp_path / "m.gguf", {"general.architecture": architecture, **metadata}))
    assert fit.kv_cache(file, 256) == fit.kv_cache(shape_of(file), 256) == 256 * tokens * 2


def test_the_cache_of_known_models() -> None:
    assert fit.kv_cache(QWEN, 8192) == KV_8192 == 1_207_959_552  # 1152 MiB, as llama.cpp says
    llama = Shape(layers=80, kv_heads=8, key_length=128, value_length=128)
    assert fit.kv_cache(llama, 4096) == 1280 << 20
    mistral = Shape(layers=32, kv_heads=8, key_length=128, value_length=128)
    assert fit.kv_cache(mistral, 32_768) == 4096 << 20


def test_of_experts_only_those_that_are_used_are_read(tmp_path: Path) -> None:
    tensors = [
        Tensor("token_embd.weight", (8, 4), 0),
        Tensor("output.weight", (8, 4), 128),
        Tensor("blk.0.ffn_up_exps.weight", (8, 4, 8), 256),
        Tensor("blk.0.attn_q.weight", (8, 8), 1280),
    ]
    metadata: dict[str, gguf_files.Value] = {"general.architecture": "llama", "llama.expert_count": 8, "llama.expert_used_count": 2}
    path = tmp_path / "experts.gguf"
    path.write_bytes(gguf_files.header(metadata, tensors) + bytes(1536))
    shape = shape_of(read_metadata(path))
    assert shape.parameters == 32 + 32 + 256 + 64
    assert shape.active == 32 + 64 + 64  # a quarter of the experts, and one row of the first table


def test_absurd_files_give_shapes_that_can_be_sent_and_judged(tmp_path: Path) -> None:
    most = Raw(10, b"\xff" * 7 + b"\x00")
    keys = (
        "block_count",
        "attention.head_count",
        "embedding_length",
        "attention.key_length",
        "context_length",
        "expert_count",
        "vocab_size",
    )
    metadata: dict[str, gguf_files.Value] = {f"llama.{key}": most for key in keys}
    metadata["llama.attention.head_count_kv"] = [65_000] * 1000
    shape = shape_of(read_metadata(gguf_files.write_small(tmp_path / "absurd.gguf", metadata)))
    assert msgspec.json.decode(msgspec.json.encode(shape), type=Shape) == shape
    judgement = judge(1 << 62, shape, 1 << 40, Machine(GIB, GIB, (Gpu("x", 1 << 60, 1 << 60),)), Speed(1e9, 1e9))
    assert judgement.verdict == Verdict.NO
    assert 0 < judgement.need < 1 << 63


def machine(memory: float, *gpus: float, shared: bool = False) -> Machine:
    return Machine(int(memory * GIB), int(memory * GIB), tuple(Gpu("card", int(gpu * GIB), int(gpu * GIB), shared) for gpu in gpus))


@pytest.mark.parametrize(
    ("computer", "verdict"),
    [
        (machine(4), Verdict.NO),
        (machine(8), Verdict.CPU),
        (machine(8, 0.6), Verdict.CPU),  # a card too small for a single layer
        (machine(8, 4), Verdict.PARTLY),
        (machine(2.5, 4), Verdict.NO),  # what is left over does not fit beside it
        (machine(4, 6), Verdict.PARTLY),
        (machine(4, 8), Verdict.GPU),
        (machine(4, 4, 5), Verdict.GPU),
        (machine(8, 7.5, shared=True), Verdict.GPU),
        (machine(4, 6, shared=True), Verdict.NO),  # the card's memory is the computer's own
    ],
)
def test_where_a_model_would_run(computer: Machine, verdict: Verdict) -> None:
    judgement = judge(SIZE, QWEN, 8192, computer, None)
    assert judgement.verdict == verdict
    assert judgement.need == fit.estimate(QWEN, 8192, size=SIZE).total
    assert judgement.need == pytest.approx(SIZE + KV_8192, rel=0.08)
    assert judgement.tokens_per_second is None
    assert {Verdict.GPU: judgement.gpu_share == 1, Verdict.PARTLY: 0 < judgement.gpu_share < 1}.get(verdict, judgement.gpu_share == 0)


def test_a_smaller_context_may_fit() -> None:
    tight = machine(5.6)
    long = judge(SIZE, QWEN, 40_960, tight, None)
    assert long.verdict == Verdict.NO
    assert 512 <= long.context < 40_960
    assert judge(SIZE, QWEN, long.context, tight, None).verdict == Verdict.CPU
    assert judge(SIZE, QWEN, long.context + 512, tight, None).verdict == Verdict.NO
    assert judge(SIZE, QWEN, 8192, machine(2), None).context == 0


def test_no_context_is_longer_than_the_trained_one() -> None:
    assert judge(SIZE, QWEN, 1 << 20, machine(64), None).context == 40_960
    assert judge(SIZE, QWEN, 0, machine(64), None).context == 8192


def test_speed_is_bytes_over_bytes_a_second() -> None:
    speed = Speed(bytes_per_second=50e9, gpu_bytes_per_second=400e9)
    read = SIZE + KV_8192 / 2
    assert judge(SIZE, QWEN, 8192, machine(16), speed).tokens_per_second == pytest.approx(50e9 / read)
    assert judge(SIZE, QWEN, 8192, machine(16, 12), speed).tokens_per_second == pytest.approx(400e9 / read)
    partly = judge(SIZE, QWEN, 8192, machine(16, 4), speed)
    seconds = read * (partly.gpu_share / 400e9 + (1 - partly.gpu_share) / 50e9)
    assert partly.tokens_per_second == pytest.approx(1 / seconds)


def test_a_mixture_of_experts_reads_what_it_uses() -> None:
    experts = msgspec.structs.replace(QWEN, parameters=30_532_122_624, active=3_353_032_704)
    size = 18_556_686_752
    judgement = judge(size, experts, 8192, machine(64), Speed(bytes_per_second=50e9))
    assert judgement.tokens_per_second == pytest.approx(50e9 / (size * 3_353_032_704 / 30_532_122_624 + KV_8192 / 2))


@pytest.mark.parametrize(
    ("computer", "speed"),
    [
        (machine(16), Speed(gpu_bytes_per_second=1e12)),
        (machine(16, 12), Speed(bytes_per_second=1e12)),
        (machine(16, 4), Speed(bytes_per_second=1e12)),
        (machine(16, 4), Speed(gpu_bytes_per_second=1e12)),
        (machine(2), Speed(1e12, 1e12)),
    ],
)
def test_there_is_no_number_where_nothing_was_measured(computer: Machine, speed: Speed) -> None:
    assert judge(SIZE, QWEN, 8192, computer, speed).tokens_per_second is None


def test_a_size_that_is_not_known_is_estimated() -> None:
    judgement = judge(-1, QWEN, 8192, machine(16), None)
    assert judgement.need == pytest.approx(judge(SIZE, QWEN, 8192, machine(16), None).need, rel=0.05)
    assert judge(0, Shape(), 8192, machine(16), None).verdict == Verdict.CPU


def test_a_shape_that_says_nothing_is_guessed() -> None:
    for known in (Shape(), Shape(parameters=8_190_735_360)):
        assert judge(SIZE, known, 8192, machine(16), None).need == pytest.approx(judge(SIZE, QWEN, 8192, machine(16), None).need, rel=0.02)
    assert judge(SIZE, Shape(trained_context=2048), 8192, machine(16), None).context == 2048


def test_the_engine_puts_as_many_layers_on_a_card() -> None:
    file = read_metadata(gguf_files.starter_path())
    shape, size = shape_of(file), fit.weights(file)
    for free in (420, 450, 500, 560, 700):
        card = Device("CUDA0", "card", "gpu", "CUDA", free << 20, free << 20)
        layers = layers_that_fit(file, fit.estimate(file, 8192), [card])
        share = judge(size, shape, 8192, Machine(8 * GIB, 8 * GIB, gpus_of([card])), None).gpu_share
        assert abs(share * 31 - layers) <= 4  # the output of this small model is larger than its layers


def test_integrated_graphics_count_only_alone() -> None:
    def device(name: str, kind: str, backend: str = "Vulkan") -> Device:
        return msgspec.convert(
            {"name": name, "description": "", "kind": kind, "backend": backend, "memory_total": 8, "memory_free": 4}, Device
        )

    processor, integrated, card = device("CPU", "cpu", "CPU"), device("Vulkan1", "igpu"), device("Vulkan0", "gpu")
    assert gpus_of([processor]) == ()
    assert gpus_of([integrated, processor]) == (Gpu("Vulkan1", 4, 8, shared=True),)
    assert gpus_of([integrated, card, processor]) == (Gpu("Vulkan0", 4, 8),)
    assert gpus_of([device("Metal", "gpu", "Metal")]) == (Gpu("Metal", 4, 8, shared=True),)


def test_this_machine_has_memory() -> None:
    here = this_machine((Gpu("card", 1, 2),), freed=1 << 60)
    assert here.memory_free == here.memory_total > 0
    assert 0 < this_machine().memory_free <= here.memory_total
    assert here.gpus == (Gpu("card", 1, 2),)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        *(("Qwen3-8B-GGUF", 8_000_000_000), ("qwen2.5-0.5b-instruct", 500_000_000), ("SmolLM2-135M-Instruct", 135_000_000)),
        *(("Qwen3-30B-A3B", 30_000_000_000), ("Mixtral-8x7B-v0.1", 46_480_000_000), ("Llama-3.3-70B", 70_000_000_000)),
        *(("glm-4", 0), ("8bit-model", 0), ("model-v2b1", 0), ("", 0), ("9" * 400 + "b", 0)),
    ],
)
def test_names_tell_parameters(name: str, parameters: int) -> None:
    assert parameters_of(name) == pytest.approx(parameters)


def test_a_guess_is_near_models_of_that_size() -> None:
    for known, kv in ((8_000_000_000, 128 << 10), (70_000_000_000, 320 << 10), (32_000_000_000, 256 << 10), (134_000_000, 23 << 10)):
        shape = guess_shape(known)
        assert shape.guessed
        assert shape.parameters == known
        assert fit.kv_cache(shape, 256) / 256 == pytest.approx(kv, rel=0.2)
    experts = guess_shape(0, name="Qwen3-30B-A3B-Instruct", architecture="qwen3moe", trained_context=4096)
    assert (experts.parameters, experts.active, experts.architecture, experts.trained_context) == (
        30_000_000_000,
        3_000_000_000,
        "qwen3moe",
        4096,
    )
    assert guess_shape(0, size=SIZE).parameters == pytest.approx(8_190_735_360, rel=0.03)
    assert guess_shape(2_000_000_000, name="x-2B-A3B").active == 0


def test_sizes_from_bits() -> None:
    assert estimated_size(8_190_735_360, "Q4_K_M") == pytest.approx(SIZE, rel=0.02)
    assert estimated_size(8_190_735_360, "UD-Q8_0") == pytest.approx(8_709_518_112, rel=0.02)
    assert estimated_size(134_515_008, "Q4_K_M", embedding=576, vocabulary=49_152) == pytest.approx(105_454_432, rel=0.2)
    assert estimated_size(1000, "unheard of") == estimated_size(1000, "Q4_K_M")
    assert min(BITS.values()) > 1


NUMBER = st.one_of(st.just(0), st.integers(0, 200), st.integers(0, 1 << 60))
SHAPES = st.builds(Shape, *[NUMBER] * 9, heads_of_layers=NUMBER, feed_forward=NUMBER, active=NUMBER, latent=st.booleans())
GPUS = st.lists(st.builds(Gpu, st.just(""), NUMBER, NUMBER, st.booleans()), max_size=3).map(tuple)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(-1, 1 << 62),
    SHAPES,
    NUMBER,
    st.builds(Machine, NUMBER, NUMBER, GPUS),
    st.one_of(st.none(), st.builds(Speed, st.floats(0, 1e14), st.floats(0, 1e14))),
)
def test_every_judgement_makes_sense(size: int, shape: Shape, context: int, computer: Machine, speed: Speed | None) -> None:
    judgement = judge(size, shape, context, computer, speed)
    assert 0 <= judgement.gpu_share <= 1
    assert 0 <= judgement.need < 1 << 63
    assert (judgement.verdict == Verdict.GPU) == (judgement.gpu_share == 1)
    assert judgement.verdict != Verdict.NO or (judgement.tokens_per_second is None and judgement.gpu_share == 0)
    assert judgement.tokens_per_second is None or judgement.tokens_per_second > 0
    msgspec.json.encode(judgement)
