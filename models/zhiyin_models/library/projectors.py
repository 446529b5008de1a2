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

    It lies in the same folder, and was fetched with the model or bears its name; one without any name belongs to the only model there.
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
        by_base: dict[str, str] = {}
        by_name: dict[str, str] = {}
        for candidate in sorted(one.model.path for one in candidates):
            by_base.setdefault(_base(candidate), candidate)
            by_name[Path(candidate).name] = candidate
        bases = {entry.model.path: _base(entry.model.path) for entry in by_folder[folder]}
        alone = by_base.get("", "") if len(set(bases.values())) == 1 else ""
        for entry in by_folder[folder]:
            origin = entry.model.origin
            fetched = (by_name.get(Path(name).name) for name in (origin.sha256 if origin is not None else ()))
            beside = next(filter(None, fetched), "") or by_base.get(bases[entry.model.path], "") or alone
            if beside:
                found[entry.model.path] = beside
    return found


def _base(path: str) -> str:
    """What is left of a file's name without its quant type and the word itself."""
    left = QUANT_SUFFIX.sub("", WORD.sub("", stem(Path(path))))
    return SEPARATORS.sub("-", left).strip("-").casefold()
