from argparse import Namespace
from pathlib import Path

import msgspec
import pytest
from tests.models import gguf_files
from tests.models.evaluate.tiny_model import random_weights, write_model

from zhiyin_models.cli.bench import Bench, Run, keep
from zhiyin_models.cli.terminal import Terminal
from zhiyin_models.engine.protocol import Device, DeviceShare, ModelInfo, Stats
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.values import Shape
from zhiyin_models.jobs.protocol import MeasureSpeed
from zhiyin_models.jobs.tasks import run
from zhiyin_models.library.gguf import read_metadata
from zhiyin_models.library.speed import FILE, Speed, bytes_per_token, keep_speed, read_speed, write_speed
from zhiyin_models.work import Progress, Stage, Stop, StoppedError, silent

STATS = Stats(generated_tokens=64, tokens_per_second=20.0, context_used=132)
STARTER_WEIGHTS = 96_576_768
STARTER_CACHE = 30 * 3 * 128 * 2  # bytes of one token


def devices(processor: str = "A processor") -> tuple[Device, ...]:
    """What an engine with a card would list."""
    return (Device("CUDA0", "A card", "gpu", "CUDA", 8, 8), Device("CPU", processor, "cpu", "CPU", 8, 8))


def loaded(path: Path, *, gpu_layers: int = 0, device: str = "CPU") -> ModelInfo:
    """The starter, or another file, as an engine would tell of it."""
    return ModelInfo(
        *(str(path), "x", "llama", 134_515_008, "Q4_1", 1, 8192, 1024, 31, gpu_layers, (DeviceShare(device, 31, 1, 1),), 1, 1),
        flash_attention=True,
        kv_type="f16",
        fingerprint="",
        template="model",
        vocabulary=49152,
    )


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that talks nonsense, and takes hardly any time for it."""
    return write_model(tmp_path_factory.mktemp("tiny") / "tiny-Q4_K_M.gguf", random_weights())


def test_speed_is_measured_kept_and_told_of(tmp_path: Path, tiny: Path) -> None:
    seen: list[Progress] = []
    outcome = run(MeasureSpeed(str(tiny), str(tmp_path)), seen.append, Stop())
    assert outcome.outputs == ()
    speed = read_speed(tmp_path)
    assert speed is not None
    assert speed.bytes_per_second > tiny.stat().st_size / 2  # more than half a token a second, on anything
    assert speed.device
    assert (speed.gpu_bytes_per_second > 0) == bool(speed.gpu_device)
    assert speed.model == "tiny"
    assert speed.measured > 1.7e9
    assert {progress.stage for progress in seen} == {Stage.MEASURE}
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    assert seen[-1].done == seen[-1].total


def test_stopping_ends_the_engine_and_keeps_nothing(tmp_path: Path, tiny: Path) -> None:
    stop = Stop()
    with pytest.raises(StoppedError):
        run(MeasureSpeed(str(tiny), str(tmp_path)), lambda _: stop.ask(), stop)
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        run(MeasureSpeed(str(tmp_path / "没有.gguf"), str(tmp_path)), silent, Stop())
    assert caught.value.code == Code.MODEL_MISSING


def test_what_is_read_for_a_token() -> None:
    shape = Shape(parameters=1000, layers=2, kv_heads=3, key_length=4, value_length=4)
    assert bytes_per_token(5000, shape, 0) == 5000
    assert bytes_per_token(5000, shape, 10) == 5000 + 10 * 2 * 3 * 8 * 2
    experts = msgspec.structs.replace(shape, active=100)
    assert bytes_per_token(5000, experts, 0) == 500
    assert bytes_per_token(5000, msgspec.structs.replace(shape, active=2000), 0) == 5000  # a file may lie


def test_a_generation_becomes_bytes_a_second(tmp_path: Path) -> None:
    keep_speed(tmp_path, loaded(gguf_files.starter_path()), STATS, devices())
    speed = read_speed(tmp_path)
    assert speed is not None
    assert speed.bytes_per_second == 20 * (STARTER_WEIGHTS + 100 * STARTER_CACHE)
    assert (speed.gpu_bytes_per_second, speed.device, speed.gpu_device) == (0, "A processor", "")


def test_a_card_is_only_told_of_when_it_did_all_the_work(tmp_path: Path) -> None:
    keep_speed(tmp_path, loaded(gguf_files.starter_path(), gpu_layers=12, device="CUDA0"), STATS, devices())
    assert read_speed(tmp_path) is None
    keep_speed(tmp_path, loaded(gguf_files.starter_path(), gpu_layers=31, device="CUDA0"), STATS, devices())
    keep_speed(tmp_path, loaded(gguf_files.starter_path()), msgspec.structs.replace(STATS, tokens_per_second=2.0), devices())
    speed = read_speed(tmp_path)
    assert speed is not None
    assert speed.gpu_bytes_per_second == pytest.approx(10 * speed.bytes_per_second)
    assert (speed.device, speed.gpu_device) == ("A processor", "A card")


def test_a_larger_model_says_more_about_the_same_device(tmp_path: Path) -> None:
    larger = Speed(bytes_per_second=40e9, device="A processor", bytes_read=5e9)
    write_speed(tmp_path, larger)
    assert [(path.name, path.stat().st_mode & 0o777) for path in tmp_path.iterdir()] == [(FILE, 0o600)]
    starter = gguf_files.starter_path()
    keep_speed(tmp_path, loaded(starter), STATS, devices())
    assert read_speed(tmp_path) == larger
    keep_speed(tmp_path, loaded(starter, gpu_layers=31, device="CUDA0"), STATS, devices())  # nothing is known of the card
    with_card = read_speed(tmp_path)
    assert with_card is not None
    assert (with_card.bytes_per_second, with_card.gpu_device) == (40e9, "A card")
    keep_speed(tmp_path, loaded(starter), STATS, devices("Another"))
    another = read_speed(tmp_path)
    assert another is not None
    assert another.bytes_per_second < 40e9
    assert another.gpu_bytes_per_second == with_card.gpu_bytes_per_second


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"[" * 30_000, b"null", b"[]", b"\xff\xfe", b'{"bytes_per_second": "fast"}', b'{"bytes_per_second": 1e400}'),
        *(
            b'{"bytes_per_second": -1}',
            b'{"bytes_per_second": 1e15}',
            b"{}",
            b'{"device": "CPU"}',
            b'{"bytes_per_second": 1' + b"0" * 70_000 + b"}",
        ),
    ],
)
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert read_speed(tmp_path) is None


def test_what_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no folder")
    with pytest.raises(ModelError) as caught:
        keep_speed(tmp_path / "data", loaded(gguf_files.starter_path()), STATS, devices())
    assert caught.value.code == Code.LIBRARY_UNWRITABLE


def test_a_newer_version_may_say_more(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b'{"bytes_per_second": 5e9, "tomorrow": [1, 2]}')
    assert read_speed(tmp_path) == Speed(bytes_per_second=5e9)


@pytest.mark.parametrize(("threads", "is_kept"), [(0, True), (1, False)])
def test_the_bench_of_the_terminal_is_kept(tmp_path: Path, threads: int, is_kept: bool) -> None:
    path = gguf_files.starter_path()
    once = Run(100, 64, 1.0, 20.0, 0.1)
    result = Bench(loaded(read_metadata(path).path), (once,), once)
    keep(result, devices(), Namespace(threads=threads, rpc=[], lora=[], data_dir=tmp_path, terminal=Terminal("en")), Terminal("en"))
    assert (read_speed(tmp_path) is not None) is is_kept
