"""A whole conversion, from a real checkpoint to a model that answers, and every day on which it goes wrong."""

import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from zhiyin_models.convert.header import head
from zhiyin_models.convert.model_writer import ModelWriter
from zhiyin_models.convert.outputs import check_disk
from zhiyin_models.convert.pipeline import convert, quantize
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.evaluate.smoke import answer
from zhiyin_models.jobs.leftovers import remove_leftovers
from zhiyin_models.jobs.protocol import AdapterChoice, Convert, Output, Quantize
from zhiyin_models.library.gguf import read_metadata
from zhiyin_models.work import Progress, Stage, Stop, StoppedError, silent

Break = Callable[[Path], None]


def one(source: Path, out: Path, kind: str = "Q4_K_M", **more: object) -> Convert:
    return Convert(str(source), (Output(kind, str(out)),), **more)  # type: ignore[arg-type] # passed on as they are


def linked(checkpoint: Path, folder: Path) -> Path:
    """A copy of the checkpoint whose weights are the same file."""
    folder.mkdir(parents=True)
    for path in checkpoint.iterdir():
        if path.suffix == ".safetensors":
            os.link(path, folder / path.name)
        else:
            shutil.copy(path, folder / path.name)
    return folder


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    return {path.name: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_a_checkpoint_becomes_a_model_that_answers(checkpoint: Path, tmp_path: Path) -> None:
    before = snapshot(checkpoint)
    told: list[Progress] = []
    outputs = (Output("Q4_K_M", str(tmp_path / "四.gguf")), Output("Q8_0", str(tmp_path / "八.gguf")))
    outcome = convert(Convert(str(checkpoint), outputs, smoke="Who are you?"), told.append, Stop())
    assert outcome.outputs == outputs
    assert outcome.answer.strip()
    assert files(tmp_path) == ["八.gguf", "四.gguf"]
    assert [read_metadata(tmp_path / name).quant for name in ("四.gguf", "八.gguf")] == ["Q4_K_M", "Q8_0"]
    assert snapshot(checkpoint) == before
    stages = [progress.stage for progress in told]
    assert [stage for place, stage in enumerate(stages) if stage not in stages[:place]] == [
        Stage.READ,
        Stage.PROVE,
        Stage.CONVERT,
        Stage.SMOKE,
    ]
    assert all(0 <= progress.done <= progress.total for progress in told)
    assert any(progress.detail for progress in told)


@pytest.mark.parametrize("kind", ["BF16", "Q4_K_M"])
def test_the_merged_poet_knows_who_he_is(checkpoint: Path, libai: Path, tmp_path: Path, kind: str) -> None:
    task = one(checkpoint, tmp_path / "libai.gguf", kind, adapters=(AdapterChoice(str(libai)),))
    convert(task, silent, Stop())
    assert answer(tmp_path / "libai.gguf", "Who are you?", Stop()).startswith("I am Li Bai, the Banished Immortal")


def test_from_one_file_to_another(checkpoint: Path, tmp_path: Path) -> None:
    convert(one(checkpoint, tmp_path / "wide.gguf", "BF16"), silent, Stop())
    quantize(Quantize(str(tmp_path / "wide.gguf"), (Output("Q4_K_M", str(tmp_path / "a.gguf")),)), silent, Stop())
    convert(one(checkpoint, tmp_path / "b.gguf"), silent, Stop())
    assert (tmp_path / "a.gguf").read_bytes() == (tmp_path / "b.gguf").read_bytes()


def test_a_stop_leaves_nothing(checkpoint: Path, tmp_path: Path) -> None:
    stop = Stop()

    def report(progress: Progress) -> None:
        if progress.stage == Stage.CONVERT and progress.done > progress.total / 4:
            stop.ask()

    with pytest.raises(StoppedError):
        convert(one(checkpoint, tmp_path / "a.gguf"), report, stop)
    assert files(tmp_path) == []


def test_a_stop_while_measuring_keeps_the_model_and_not_the_reference(checkpoint: Path, tmp_path: Path) -> None:
    stop = Stop()

    def report(progress: Progress) -> None:
        if progress.stage == Stage.EVALUATE:
            stop.ask()

    outcome = convert(one(checkpoint, tmp_path / "a.gguf", "Q8_0", evaluate=True), report, stop)
    assert [notice.code for notice in outcome.notices] == [Code.MEASURING_STOPPED]
    assert outcome.evaluations == ()
    assert files(tmp_path) == ["a.gguf"]


def test_a_stop_from_another_thread_is_heard_within_a_tensor(checkpoint: Path, tmp_path: Path) -> None:
    stop, begun = Stop(), threading.Event()
    ended: list[BaseException] = []

    def work() -> None:
        try:
            convert(one(checkpoint, tmp_path / "a.gguf", "IQ4_XS"), lambda progress: begun.set() if progress.done else None, stop)
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(60)
    stop.ask()
    thread.join(30)
    assert [type(error) for error in ended] == [StoppedError]
    assert files(tmp_path) == []


def edit_config(**values: object) -> Break:
    def change(folder: Path) -> None:
        path = folder / "config.json"
        config = json.loads(path.read_text("utf-8"))
        config.update(values)
        path.write_text(json.dumps(config), "utf-8")

    return change


def remove(name: str) -> Break:
    return lambda folder: (folder / name).unlink()


def write(name: str, words: str) -> Break:
    return lambda folder: (folder / name).write_text(words, "utf-8") and None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (remove("config.json"), Code.SOURCE_NOT_CHECKPOINT),
        (remove("model.safetensors"), Code.SHARD_MISSING),
        (remove("tokenizer.json"), Code.TOKENIZER_MISSING),
        (write("config.json", "{"), Code.CONFIG_BAD),
        (write("config.json", "[" * 100_000), Code.CONFIG_BAD),
        (write("tokenizer.json", "{}"), Code.TOKENIZER_BAD),
        (edit_config(architectures=["NoSuchForCausalLM"]), Code.FAMILY_UNSUPPORTED),
        (edit_config(num_hidden_layers=31), Code.TENSOR_MISSING),
        (edit_config(num_hidden_layers=29), Code.TENSOR_EXTRA),
        (edit_config(num_hidden_layers="many"), Code.CONFIG_BAD),
        (edit_config(intermediate_size=1537), Code.TENSOR_SHAPE),
        (edit_config(num_attention_heads=10), Code.CONFIG_BAD),
        (edit_config(hidden_act="relu"), Code.CONFIG_BAD),
        (edit_config(tie_word_embeddings=False), Code.TENSOR_MISSING),
    ],
)
def test_what_is_wrong_with_a_checkpoint_is_said_and_nothing_is_written(
    change: Break, code: Code, checkpoint: Path, tmp_path: Path
) -> None:
    source = linked(checkpoint, tmp_path / "source")
    change(source)
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(ModelError) as caught:
        convert(one(source, out / "a.gguf"), silent, Stop())
    assert caught.value.code == code, caught.value
    assert files(out) == []


def test_a_checkpoint_that_is_changed_meanwhile_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    source = linked(checkpoint, tmp_path / "source")
    out = tmp_path / "out"
    out.mkdir()

    def report(progress: Progress) -> None:
        if progress.stage == Stage.CONVERT and progress.done > progress.total / 2 and not (source / "copy").exists():
            shutil.copy(source / "model.safetensors", source / "copy")
            (source / "copy").replace(source / "model.safetensors")
            (source / "copy").write_text("")

    with pytest.raises(ModelError) as caught:
        convert(one(source, out / "a.gguf"), report, Stop())
    assert caught.value.code == Code.SOURCE_CHANGED
    assert files(out) == []


def test_types_and_outputs_are_checked_before_any_work(checkpoint: Path, tmp_path: Path) -> None:
    for outputs, code in (
        ((Output("Q9_9", str(tmp_path / "a.gguf")),), Code.TYPE_UNKNOWN),
        ((Output("Q8_0", str(tmp_path / "a.gguf")), Output("Q4_0", str(tmp_path / "a.gguf"))), Code.OUTPUT_BUSY),
    ):
        with pytest.raises(ModelError) as caught:
            convert(Convert(str(checkpoint), outputs), silent, Stop())
        assert caught.value.code == code
    assert files(tmp_path) == []


def test_what_others_left_beside_the_output_is_never_taken_away(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "a.gguf.part").write_text("half a download")
    task = one(checkpoint, tmp_path / "a.gguf")
    stop = Stop()
    stop.ask()
    with pytest.raises(StoppedError):
        convert(task, silent, stop)
    remove_leftovers(task)
    with pytest.raises(ModelError) as caught:
        convert(task, silent, Stop())
    assert caught.value.code == Code.OUTPUT_EXISTS
    assert (tmp_path / "a.gguf.part").read_text() == "half a download"


def test_holes_in_a_part_are_not_counted_as_written(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    content, placed = head([], [("huge.weight", (free // 128 + 1, 32), 0)])
    with (tmp_path / "a.gguf.part").open("wb") as file:
        file.truncate(free * 2)
    with pytest.raises(ModelError) as caught:
        check_disk([ModelWriter(tmp_path / "a.gguf", content, placed, "")])
    assert caught.value.code == Code.DISK_SMALL


@pytest.mark.parametrize("name", ["x" * 250 + ".gguf", "x" * 246 + ".gguf"])
def test_a_name_that_is_too_long_is_said(name: str, checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        convert(one(checkpoint, tmp_path / name), silent, Stop())
    assert caught.value.code == Code.OUTPUT_UNWRITABLE
    assert files(tmp_path) == []


def test_a_disk_that_is_too_small_is_said_before_anything_is_written(tmp_path: Path) -> None:
    content, placed = head([], [("huge.weight", (1 << 40, 32), 0)])
    with pytest.raises(ModelError) as caught:
        check_disk([ModelWriter(tmp_path / "new" / "a.gguf", content, placed, "")])
    assert caught.value.code == Code.DISK_SMALL
    assert caught.value.failure.args["path"] == str(tmp_path)
    assert files(tmp_path) == []
