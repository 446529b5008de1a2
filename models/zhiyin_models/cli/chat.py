"""``zhiyin-models chat``: a conversation in the terminal."""

import sys
from argparse import Namespace

import msgspec

from zhiyin_models.cli.engine import engine, load
from zhiyin_models.cli.terminal import Terminal
from zhiyin_models.engine.client import EngineClient, EventStream
from zhiyin_models.engine.protocol import Event, Failed, Finished, Message, ModelInfo, Notice, Sampling, Text
from zhiyin_models.errors import Failure

PROMPT = "› "
LEAVE = frozenset({"/exit", "/quit"})
GREETING_TOKENS = 64


def chat(options: Namespace, terminal: Terminal) -> int:
    """One turn with ``--prompt``; else turns until the end of standard input, which begin with a greeting from the model.

    Where standard input is at its end from the start, the greeting is all. Lines that come from a file or a pipe are turns as well.
    """
    with engine(options) as client:
        conversation = Conversation(client, load(client, options, terminal), options, terminal)
        if options.prompt is not None:
            return 0 if conversation.turn(options.prompt) else 1
        if sys.stdin.isatty():
            return _talk(conversation, terminal)
        line = _line()
        if not line:
            return 0 if conversation.greet() else 1
        answered = True
        while line and line.strip() not in LEAVE:
            if line.strip():
                answered = conversation.turn(line.strip()) and answered
            line = _line()
        return 0 if answered else 1


def _line() -> str:
    """The next line of standard input; "" at its end, and where it is nothing that can be read."""
    try:
        return sys.stdin.readline()
    except (OSError, ValueError):
        return ""


def _talk(conversation: "Conversation", terminal: Terminal) -> int:
    """Turns with a person. Ctrl-C while nothing is being written says how to leave; again, it leaves."""
    terminal.complain("hint")
    if not conversation.options.no_greeting and not conversation.greet():
        return 1
    _edit_lines()
    warned = False
    while conversation.client.alive:
        try:
            line = _ask(terminal)
        except KeyboardInterrupt:
            if warned:
                raise
            warned = True
            terminal.end_line()
            terminal.complain("hint_exit")
            continue
        if line is None or line.strip() in LEAVE:
            return 0
        warned = False
        if line.strip():
            conversation.turn(line.strip())
    return 1


def _edit_lines() -> None:
    """Let ``input`` edit lines and keep a history, where that exists."""
    try:
        import readline  # noqa: F401, PLC0415 - importing it is what does it, and only a terminal has use for it
    except ImportError:
        return


def _ask(terminal: Terminal) -> str | None:
    """What the person types, or None at the end."""
    if sys.stdout.isatty():
        try:
            return input(PROMPT)
        except EOFError:
            terminal.write_line("")
            return None
    sys.stderr.write(PROMPT)
    sys.stderr.flush()
    return _line() or None


class Conversation:
    """The turns so far; each goes out with all before it, of which the engine may drop the oldest."""

    def __init__(self, client: EngineClient, model: ModelInfo, options: Namespace, terminal: Terminal) -> None:
        self.client = client
        self.options = options
        self._model = model
        self._terminal = terminal
        self._turns: list[tuple[str, str]] = []
        self._sampling = Sampling(
            temperature=options.temperature,
            top_k=options.top_k,
            top_p=options.top_p,
            min_p=options.min_p,
            repeat_penalty=options.repeat_penalty,
            seed=options.seed,
        )

    def turn(self, words: str) -> bool:
        """Say something and show the reply; whether there was one. Raises KeyboardInterrupt when a single turn was stopped."""
        messages = [Message("system", self.options.system, "system")] if self.options.system else []
        for group, (said, answered) in enumerate(self._turns):
            messages += [Message("user", said, drop=group), Message("assistant", answered, drop=group)]
        messages.append(Message("user", words))
        limit = self.options.max_tokens
        reply, last = self._show(self.client.generate("chat", messages, sampling=self._sampling, max_tokens=limit))
        if reply:  # one that was cut off belongs to the conversation too
            self._turns.append((words, reply))
        if isinstance(last, Finished):
            if last.reason in {"stopped", "length", "context_full"}:
                self._terminal.complain(last.reason)
            if last.reason == "stopped" and self.options.prompt is not None:
                raise KeyboardInterrupt
        return isinstance(last, Finished)

    def greet(self) -> bool:
        """Let the model greet, outside the conversation; whether it could. The likeliest words: a greeting need not surprise."""
        system = self.options.system or self._terminal.phrase("greeting_system")
        messages = [Message("system", system, "system"), Message("user", self._terminal.phrase("ask_greeting"))]
        reply, last = self._show(
            self.client.generate("", messages, sampling=Sampling(temperature=0), max_tokens=GREETING_TOKENS, stop=("\n\n",))
        )
        if isinstance(last, Finished) and last.reason != "stopped" and not reply.strip():
            self._terminal.write_line(self._terminal.phrase("greeting"))
        return isinstance(last, Finished)

    def _show(self, stream: EventStream) -> tuple[str, Event | None]:
        """Write a reply as it comes; Ctrl-C stops it. The reply, and the event that ended it."""
        pieces: list[str] = []
        last: Event | None = None
        stopped = False
        while True:
            try:
                for last in stream:
                    if isinstance(last, Text):
                        self._write(pieces, last.text)
                    elif isinstance(last, Notice | Failed):
                        self._terminal.fail(Failure(last.code, last.args))
                break
            except KeyboardInterrupt:
                if stopped:
                    raise
                stopped = True
                stream.stop()
        reply = "".join(pieces)
        if reply.strip():
            self._terminal.write("\n")
        if self.options.stats and isinstance(last, Finished):
            self._terminal.note(_figures(self._model, last))
        return reply, last

    def _write(self, pieces: list[str], words: str) -> None:
        """Show a piece; white space before the first word is kept out of sight."""
        begun = any(piece.strip() for piece in pieces)
        pieces.append(words)
        self._terminal.write(words if begun else words.lstrip())


def _figures(model: ModelInfo, finished: Finished) -> str:
    """One line of JSON: ``Stats`` with the model's name, the reason for the end, and the seconds that loading took."""
    stats = msgspec.to_builtins(finished.stats)
    figures = {"model": model.name, "reason": finished.reason, "load_seconds": model.load_seconds, **stats}
    return msgspec.json.encode(figures).decode()
