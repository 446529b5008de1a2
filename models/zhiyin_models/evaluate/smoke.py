"""A first answer of a new model: whether it loads and talks at all, in a process of its own that a bad model may bring down."""

import queue
from collections.abc import Callable
from pathlib import Path

from zhiyin_models.engine.client import EngineClient
from zhiyin_models.engine.protocol import FINAL, Event, Failed, Finished, Generate, Load, Message, Request, Sampling, Text
from zhiyin_models.errors import ModelError
from zhiyin_models.work import Stop

CONTEXT = 1024
POLL_SECONDS = 0.05  # between two looks at whether to stop


def answer(model: Path, prompt: str, stop: Stop, tokens: int = 64) -> str:
    """The model's reply to one message through its chat template, always taking the likeliest token; at most ``tokens`` of them.

    Raises StoppedError, and ModelError MODEL_…, TEMPLATE_…, ENGINE_….
    """
    stop.check()
    with EngineClient() as client:
        try:
            _final(client, lambda number: Load(number, str(model), context=CONTEXT), stop)
            messages = (Message("user", prompt),)
            greedy = Sampling(temperature=0.0)
            return _final(client, lambda number: Generate(number, "", messages, sampling=greedy, max_tokens=tokens), stop)
        except BaseException:
            client.close(0)
            raise


def _final(client: EngineClient, make: Callable[[int], Request], stop: Stop) -> str:
    """What a request said, once its final event is there."""
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    client.submit(make, events.put)
    said = ""
    while True:
        stop.check()
        try:
            event = events.get(timeout=POLL_SECONDS)
        except queue.Empty:
            continue
        if isinstance(event, Text):
            said += event.text
        if isinstance(event, Failed):
            raise ModelError(event.code, **event.args)
        if isinstance(event, FINAL):
            if isinstance(event, Finished) and event.reason == "stopped":
                stop.check()
            return said
