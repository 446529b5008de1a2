"""``zhiyin-models bench``: how fast a model reads and writes, through the same engine that chats; kept for what it tells of others."""

import math
from argparse import Namespace
from collections.abc import Sequence
from statistics import median

import msgspec
from msgspec import Struct

from zhiyin_models.cli.engine import engine, library, load
from zhiyin_models.cli.terminal import Terminal
from zhiyin_models.engine.client import EngineClient
from zhiyin_models.engine.protocol import Count, Counted, Device, Finished, Generate, Message, ModelInfo, Sampling, Stats
from zhiyin_models.errors import ModelError
from zhiyin_models.library.speed import keep_speed
from zhiyin_models.messages import size_text

SENTENCE = "The old man walked along the river and told the children a story about the mountains. "
TASK = "Continue this story. Write as much as you can."
ROOM = 256  # tokens for the template and for a tokenizer that counts a little differently in context
FEWEST = 8  # generated tokens that say anything about speed


class Run(Struct, frozen=True):
    """One measured generation."""

    prompt_tokens: int
    generated_tokens: int
    prefill_tokens_per_second: float
    tokens_per_second: float
    first_token_seconds: float


class Bench(Struct, frozen=True):
    """All of them, and their median."""

    model: ModelInfo
    runs: tuple[Run, ...]
    median: Run


def bench(options: Namespace, terminal: Terminal) -> int:
    """Measure, after one short run that is not counted."""
    with engine(options) as client:
        devices = client.devices().devices
        model = load(client, options, terminal, context=_context(options))
        _measure(client, "0. " + SENTENCE, FEWEST, seed=0)
        runs = []
        for number in range(1, options.runs + 1):
            terminal.bar.show_fraction(terminal.phrase("measuring", run=number, runs=options.runs), (number - 1) / options.runs)
            run = _measure(client, _prompt(client, options.prompt_tokens, number), options.reply_tokens, seed=number)
            runs += [run] if run.generated_tokens >= FEWEST else []
        terminal.clear_progress()
    if not runs:
        terminal.complain("no_figures")
        return 1
    middle = Run(*(type(values[0])(median(values)) for values in zip(*(msgspec.structs.astuple(run) for run in runs), strict=True)))
    result = Bench(model, tuple(runs), middle)
    keep(result, devices, options, terminal)
    if options.json:
        terminal.write_json(msgspec.json.encode(result))
    else:
        terminal.write_table(_rows(result, terminal))
    return 0


def keep(result: Bench, devices: Sequence[Device], options: Namespace, terminal: Terminal) -> None:
    """Let the window tell other models' speeds from it. What was measured in another way than the engine's own tells nothing of them."""
    if options.threads or options.rpc or options.lora:
        return
    middle = result.median
    stats = Stats(
        generated_tokens=middle.generated_tokens,
        tokens_per_second=middle.tokens_per_second,
        context_used=middle.prompt_tokens + middle.generated_tokens,
    )
    try:
        keep_speed(library(options).directory, result.model, stats, devices)
    except ModelError as error:
        terminal.fail(error.failure)


def _context(options: Namespace) -> int:
    """Only more than the engine would choose by itself is asked for."""
    wanted: int = options.prompt_tokens + options.reply_tokens + ROOM
    return wanted if wanted > 2048 else 0


def _prompt(client: EngineClient, tokens: int, number: int) -> str:
    """A text of about so many tokens; the number at its beginning keeps earlier work from being used again."""
    counted = client.call(lambda request_id: Count(id=request_id, texts=(SENTENCE, TASK)))
    sentence, task = counted.tokens if isinstance(counted, Counted) else (len(SENTENCE) // 4, len(TASK) // 4)
    return f"{number}. " + SENTENCE * max(1, math.ceil((tokens - task) / sentence)) + TASK


def _measure(client: EngineClient, prompt: str, tokens: int, *, seed: int) -> Run:
    """Generate once in a session that is thrown away. Raises ModelError."""
    message = Message("user", prompt)
    last = client.call(
        lambda request_id: Generate(id=request_id, session="", messages=(message,), max_tokens=tokens, sampling=Sampling(seed=seed))
    )
    stats = last.stats if isinstance(last, Finished) else Finished(0).stats
    return Run(
        stats.prompt_tokens,
        stats.generated_tokens,
        stats.prefill_tokens_per_second,
        stats.tokens_per_second,
        stats.first_token_seconds,
    )


def _rows(result: Bench, terminal: Terminal) -> list[tuple[str, str]]:
    def speed(values: Sequence[float], middle: float) -> str:
        return terminal.phrase("tokens_per_second", median=f"{middle:.1f}", low=f"{min(values):.1f}", high=f"{max(values):.1f}")

    model, middle = result.model, result.median
    prefill = [run.prefill_tokens_per_second for run in result.runs]
    decode = [run.tokens_per_second for run in result.runs]
    return [
        (terminal.phrase("model_name"), f"{model.name} {model.quant} ({size_text(model.size)})"),
        (terminal.phrase("thread_count"), str(model.threads)),
        (terminal.phrase("gpu"), f"{model.gpu_layers}/{model.layers}"),
        (f"{terminal.phrase('prefill')} ({middle.prompt_tokens})", speed(prefill, middle.prefill_tokens_per_second)),
        (f"{terminal.phrase('decode')} ({middle.generated_tokens})", speed(decode, middle.tokens_per_second)),
        (terminal.phrase("first_token"), terminal.phrase("seconds", seconds=f"{middle.first_token_seconds:.3f}")),
    ]
