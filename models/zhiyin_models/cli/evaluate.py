"""``zhiyin-models evaluate`` and ``calibrate``: what quantization costs, and what lowers it."""

from argparse import Namespace
from pathlib import Path

import msgspec

from zhiyin_models.cli.engine import library
from zhiyin_models.cli.terminal import Terminal
from zhiyin_models.cli.work import carry_out
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.evaluate.report import Evaluation
from zhiyin_models.jobs.protocol import Calibrate, Evaluate
from zhiyin_models.messages import size_text


def evaluate(options: Namespace, terminal: Terminal) -> int:
    """Measure a model, against a reference if one was named."""
    models = library(options)
    if options.chart:
        from zhiyin_models.convert.model_writer import check_new  # noqa: PLC0415 - only where it is asked for

        check_new(Path(options.chart))
    reference = models.find(options.reference).path if options.reference else ""
    task = Evaluate(models.find(options.model).path, reference, tuple(str(Path(text).absolute()) for text in options.text or ()))
    (found,) = carry_out(task, terminal).evaluations
    if options.json:
        terminal.write_json(msgspec.json.encode(found))
    else:
        write_evaluation(found, terminal)
    if options.chart:
        from zhiyin_models.evaluate.chart import write_svg  # noqa: PLC0415 - only where it is asked for

        write_svg(found, Path(options.chart), terminal.lang)
    return 0


def write_evaluation(found: Evaluation, terminal: Terminal) -> None:
    """An evaluation as a table."""
    compared = bool(found.reference)
    rows = [("", Path(found.model).name, Path(found.reference).name if compared else "")]
    for text in found.texts:
        label = terminal.phrase("perplexity_of", text=text.name, tokens=text.tokens)
        rows.append((label, f"{text.perplexity:.3f}", f"{text.reference:.3f}" if compared else ""))
    loss = f" ({found.perplexity / found.reference_perplexity - 1:+.2%})" if found.reference_perplexity else ""
    rows.append((terminal.phrase("perplexity"), f"{found.perplexity:.3f}{loss}", f"{found.reference_perplexity:.3f}" if compared else ""))
    if compared:
        rows.append((terminal.phrase("divergence"), f"{found.mean_divergence:.4f}", ""))
        rows.append((terminal.phrase("divergence_99"), f"{found.divergence_99:.4f}", ""))
        rows.append((terminal.phrase("agreement"), f"{found.agreement:.1%}", ""))
    rows.append((terminal.phrase("size"), size_text(found.size), size_text(found.reference_size) if compared else ""))
    speed = terminal.phrase("decode")
    rows.append((speed, f"{found.speed:.1f}", f"{found.reference_speed:.1f}" if compared else ""))
    terminal.write_table(rows)


def calibrate(options: Namespace, terminal: Terminal) -> int:
    """Compute an importance matrix from texts, or from the user's own conversations."""
    models = library(options)
    model = models.find(options.model)
    chats: tuple[str, ...] = ()
    if options.conversations:
        from zhiyin_models.evaluate.conversations import read_conversations  # noqa: PLC0415 - only where it is asked for

        chats = read_conversations(models.directory, Path(model.path))
    texts = tuple(str(Path(text).absolute()) for text in options.text or ())
    if not texts and not chats:
        raise ModelError(Code.USAGE, detail=terminal.phrase("no_texts"))
    output = Path(options.output or f"{Path(model.path).stem}.imatrix.gguf").absolute()
    outcome = carry_out(Calibrate(model.path, str(output), texts, chats, options.chunks), terminal)
    if options.json:
        terminal.write_json(msgspec.json.encode(outcome))
    else:
        terminal.write_line(terminal.phrase("written", path=str(output), size=size_text(output.stat().st_size)))
    return 0
