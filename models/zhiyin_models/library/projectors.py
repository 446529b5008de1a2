"""mmproj files: the part of a model that sees or hears, in a file of its own beside it."""

import os
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from zhiyin_models.errors import Code
from zhiyin_models.library.entries import Entry
from zhiyin_models.library.gguf import stem
from zhiyin_models.library.naming import QUANT_SUFFIX

WORD = re.compile(r"mm-?proj(?:ector)?", re.IGNORECASE)
SEPARATORS = re.compile(r"[-._ ]+")


def is_projector(entry: Entry) -> bool:
    """Whether a file is no model but a projector."""
    model = entry.model
    return model.problem == Code.MODEL_NOT_CHAT and (model.architecture in {"clip", "mmproj"} or bool(WORD.search(Path(model.path).name)))


def projectors(entries: Iterable[Entry]) -> dict[str, str]:
    """The projector of each model that has one, by path.

    It lies in the same folder and bears the model's name; one without any name belongs to the only model there.
    """
    with_projector: dict[str, list[Entry]] = defaultdict(list)
    others = []
    for entry in entries:
        if is_projector(entry):
            with_projector[os.path.dirname(entry.model.path)].append(entry)  # noqa: PTH120 - as below
        elif entry.model.problem != Code.MODEL_NOT_CHAT:
            others.append(entry)
    if not with_projector:
        return {}
    by_folder: dict[str, list[Entry]] = defaultdict(list)
    for entry in others:
        by_folder[os.path.dirname(entry.model.path)].append(entry)  # noqa: PTH120 - thousands of times at each start
    found: dict[str, str] = {}
    for folder, candidates in with_projector.items():
        models = by_folder[folder]
        bases = {_base(entry.model.path) for entry in models}
        for entry in models:
            for candidate in sorted(candidates, key=lambda one: one.model.path):
                named = (entry.model.origin is not None) and Path(candidate.model.path).name in entry.model.origin.sha256
                own = _base(candidate.model.path)
                if named or (own and own == _base(entry.model.path)) or (not own and len(bases) == 1):
                    found[entry.model.path] = candidate.model.path
                    break
    return found


def _base(path: str) -> str:
    """What is left of a file's name without its quant type and the word itself."""
    left = QUANT_SUFFIX.sub("", WORD.sub("", stem(Path(path))))
    return SEPARATORS.sub("-", left).strip("-").casefold()
