"""Beam search: the likeliest texts behind a prompt, several partial ones grown side by side.

Each step takes every partial text's likeliest next tokens and keeps the ``width`` texts with the greatest summed log probability (of
the model itself: no sampler, temperature or penalty is asked). A text is finished by an end token or a stop string among the best
``width`` of a step, or by its length. Texts of unlike length are compared by their mean log probability per token, the end token
counted. The search ends when ``width`` texts are finished and no partial one has a better mean than the worst of the n to be sent (as a
partial text's mean may still rise, this is where search is usually given up, not a proof), or when all are at their length.

The partial texts are sequences of one context that share the cells of what they have in common.
"""

from dataclasses import dataclass, replace
from typing import Optional

from zhiyin_models.engine.candidates import Candidates
from zhiyin_models.engine.decoding import Aborted, NoRoom
from zhiyin_models.engine.protocol import Reason, Text, TokenProbability
from zhiyin_models.engine.reply_text import ReplyText
from zhiyin_models.engine.session import Session
from zhiyin_models.engine.writing import Ending, Writing

MAX_BEAMS = 8


@dataclass(frozen=True)
class Step:
    """One more token of a text, and the steps before it, which other texts share."""

    before: Optional["Step"]
    token: int
    candidates: tuple[TokenProbability, ...]  # where they were asked for


@dataclass(frozen=True)
class Beam:
    """A text behind the prompt."""

    last: Step | None
    length: int  # tokens, a final end token included
    score: float  # summed log probability
    text: bytes
    reason: Reason | None = None

    @property
    def mean(self) -> float:
        """Log probability per token."""
        return self.score / max(1, self.length)

    def steps(self) -> list[Step]:
        """All of them, the first one first."""
        found = []
        step = self.last
        while step is not None:
            found.append(step)
            step = step.before
        return found[::-1]


@dataclass(frozen=True)
class Way:
    """A partial text's possible next token."""

    score: float
    parent: int
    token: int


class BeamSearch:
    """One search; ``width`` is 1 to ``MAX_BEAMS``, and less than the context's sequences."""

    def __init__(self, writing: Writing, width: int) -> None:
        self._writing = writing
        self._request = writing.request
        self._model = writing.model
        self._width = width
        self._stops = [stop for string in writing.request.stop if (stop := string.encode("utf-8", "replace"))]
        self._finished: list[Beam] = []
        self._living: list[Session] = []  # of the partial texts, each one's; or of the last ones, when all are finished

    def run(self) -> Ending:
        """Search, send the n best whole, and leave the best in the session; when stopped, what is best so far. Raises DECODE_FAILED."""
        beams, reason = self._search()
        found = self._finished + [replace(one, reason=reason) for one in beams]
        best = sorted(found, key=lambda one: -one.mean)[: self._request.n]
        stop_strings = [self._send(index, beam) for index, beam in enumerate(best)]
        self._keep(best[0])
        reasons = tuple(beam.reason or reason for beam in best)
        scores = tuple(beam.mean for beam in best)
        return Ending(reasons[0], stop_strings[0], reasons if self._request.n > 1 else (), scores)

    def _search(self) -> tuple[list[Beam], Reason]:
        """The texts that are not finished, and why the search ended."""
        model, session = self._model, self._writing.session
        self._living = [model.sessions.fork(session)]
        beams = [Beam(None, 0, 0.0, b"")]
        rows = [-1]
        while True:
            if model.stop.is_set():
                return beams, "stopped"
            beams = self._step(beams, rows)
            if not beams or self._decided(beams):
                return [], "end"
            try:
                model.decoder.several([(one.tokens[-1], len(one.tokens) - 1, one.sequence) for one in self._living])
            except (Aborted, NoRoom) as ended:
                return beams, "stopped" if isinstance(ended, Aborted) else "context_full"
            rows = list(range(len(beams)))
            for one in self._living:
                one.cached = len(one.tokens)

    def _decided(self, beams: list[Beam]) -> bool:
        if len(self._finished) < self._width:
            return False
        means = sorted((one.mean for one in self._finished), reverse=True)
        return max(one.mean for one in beams) <= means[self._request.n - 1]

    # -------------------------------------------------------------- a step

    def _step(self, beams: list[Beam], rows: list[int]) -> list[Beam]:
        """The texts that grow on from these; the sequences of those that do not are free again."""
        model = self._model
        tables = [Candidates(model.context, row, model.vocabulary) for row in rows]
        self._writing.note_first()
        # twice as many as are kept: every text has at most some few ways to end
        ways = [
            Way(beam.score + log, parent, token)
            for parent, (beam, table) in enumerate(zip(beams, tables, strict=True))
            for token, log in table.best(2 * self._width)
        ]
        ways.sort(key=lambda way: -way.score)
        chosen: list[tuple[Way, Beam]] = []
        for rank, way in enumerate(ways):
            if len(chosen) == self._width:
                break
            grown = self._grown(beams[way.parent], way, tables[way.parent])
            if grown.reason is None:
                chosen.append((way, grown))
            elif rank < self._width:
                self._finish(grown)
            elif grown.reason in ("length", "context_full"):
                break  # and so would be all that follow
        if chosen:
            self._living = self._moved([way for way, _ in chosen])
        return [grown for _, grown in chosen]

    def _grown(self, parent: Beam, way: Way, table: Candidates) -> Beam:
        vocabulary = self._model.vocabulary
        told = table.told(self._request.n_probs, way.token) if self._request.n_probs else ()
        length = parent.length + 1
        if way.token in vocabulary.end_of_generation:
            return Beam(parent.last, length, way.score, parent.text, "end")
        piece = vocabulary.shown(way.token)
        step = Step(parent.last, way.token, told)
        text = parent.text + piece
        reason: Reason | None = None
        if any(text.find(stop, max(0, len(parent.text) - len(stop) + 1)) >= 0 for stop in self._stops):
            reason = "stop_string"
        elif length >= self._writing.limit:
            reason = "length"
        elif len(self._writing.session.tokens) + length >= self._model.info.context:
            reason = "context_full"
        return Beam(step, length, way.score, text, reason)

    def _finish(self, beam: Beam) -> None:
        """Keep it if it is one of the best."""
        self._finished.append(beam)
        self._finished.sort(key=lambda one: -one.mean)
        del self._finished[self._width :]

    def _moved(self, ways: list[Way]) -> list[Session]:
        """A sequence for each way: its parent's, or a copy of it for all of a parent's ways but the last."""
        model, vocabulary = self._model, self._model.vocabulary
        left = [sum(way.parent == index for way in ways) for index in range(len(self._living))]
        for index, session in enumerate(self._living):
            if not left[index]:
                model.sessions.release(session)
        moved = []
        for way in ways:
            left[way.parent] -= 1
            session = self._living[way.parent]
            moved.append(model.sessions.fork(session) if left[way.parent] else session)
        for session, way in zip(moved, ways, strict=True):  # after all copies were made
            session.append(way.token, vocabulary.shown(way.token) or vocabulary.written(way.token))
        return moved

    # -------------------------------------------------------------- the end

    def _send(self, index: int, beam: Beam) -> str:
        """Send a text whole; returns the stop string that ended it."""
        text = ReplyText(self._request.stop)
        shown = text.push(beam.text) + text.finish()
        steps = beam.steps()
        told = tuple(step.candidates for step in steps) if self._request.n_probs else ()
        self._writing.generated += len(steps)
        if steps:
            self._writing.send(Text(self._request.id, shown, len(steps), index, told))
        return text.stop_string

    def _keep(self, beam: Beam) -> None:
        """Let the session go on with a text; what no sequence holds of it any more is decoded by the next request."""
        session, cache, vocabulary = self._writing.session, self._model.sessions, self._model.vocabulary
        for step in beam.steps():
            session.append(step.token, vocabulary.shown(step.token) or vocabulary.written(step.token))
        for one in self._living:
            cache.after_abort(one)
        cache.take_over(session, self._living)
