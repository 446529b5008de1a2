"""``zhiyin-models inspect``, ``convert``, ``quantize`` and ``adapter``: from a checkpoint to a model."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import msgspec

from zhiyin_models.cli.engine import library
from zhiyin_models.cli.evaluate import write_evaluation
from zhiyin_models.cli.models import parameters_text
from zhiyin_models.cli.terminal import Terminal
from zhiyin_models.cli.work import carry_out
from zhiyin_models.convert.inspection import CONTEXTS, Inspection, suggested_name
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.jobs.protocol import AdapterChoice, Convert, ExportAdapter, Inspect, Outcome, Output, Quantize
from zhiyin_models.library.installed import human_name
from zhiyin_models.messages import size_text

SHOWN = {"F16": "F16", "Q8_0": "INT8 (Q8_0)", "Q4_K_M": "INT4 (Q4_K_M)"}  # the rows of the memory table
DEFAULT_TYPE = "Q4_K_M"
INTERRUPTED = 130  # as a shell reports SIGINT


def inspect(options: Namespace, terminal: Terminal) -> int:
    """What a checkpoint is, and what it would need in memory."""
    outcome = carry_out(Inspect(str(Path(options.source).absolute()), _adapters(options.adapter)), terminal)
    found = outcome.inspection
    if found is None:
        return 1
    if options.json:
        terminal.write_json(msgspec.json.encode(found))
        return 0
    terminal.write_table(_description(found, terminal))
    terminal.write_line("")
    headings = [terminal.phrase("type"), terminal.phrase("file_size")]
    headings += [terminal.phrase("memory_column", context=f"{context // 1024}k") for context in CONTEXTS]
    rows = [
        [SHOWN[one.type], size_text(one.file), *(size_text(memory) for memory in one.memory)] for one in found.types if one.type in SHOWN
    ]
    terminal.write_table([headings, *rows])
    for notice in found.notices:
        terminal.fail(notice)
    return 0


def _description(found: Inspection, terminal: Terminal) -> list[tuple[str, str]]:
    tokenizer = found.tokenizer + (f" ({found.pre})" if found.pre else "")
    values = [
        ("name", found.name),
        ("architecture", f"{found.architecture} → {found.family}"),
        ("parameters", parameters_text(found.parameters)),
        ("dtype", found.dtype),
        ("size", size_text(found.size)),
        ("layers", str(found.layers)),
        ("trained_context", f"{found.context:,}"),
        ("tokenizer", tokenizer),
        ("vocabulary", f"{found.vocabulary:,}"),
        ("template", found.template or terminal.phrase("template_none")),
    ]
    rows = [(terminal.phrase(key), value) for key, value in values]
    for adapter in found.adapters:
        words = terminal.phrase("adapter_line", kind=adapter.kind, rank=adapter.rank, alpha=adapter.alpha, tensors=adapter.tensors)
        rows.append((terminal.phrase("adapter_name"), f"{Path(adapter.path).name}: {words}"))
    return rows


def convert(options: Namespace, terminal: Terminal) -> int:
    """Convert a checkpoint, and say what came of it."""
    source = Path(options.source).absolute()
    task = Convert(
        str(source),
        _outputs(options, suggested_name(source), terminal),
        _adapters(options.adapter),
        template=options.template or "",
        imatrix=options.imatrix or "",
        evaluate=options.evaluate,
        smoke=options.smoke or "",
    )
    outcome = carry_out(task, terminal)
    return _say(outcome, options, terminal)


def quantize(options: Namespace, terminal: Terminal) -> int:
    """From one GGUF file to others."""
    source = Path(library(options).find(options.model).path)
    outcome = carry_out(Quantize(str(source), _outputs(options, human_name(source), terminal), options.imatrix or ""), terminal)
    return _say(outcome, options, terminal)


def adapter(options: Namespace, terminal: Terminal) -> int:
    """Write a PEFT adapter as a GGUF adapter."""
    (choice,) = _adapters([options.adapter])
    output = Path(options.output or f"{Path(choice.path).name}-lora.gguf").absolute()
    outcome = carry_out(ExportAdapter(str(Path(options.source).absolute()), choice, str(output)), terminal)
    return _say(outcome, options, terminal)


def _say(outcome: Outcome, options: Namespace, terminal: Terminal) -> int:
    if getattr(options, "json", False):
        terminal.write_json(msgspec.json.encode(outcome))
        return 0
    for output in outcome.outputs:
        terminal.write_line(terminal.phrase("written", path=output.path, size=size_text(Path(output.path).stat().st_size)))
    for evaluation in outcome.evaluations:
        write_evaluation(evaluation, terminal)
    if outcome.answer:
        terminal.write_line(terminal.phrase("smoke_answer", prompt=options.smoke))
        terminal.write(outcome.answer + "\n")
    return INTERRUPTED if any(notice.code == Code.MEASURING_STOPPED for notice in outcome.notices) else 0


def _outputs(options: Namespace, name: str, terminal: Terminal) -> tuple[Output, ...]:
    """Where each type goes: into the file that was named, into the folder that was named, or into the library's folder."""
    types: Sequence[str] = list(dict.fromkeys(options.type or [DEFAULT_TYPE]))
    given = Path(options.output).absolute() if options.output else library(options).models_directory
    if options.output and given.suffix.lower() == ".gguf" and not _is_folder(given):
        if len(types) > 1:
            raise ModelError(Code.USAGE, detail=terminal.phrase("one_file", path=options.output))
        return (Output(types[0], str(given)),)
    return tuple(Output(kind, str(given / f"{name}-{kind}.gguf")) for kind in types)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long, a folder that may not be searched: writing says so
        return False


def _adapters(given: Sequence[str]) -> tuple[AdapterChoice, ...]:
    return tuple(adapter_choice(words) for words in given)


def adapter_choice(words: str) -> AdapterChoice:
    """``DIR`` or ``DIR:WEIGHT``; a folder that has a colon in its name is meant as it is."""
    folder, colon, weight = words.rpartition(":")
    if colon and not _is_folder(Path(words)):
        try:
            return AdapterChoice(str(Path(folder).absolute()), float(weight))
        except ValueError:
            pass
    return AdapterChoice(str(Path(words).absolute()))
