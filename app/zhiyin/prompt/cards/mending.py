"""What was put right, or left out, while a card was read; put into words by the window."""

from enum import StrEnum

from msgspec import Struct

from zhiyin_models.errors import Argument


class Mend(StrEnum):
    """Every note on an imported card. Arguments are named beside each; ``fields`` and ``name`` are of the file, not ours."""

    CHECKSUM = "checksum"  # a part of the picture file has a wrong checksum
    TRAILING = "trailing"  # size: bytes after the end of the picture were left out
    TRUNCATED = "truncated"  # the file breaks off
    DISAGREE = "disagree"  # fields: the file holds two cards that differ there; the newer form was taken
    SECOND_DAMAGED = "second_damaged"  # the file holds two cards, one of them unreadable; the other was taken
    SEVERAL = "several"  # the file holds several cards of one form; the first was taken
    ENCODING = "encoding"  # the text was not proper UTF-8
    BASE64 = "base64"  # the text was not properly encoded in the picture
    JSON_EXTRA = "json_extra"  # something followed the card's text and was left out
    NUMBERS = "numbers"  # count: numbers that no program can hold were replaced
    LETTERS = "letters"  # count: texts with halves of letters (lone surrogates), which became U+FFFD
    KEYS_TWICE = "keys_twice"  # name, count: an object says something twice; the last was taken
    NEWER_SPEC = "newer_spec"  # name: a version of the format newer than what is known
    UNKNOWN_SPEC = "unknown_spec"  # name: of a format that is not known, read as a card all the same
    OLD_FORMAT = "old_format"  # the names of fields are those of a format before the first
    NO_NAME = "no_name"  # name: it had none, so that of the file was taken
    MISSING_FIELDS = "missing_fields"  # fields
    WRONG_TYPES = "wrong_types"  # fields: kept as they are, but not used
    ASSET_DROPPED = "asset_dropped"  # name, count: left out, since they are too large, damaged or badly named
    PICTURE_BAD = "picture_bad"  # the picture cannot be shown and was left out
    DUPLICATE = "duplicate"  # name: the archive holds it twice; the last was taken


class Mended(Struct, frozen=True, omit_defaults=True):
    """One note with its arguments."""

    code: Mend
    args: dict[str, Argument] = {}
