"""One request for text: lay out the prompt, decode what the session does not have, write on until there is a reason to end."""

import time
from collections.abc import Callable
from pathlib import Path

from zhiyin_models.engine.beams import MAX_BEAMS, BeamSearch
from zhiyin_models.engine.budget import Prompt
from zhiyin_models.engine.decoding import Aborted, NoRoom
from zhiyin_models.engine.loader import LoadedModel
from zhiyin_models.engine.prefill import decode_prompt
from zhiyin_models.engine.prompts import fit_messages, take_text, told
from zhiyin_models.engine.protocol import (
    Complete,
    Event,
    Finished,
    FitReport,
    Generate,
    Notice,
    Prefill,
    PromptText,
    Sampling,
    Stats,
)
from zhiyin_models.engine.sampling import check_settings, with_seed
from zhiyin_models.engine.session import Plan, Session
from zhiyin_models.engine.several import Several
from zhiyin_models.engine.writing import Ending, Writing, write_one
from zhiyin_models.errors import Code, ModelError

MAX_REPLIES = 64
MAX_PROBABILITIES = 1000


class Generation:
    """A running ``Generate`` or ``Complete``. ``run`` returns its final event."""

    def __init__(self, request: Generate | Complete, model: LoadedModel, send: Callable[[Event], None], *, arrived: float) -> None:
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
        self._check_request()
        self._check_file()
        self._session = cache.get(request.session)
        try:
            try:
                fitted, prompt_text = self._lay_out()
            except Aborted:
                return self._finish(Ending("stopped"))
            self._report = fitted.report
            if fitted.newly_dropped and fitted.report.dropped_turns:
                self._send(Notice(request.id, Code.CONTEXT_DROPPED, {"turns": fitted.report.dropped_turns}))
            if prompt_text is not None:
                self._send(prompt_text)
            self._session.dropped = fitted.dropped
            limit = self._limit(fitted.report.prompt_tokens)
            if self._model.info.gpu_layers < self._model.info.layers:  # a GPU reads the cells faster than they can be moved
                cache.make_way(self._session, fitted.plan, max(request.n, _beams(request)) * limit)
            cache.begin(self._session)
            try:
                self._prefill(fitted.plan)
            except Aborted:
                cache.after_abort(self._session)
                return self._finish(Ending("stopped"))
            except NoRoom:
                cache.after_abort(self._session)
                return self._finish(Ending("context_full"))
            return self._write(limit)
        finally:
            cache.end()

    def _check_request(self) -> None:
        request, detail = self._request, ""
        beams, most = _beams(request), min(MAX_BEAMS, self._model.sequences - 1)
        if not 1 <= request.n <= MAX_REPLIES or not 0 <= request.n_probs <= MAX_PROBABILITIES:
            detail = f"n is 1 to {MAX_REPLIES}, n_probs at most {MAX_PROBABILITIES}"
        elif not 0 <= beams <= most:
            detail = f"beams is at most {most}"
        elif beams and request.n > beams:
            detail = "n is at most beams"
        if detail:
            raise ModelError(Code.REQUEST_BAD, detail=detail)
        check_settings(request.sampling)

    def _check_file(self) -> None:
        self._model.check_files()
        if not self._model.deleted_said and not Path(self._model.info.path).exists():
            self._model.deleted_said = True
            self._send(Notice(self._request.id, Code.MODEL_DELETED, {"path": self._model.info.path}))

    def _lay_out(self) -> tuple[Prompt[Plan], PromptText | None]:
        """The prompt, and what is told of it where that was asked. Raises Aborted."""
        request, model, check = self._request, self._model, self._model.check_stop
        if isinstance(request, Complete):
            return take_text(model, request, self._session, check), None
        fitted = fit_messages(model, request, self._session, check)
        return fitted, told(model, request, fitted, check) if request.tell_prompt else None

    def _limit(self, prompt_tokens: int) -> int:
        """New tokens of one reply."""
        limit = self._request.max_tokens or self._model.info.context
        if isinstance(self._request, Complete) and self._request.max_total:
            limit = min(limit, self._request.max_total - prompt_tokens)
        return limit

    def _prefill(self, prompt: Plan) -> None:
        cache, session = self._model.sessions, self._session
        prompt = cache.borrow(session, prompt) or prompt
        self._reused = cache.adopt(session, prompt)
        total = len(session.tokens) - self._reused
        self._send(Prefill(self._request.id, 0, total, self._reused))
        started = time.monotonic()

        def tell(cached: int) -> None:
            self._send(Prefill(self._request.id, cached - self._reused, total, self._reused))

        decode_prompt(self._model, session, tell, self._model.check_stop)
        self._prefilled = total
        self._seconds["prefill"] = time.monotonic() - started

    def _write(self, limit: int) -> Finished:
        request = self._request
        writing = Writing(request, self._model, self._session, self._sampling, limit, self._send)
        started = time.monotonic()
        if beams := _beams(request):
            ending = BeamSearch(writing, beams).run()
        elif request.n == 1 and not request.n_probs:
            ending = write_one(writing)
        else:
            ending = Several(writing).run()
        self._seconds["decode"] = time.monotonic() - started
        self._seconds["first"] = writing.first - self._arrived if writing.first else 0.0
        self._generated = writing.generated
        return self._finish(ending)

    def _finish(self, ending: Ending) -> Finished:
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
        return Finished(self._request.id, ending.reason, ending.stop_string, stats, ending.reasons, ending.scores)


def _beams(request: Generate | Complete) -> int:
    return request.beams if isinstance(request, Complete) else 0
