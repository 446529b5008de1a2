"""Adapters beside a model in the engine: what a real one does to the starter, and files that must not reach llama.cpp."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.models.convert.libai_adapter import write_libai
from tests.models.engine.asking import GREEDY
from tests.models.gguf_files import Raw, Tensor, header

from zhiyin_models.cli.arguments import parse
from zhiyin_models.engine import protocol as p
from zhiyin_models.engine.client import EngineClient
from zhiyin_models.engine.protocol import AdapterFile
from zhiyin_models.errors import Code, ModelError

ROLE = "I am Li Bai, the Banished Immortal"
FLOAT32, FLOAT64, INT32, ARRAY = 6, 12, 5, 9
GOOD = {"general.type": "adapter", "general.architecture": "llama", "adapter.type": "lora", "adapter.lora.alpha": 16.0}
Q = "blk.0.attn_q.weight"


@pytest.fixture(scope="module")
def libai(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The adapter, in a folder whose name is not ASCII."""
    folder = tmp_path_factory.mktemp("adapters") / "李白"
    folder.mkdir()
    return write_libai(folder / "libai.gguf")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineClient]:
    """An engine whose model these tests may replace."""
    with EngineClient(log=tmp_path_factory.mktemp("engine") / "engine.log") as client:
        yield client


def load(client: EngineClient, starter: Path, *adapters: AdapterFile) -> p.ModelInfo:
    return client.load(starter, context=256, threads=1, adapters=adapters)


def answer(client: EngineClient, tokens: int = 12) -> str:
    """To who it is, in one and the same session."""
    question = (p.Message("user", "Who are you?"),)
    events = client.generate("session", question, sampling=GREEDY, max_tokens=tokens)
    return "".join(event.text for event in events if isinstance(event, p.Text))


def test_a_real_adapter_takes_effect_and_leaves_with_the_load_that_named_it(own: EngineClient, starter: Path, libai: Path) -> None:
    plain = load(own, starter)
    before = answer(own, 3)
    assert not ROLE.startswith(before)
    adapted = load(own, starter, AdapterFile(str(libai)))
    assert answer(own).startswith(ROLE)
    assert adapted.adapters == (AdapterFile(str(libai)),)
    assert adapted.memory > plain.memory
    off = load(own, starter, AdapterFile(str(libai), 0.0))
    assert answer(own, 3) == before
    assert len({plain.fingerprint, adapted.fingerprint, off.fingerprint}) == 3


def test_adapters_are_added_together(own: EngineClient, starter: Path, libai: Path) -> None:
    half = AdapterFile(str(libai), 0.5)
    load(own, starter, half, half)
    assert ROLE.startswith(answer(own, 4))


def write(path: Path, metadata: dict[str, object], tensors: list[Tensor], size: int | None = None) -> AdapterFile:
    content = header(metadata, tensors)  # type: ignore[arg-type]
    length = max((tensor.offset + 4 * tensor.shape[0] * tensor.shape[-1] for tensor in tensors), default=0)
    path.write_bytes(content + bytes(length if size is None else size))
    return AdapterFile(str(path))


def pair(name: str = Q, columns: int = 576, rows: int = 576, rank: int = 8) -> list[Tensor]:
    """Of F32, columns first."""
    return [Tensor(f"{name}.lora_a", (columns, rank), 0), Tensor(f"{name}.lora_b", (rank, rows), columns * rank * 4)]


BAD = {
    "a model": (GOOD | {"general.type": "model"}, pair(), Code.ADAPTER_BAD),
    "type missing": ({key: value for key, value in GOOD.items() if key != "adapter.type"}, pair(), Code.ADAPTER_BAD),
    "type is a number": (GOOD | {"adapter.type": 5}, pair(), Code.ADAPTER_BAD),
    "general.type is a number": (GOOD | {"general.type": 5}, pair(), Code.ADAPTER_BAD),
    "architecture is a number": (GOOD | {"general.architecture": 5}, pair(), Code.ADAPTER_OTHER_BASE),
    "alpha is a text": (GOOD | {"adapter.lora.alpha": "16"}, pair(), Code.ADAPTER_BAD),
    "alpha is no number": (GOOD | {"adapter.lora.alpha": float("nan")}, pair(), Code.ADAPTER_BAD),
    "alpha is whole": (GOOD | {"adapter.lora.alpha": 16}, pair(), Code.ADAPTER_BAD),
    "another architecture": (GOOD | {"general.architecture": "qwen2"}, pair(), Code.ADAPTER_OTHER_BASE),
    "aLoRA": (
        GOOD | {"adapter.alora.invocation_tokens": Raw(ARRAY, (4).to_bytes(4, "little") + bytes(8))},
        pair(),
        Code.ADAPTER_UNSUPPORTED,
    ),
    "nothing in it": (GOOD, [], Code.ADAPTER_BAD),
    "B alone": (GOOD, [Tensor(f"{Q}.lora_b", (8, 576), 0)], Code.ADAPTER_BAD),
    "a norm": (GOOD, [*pair(), Tensor("blk.0.attn_norm.weight", (576,), 2 * 576 * 8 * 4)], Code.ADAPTER_UNSUPPORTED),
    "a pair for a norm": (GOOD, pair("blk.0.attn_norm.weight", 576, 1), Code.ADAPTER_OTHER_BASE),
    "no such layer": (GOOD, pair("blk.77.attn_q.weight"), Code.ADAPTER_OTHER_BASE),
    "other rows": (GOOD, pair(rows=192), Code.ADAPTER_OTHER_BASE),
    "other columns": (GOOD, pair(columns=512), Code.ADAPTER_OTHER_BASE),
    "two ranks": (GOOD, [pair(rank=8)[0], Tensor(f"{Q}.lora_b", (4, 576), 576 * 8 * 4)], Code.ADAPTER_OTHER_BASE),
    "shared embeddings": (
        GOOD,
        [Tensor("token_embd.weight.lora_a", (8, 49152), 0), Tensor("token_embd.weight.lora_b", (8, 576), 8 * 49152 * 4)],
        Code.ADAPTER_OTHER_BASE,
    ),
    "a type that cannot be multiplied": (GOOD, [Tensor(f"{Q}.lora_a", (576, 8), 0, 26), pair()[1]], Code.ADAPTER_UNSUPPORTED),
}


@pytest.mark.parametrize("words", BAD)
def test_a_file_that_does_not_fit_is_refused_and_the_model_stays(words: str, own: EngineClient, starter: Path, tmp_path: Path) -> None:
    metadata, tensors, code = BAD[words]
    process = own.pid
    with pytest.raises(ModelError) as error:
        load(own, starter, write(tmp_path / "a.gguf", dict(metadata), tensors))
    assert error.value.code == code
    assert error.value.failure.args["path"] == str(tmp_path / "a.gguf")
    assert own.alive
    assert own.pid == process


def test_what_is_no_whole_gguf_file_is_refused(own: EngineClient, starter: Path, libai: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.gguf").write_bytes(libai.read_bytes()[:-100_000])
    (tmp_path / "text.gguf").write_text("nothing")
    for path in (tmp_path / "cut.gguf", tmp_path / "text.gguf", tmp_path / "none.gguf", tmp_path, starter):
        with pytest.raises(ModelError) as error:
            load(own, starter, AdapterFile(str(path)))
        assert error.value.code == Code.ADAPTER_BAD
    for scale in (float("1e9"), -1e9):
        with pytest.raises(ModelError) as error:
            load(own, starter, AdapterFile(str(libai), scale))
        assert error.value.code == Code.ADAPTER_BAD
    with pytest.raises(ModelError) as error:
        load(own, starter, *[AdapterFile(str(libai))] * 17)
    assert error.value.code == Code.ADAPTER_BAD


def test_a_library_that_ends_the_process_over_a_file_ends_only_the_engine(starter: Path, tmp_path: Path) -> None:
    """An alpha of 64 bits, which cannot be told from one of 32 once it is read: llama.cpp asserts that it is of 32."""
    alpha = Raw(FLOAT64, bytes(6) + b"\x30\x40")  # 16.0
    with EngineClient(log=tmp_path / "engine.log") as client:
        with pytest.raises(ModelError) as error:
            load(client, starter, write(tmp_path / "a.gguf", GOOD | {"adapter.lora.alpha": alpha}, pair()))
        assert error.value.code == Code.ENGINE_DIED


def test_the_command_line_takes_files_with_and_without_a_scale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd:2").touch()
    options = parse(["chat", "model", "--lora", "a.gguf", "--lora", "b:c.gguf:0.5", "--lora", "odd:2", "--lora", "d.gguf:-1"], "en")
    wanted = (("a.gguf", 1.0), ("b:c.gguf", 0.5), ("odd:2", 1.0), ("d.gguf", -1.0))
    assert options.lora == [AdapterFile(str(tmp_path / name), scale) for name, scale in wanted]
    with pytest.raises(SystemExit):
        parse(["chat", "model", "--lora", "a.gguf:nan"], "en")
