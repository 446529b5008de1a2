"""Writing behind a prompt: what every way of it works with, and the usual one, a single reply token by token."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from llama_cpp import llama_cpp

from zhiyin_models.engine.decoding import Aborted, NoRoom
from zhiyin_models.engine.loader import LoadedModel
from zhiyin_models.engine.protocol import Complete, Event, Generate, Reason, Sampling, Text
from zhiyin_models.engine.reply_text import ReplyText
from zhiyin_models.engine.sampling import SamplerChain
from zhiyin_models.engine.session import Session

TEXT_SECONDS = 0.02


class Outlet:
    """Sends a growing reply, the first piece at once and then at most one each ``TEXT_SECONDS``.

    Every event wakes a thread here and another process, which take the cores from the decoding threads.
    """

    def __init__(self, identity: int, send: Callable[[Event], None]) -> None:
        self._identity = identity
        self._send = send
        self._text = ""
        self._tokens = 0
        self._due = 0.0

    def token(self, text: str) -> None:
        """What one more token made certain, perhaps nothing."""
        self._tokens += 1
        self._text += text
        if self._text and time.monotonic() >= self._due:
            self.flush()

    def flush(self, text: str = "") -> None:
        """Send what waits, and the text behind it."""
        if text := self._text + text:
            self._send(Text(self._identity, text, self._tokens))
            self._text, self._tokens = "", 0
            self._due = time.monotonic() + TEXT_SECONDS


@dataclass
class Writing:
    """A prompt that is decoded, about to be written on, and what has been written."""

    request: Generate | Complete
    model: LoadedModel
    session: Session
    sampling: Sampling  # with its seed
    limit: int  # new tokens
    send: Callable[[Event], None]
    generated: int = 0
    first: float = 0.0  # when the first token was chosen (time.monotonic)

    def note_first(self) -> None:
        """A token was chosen."""
        if not self.first:
            self.first = time.monotonic()


@dataclass(frozen=True)
class Ending:
    """How the writing ended."""

    reason: Reason
    stop_string: str = ""
    reasons: tuple[Reason, ...] = field(default=())  # one per index, with several
    scores: tuple[float, ...] = ()  # of beams


def write_one(writing: Writing) -> Ending:
    """The usual case, one reply: as little Python per token as can be."""
    request, model, session = writing.request, writing.model, writing.session
    context, flag, end, shown = model.context, model.stop, model.vocabulary.end_of_generation, model.vocabulary.shown
    chain, written = SamplerChain(writing.sampling, model.vocabulary), model.vocabulary.written
    text = ReplyText(request.stop)
    outlet, limit, generated = Outlet(request.id, writing.send), writing.limit, 0
    reason: Reason = "end"
    try:
        chain.accept(session.tokens)
        while True:
            if flag.is_set():
                reason = "stopped"
                break
            token = llama_cpp.llama_sampler_sample(chain.pointer, context, -1)
            writing.note_first()
            if token in end:
                break
            generated += 1
            piece = shown(token)
            session.append(token, piece or written(token))
            outlet.token(text.push(piece))
            if text.stop_string:
                reason = "stop_string"
                break
            if generated >= limit:
                reason = "length"
                break
            place = len(session.tokens) - 1
            if place + 1 >= model.info.context:
                reason = "context_full"
                break
            model.decoder.one(token, place, session.sequence)
            session.cached = place + 1
    except Aborted:
        model.sessions.after_abort(session)
        reason = "stopped"
    except NoRoom:
        reason = "context_full"
    finally:
        chain.close()
    writing.generated = generated
    outlet.flush(text.finish())
    return Ending(reason, text.stop_string)
