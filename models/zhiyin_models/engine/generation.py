"""One answer: fit the prompt, decode what the session does not have, sample until there is a reason to end."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from llama_cpp import llama_cpp

from zhiyin_models.engine.budget import Prompt, fit
from zhiyin_models.engine.decoding import Aborted, NoRoom
from zhiyin_models.engine.loader import LoadedModel
from zhiyin_models.engine.protocol import (
    Event,
    Finished,
    FitReport,
    Generate,
    Message,
    Notice,
    Prefill,
    Reason,
    Render,
    Sampling,
    Stats,
    Text,
    TokenProbability,
)
from zhiyin_models.engine.reply_text import ReplyText
from zhiyin_models.engine.sampling import SamplerChain, check_settings, top_candidates, with_seed
from zhiyin_models.engine.session import Plan, Session, measure
from zhiyin_models.engine.vocabulary import to_bytes
from zhiyin_models.errors import Code, ModelError

FIRST_BATCH = 128  # tokens; its speed decides about the next ones
BATCHES = (512, 256, 128, 64)  # tokens; the kernels reach full speed at 256, and cost a twentieth more at 128
BATCH_SECONDS = 1.2  # the most that a batch may take; about half a second comes of it, since sizes double
GPU_BATCHES, GPU_BATCH_SECONDS = (512, 256, 128, 64, 32, 16), 0.05  # where a stop acts between batches only
TEXT_SECONDS = 0.02
MAX_REPLIES = 64
MAX_PROBABILITIES = 1000


@dataclass
class Branch:
    """One of the n replies while it grows."""

    index: int
    session: Session
    chain: SamplerChain
    text: ReplyText
    generated: int = 0
    reason: Reason | None = None
    pending: int = 0  # tokens behind text that is still withheld
    probabilities: list[tuple[TokenProbability, ...]] = field(default_factory=list)


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


class Generation:
    """A running ``Generate``. ``run`` returns its final event."""

    def __init__(self, request: Generate, model: LoadedModel, send: Callable[[Event], None], *, arrived: float) -> None:
        self._request = request
        self._model = model
        self._send = send
        self._arrived = arrived
        self._sampling: Sampling = with_seed(request.sampling)
        self._seconds = {"queue": time.monotonic() - arrived, "prefill": 0.0, "first": 0.0, "decode": 0.0}
        self._generated = 0
        self._reused = 0
        self._prefilled = 0
        self._report: FitReport | None = None
        self._session = Session("")

    def run(self) -> Finished:
        """Raises ModelError: MESSAGE_TOO_LONG, DECODE_FAILED, REQUEST_BAD, MODEL_TRUNCATED, or one of the template's."""
        request, cache = self._request, self._model.sessions
        if not 1 <= request.n <= MAX_REPLIES or not 0 <= request.n_probs <= MAX_PROBABILITIES:
            raise ModelError(Code.REQUEST_BAD, detail=f"n is 1 to {MAX_REPLIES}, n_probs at most {MAX_PROBABILITIES}")
        check_settings(request.sampling)
        self._check_file()
        self._session = cache.get(request.session)
        try:
            try:
                fitted = fit_messages(self._model, request, self._session, self._check_stop)
            except Aborted:
                return self._finish("stopped")
            self._report = fitted.report
            if fitted.newly_dropped:
                self._send(Notice(request.id, Code.CONTEXT_DROPPED, {"turns": fitted.report.dropped_turns}))
            self._session.dropped = fitted.dropped
            if self._model.info.gpu_layers < self._model.info.layers:  # a GPU reads the cells faster than they can be moved
                cache.make_way(self._session, fitted.plan, request.n * (request.max_tokens or self._model.info.context))
            cache.begin(self._session)
            try:
                self._prefill(fitted.plan)
            except Aborted:
                cache.after_abort(self._session)
                return self._finish("stopped")
            except NoRoom:
                cache.after_abort(self._session)
                return self._finish("context_full")
            if request.n == 1 and not request.n_probs:
                return self._sample_one()
            return self._sample_several()
        finally:
            cache.end()

    def _check_file(self) -> None:
        self._model.check_files()
        if not self._model.deleted_said and not Path(self._model.info.path).exists():
            self._model.deleted_said = True
            self._send(Notice(self._request.id, Code.MODEL_DELETED, {"path": self._model.info.path}))

    # -------------------------------------------------------------- prompt

    def _check_stop(self) -> None:
        if self._model.stop.is_set():
            raise Aborted

    def _prefill(self, prompt: Plan) -> None:
        cache, session = self._model.sessions, self._session
        prompt = cache.borrow(session, prompt) or prompt
        self._reused = cache.adopt(session, prompt)
        total = len(session.tokens) - self._reused
        self._send(Prefill(self._request.id, 0, total, self._reused))
        started = time.monotonic()
        self._decode_prompt(lambda cached: self._send(Prefill(self._request.id, cached - self._reused, total, self._reused)))
        self._prefilled = total
        self._seconds["prefill"] = time.monotonic() - started

    def _decode_prompt(self, tell: Callable[[int], None]) -> None:
        """Decode what of the session's tokens is not cached, in batches; ``tell`` gets the number of cached tokens after each."""
        session, tokens = self._session, self._session.tokens
        on_gpu = self._model.info.gpu_layers > 0
        size = min(self._model.prefill_batch or FIRST_BATCH, self._model.decoder.batch)
        while session.cached < len(tokens):
            self._check_stop()
            place = session.cached
            count = min(size, len(tokens) - place)
            began = time.monotonic()
            self._model.decoder.prompt(tokens[place : place + count], place, session.sequence, logits=place + count == len(tokens))
            if on_gpu:
                llama_cpp.llama_synchronize(self._model.context)
            session.cached = place + count
            tell(session.cached)
            if count == size:
                size = min(_next_size(count, time.monotonic() - began, on_gpu=on_gpu), self._model.decoder.batch)
                self._model.prefill_batch = size

    # -------------------------------------------------------------- replies

    def _sample_one(self) -> Finished:
        """The usual case, one reply: as little Python per token as can be."""
        request, model, session = self._request, self._model, self._session
        context, flag, end, shown = model.context, model.stop, model.vocabulary.end_of_generation, model.vocabulary.shown
        chain, written = SamplerChain(self._sampling, model.vocabulary), model.vocabulary.written
        text = ReplyText(request.stop)
        outlet, limit = Outlet(request.id, self._send), request.max_tokens or model.info.context
        reason: Reason = "end"
        self._generated = 0
        started = time.monotonic()
        try:
            chain.accept(session.tokens)
            while True:
                if flag.is_set():
                    reason = "stopped"
                    break
                token = llama_cpp.llama_sampler_sample(chain.pointer, context, -1)
                self._note_first()
                if token in end:
                    break
                self._generated += 1
                piece = shown(token)
                session.append(token, piece or written(token))
                outlet.token(text.push(piece))
                if text.stop_string:
                    reason = "stop_string"
                    break
                if self._generated >= limit:
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
        outlet.flush(text.finish())
        self._seconds["decode"] = time.monotonic() - started
        return self._finish(reason, text.stop_string)

    def _note_first(self) -> None:
        if not self._seconds["first"]:
            self._seconds["first"] = time.monotonic() - self._arrived

    def _sample_several(self) -> Finished:
        """n replies, in as few waves as the context has sequences for; each step decodes one token of every reply in one batch."""
        request, model = self._request, self._model
        wave = min(request.n, model.sequences - 1)
        reasons: list[Reason] = []
        stop_string = ""
        started = time.monotonic()
        first_logits = True
        for begin in range(0, request.n, wave):
            if not first_logits and (ended := self._decode_last_of_prompt()):
                reasons += [ended] * (request.n - len(reasons))
                break
            branches = self._branches(range(begin, min(begin + wave, request.n)), keep_first=begin + wave >= request.n)
            first_logits = False
            try:
                self._grow(branches)
            finally:
                for branch in branches:
                    branch.chain.close()
            reasons += [branch.reason or "stopped" for branch in branches]
            stop_string = stop_string or branches[0].text.stop_string
            if model.stop.is_set():
                reasons += ["stopped"] * (request.n - len(reasons))
                break
            for branch in branches:
                if branch.session is not self._session:
                    model.sessions.release(branch.session)
        self._seconds["decode"] = time.monotonic() - started
        finished = self._finish(reasons[0], stop_string)
        return Finished(finished.id, finished.reason, finished.stop_string, finished.stats, tuple(reasons) if request.n > 1 else ())

    def _decode_last_of_prompt(self) -> Reason | None:
        """Bring back the logits behind the prompt for another wave. Returns the reason if that could not be done."""
        session = self._session
        self._model.sessions.shorten(session, len(session.tokens) - 1)  # a recurrent memory begins anew
        try:
            self._decode_prompt(lambda _: None)
        except (Aborted, NoRoom) as ended:
            self._model.sessions.after_abort(session)
            return "stopped" if isinstance(ended, Aborted) else "context_full"
        return None

    def _branches(self, indices: range, *, keep_first: bool) -> list[Branch]:
        model, request = self._model, self._request
        branches = []
        for index in indices:
            own = keep_first and index == indices[0]  # the session goes on with a reply of the last wave
            session = self._session if own else model.sessions.fork(self._session)
            chain = SamplerChain(self._sampling, model.vocabulary, seed_offset=index)
            chain.accept(session.tokens)
            branches.append(Branch(index, session, chain, ReplyText(request.stop)))
        return branches

    def _grow(self, branches: list[Branch]) -> None:
        """Until every reply has a reason to have ended."""
        model = self._model
        rows = dict.fromkeys(range(len(branches)), -1)  # at first, all draw from the prompt's logits
        while True:
            if model.stop.is_set():
                break
            for number, branch in enumerate(branches):
                if branch.reason is None:
                    self._step(branch, rows[number])
            growing = [(number, branch) for number, branch in enumerate(branches) if branch.reason is None]
            if not growing:
                break
            try:
                model.decoder.several([(one.session.tokens[-1], len(one.session.tokens) - 1, one.session.sequence) for _, one in growing])
            except (Aborted, NoRoom) as ended:
                for _, branch in growing:
                    branch.reason = "stopped" if isinstance(ended, Aborted) else "context_full"
                    model.sessions.after_abort(branch.session)
                break
            for row, (number, branch) in enumerate(growing):
                rows[number] = row
                branch.session.cached = len(branch.session.tokens)
        for branch in branches:
            branch.reason = branch.reason or "stopped"
            self._emit(branch, branch.text.finish(), last=True)

    def _step(self, branch: Branch, row: int) -> None:
        """Sample one token of one reply."""
        model, request, session = self._model, self._request, branch.session
        if request.n_probs:
            branch.probabilities.append(top_candidates(model.context, row, request.n_probs, model.vocabulary))
        token = llama_cpp.llama_sampler_sample(branch.chain.pointer, model.context, row)
        self._note_first()
        if token in model.vocabulary.end_of_generation:
            branch.reason = "end"
            if request.n_probs:
                branch.probabilities.pop()
            return
        self._generated += 1
        branch.generated += 1
        branch.pending += 1
        piece = model.vocabulary.shown(token)
        session.append(token, piece or model.vocabulary.written(token))
        self._emit(branch, branch.text.push(piece))
        if branch.text.stop_string:
            branch.reason = "stop_string"
        elif branch.generated >= (request.max_tokens or model.info.context):
            branch.reason = "length"
        elif len(session.tokens) >= model.info.context:
            branch.reason = "context_full"

    def _emit(self, branch: Branch, text: str, *, last: bool = False) -> None:
        if text or (last and branch.probabilities):
            self._send(Text(self._request.id, text, branch.pending, branch.index, tuple(branch.probabilities)))
            branch.pending = 0
            branch.probabilities.clear()

    # -------------------------------------------------------------- end

    def _finish(self, reason: Reason, stop_string: str = "") -> Finished:
        seconds, prefill = self._seconds, self._seconds["prefill"]
        stats = Stats(
            prompt_tokens=self._report.prompt_tokens if self._report else 0,
            reused_tokens=self._reused,
            generated_tokens=self._generated,
            queue_seconds=seconds["queue"],
            prefill_seconds=prefill,
            first_token_seconds=seconds["first"],
            decode_seconds=seconds["decode"],
            tokens_per_second=self._generated / seconds["decode"] if seconds["decode"] > 0 else 0.0,
            prefill_tokens_per_second=self._prefilled / prefill if prefill > 0 else 0.0,
            context_used=len(self._session.tokens),
            context=self._model.info.context,
            seed=self._sampling.seed or 0,
            sampling=self._sampling,
            fingerprint=self._model.info.fingerprint,
            fit=self._report,
        )
        return Finished(self._request.id, reason, stop_string, stats)


def fit_messages(model: LoadedModel, request: Generate | Render, session: Session, check: Callable[[], None]) -> Prompt[Plan]:
    """The request's prompt over a session, with whole groups of messages left out if it must be; ``check`` may end it by raising."""

    def write(messages: Sequence[Message]) -> str:
        check()
        return model.template.render(messages, open_reply=request.open_reply, arguments=request.template_args)

    if request.max_tokens < 0:
        raise ModelError(Code.REQUEST_BAD, detail="max_tokens is negative")
    fitted = fit(
        request.messages,
        context=model.info.context,
        max_tokens=request.max_tokens,
        render=write,
        measure=lambda text: measure(session, to_bytes(text), model.vocabulary, model.info.context, check),
        count=lambda text: model.vocabulary.count(text, check),
        dropped=session.dropped,
    )
    if not fitted.plan.tokens:
        raise ModelError(Code.TEMPLATE_FAILED, detail="it writes nothing")
    return fitted


def render(model: LoadedModel, request: Render) -> Prompt[Plan]:
    """What ``Generate`` with the same fields would send."""
    return fit_messages(model, request, Session(""), lambda: None)


def _next_size(count: int, seconds: float, *, on_gpu: bool) -> int:
    """The most tokens to decode next that take no longer than a batch may."""
    sizes, most = (GPU_BATCHES, GPU_BATCH_SECONDS) if on_gpu else (BATCHES, BATCH_SECONDS)
    return next((size for size in sizes if seconds / count * size <= most), sizes[-1])
