"""What a card file is, put into words: how it is shown before it is taken in, what was mended in it, what a version cannot hold."""

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from zhiyin import i18n
from zhiyin.controllers.persona_cards import entries_in, new_persona
from zhiyin.importing.protocol import CardRead
from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.cards.mending import Mend, Mended
from zhiyin.ui.persona_values import CardOnShow, one_line

MENDED = {
    Mend.CHECKSUM: QT_TRANSLATE_NOOP("Cards", "The picture file has a wrong checksum; it was read all the same."),
    Mend.TRAILING: QT_TRANSLATE_NOOP("Cards", "Something follows the end of the picture; it was left out."),
    Mend.TRUNCATED: QT_TRANSLATE_NOOP("Cards", "The file breaks off before its end."),
    Mend.DISAGREE: QT_TRANSLATE_NOOP("Cards", "The file holds two cards that differ ({fields}); the newer form was taken."),
    Mend.SECOND_DAMAGED: QT_TRANSLATE_NOOP("Cards", "The file holds two cards, one of them unreadable; the other was taken."),
    Mend.SEVERAL: QT_TRANSLATE_NOOP("Cards", "The file holds several cards; the first was taken."),
    Mend.ENCODING: QT_TRANSLATE_NOOP("Cards", "The text is not proper UTF-8; some letters may be wrong."),
    Mend.BASE64: QT_TRANSLATE_NOOP("Cards", "The text is not properly packed in the picture; it was read all the same."),
    Mend.JSON_EXTRA: QT_TRANSLATE_NOOP("Cards", "Something follows the card's text; it was left out."),
    Mend.NUMBERS: QT_TRANSLATE_NOOP("Cards", "Numbers that no program can hold were replaced."),
    Mend.LETTERS: QT_TRANSLATE_NOOP("Cards", "Some letters are damaged; “\ufffd” stands in for them."),
    Mend.KEYS_TWICE: QT_TRANSLATE_NOOP("Cards", "Something is said twice in the card (such as “{name}”); the last was taken."),
    Mend.NEWER_SPEC: QT_TRANSLATE_NOOP("Cards", "The card is of a newer version ({name}) than is known here; what is new in it is kept."),
    Mend.UNKNOWN_SPEC: QT_TRANSLATE_NOOP("Cards", "The card says that it is of another format ({name}); it was read as a card."),
    Mend.OLD_FORMAT: QT_TRANSLATE_NOOP("Cards", "The card is of an old format; its fields were given their present names."),
    Mend.NO_NAME: QT_TRANSLATE_NOOP("Cards", "The card has no name; it is called “{name}” after its file."),
    Mend.MISSING_FIELDS: QT_TRANSLATE_NOOP("Cards", "Fields that a card must have are missing: {fields}."),
    Mend.WRONG_TYPES: QT_TRANSLATE_NOOP("Cards", "Fields that hold something else than they should are kept, but not used: {fields}."),
    Mend.ASSET_DROPPED: QT_TRANSLATE_NOOP("Cards", "Files in the card that are too large, damaged or badly named were left out."),
    Mend.PICTURE_BAD: QT_TRANSLATE_NOOP("Cards", "The card's picture cannot be shown; a seal stands in for it."),
    Mend.DUPLICATE: QT_TRANSLATE_NOOP("Cards", "The archive holds “{name}” twice; the last was taken."),
}
FIELD_NAMES = {
    "name": QT_TRANSLATE_NOOP("Cards", "name"),
    "description": QT_TRANSLATE_NOOP("Cards", "description"),
    "personality": QT_TRANSLATE_NOOP("Cards", "personality"),
    "scenario": QT_TRANSLATE_NOOP("Cards", "scenario"),
    "first_mes": QT_TRANSLATE_NOOP("Cards", "first message"),
    "mes_example": QT_TRANSLATE_NOOP("Cards", "example dialogue"),
    "creator_notes": QT_TRANSLATE_NOOP("Cards", "creator's notes"),
    "system_prompt": QT_TRANSLATE_NOOP("Cards", "system prompt"),
    "post_history_instructions": QT_TRANSLATE_NOOP("Cards", "instructions after the conversation"),
    "alternate_greetings": QT_TRANSLATE_NOOP("Cards", "other first messages"),
    "tags": QT_TRANSLATE_NOOP("Cards", "tags"),
    "creator": QT_TRANSLATE_NOOP("Cards", "creator"),
    "character_version": QT_TRANSLATE_NOOP("Cards", "version"),
    "extensions": QT_TRANSLATE_NOOP("Cards", "extensions"),
    "character_book": QT_TRANSLATE_NOOP("Cards", "lorebook"),
    "group_only_greetings": QT_TRANSLATE_NOOP("Cards", "first messages in a group only"),
    "nickname": QT_TRANSLATE_NOOP("Cards", "nickname"),
    "creator_notes_multilingual": QT_TRANSLATE_NOOP("Cards", "notes in other languages"),
    "source": QT_TRANSLATE_NOOP("Cards", "source"),
    "assets": QT_TRANSLATE_NOOP("Cards", "pictures and files"),
}
LONGEST = 200_000  # characters of a text that are shown before a card is taken in


class _Args(dict[str, Any]):
    """What a sentence names; what is missing costs its word, never the sentence."""

    def __missing__(self, key: str) -> str:
        return "…"


def mended_text(mended: Mended) -> str:
    """One note in the language of the moment; what is named in it comes from the file."""
    sentence = QCoreApplication.translate("Cards", str(MENDED[mended.code]))
    args = {name: one_line(value, 200) if isinstance(value, str) else value for name, value in mended.args.items()}
    if "fields" in args:
        args["fields"] = field_names(str(args["fields"]).split(", "))
    return sentence.format_map(_Args(args))


def field_names(fields: Iterable[str]) -> str:
    """Fields of cards in words, each once."""
    words = (QCoreApplication.translate("Cards", str(FIELD_NAMES[field])) if field in FIELD_NAMES else field for field in fields)
    return ("、" if i18n.language().startswith("zh") else ", ").join(dict.fromkeys(words))


def notes_for(card: Card, language: str) -> str:
    """The creator's notes in the window's language, where the card has them."""
    notes = {key.casefold().replace("_", "-"): text for key, text in card.notes_in.items()}
    wanted = language.casefold().replace("_", "-")
    return (
        notes.get(wanted) or notes.get(wanted.partition("-")[0]) or card.creator_notes or notes.get("en") or next(iter(notes.values()), "")
    )


def on_show(read: CardRead, card: Card, language: str, *, there: bool, namesake: str) -> CardOnShow:
    """A card that was read, as it is shown before it is taken in."""
    kept = new_persona(card)
    greetings = bool(card.first_message) + len(card.alternate_greetings) + len(card.group_only_greetings)
    return CardOnShow(
        path=read.path,
        name=card.name,
        picture=read.picture_key if read.picture else "",
        seal=kept.seal,
        color=kept.color,
        creator=card.creator,
        character_version=card.character_version,
        notes=notes_for(card, language)[:LONGEST],
        description=card.description[:LONGEST],
        first_message=card.first_message[:LONGEST],
        tags=card.tags[:100],
        greetings=greetings,
        lore_entries=entries_in(card),
        assets=tuple(asset.name or asset.uri for asset in read.assets[:100]),
        version=f"V{card.version}",
        container=read.container,
        size=read.size,
        mended=tuple(mended_text(each) for each in read.mended),
        there=there,
        namesake=namesake,
    )
