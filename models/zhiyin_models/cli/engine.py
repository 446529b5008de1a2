"""The engine and its model as the commands use them."""

from argparse import Namespace
from pathlib import Path

from zhiyin_models.cli.terminal import Terminal
from zhiyin_models.engine.client import EngineClient
from zhiyin_models.engine.protocol import Event, LoadProgress, ModelInfo, Notice
from zhiyin_models.errors import Failure
from zhiyin_models.library.installed import Library
from zhiyin_models.messages import one_line


def library(options: Namespace) -> Library:
    """The library in the data folder that was asked for; what happened to it is said on standard error."""
    terminal: Terminal = options.terminal
    return Library(options.data_dir, on_notice=terminal.fail)


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
