"""From a scene to what the engine is sent: messages in an order that keeps its cache, each with its place in the order of dropping.

The order of dropping is that of ``pieces.Going``. The order of the messages is: system prompt, persona with the lore that is always there,
profile, examples, summary, turns; then, before the last message, lore that comes and goes; after it what a card wants to have after the
history. Everything that stays the same from turn to turn is a common beginning of the prompts, which the engine does not decode again.
"""

from collections.abc import Callable
from functools import cache

from msgspec import Struct

from zhiyin.prompt.author_note import is_due, of_card
from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.greetings import shown_greeting
from zhiyin.prompt.groups import called, one_line, spoken, user_name
from zhiyin.prompt.history import History, Voices, tell
from zhiyin.prompt.layout import Layout
from zhiyin.prompt.lore.activation import Activation, Fired, LoreSettings, ScannedMessage, activate
from zhiyin.prompt.lore.book import Book, read_book
from zhiyin.prompt.lore.values import Owner
from zhiyin.prompt.lore_places import Placed, place_lore
from zhiyin.prompt.macros import MacroValues, expand
from zhiyin.prompt.persona import (
    NOTE,
    PROFILE,
    Part,
    description,
    examples,
    joined_system_text,
    personality,
    post_history,
    scenarios,
    system_text,
)
from zhiyin.prompt.pieces import Piece, at_depth, laid_out
from zhiyin.prompt.scene import Scene, SceneTurn
from zhiyin.prompt.sentences import Sentences, listed, sentences
from zhiyin.prompt.summary import standing
from zhiyin.prompt.token_counts import TokenCounts
from zhiyin_models.engine.protocol import FitReport

SCANNED = 1000  # turns that lore may look back on
LORE_BUDGET = 0.25  # of the context: tokens of lore, where a book says nothing else
MAX_STOPS = 32
LONGEST = 4  # characters for each token of the context: of no text of a card or a lorebook more is read
LEAST_READ = 16_000  # characters that are read in any case


class Assembly(Struct, frozen=True):
    """What is sent, and what is not."""

    layout: Layout
    stop: tuple[str, ...] = ()
    fired: tuple[Fired, ...] = ()
    over_budget: tuple[Fired, ...] = ()  # lore that its budget has no room for
    slow: tuple[object, ...] = ()  # entries whose patterns took too long
    left_out: tuple[int, ...] = ()  # turns that could not fit by far, and were not even laid out
    summarized: tuple[int, ...] = ()  # turns that a summary stands for
    estimate: dict[str, int] = {}  # tokens per section of what will be left when it fits, of the texts alone

    @classmethod
    def empty(cls) -> "Assembly":
        """Nothing."""
        return cls(Layout((), ()))

    def memory_start(self, fit: FitReport | None) -> int | None:
        """The first turn that the model still has in its own words, or None when it has all of them."""
        return self.layout.memory_start(fit, (*self.summarized, *self.left_out))


class _Stage(Struct, frozen=True):
    """A scene with what follows from it."""

    scene: Scene
    words: Sentences
    parts: tuple[Part, ...]  # whose cards the model sees
    speaker: Part | None
    voices: Voices
    values: MacroValues  # in texts that stay where they are
    moving: MacroValues  # in the others
    continued: bool  # the last turn is a reply to be continued
    limit: int  # tokens that the prompt may have
    count: Callable[[str], int]


def assemble(scene: Scene, counts: TokenCounts | None = None) -> Assembly:
    """Assemble what is sent for a reply. The same scene and counts give the same messages, whatever was assembled before.

    ``counts`` are what the engine has counted so far; they decide how much of a long path is laid out, and how much lore there is room for.
    """
    stage = _stage(scene, counts or TokenCounts())
    summary = standing(scene.turns)
    history = tell(scene.turns, stage.voices, summary, room=stage.limit, count=stage.count, continued=stage.continued)
    books, owners = _books(stage)
    lore = _lore(stage, books, owners, full=history.tokens > stage.limit)
    placed = place_lore(
        lore.fired,
        staying=[owner.staying for owner in owners],
        where=scene.setup.lore_place,
        limit=stage.limit,
        longest=longest(scene.context),
    )
    head = _head(stage, placed, lore)
    if summary is not None:
        text = stage.words.summary.format(text=summary.text.strip())
        head.append(Piece("system", text, "summary", summary.turn))
    layout = laid_out([*head, *_body(stage, history, placed, lore)])
    return Assembly(
        layout=layout,
        stop=_stops(stage),
        fired=lore.fired,
        over_budget=lore.over_budget,
        slow=lore.slow,
        left_out=history.left_out,
        summarized=history.summarized,
        estimate=_estimate(layout, stage.limit, stage.count),
    )


def _estimate(layout: Layout, limit: int, count: Callable[[str], int]) -> dict[str, int]:
    """Tokens per section of what will probably be left when the engine has made it fit."""
    sizes = [(message.drop, message.section, count(message.content)) for message in layout.messages]
    groups: dict[int, int] = {}
    for drop, _, size in sizes:
        if drop is not None:
            groups[drop] = groups.get(drop, 0) + size
    over = sum(size for _, _, size in sizes) - limit
    gone: set[int] = set()
    for drop in sorted(groups):
        if over <= 0:
            break
        gone.add(drop)
        over -= groups[drop]
    sections: dict[str, int] = {}
    for drop, section, size in sizes:
        if drop not in gone:
            sections[section] = sections.get(section, 0) + size
    return sections


def room(context: int, reserve: int) -> int:
    """Tokens that a prompt may have: the context less what is kept free for the reply, a quarter at most, as the engine reckons."""
    quarter = max(1, context // 4)
    return max(1, context - min(reserve or quarter, quarter))


def longest(context: int) -> int:
    """Characters of a text from outside that are read: what could never fit costs nothing."""
    return max(LEAST_READ, LONGEST * context)


# ---------------------------------------------------------------- who takes part


def _stage(scene: Scene, counts: TokenCounts) -> _Stage:
    words = sentences(scene.language)
    said = [turn for turn in scene.turns if turn.role == "assistant" and turn.text.strip()]
    heard = {turn.persona for turn in said}
    several = len(scene.actors) > 1 or (bool(scene.actors) and bool(heard - {scene.speaker}))
    last = next((turn for turn in reversed(scene.turns) if turn.role != "system" and turn.text.strip()), None)
    own = last is not None and last.role == "assistant" and (not several or last.persona == scene.speaker)
    continued = own and not scene.once_more
    parts, speaker = _cast(scene, words, len(said) - continued)
    values = _values(scene, words.assistant)
    return _Stage(
        scene=scene,
        words=words,
        parts=parts,
        speaker=speaker,
        voices=Voices(
            speaker=scene.speaker,
            names={actor.persona: called(actor) for actor in scene.actors},
            user=values.user,
            other=words.assistant,
            several=several,
            joined=len(parts) > 1,
        ),
        values=speaker.values if speaker is not None else values,
        moving=speaker.moving if speaker is not None else _in_reply(values, len(said) - continued),
        continued=continued,
        limit=room(scene.context, scene.reserve),
        count=cache(counts.of),  # within one prompt the same texts are asked for again and again
    )


def _values(scene: Scene, name: str) -> MacroValues:
    return MacroValues(char=name, user=user_name(scene.player, scene.language), seed=scene.conversation, turn=0)


def _in_reply(values: MacroValues, replies: int) -> MacroValues:
    return MacroValues(values.char, values.user, values.seed, replies)


def _cast(scene: Scene, words: Sentences, replies: int) -> tuple[tuple[Part, ...], Part | None]:
    """The personas whose cards the model sees, and the one that speaks.

    Texts that stay where they are keep their random parts as well, as each new one would have everything after it decoded again; to the
    letter, they change with each reply.
    """
    parts = []
    for actor in scene.actors:
        values = _values(scene, called(actor) or words.assistant)
        moving = _in_reply(values, replies)
        staying = moving if scene.setup.lore_place == "as_card" else values
        parts.append(Part(actor.persona, Card(actor.card), staying, moving, longest(scene.context)))
    speaker = next((part for part in parts if part.persona == scene.speaker), None)
    if speaker is None:
        return (), None
    if scene.setup.cards == "joined" and len(parts) > 1:
        muted = {actor.persona for actor in scene.actors if actor.muted and actor.persona != scene.speaker}
        return tuple(part for part in parts if part.persona not in muted), speaker
    return (speaker,), speaker


def _stops(stage: _Stage) -> tuple[str, ...]:
    """Where a reply in a group ends that goes on to speak for somebody else."""
    if not stage.voices.several or stage.speaker is None:
        return ()
    names = dict.fromkeys([stage.voices.user, *stage.voices.names.values()])
    return tuple(f"\n{name}{colon}" for name in names if name and name != stage.speaker.name for colon in (":", "："))[:MAX_STOPS]


# ---------------------------------------------------------------- lore


def _books(stage: _Stage) -> tuple[list[Book], list[Owner]]:
    """The cards' books and those of the conversation. In a card's, {{char}} is the card's persona; in the others, who speaks.

    Which greeting is shown matters to the book of the card that it is of, and to the conversation's.
    """
    found = [(read_book(raw), part) for part in stage.parts if (raw := part.card.book) is not None]
    books = [*(book for book, _ in found), *(read_book(raw) for raw in stage.scene.books)]
    asked = any(entry.decorators.is_greeting is not None for book in books for entry in book.entries)
    persona, greeting = _greeting(stage.scene, stage.words) if asked else (None, None)
    owners = [Owner(part.values, part.moving, greeting if part.persona == persona else None) for _, part in found]
    return books, owners + [Owner(stage.values, stage.moving, greeting)] * len(stage.scene.books)


def _greeting(scene: Scene, words: Sentences) -> tuple[int | None, int | None]:
    """Whose first message the path begins with, and which of them it is; None where it begins with something else, or was changed."""
    root = scene.turns[0] if scene.turns else None
    actor = next((actor for actor in scene.actors if root is not None and root.role == "assistant" and actor.persona == root.persona), None)
    if root is None or actor is None:
        return None, None
    return actor.persona, shown_greeting(Card(actor.card), _values(scene, called(actor) or words.assistant), root.text)


def _lore(stage: _Stage, books: list[Book], owners: list[Owner], *, full: bool) -> Activation:
    """What the books say now; a reply that is to be continued changes nothing.

    ``full``: the turns alone fill the context.
    """
    if not any(book.entries for book in books):
        return Activation()
    told = [turn for turn in stage.scene.turns if turn.role != "system" and turn.text.strip()]
    told = told[-SCANNED - 1 : -1] if stage.continued else told[-SCANNED:]
    return activate(
        books,
        [ScannedMessage(turn.role, _name(turn, stage), spoken(turn.text) if turn.role == "assistant" else turn.text) for turn in told],
        LoreSettings(token_budget=int(LORE_BUDGET * stage.scene.context), longest=longest(stage.scene.context)),
        seed=stage.scene.conversation,
        turn=stage.moving.turn,
        counts=stage.count,
        values=stage.moving,
        owners=owners,
        replies=stage.moving.turn,
        context_full=full,
    )


def _name(turn: SceneTurn, stage: _Stage) -> str:
    if turn.role == "user":
        return one_line(turn.speaker) or stage.values.user
    known = stage.voices.names.get(turn.persona) if turn.persona is not None else None
    return known or one_line(turn.speaker) or stage.values.char


# ---------------------------------------------------------------- the head


def _head(stage: _Stage, placed: Placed, lore: Activation) -> list[Piece]:
    """What comes before the turns."""
    words, parts, voices, note = stage.words, stage.parts, stage.voices, stage.scene.setup.note
    pieces = _texts("system", _system(stage, silenced="system_prompt" in lore.disabled))
    pieces += placed.at("before_char")
    pieces += placed.at("before_desc")
    settings = scenarios(parts, words)
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        pieces += description(part, words, named=voices.joined)
        pieces += placed.at("after_desc") if last else []
        pieces += personality(part, words)
        pieces += placed.at("personality") if last else []
        pieces += settings[number]
    if not parts:
        pieces += [*placed.at("after_desc"), *placed.at("personality")]
    pieces += placed.at("scenario")
    pieces += placed.at("after_char")
    profile = expand(stage.scene.player.description, stage.values, position=PROFILE).strip()
    if profile:
        pieces += _texts("profile", words.profile.format(user=stage.voices.user, text=profile))
    if note.position == "after_scenario":
        pieces += [*placed.before_note, *_note(stage, stage.values), *placed.after_note]
    pieces += placed.at("before_examples")
    pieces += examples(parts, words, named=stage.voices.joined)
    pieces += placed.at("after_examples")
    return pieces


def _texts(section: str, text: str) -> list[Piece]:
    return [Piece("system", text, section)] if text.strip() else []


def _note(stage: _Stage, values: MacroValues) -> list[Piece]:
    note = stage.scene.setup.note
    text = expand(note.text, values, position=NOTE).strip() if is_due(note, stage.scene.turns) else ""
    return [Piece(note.role, text, "note")] if text else []


def _system(stage: _Stage, *, silenced: bool) -> str:
    """The system prompt. Without a persona it is what the user set, to the letter; ``silenced``: lore puts itself in its place.

    How a persona is to answer alone is a part of what its card may replace; how it is played among others is said in any case.
    """
    scene, words, voices = stage.scene, stage.words, stage.voices
    if not stage.parts:
        return "" if silenced else scene.system_prompt
    names = [part.name for part in stage.parts] if voices.joined else list(voices.names.values())
    group = len(voices.names) > 1
    form = words.all_of if voices.joined else words.one_of if group else words.alone
    everyone = listed([*names, voices.user], words)
    playing = form.format(char=stage.values.char, user=voices.user, names=listed(names, words), everyone=everyone)
    base = "" if silenced else expand(scene.system_prompt, stage.values).strip()
    own = scene.own_system_prompt and bool(base)
    if not group:
        return system_text(stage.parts, "\n\n".join(filter(None, (base, playing))), own=own)
    told = joined_system_text(stage.parts, base, words, own=own) if voices.joined else system_text(stage.parts, base, own=own)
    return "\n\n".join(filter(None, (told, playing)))


# ---------------------------------------------------------------- the turns and what goes between them


def _body(stage: _Stage, history: History, placed: Placed, lore: Activation) -> list[Piece]:
    """The turns with what goes between and behind them."""
    end, note = history.end, stage.scene.setup.note
    into: list[tuple[int, Piece]] = [(history.last, piece) for piece in placed.near_end]
    into += [(at_depth(history.pieces, depth, end), piece) for depth, piece in placed.from_end]
    into += [(min(depth, end), piece) for depth, piece in placed.from_start]
    own = of_card(stage.speaker) if stage.speaker is not None else None
    if own is not None:
        into.append((at_depth(history.pieces, own[0], end), own[1]))
    if note.position == "in_chat":
        place = at_depth(history.pieces, note.depth, end)
        into += [(place, piece) for piece in (*placed.before_note, *_note(stage, stage.moving), *placed.after_note)]
    into += [(end, piece) for piece in _after(stage, history, silenced="post_history_instructions" in lore.disabled)]
    between: dict[int, list[Piece]] = {}
    for place, piece in into:
        between.setdefault(place, []).append(piece)
    pieces: list[Piece] = []
    for place, piece in enumerate(history.pieces):
        pieces += between.get(place, [])
        pieces.append(piece)
    return pieces + between.get(len(history.pieces), [])


def _after(stage: _Stage, history: History, *, silenced: bool) -> list[Piece]:
    """What stands after the history: the card's own instructions, unless lore puts itself in their place, and whose turn it is where
    that is not plain."""
    if stage.speaker is None:
        return []
    pieces = [] if silenced else _texts("post_history", post_history(stage.speaker))
    replied = bool(history.end) and history.pieces[history.end - 1].role == "assistant"
    if stage.voices.joined:
        pieces.append(Piece("user" if replied else "system", stage.words.turn.format(char=stage.speaker.name), "post_history"))
    elif stage.scene.once_more and replied:
        pieces.append(Piece("user", stage.words.once_more, "post_history"))
    return pieces
