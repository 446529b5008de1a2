"""What a persona's card says to the model: its prompts, its description, and examples of how it talks."""

import re
from collections.abc import Sequence

from msgspec import Struct

from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.groups import one_line
from zhiyin.prompt.macros import MacroValues, expand, replace_original
from zhiyin.prompt.pieces import Going, Piece, Role
from zhiyin.prompt.sentences import Sentences

MAX_BLOCKS = 1000
MAX_LINES = 5000  # of all examples of a card

# Places of texts in a prompt, for macros that pick one of several: the same text in another place may give another
SYSTEM, DESCRIPTION, PERSONALITY, SCENARIO, EXAMPLES, POST_HISTORY, PROFILE, NOTE, LORE = range(1000, 10_000, 1000)

_START = re.compile(r"<start>", re.IGNORECASE)


class Part(Struct, frozen=True):
    """A persona in a prompt. ``values`` is what macros become in texts that stay; in those that move it is ``moving``."""

    persona: int
    card: Card
    values: MacroValues
    moving: MacroValues
    longest: int = 64_000  # characters of one text of the card that are read

    @property
    def name(self) -> str:
        """What it is called in the conversation."""
        return self.values.char

    def text(self, text: str, place: int) -> str:
        """A text of the card that stays where it is, macros replaced."""
        return expand(text[: self.longest], self.values, position=place).strip()

    def moving_text(self, text: str, place: int) -> str:
        """A text of the card that goes along with the end of the conversation, macros replaced."""
        return expand(text[: self.longest], self.moving, position=place).strip()


def system_text(parts: Sequence[Part], base: str, *, own: bool) -> str:
    """The system prompt: each card's, with {{original}} for ``base``; ``base`` where no card has one.

    ``own``: the base was set for this conversation, and goes before a card's that has no place for it.
    """
    with_prompt = [part for part in parts if part.card.system_prompt.strip()]
    if not with_prompt:
        return base
    texts: list[str] = []
    for part in with_prompt:
        told = replace_original(part.text(part.card.system_prompt, SYSTEM), "" if texts else base)
        if own and not texts and base and base not in told:
            texts.append(base)
        texts.append(told)
    return "\n\n".join(dict.fromkeys(text for text in texts if text))


def joined_system_text(parts: Sequence[Part], base: str, words: Sentences, *, own: bool) -> str:
    """The system prompts of several cards that the model sees together, each under its persona's name.

    ``base`` goes before them, unless each card has a prompt in its place; ``own`` keeps it in any case.
    """
    wanted, texts = own, []
    for part in parts:
        told = part.text(part.card.system_prompt, SYSTEM)
        rest = replace_original(told, "")
        wanted = wanted or not told or rest != told
        if rest.strip():
            texts.append(words.label.format(char=part.name, text=rest.strip()))
    return "\n\n".join(dict.fromkeys(filter(None, (base if wanted else "", *texts))))


def description(part: Part, words: Sentences, *, named: bool) -> list[Piece]:
    """Who it is; ``named``: under its name, as others are described as well."""
    text = part.text(part.card.description, DESCRIPTION)
    return _persona(words.label.format(char=part.name, text=text) if text and named else text)


def personality(part: Part, words: Sentences) -> list[Piece]:
    """Its traits."""
    text = part.text(part.card.personality, PERSONALITY)
    return _persona(words.personality.format(char=part.name, text=text) if text else "")


def scenarios(parts: Sequence[Part], words: Sentences) -> list[list[Piece]]:
    """Where the conversation takes place, for each persona: what one before it has said already is not said again.

    Where they say different things, each stands under its persona's name.
    """
    texts = [part.text(part.card.scenario, SCENARIO) for part in parts]
    named = len(set(filter(None, texts))) > 1
    told: list[list[Piece]] = []
    for place, (part, text) in enumerate(zip(parts, texts, strict=True)):
        said = words.scenario.format(text=text) if text and text not in texts[:place] else ""
        told.append(_persona(words.label.format(char=part.name, text=said) if said and named else said))
    return told


def post_history(part: Part) -> str:
    """What it is told after the conversation. The app has no such text of its own, so {{original}} is empty."""
    return replace_original(part.moving_text(part.card.post_history_instructions, POST_HISTORY), "").strip()


def examples(parts: Sequence[Part], words: Sentences, *, named: bool) -> list[Piece]:
    """Example messages of the cards, each block in a group of its own that goes before the one above it.

    ``named``: names stand before what is said, as in the history of a group.
    """
    blocks = [block for part in parts for block in _blocks(part, words, named=named)][:MAX_BLOCKS]
    pieces: list[Piece] = []
    for number, block in enumerate(blocks):
        for role, text in block:
            pieces.append(_example(role, text, number, len(blocks)))
    if pieces:
        pieces.append(_example("system", words.begins, 0, len(blocks)))
    return pieces


def _persona(text: str) -> list[Piece]:
    return [Piece("system", text, "persona")] if text else []


def _example(role: Role, text: str, number: int, blocks: int) -> Piece:
    return Piece(role, text, "examples", going=Going.EXAMPLES, rank=blocks - number, key=f"example {number}")


def _blocks(part: Part, words: Sentences, *, named: bool) -> list[list[tuple[Role, str]]]:
    text = part.text(part.card.example_dialogue, EXAMPLES)
    speakers = _speakers(part)
    names = sorted(speakers, key=len, reverse=True)
    begins = re.compile(rf"\s*({'|'.join(map(re.escape, names))})\s*[:：]\s*", re.IGNORECASE) if names else None
    blocks: list[list[tuple[Role, str]]] = []
    left = MAX_LINES
    for block in _START.split(text, MAX_BLOCKS)[:MAX_BLOCKS]:
        lines = block.strip().split("\n", left)[:left]
        left -= len(lines)
        said = _said(lines, speakers, begins, named=named)
        blocks += [said] if said else []
    header: list[tuple[Role, str]] = [("system", words.examples.format(char=part.name))]
    return [header + block if place == 0 else block for place, block in enumerate(blocks)]


def _speakers(part: Part) -> dict[str, tuple[Role, str]]:
    """Who may speak in examples, by what stands before the colon."""
    found: dict[str, tuple[Role, str]] = {part.values.user.casefold(): ("user", part.values.user)}
    for name in (part.card.name, part.card.nickname, part.name):
        found[one_line(name).casefold()] = ("assistant", part.name)
    return {name: speaker for name, speaker in found.items() if name}


def _said(
    lines: Sequence[str], speakers: dict[str, tuple[Role, str]], begins: re.Pattern[str] | None, *, named: bool
) -> list[tuple[Role, str]]:
    """The messages of a block: a line that begins with a name and a colon begins a new one; what no name stands before is told as it is."""
    said: list[tuple[Role, list[str]]] = []
    for line in lines:
        match = begins.match(line) if begins is not None else None
        speaker = speakers.get(match[1].casefold()) if match is not None else None
        if match is not None and speaker is not None:
            role, name = speaker
            said.append((role, [f"{name}: {line[match.end() :]}" if named else line[match.end() :]]))
        elif said:
            said[-1][1].append(line)
        else:
            said.append(("system", [line]))
    texts = ((role, "\n".join(told).strip()) for role, told in said)
    return [(role, text) for role, text in texts if text]
