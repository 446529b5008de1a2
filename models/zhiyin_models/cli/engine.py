"""The engine and its model as the commands use them."""

import time
from argparse import Namespace
from pathlib import Path

from zhiyin_models.cli.terminal import Terminal
from zhiyin_models.engine.client import EngineClient
from zhiyin_models.engine.protocol import Event, LoadProgress, ModelInfo, Notice
from zhiyin_models.errors import Failure
from zhiyin_models.library.installed import Library
from zhiyin_models.messages import one_line
from zhiyin_models.work import Progress

SOON = 0.3  # seconds in which nothing has to be shown


def library(options: Namespace) -> Library:
    """The library in the data folder that was asked for; what happened to it is said on standard error, and a long look at it is shown."""
    terminal: Terminal = options.terminal
    began = 0.0

    def show(progress: Progress) -> None:
        nonlocal began
        began = began or time.monotonic()
        if progress.done >= progress.total:
            terminal.clear_progress()
        elif time.monotonic() - began > SOON:
            terminal.bar.show(progress)

    return Library(options.data_dir, on_notice=terminal.fail, report=show)


def engine(options: Namespace) -> EngineClient:
    """A client that is not started yet; the engine's log lies in the data folder."""
    return EngineClient(log=library(options).directory / "logs" / "engine-terminal.log")


def load(client: EngineClient, options: Namespace, terminal: Terminal, *, context: int = 0) -> ModelInfo:
    """Find and load the model that was asked for, with progress where a person watches. Raises ModelError."""
    models = library(options)
    path = Path(models.find(options.model).path)

    def show(event: Event) -> None:
        if isinstance(event, LoadProgress):
            terminal.bar.show_fraction(terminal.phrase("loading", name=one_line(path.name)), event.fraction)
        elif isinstance(event, Notice):
            terminal.fail(Failure(event.code, event.args))

    try:
        loaded = client.load(
            path,
            on_event=show,
            context=options.context or context,
            gpu_layers=options.gpu_layers,
            threads=options.threads,
            rpc_servers=tuple(options.rpc),
            adapters=tuple(options.lora),
        )
    finally:
        terminal.clear_progress()
    models.touch(path)
    return loaded
