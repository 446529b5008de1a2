"""A conversion from beginning to end: look, plan, check the disk, prove the vocabulary, stream, publish, measure, try."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from zhiyin_models.convert.adapted_tokenizer import tokenizer_of
from zhiyin_models.convert.adapter_file import export_adapter
from zhiyin_models.convert.checkpoint import Checkpoint
from zhiyin_models.convert.families.family import Family
from zhiyin_models.convert.gguf_source import GGUFSource
from zhiyin_models.convert.importance_file import Importance
from zhiyin_models.convert.inspection import suggested_name
from zhiyin_models.convert.lora import Adapter
from zhiyin_models.convert.merging import Merged
from zhiyin_models.convert.model_writer import check_new
from zhiyin_models.convert.outputs import output_kinds, writers_for, writing
from zhiyin_models.convert.plan import file_plan, model_entries, model_shape, open_family, targets_of
from zhiyin_models.convert.quant_types import QUANT_TYPES
from zhiyin_models.convert.streaming import write_files
from zhiyin_models.convert.tensors import Target, TensorSource
from zhiyin_models.convert.tokenizers.proof import prove
from zhiyin_models.convert.tokenizers.vocabulary import Vocabulary, read_vocabulary
from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.evaluate.report import Evaluation
from zhiyin_models.jobs.leftovers import reference_path
from zhiyin_models.jobs.protocol import AdapterChoice, Convert, ExportAdapter, Outcome, Output, Quantize
from zhiyin_models.work import Progress, Report, Stage, Stop, StoppedError

WIDE = ("BF16", "F16", "F32")  # what can be a reference; the first is made where there is none


@dataclass
class Opened:
    """A checkpoint that can be converted: with its adapters merged in, its family, targets and vocabulary."""

    checkpoint: Checkpoint
    source: TensorSource
    adapters: tuple[Adapter, ...]
    family: Family
    targets: tuple[Target, ...]
    vocabulary: Vocabulary

    @property
    def tensors(self) -> list[tuple[str, tuple[int, ...]]]:
        """Names and shapes, in the order of the file."""
        return [(target.name, target.shape) for target in self.targets]

    def check_unchanged(self) -> None:
        """Raises ModelError SOURCE_CHANGED when a file that was read is not any more what it was."""
        self.checkpoint.check_unchanged()
        for adapter in self.adapters:
            adapter.check_unchanged()

    def fingerprint(self) -> str:
        """Stands for the checkpoint and the adapters as they are on the disk."""
        return "|".join([self.checkpoint.fingerprint(), *(f"{adapter.fingerprint()}*{adapter.weight}" for adapter in self.adapters)])


@contextlib.contextmanager
def opened(source: str, adapters: Sequence[AdapterChoice], template: str = "") -> Iterator[Opened]:
    """Open and check everything that a conversion reads. Raises ModelError."""
    checkpoint = Checkpoint.open(Path(source))
    try:
        merged = tuple(Adapter.open(Path(choice.path), choice.weight) for choice in adapters)
        both = Merged(checkpoint, merged) if merged else None
        tensors: TensorSource = both or checkpoint
        config = both.configuration(checkpoint.config) if both else checkpoint.config
        family = open_family(config, checkpoint.architecture, tensors.tensors)
        targets = targets_of(family, tensors.tensors)
        rows = next(target.shape[0] for target in targets if target.name == "token_embd.weight")
        vocabulary = read_vocabulary(tokenizer_of(checkpoint, merged), rows, family.tokenizer_hints, template)
        yield Opened(checkpoint, tensors, merged, family, targets, vocabulary)
    finally:
        checkpoint.close()


def convert(task: Convert, report: Report, stop: Stop) -> Outcome:
    """Convert a checkpoint as the task says. Raises ModelError, StoppedError; no file under a final name unless all of it is right."""
    kinds = output_kinds(task.outputs)
    report(Progress(Stage.READ, 0, 1))
    importance = Importance.open(Path(task.imatrix)) if task.imatrix else None
    with opened(task.source, task.adapters, task.template) as ready:
        stop.check()
        if importance is not None:
            importance.check(ready.tensors)
        outputs = list(task.outputs)
        wide = next((output for output, kind in zip(outputs, kinds, strict=True) if kind.name in WIDE), None)
        temporary = task.evaluate and wide is None
        if temporary:
            wide = Output(WIDE[0], str(reference_path(Path(outputs[0].path))))
            outputs.append(wide)
        entries = model_entries(ready.family, suggested_name(Path(task.source)), ready.vocabulary.metadata)
        shape = model_shape(ready.family.architecture, ready.family.metadata())
        plans = [file_plan(QUANT_TYPES[output.type], entries, ready.tensors, shape, imatrix=importance is not None) for output in outputs]
        notices = (*ready.family.notices, *ready.vocabulary.notices)
        writers = writers_for(outputs, plans, ready.fingerprint(), task.imatrix)
        with writing(writers):
            waiting = [writer for writer in writers if not writer.published]
            if waiting:
                notices += prove(waiting[0].part, ready.vocabulary, report, stop)  # the vocabulary is written first: no work in vain
                unchanged = ready.check_unchanged
                write_files(ready.source, ready.targets, waiting, importance=importance, report=report, stop=stop, unchanged=unchanged)
            for writer in waiting:
                writer.publish()
    try:
        return _measured(task, wide, notices, report, stop)
    finally:
        for writer in writers:
            writer.forget_journal()
        if temporary and wide is not None:
            Path(wide.path).unlink(missing_ok=True)


def quantize(task: Quantize, report: Report, stop: Stop) -> Outcome:
    """From one GGUF file to others. Raises ModelError, StoppedError."""
    output_kinds(task.outputs)
    importance = Importance.open(Path(task.imatrix)) if task.imatrix else None
    source = GGUFSource(Path(task.source))
    try:
        if importance is not None:
            importance.check([(target.name, target.shape) for target in source.targets()])
        plans = [source.plan(QUANT_TYPES[output.type], imatrix=importance is not None) for output in task.outputs]
        writers = writers_for(task.outputs, plans, source.fingerprint(), task.imatrix)
        with writing(writers):
            waiting = [writer for writer in writers if not writer.published]
            if waiting:
                unchanged = source.check_unchanged
                write_files(source, source.targets(), waiting, importance=importance, report=report, stop=stop, unchanged=unchanged)
            for writer in waiting:
                writer.publish()
        for writer in writers:
            writer.forget_journal()
    finally:
        source.close()
    return Outcome(outputs=task.outputs)


def write_adapter(task: ExportAdapter, report: Report, stop: Stop) -> Outcome:
    """Write a PEFT adapter as a GGUF adapter. Raises ModelError."""
    out = Path(task.output)
    check_new(out)
    report(Progress(Stage.CONVERT, 0, 1))
    checkpoint = Checkpoint.open(Path(task.source))
    try:
        family = open_family(checkpoint.config, checkpoint.architecture, checkpoint.tensors)
        targets = targets_of(family, checkpoint.tensors)
        stop.check()
        adapter = Adapter.open(Path(task.adapter.path), task.adapter.weight)
        export_adapter(adapter, targets, family.architecture, checkpoint, out)
    finally:
        checkpoint.close()
    return Outcome(outputs=(Output("adapter", task.output),))


# ---------------------------------------------------------------- afterwards


def _measured(task: Convert, wide: Output | None, notices: tuple[Failure, ...], report: Report, stop: Stop) -> Outcome:
    """Evaluate and try what was made; what was made stays, whatever comes of that."""
    evaluations: list[Evaluation] = []
    answer = ""
    try:
        if task.evaluate and wide is not None:
            judged = [output for output in task.outputs if output.path != wide.path]
            notices += _evaluate(judged, wide, evaluations, report, stop)
        if task.smoke:
            from zhiyin_models.evaluate.smoke import answer as ask  # noqa: PLC0415 - only where it is asked for

            report(Progress(Stage.SMOKE, 0, 1))
            try:
                answer = ask(Path(task.outputs[0].path), task.smoke, stop)
            except ModelError as error:
                notices += (error.failure,)
            report(Progress(Stage.SMOKE, 1, 1))
    except StoppedError:
        notices += (Failure(Code.MEASURING_STOPPED),)
    return Outcome(tuple(task.outputs), None, tuple(evaluations), answer, notices)


def _evaluate(judged: Sequence[Output], wide: Output, evaluations: list[Evaluation], report: Report, stop: Stop) -> tuple[Failure, ...]:
    """Measure each against the wide one; what cannot be measured is a notice. Raises StoppedError."""
    from zhiyin_models.evaluate.evaluation import default_texts, evaluate  # noqa: PLC0415 - only where it is asked for

    notices: list[Failure] = []
    for output in judged:
        try:
            evaluations.append(evaluate(Path(output.path), Path(wide.path), default_texts(), report, stop))
        except ModelError as error:
            notices.append(error.failure)
    return tuple(notices)
