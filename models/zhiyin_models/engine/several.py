"""Several replies to one prompt, grown side by side; also one reply whose tokens' candidates are told."""

from dataclasses import dataclass, field

from llama_cpp import llama_cpp

from zhiyin_models.engine.candidates import Candidates
from zhiyin_models.engine.decoding import Aborted, NoRoom
from zhiyin_models.engine.prefill import decode_prompt
from zhiyin_models.engine.protocol import Reason, Text, TokenProbability
from zhiyin_models.engine.reply_text import ReplyText
from zhiyin_models.engine.sampling import SamplerChain
from zhiyin_models.engine.session import Session
from zhiyin_models.engine.writing import Ending, Writing


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


class Several:
    """n replies, in as few waves as the context has sequences for; each step decodes one token of every reply in one batch."""

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._request = writing.request
        self._model = writing.model

    def run(self) -> Ending:
        """Write all of them; raises DECODE_FAILED."""
        request, model = self._request, self._model
        wave = min(request.n, model.sequences - 1)
        reasons: list[Reason] = []
        stop_string = ""
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
                if branch.session is not self._writing.session:
                    model.sessions.release(branch.session)
        return Ending(reasons[0], stop_string, tuple(reasons) if request.n > 1 else ())

    def _decode_last_of_prompt(self) -> Reason | None:
        """Bring back the logits behind the prompt for another wave. Returns the reason if that could not be done."""
        session = self._writing.session
        self._model.sessions.shorten(session, len(session.tokens) - 1)  # a recurrent memory begins anew
        try:
            decode_prompt(self._model, session, lambda _: None, self._model.check_stop)
        except (Aborted, NoRoom) as ended:
            self._model.sessions.after_abort(session)
            return "stopped" if isinstance(ended, Aborted) else "context_full"
        return None

    def _branches(self, indices: range, *, keep_first: bool) -> list[Branch]:
        model, request = self._model, self._request
        branches = []
        for index in indices:
            own = keep_first and index == indices[0]  # the session goes on with a reply of the last wave
            session = self._writing.session if own else model.sessions.fork(self._writing.session)
            chain = SamplerChain(self._writing.sampling, model.vocabulary, seed_offset=index)
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
        token = llama_cpp.llama_sampler_sample(branch.chain.pointer, model.context, row)
        self._writing.note_first()
        if token in model.vocabulary.end_of_generation:
            branch.reason = "end"
            return
        if request.n_probs:
            branch.probabilities.append(Candidates(model.context, row, model.vocabulary).told(request.n_probs, token))
        self._writing.generated += 1
        branch.generated += 1
        branch.pending += 1
        piece = model.vocabulary.shown(token)
        session.append(token, piece or model.vocabulary.written(token))
        self._emit(branch, branch.text.push(piece))
        if branch.text.stop_string:
            branch.reason = "stop_string"
        elif branch.generated >= self._writing.limit:
            branch.reason = "length"
        elif len(session.tokens) >= model.info.context:
            branch.reason = "context_full"

    def _emit(self, branch: Branch, text: str, *, last: bool = False) -> None:
        if text or (last and branch.probabilities):
            self._writing.send(Text(self._request.id, text, branch.pending, branch.index, tuple(branch.probabilities)))
            branch.pending = 0
            branch.probabilities.clear()
