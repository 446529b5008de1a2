"""Sessions: the rendered text of a conversation, its tokens, and how many of them the KV cache holds.

A new prompt is matched against the text that a session keeps, not against tokens: tokenizing a reply again often gives other tokens
than were sampled, and would throw its cache away. Only the tail behind the match is tokenized, from a place where that surely gives
what tokenizing the whole text would give: at a special token (the text is cut there before anything else), or, in vocabularies that
first cut text into words, at a word or line whose neighbourhood is the same in both texts. Replies keep their sampled tokens.

All sessions share one context with a unified KV cache of ``context`` cells. A request that finds no free cells moves the sequence
used longest ago to host memory (within a budget; it comes back with a copy, not a prefill), or drops it, keeping text and tokens.
Attention reads every cell up to the last one in use, whoever's it is: so long sequences that are idle move out before others decode.
"""

import ctypes
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from llama_cpp import llama_cpp

from zhiyin_models.engine.vocabulary import CHUNK, Vocabulary

NOWHERE = -1  # not in the KV cache
SPACES = b" \t\n\r"
RESIDENT = 512  # cached tokens of an idle session that may stay in the context beside a running one
FAR_BEYOND = 4  # bytes for each token that may be had, past which a text is counted before it is tokenized
MAX_SESSIONS = 256  # kept as text and tokens; the oldest are forgotten


@dataclass(eq=False)
class Session:
    """One sequence. ``tokens[:cached]`` are in the KV cache (or in ``saved``); ``starts[i]`` is where token i begins in ``text``."""

    name: str
    tokens: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    text: bytearray = field(default_factory=bytearray)
    cached: int = 0
    sampled_from: int = 0  # index of the first token of the newest reply
    sequence: int = NOWHERE
    plain: bool = False  # whether control tokens written out in the text were taken as text
    saved: Any = None  # the KV state in host memory while the cells are needed by others
    used: int = 0  # when, as a count of requests
    dropped: tuple[tuple[int | str, int], ...] = ()  # messages left out to make earlier prompts fit: as in ``budget``

    def append(self, token: int, piece: bytes) -> None:
        """Take in a sampled token, which becomes part of the text as it was shown, or as it is written where nothing is shown.

        What is not shown is not in the next prompt either, so that prompt parts with the session there.
        """
        self.tokens.append(token)
        self.starts.append(len(self.text))
        self.text += piece


@dataclass(frozen=True)
class Plan:
    """A prompt laid over a session: ``tokens[:kept]`` are the session's own."""

    text: bytes
    tokens: list[int]
    starts: list[int]
    kept: int
    plain: bool = False


def measure(
    session: Session, text: bytes, vocabulary: Vocabulary, most: int, check: Callable[[], None], *, plain: bool = False
) -> tuple[Plan, int]:
    """The plan for a prompt and its number of tokens; ``plain``: control tokens written out in the text are taken as text.

    A text that is likely to have more than ``most`` tokens is counted in chunks first, with a call of ``check`` before each, which may
    raise; if it has, the plan is empty and the number a few too high.
    """
    check()
    index, place = _boundary(session, text, vocabulary, plain=plain)
    if len(text) - place > FAR_BEYOND * most:
        tokens = index + vocabulary.count_roughly(text[place:], check, special=not plain)
        if tokens > most + len(text) // CHUNK:
            return Plan(text, [], [], 0, plain), tokens
        check()
    found = plan(session, text, vocabulary, plain=plain)
    return found, len(found.tokens)


def plan(session: Session, text: bytes, vocabulary: Vocabulary, *, plain: bool = False) -> Plan:
    """Match a prompt with what the session has, and tokenize the rest."""
    index, place = _boundary(session, text, vocabulary, plain=plain)
    if index == 0:
        tokens = vocabulary.prompt(text, special=not plain)
        starts = vocabulary.offsets(tokens, text)
        kept = 0
    else:
        tail = vocabulary.tokenize(text[place:], special=not plain)
        tokens = session.tokens[:index] + tail
        starts = session.starts[:index] + vocabulary.offsets(tail, text, place)
        kept = index
    limit = min(len(tokens), len(session.tokens))
    while kept < limit and tokens[kept] == session.tokens[kept]:
        kept += 1
    return Plan(text, tokens, starts, kept, plain)


def _boundary(session: Session, text: bytes, vocabulary: Vocabulary, *, plain: bool) -> tuple[int, int]:
    """The last token boundary (index, byte) up to which the session's tokens can stay and from which the tail can be tokenized."""
    if session.plain != plain:
        return 0, 0
    old = session.text
    common = _common_prefix(old, text)
    for index in range(_usable(session, vocabulary), 0, -1):
        place = session.starts[index] if index < len(session.tokens) else len(old)
        added = index <= session.sampled_from and session.starts[index - 1] == place  # a tokenizer's own space before what follows
        if 0 < place <= common and not added and _is_sound(session, index, (text, place, common), vocabulary):
            return index, place
    return 0, 0


def _usable(session: Session, vocabulary: Vocabulary) -> int:
    """How many of the session's tokens say what its text says: in plain text, a control token that was sampled does not."""
    if session.plain:
        for index in range(max(1, session.sampled_from), len(session.tokens)):
            if not vocabulary.shown(session.tokens[index]):
                return index
    return len(session.tokens)


def _is_sound(session: Session, index: int, at: tuple[bytes, int, int], vocabulary: Vocabulary) -> bool:
    """Whether the new text's tokens may be put together at token ``index``; ``at``: that text, the place in it, how much is common."""
    text, place, common = at
    cut_out = vocabulary.user_defined if session.plain else vocabulary.special
    matches = (vocabulary.user_defined_text if session.plain else vocabulary.special_text).match
    before = session.tokens[index - 1]
    if before in cut_out and before not in vocabulary.strips_right:
        found = matches(text, session.starts[index - 1]) if session.starts[index - 1] >= 0 else None
        return found is None or found.end() == place  # it may have become the beginning of a longer one
    sampled = index >= session.sampled_from
    if place == len(text):
        return sampled
    special = not sampled and session.tokens[index] in cut_out
    if matches(text, place):
        return sampled or special or text[place - 1] not in SPACES  # how spaces are cut depends on what follows them
    if not vocabulary.splits_words or place + 1 >= common or special:
        return False
    if text[place : place + 1] == b" ":
        return text[place - 1] not in SPACES and text[place + 1] not in SPACES
    return text[place - 1 : place] == b"\n" and text[place] not in SPACES


def _common_prefix(one: bytes | bytearray, other: bytes) -> int:
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low


class SessionCache:
    """All sessions of one context, and which of the context's sequences they live in."""

    def __init__(self, context: Any, *, sequences: int, budget: int, partial: bool) -> None:
        self._context = context
        self._memory = llama_cpp.llama_get_memory(context)
        self._free = list(range(sequences - 1, -1, -1))
        self._budget = budget
        self._partial = partial  # whether a sequence can be shortened; recurrent models cannot
        self._clock = 0
        self.sessions: dict[str, Session] = {}
        self._passing: list[Session] = []
        self._busy: list[Session] = []

    @property
    def saved_bytes(self) -> int:
        """Host memory taken by states that were moved out of the context."""
        return sum(len(session.saved) for session in self.sessions.values() if session.saved is not None)

    def get(self, name: str) -> Session:
        """The session of that name, new if need be; "" gives a passing one that ``release`` throws away."""
        if not name:
            session = Session("")
            self._passing.append(session)
        else:
            session = self.sessions.setdefault(name, Session(name))
            while len(self.sessions) > MAX_SESSIONS:
                self.forget(min((one for one in self.sessions.values() if one is not session), key=lambda one: one.used).name)
        self._clock += 1
        session.used = self._clock
        return session

    def begin(self, session: Session) -> None:
        """Give the session a sequence and bring back a state that was moved out; it is not moved out again until ``end``."""
        self._busy.append(session)
        if session.sequence == NOWHERE:
            while not self._free and self.make_room():
                pass
            session.sequence = self._free.pop()
            self._restore(session)

    def end(self) -> None:
        """The request is over: passing sessions vanish, the others may be moved out again."""
        self._busy.clear()
        for session in self._passing:
            self._vacate(session)
        self._passing.clear()

    def fork(self, session: Session) -> Session:
        """A passing copy of a session with everything it has cached; costs no cells until the copies differ."""
        copy = self.get("")
        copy.tokens, copy.starts, copy.text = session.tokens.copy(), session.starts.copy(), session.text.copy()
        copy.sampled_from, copy.plain = session.sampled_from, session.plain
        self.begin(copy)
        llama_cpp.llama_memory_seq_cp(self._memory, session.sequence, copy.sequence, -1, -1)
        copy.cached = session.cached
        return copy

    def borrow(self, session: Session, prompt: Plan) -> Plan | None:
        """Let the session begin with a longer prefix of another one, if there is such; its own cached tokens go.

        Returns None when nothing was better than what it has.
        """
        best, shared = self._lender(session, prompt)
        if best is None:
            return None
        llama_cpp.llama_memory_seq_rm(self._memory, session.sequence, -1, -1)
        llama_cpp.llama_memory_seq_cp(self._memory, best.sequence, session.sequence, 0, shared)
        session.cached = shared
        return Plan(prompt.text, prompt.tokens, prompt.starts, shared, prompt.plain)

    def take_over(self, session: Session, others: Sequence[Session]) -> None:
        """Let the session have what one of the others has cached of its tokens, if that is more than its own."""
        for other in others if self._partial else ():
            common = min(_common(other.tokens, session.tokens), other.cached)
            if common > session.cached:
                llama_cpp.llama_memory_seq_rm(self._memory, session.sequence, -1, -1)
                llama_cpp.llama_memory_seq_cp(self._memory, other.sequence, session.sequence, 0, common)
                session.cached = common

    def _lender(self, session: Session, prompt: Plan) -> tuple[Session | None, int]:
        """The session in the context that has more of the prompt than the session itself, and how many tokens."""
        best: Session | None = None
        shared = min(prompt.kept, session.cached)
        for other in self.sessions.values() if self._partial else ():
            if other is session or other.sequence == NOWHERE:
                continue
            common = min(_common(other.tokens, prompt.tokens), other.cached)
            if common > shared + 16:
                best, shared = other, common
        return best, shared

    def make_way(self, session: Session, prompt: Plan, reply: int) -> None:
        """Move long idle sequences out of the context before the prompt and so many tokens of a reply are decoded.

        Nothing is given up for it: what the prompt begins with stays, and so does what the host memory has no room for. A passing
        request that is soon over leaves everything in its place.
        """
        if not self._partial or (not session.name and len(prompt.tokens) - prompt.kept + reply <= RESIDENT):
            return
        lender, _ = self._lender(session, prompt)
        idle = [one for one in self.sessions.values() if one.sequence != NOWHERE and one not in (*self._busy, session, lender)]
        before = len(self._free)
        for one in sorted(idle, key=lambda one: one.used):
            if one.cached > RESIDENT and self._state_size(one) <= self._budget:
                self._move_out(one)
        alone = lender is None and len(self._free) > before
        if alone and session.sequence != NOWHERE and self.saved_bytes + self._state_size(session) <= self._budget:
            self._move_out(session)  # comes back into the first cells: the free ones before its own would be read as well

    def adopt(self, session: Session, prompt: Plan) -> int:
        """Make the session's text and tokens those of the prompt; returns how many need not be decoded (at least one must)."""
        keep = min(prompt.kept, session.cached, len(prompt.tokens) - 1)
        if keep < session.cached:
            keep = self.shorten(session, keep)
        session.tokens = list(prompt.tokens)
        session.starts = list(prompt.starts)
        session.text = bytearray(prompt.text)
        session.sampled_from, session.plain = len(session.tokens), prompt.plain
        session.cached = keep
        return keep

    def shorten(self, session: Session, keep: int) -> int:
        """Cut what is cached down to its first tokens; a memory that cannot do that is emptied. Returns what is left."""
        if not (keep and self._partial and llama_cpp.llama_memory_seq_rm(self._memory, session.sequence, keep, -1)):
            llama_cpp.llama_memory_seq_rm(self._memory, session.sequence, -1, -1)
            keep = 0
        session.cached = keep
        return keep

    def after_abort(self, session: Session) -> None:
        """Believe the memory, not the plan: how much of the session it really holds."""
        held = llama_cpp.llama_memory_seq_pos_max(self._memory, session.sequence) + 1
        if not self._partial or held > len(session.tokens):
            held = self.shorten(session, 0)
        session.cached = max(0, held)

    def release(self, session: Session) -> None:
        """Free a passing session before its request is over."""
        self._passing.remove(session)
        self._busy.remove(session)
        self._vacate(session)

    def make_room(self) -> bool:
        """Move the sequence used longest ago out of the context; False when every sequence is in use."""
        idle = [one for one in self.sessions.values() if one.sequence != NOWHERE and one not in self._busy]
        if not idle:
            return False
        self._move_out(min(idle, key=lambda one: one.used))
        return True

    def forget(self, name: str) -> None:
        """Drop a session and everything it holds."""
        session = self.sessions.pop(name, None)
        if session is not None:
            self._vacate(session)
            session.saved = None

    def _vacate(self, session: Session) -> None:
        if session.sequence != NOWHERE:
            llama_cpp.llama_memory_seq_rm(self._memory, session.sequence, -1, -1)
            self._free.append(session.sequence)
            session.sequence = NOWHERE

    def _state_size(self, session: Session) -> int:
        size: int = llama_cpp.llama_state_seq_get_size(self._context, session.sequence) if session.cached else 0
        return size

    def _move_out(self, session: Session) -> None:
        size = self._state_size(session)
        session.saved = None
        if 0 < size <= self._budget:
            self._drop_saved(self._budget - size)
            buffer = (ctypes.c_uint8 * size)()
            if llama_cpp.llama_state_seq_get_data(self._context, buffer, size, session.sequence) == size:
                session.saved = buffer
        if session.saved is None:
            session.cached = 0
        self._vacate(session)

    def _drop_saved(self, allowed: int) -> None:
        for session in sorted(self.sessions.values(), key=lambda one: one.used):
            if self.saved_bytes <= allowed:
                return
            if session.saved is not None:
                session.saved = None
                session.cached = 0

    def _restore(self, session: Session) -> None:
        if session.saved is None:
            session.cached = 0
            return
        saved, session.saved = session.saved, None
        while not llama_cpp.llama_state_seq_set_data(self._context, saved, len(saved), session.sequence):
            if not self.make_room():
                break
        if llama_cpp.llama_memory_seq_pos_max(self._memory, session.sequence) + 1 != session.cached:
            self.shorten(session, 0)


def _common(one: list[int], other: Iterable[int]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            return count
        count += 1
    return count
