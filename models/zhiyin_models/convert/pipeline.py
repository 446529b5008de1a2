"""A conversion from beginning to end: look, plan, check the disk, prove the vocabulary, stream, publish, measure, try."""

import contextlib
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from zhiyin_models.convert.adapted_tokenizer import tokenizer_of
from zhiyin_models.convert.adapter_file import export_adapter
from zhiyin_models.convert.checkpoint import Checkpoint
from zhiyin_models.convert.families.family import Family
from zhiyin_models.convert.gguf_source import GGUFSource
from zhiyin_models.convert.header import padded
from zhiyin_models.convert.importance_file import Importance
from zhiyin_models.convert.lora import Adapter
from zhiyin_models.convert.merging import Merged
from zhiyin_models.convert.model_writer import ModelWriter
from zhiyin_models.convert.plan import FilePlan, file_plan, model_entries, model_shape, open_family, targets_of
from zhiyin_models.convert.quant_types import QUANT_TYPES, QuantType
from zhiyin_models.convert.streaming import fingerprint_of, write_files
from zhiyin_models.convert.tensors import Target, TensorSource
from zhiyin_models.convert.tokenizers.proof import prove
from zhiyin_models.convert.tokenizers.vocabulary import Vocabulary, read_vocabulary
from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.evaluate.report import Evaluation
from zhiyin_models.jobs.leftovers import reference_path
from zhiyin_models.jobs.protocol import AdapterChoice, Convert, ExportAdapter, Outcome, Output, Quantize
from zhiyin_models.work import Progress, Report, Stage, Stop

SPARE = 64 << 20  # bytes of the disk that are left free
WIDE = "BF16"  # the type of a reference


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
    kinds = _kinds(task.outputs)
    report(Progress(Stage.READ, 0, 1))
    importance = Importance.open(Path(task.imatrix)) if task.imatrix else None
    with opened(task.source, task.adapters, task.template) as ready:
        stop.check()
        if importance is not None:
            importance.check(ready.tensors)
        outputs = list(task.outputs)
        wide = next((output for output, kind in zip(outputs, kinds, strict=True) if _is_wide(kind)), None)
        temporary = task.evaluate and wide is None
        if temporary:
            wide = Output(WIDE, str(reference_path(Path(outputs[0].path))))
            outputs.append(wide)
        entries = model_entries(ready.family, Path(task.source).absolute().name, ready.vocabulary.metadata)
        shape = model_shape(ready.family.architecture, ready.family.metadata())
        plans = [file_plan(QUANT_TYPES[output.type], entries, ready.tensors, shape, imatrix=importance is not None) for output in outputs]
        stamp = _stamp(task.imatrix)
        notices = (*ready.family.notices, *ready.vocabulary.notices)
        writers = _writers(outputs, plans, ready.fingerprint(), stamp)
        with _writing(writers):
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
    _kinds(task.outputs)
    importance = Importance.open(Path(task.imatrix)) if task.imatrix else None
    source = GGUFSource(Path(task.source))
    try:
        if importance is not None:
            importance.check([(target.name, target.shape) for target in source.targets()])
        plans = [source.plan(QUANT_TYPES[output.type], imatrix=importance is not None) for output in task.outputs]
        writers = _writers(task.outputs, plans, source.fingerprint(), _stamp(task.imatrix))
        with _writing(writers):
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
    if out.exists():
        raise ModelError(Code.OUTPUT_EXISTS, path=str(out))
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


# ---------------------------------------------------------------- the disk


def _kinds(outputs: Sequence[Output]) -> list[QuantType]:
    for output in outputs:
        if output.type not in QUANT_TYPES:
            raise ModelError(Code.TYPE_UNKNOWN, name=output.type, detail=", ".join(QUANT_TYPES))
    paths = [str(Path(output.path).absolute()) for output in outputs]
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice is not None:
        raise ModelError(Code.OUTPUT_BUSY, path=twice)
    return [QUANT_TYPES[output.type] for output in outputs]


def _is_wide(kind: QuantType) -> bool:
    return kind.name in {"F32", "F16", "BF16"}


def _stamp(path: str) -> str:
    """Stands for a small file's content."""
    if not path:
        return ""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(Code.IMATRIX_BAD, path=path, detail=error.strerror or str(error)) from error


def _writers(outputs: Sequence[Output], plans: Sequence[FilePlan], source: str, stamp: str) -> list[ModelWriter]:
    writers = [
        ModelWriter(Path(output.path).absolute(), plan.content, plan.tensors, fingerprint_of(plan, source, stamp))
        for output, plan in zip(outputs, plans, strict=True)
    ]
    check_disk(writers)
    return writers


def check_disk(writers: Sequence[ModelWriter]) -> None:
    """Raises ModelError DISK_SMALL when the outputs of one folder do not fit onto its disk, what is there of them counted."""
    needs: dict[Path, int] = {}
    for writer in writers:
        folder = next(place for place in writer.path.parents if place.exists())
        there = writer.part.stat().st_size if writer.part.exists() else 0
        needs[folder] = needs.get(folder, 0) + max(0, padded(writer.size) - there)
    for folder, need in needs.items():
        free = shutil.disk_usage(folder).free
        if need + SPARE > free:
            raise ModelError(Code.DISK_SMALL, path=str(folder), need=need + SPARE, free=free)


@contextlib.contextmanager
def _writing(writers: Sequence[ModelWriter]) -> Iterator[None]:
    """Open all writers; if anything goes wrong within, nothing of them stays."""
    begun: list[ModelWriter] = []
    try:
        for writer in writers:
            writer.open()
            begun.append(writer)
        yield
    except BaseException:
        for writer in begun:
            if not writer.published:
                writer.abandon()
        raise


# ---------------------------------------------------------------- afterwards


def _measured(task: Convert, wide: Output | None, notices: tuple[Failure, ...], report: Report, stop: Stop) -> Outcome:
    """Evaluate and try what was made; what was made stays, whatever comes of that."""
    evaluations: list[Evaluation] = []
    answer = ""
    try:
        if task.evaluate and wide is not None:
            from zhiyin_models.evaluate.evaluation import default_texts, evaluate  # noqa: PLC0415 - only where it is asked for

            judged = [output for output in task.outputs if output.path != wide.path]
            evaluations += [evaluate(Path(output.path), Path(wide.path), default_texts(), report, stop) for output in judged]
        if task.smoke:
            from zhiyin_models.evaluate.smoke import answer as ask  # noqa: PLC0415 - only where it is asked for

            report(Progress(Stage.SMOKE, 0, 1))
            answer = ask(Path(task.outputs[0].path), task.smoke, stop)
            report(Progress(Stage.SMOKE, 1, 1))
    except ModelError as error:
        notices = (*notices, error.failure)
    return Outcome(tuple(task.outputs), None, tuple(evaluations), answer, notices)
