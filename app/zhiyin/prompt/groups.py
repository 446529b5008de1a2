"""Who speaks next in a conversation with several personas."""

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.common_words import COMMON_WORDS
from zhiyin.prompt.scene import Actor, Player, SceneTurn
from zhiyin.prompt.sentences import sentences
from zhiyin.roles import Setup
from zhiyin_models.engine.protocol import Message

READ = 20_000  # characters of a text that names are looked for in
RECENT = 8  # turns that the model is shown to choose by
EXCERPT = 400  # characters of each of them
MAX_NAME = 80
_SMALL_WORDS = frozenset({"the", "and", "von", "van", "der", "del", "los", "las", "mrs", "miss", "sir", "lady", "lord", "doctor"})
_UNSPACED = re.compile("[\u3040-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")
_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)


class AskModel(Struct, frozen=True):
    """The model is to name who speaks next, in a passing request; ``read_choice`` reads its answer."""

    messages: tuple[Message, ...]
    otherwise: int  # the persona that speaks when the answer names nobody


class AskUser(Struct, frozen=True):
    """The user is to say who speaks next."""


def next_speakers(setup: Setup, actors: Sequence[Actor], turns: Sequence[SceneTurn], text: str) -> list[int] | AskModel | AskUser:
    """The personas that answer ``text``, in turn; ``turns`` is the path so far.

    Those that are muted speak only when they are mentioned by name where mentions decide, or when the user says so.
    """
    ready = [actor.persona for actor in actors if not actor.muted]
    if setup.speaking == "mention":
        found = mentioned(spoken(text), actors)
        if found:
            return found
    if not ready or (setup.speaking == "user" and len(actors) > 1):
        return AskUser()
    following = _after_the_last(actors, turns)
    if setup.speaking == "model" and len(ready) > 1:
        return AskModel(_question([actor for actor in actors if not actor.muted], turns, text), following)
    return [following]


def read_choice(answer: str, actors: Sequence[Actor]) -> int | None:
    """The persona that an answer names first; None when it names nobody who may speak."""
    said = _THINKING.sub("", answer[:READ])
    muted = {actor.persona for actor in actors if actor.muted}
    return next((persona for persona in mentioned(said, actors, only_names=True) if persona not in muted), None)


def mentioned(text: str, actors: Sequence[Actor], *, only_names: bool = False) -> list[int]:
    """The personas whose names stand in the text, in the order in which they do.

    Longer names count before shorter ones that they contain. Chinese names need no borders around them, others are whole words; a single
    word of a longer name counts when no other persona has it. A name that is a common word counts only when it is written as a
    name; ``only_names``: the text is an answer that holds names, however they are written.
    """
    searched = text[:READ]
    first: dict[int, int] = {}
    for name, persona in _names(actors):
        exact = not only_names and name.casefold() in COMMON_WORDS
        wanted = f"(?:{re.escape(name)}|{re.escape(name.upper())})" if exact else f"(?i:{re.escape(name)})"
        pattern = re.compile(wanted if _borderless(name) else rf"(?<!\w){wanted}(?!\w)")
        found = pattern.search(searched)
        if found is not None:
            first[persona] = min(found.start(), first.get(persona, found.start()))
            searched = pattern.sub(lambda match: "\0" * len(match[0]), searched)
    return sorted(first, key=lambda persona: first[persona])


def strip_name(text: str, names: Iterable[str]) -> str:
    """The text without a leading ``Name:`` of one of these names, which models write because they see it before what others said."""
    start = text.lstrip()
    for name in sorted({one_line(name) for name in names} - {""}, key=len, reverse=True):
        pattern = rf"[*_\[「【(（]{{0,3}}{re.escape(name)}[*_\]」】)）]{{0,3}}[ \t]*[:：][*_]{{0,3}}[ \t]*\n?"
        match = re.match(pattern, start[: len(name) + 16], re.IGNORECASE)
        if match is not None:
            return start[match.end() :]
    return text


def one_line(name: str) -> str:
    """A name as it may stand before what somebody says."""
    return " ".join(name[: 4 * MAX_NAME].split())[:MAX_NAME]


def spoken(text: str) -> str:
    """What is said aloud in a reply: without what was thought, be it finished or not."""
    return _THINKING.sub("", text).strip() if "<think>" in text else text


def user_name(player: Player, language: str) -> str:
    """What the user is called in prompts and greetings; the word for a user where no profile has a name."""
    return one_line(player.name) or sentences(language).user


def called(actor: Actor) -> str:
    """What an actor is called in the conversation."""
    return one_line(Card(actor.card).display_name)


def _after_the_last(actors: Sequence[Actor], turns: Sequence[SceneTurn]) -> int:
    """The next in the order of the members who is not muted, after the one who spoke last."""
    order = [actor.persona for actor in actors]
    last = next((turn.persona for turn in reversed(turns) if turn.role == "assistant" and turn.persona in order), None)
    start = order.index(last) + 1 if last is not None else 0
    turned = [*actors[start:], *actors[:start]]
    return next(actor.persona for actor in turned if not actor.muted)


def _names(actors: Sequence[Actor]) -> list[tuple[str, int]]:
    """Every name as it is written, with whom it stands for, the longest first; words of names only where they are nobody else's."""
    whole: dict[str, tuple[str, int]] = {}
    words: dict[str, dict[int, str]] = {}
    for actor in actors:
        card = Card(actor.card)
        for name in (card.nickname, card.name):
            told = one_line(name)
            if told:
                whole.setdefault(told.casefold(), (told, actor.persona))
                for word in re.split(r"[\s·•.-]+", told):
                    if len(word) > 2 and word.casefold() not in _SMALL_WORDS:
                        words.setdefault(word.casefold(), {}).setdefault(actor.persona, word)
    parts = {key: (word, persona) for key, owners in words.items() if len(owners) == 1 for persona, word in owners.items()}
    return sorted((parts | whole).values(), key=lambda found: -len(found[0]))


def _borderless(name: str) -> bool:
    """Whether a name is written in a script without spaces between words."""
    return any(
        "\u3040" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7af" or "\U00020000" <= letter <= "\U0003ffff" for letter in name
    )


def _question(actors: Sequence[Actor], turns: Sequence[SceneTurn], text: str) -> tuple[Message, ...]:
    """Asks who would speak next, in the language of the conversation."""
    names = [called(actor) for actor in actors]
    owners = {actor.persona: name for actor, name in zip(actors, names, strict=True)}
    chinese = _borderless(text or "".join(names))
    user = sentences("zh" if chinese else "en").user
    colon = "：" if chinese else ": "
    recent = ((turn, _aloud(turn)) for turn in turns[-4 * RECENT :] if turn.role != "system")
    told = [(turn, said) for turn, said in recent if said][-RECENT:]
    lines = [f"{_who(turn, owners, user)}{colon}{said[-EXCERPT:]}" for turn, said in told]
    answered = turns[-1].text if turns else ""
    if text.strip() and text != answered and (not told or told[-1][0].role != "user"):
        called_last = next((one_line(turn.speaker) for turn in reversed(turns) if turn.role == "user"), "")
        lines.append(f"{called_last or user}{colon}{text.strip()[-EXCERPT:]}")
    if chinese:
        system = f"下面是几个人的一段对话。请判断接下来最该由谁说话。只回答一个名字，不要写别的。可选：{'、'.join(names)}。"
        question = "接下来由谁说话？只写名字。"
    else:
        system = (
            "You are shown a conversation of several people. Decide who would naturally speak next. "
            f"Answer with one name and nothing else. Choose from: {', '.join(names)}."
        )
        question = "Who speaks next? Write the name only."
    return Message("system", system, section="system"), Message("user", "\n".join([*lines, "", question]))


def _aloud(turn: SceneTurn) -> str:
    return (spoken(turn.text) if turn.role == "assistant" else turn.text).strip()


def _who(turn: SceneTurn, owners: dict[int, str], user: str) -> str:
    if turn.role == "user":
        return one_line(turn.speaker) or user
    return owners.get(turn.persona or 0) or one_line(turn.speaker) or "?"
