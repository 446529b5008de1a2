"""What models are called: by their files, by the user, and never two alike."""

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.entries import Entry
from zhiyin_models.library.gguf import stem

QUANT_SUFFIX = re.compile(
    r"[-._ ](?:(?:ud|i1)[-._])?(?:i?q[1-8](?:_[0-9a-z]+)*|tq[12]_0|mxfp4|b?f16|f32|fp16)$", re.IGNORECASE
)  # after the marks of two makers
LONGEST = 120  # characters of a name
FORMER = 20  # names that a model is remembered by


def human_name(path: Path) -> str:
    """A model's name: that of its file without the quant type, which is shown beside it.

    ``general.name`` is what a training run was called more often than what people call the model.
    """
    whole = stem(path)
    return QUANT_SUFFIX.sub("", whole) or whole


def checked_name(wanted: str) -> str:
    """A name as the user typed it, without spaces around it. Raises ModelError NAME_BAD."""
    name = wanted.strip()
    if not name or len(name) > LONGEST or not name.isprintable():  # isprintable refuses lone surrogates too
        raise ModelError(Code.NAME_BAD, name=wanted[:LONGEST].encode("utf-8", "replace").decode())
    return name


def one_line(name: str) -> str:
    """A name that came from elsewhere, made fit for a list; "" when nothing of it is."""
    shown = "".join(character if character.isprintable() else " " for character in name[: LONGEST * 4])
    return " ".join(shown.split())[:LONGEST].strip()


def name_uniquely(entries: Iterable[Entry]) -> bool:
    """Tell models apart that have one name: by the quant type, then by number. Those that are listed, and were named first, keep theirs.

    Returns whether a name changed.
    """
    taken: set[str] = set()
    changed = False
    for entry in sorted(entries, key=lambda entry: (not entry.listed, not entry.named)):
        name, number = entry.model.name, 1
        key = name.casefold()
        if key in taken and entry.model.quant:
            name = f"{entry.model.name} {entry.model.quant}"
            key = name.casefold()
        plain = name
        while key in taken:
            number += 1
            name = f"{plain} ({number})"
            key = name.casefold()
        taken.add(key)
        if name != entry.model.name:
            entry.model = msgspec.structs.replace(entry.model, name=name)
            changed = True
    return changed
