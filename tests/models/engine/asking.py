"""How the tests talk to an engine: a request in, everything that came back out."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from zhiyin_models.engine import protocol as p
from zhiyin_models.engine.client import EngineClient
from zhiyin_models.errors import Code

GREEDY = p.Sampling(temperature=0)
SYSTEM = p.Message("system", "Answer briefly.", section="system")
WAIT = 100.0


@dataclass
class Answer:
    """Everything that one request was answered with."""

    events: list[p.Event] = field(default_factory=list)

    @property
    def final(self) -> p.Event:
        return self.events[-1]

    @property
    def finished(self) -> p.Finished:
        assert isinstance(self.final, p.Finished), self.final
        return self.final

    @property
    def failed(self) -> p.Failed:
        assert isinstance(self.final, p.Failed), self.final
        return self.final

    @property
    def stats(self) -> p.Stats:
        return self.finished.stats

    @property
    def fit(self) -> p.FitReport:
        assert self.stats.fit is not None
        return self.stats.fit

    @property
    def text(self) -> str:
        return self.text_of(0)

    def text_of(self, index: int) -> str:
        return "".join(event.text for event in self.events if isinstance(event, p.Text) and event.index == index)

    def notices(self) -> list[Code]:
        return [event.code for event in self.events if isinstance(event, p.Notice)]


class Pending(Answer):
    """A request under way: can be stopped when something of it was seen, and waited for."""

    def __init__(self, client: EngineClient, make: Callable[[int], p.Request]) -> None:
        super().__init__()
        self._client = client
        self._grown = threading.Condition()
        self.id = client.submit(make, self._take)

    def _take(self, event: p.Event) -> None:
        with self._grown:
            self.events.append(event)
            self._grown.notify_all()

    def until(self, seen: Callable[[p.Event], bool]) -> "Pending":
        """Wait for an event of this kind."""
        with self._grown:
            assert self._grown.wait_for(lambda: any(map(seen, self.events)) or self._over(), WAIT)
            assert any(map(seen, self.events)), self.events
        return self

    def stop(self) -> "Pending":
        self._client.stop(self.id)
        return self

    def done(self) -> "Pending":
        """Wait for the final event."""
        with self._grown:
            assert self._grown.wait_for(self._over, WAIT)
        return self

    def _over(self) -> bool:
        return bool(self.events) and isinstance(self.events[-1], p.FINAL)


def talk(*contents: str, system: p.Message | None = SYSTEM) -> tuple[p.Message, ...]:
    """User and assistant in turn, as turns that may be dropped oldest first; the last user message may not."""
    messages = [] if system is None else [system]
    for index, content in enumerate(contents):
        role: Any = "assistant" if index % 2 else "user"
        messages.append(p.Message(role, content, drop=None if index == len(contents) - 1 else index // 2))
    return tuple(messages)


def begin(client: EngineClient, session: str, messages: Sequence[p.Message], **options: Any) -> Pending:
    """Send a generation; greedy unless told otherwise."""
    options.setdefault("sampling", GREEDY)
    return Pending(client, lambda number: p.Generate(id=number, session=session, messages=tuple(messages), **options))


def ask(client: EngineClient, session: str, messages: Sequence[p.Message], **options: Any) -> Pending:
    """Send a generation and wait for its end."""
    return begin(client, session, messages, **options).done()


def answer(client: EngineClient, make: Callable[[int], p.Request]) -> Pending:
    """Send anything and wait for its end."""
    return Pending(client, make).done()


def rendered(client: EngineClient, messages: Sequence[p.Message], **options: bool) -> str:
    """The text that would be decoded for these messages."""
    event = answer(client, lambda number: p.Render(id=number, messages=tuple(messages), **options)).final
    assert isinstance(event, p.Rendered)
    return event.text


def growing(event: p.Event) -> bool:
    """Whether it is a piece of a reply."""
    return isinstance(event, p.Text)
