"""Brings what is remembered of models up to what their files are now."""

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.entries import Entry, InstalledModel
from zhiyin_models.library.gguf import GGUFFile, is_sendable, read_metadata, stem
from zhiyin_models.library.naming import human_name, name_uniquely
from zhiyin_models.library.scanning import Scan, Stamp, stamp_of

LONGEST_VALUE = 80  # characters of a licence's name or a language's
MOST_LANGUAGES = 64


class Descriptions:
    """What files say of themselves, each read once for as long as it stays what it is. Used from any thread."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Stamp, InstalledModel]] = {}

    def of(self, path: str, stamp: Stamp) -> InstalledModel:
        """The model; for a file that cannot be read, only its name and why."""
        known = self._known.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        model = described(Path(path), stamp)
        if model.problem != Code.MODEL_UNREADABLE:
            self._known[path] = (stamp, model)
        return model


def described(path: Path, stamp: Stamp) -> InstalledModel:
    """What a file says of itself; for one that cannot be read, only its name and why."""
    try:
        return model_of(read_metadata(path))
    except ModelError as error:
        return InstalledModel(stem(path), str(path), stamp[0], problem=error.code, missing=error.code == Code.MODEL_MISSING)


def model_of(file: GGUFFile) -> InstalledModel:
    """What is listed of a file."""
    problem: Code | None = None
    try:
        file.check_chat()
        file.check_complete()
    except ModelError as error:
        problem = error.code
    return InstalledModel(
        human_name(file.path),
        str(file.path),
        file.size,
        file.architecture,
        file.quant,
        file.parameters,
        file.trained_context,
        problem=problem,
        languages=languages_of(file),
        licence=_line(file.text("general.license") or file.text("general.license.name")),
    )


def languages_of(file: GGUFFile) -> tuple[str, ...]:
    """The languages that a file claims, by their codes."""
    claimed = file.metadata.get("general.languages")
    if not isinstance(claimed, tuple):
        return ()
    return tuple(line for item in claimed[:MOST_LANGUAGES] if isinstance(item, str) and (line := _line(item)))


def _line(text: str) -> str:
    shown = "".join(character if character.isprintable() else " " for character in text[: LONGEST_VALUE * 2])
    return " ".join(shown.split())[:LONGEST_VALUE]


def refresh(
    entries: list[Entry], found: Scan, owns: Callable[[str], bool], describe: Callable[[str, Stamp], InstalledModel]
) -> tuple[list[Entry], bool]:
    """The entries as the files are now, and whether anything differs from what was remembered.

    A model whose file is gone stays, as missing, unless there is nothing to remember of it. One that was moved or renamed within the
    models folder is known again by its size and time.
    """
    kept: list[Entry] = []
    gone: list[Entry] = []
    changed = False
    known: set[str] = set()
    for entry in entries:
        path = entry.model.path
        if path in known or not is_sendable(Path(path)):  # written by something else
            changed = True
            continue
        known.add(path)
        stamp = found.stamps.get(path) or _elsewhere(entry)
        if stamp is None:
            gone.append(entry)
            continue
        if entry.model.path != path:  # it has been moved
            path = entry.model.path
            if path in known:
                changed = True
                continue
            known.add(path)
        unreadable = entry.model.problem == Code.MODEL_UNREADABLE  # it may have become readable, which changes no time
        if stamp != entry.stamp or entry.model.missing or unreadable:
            old = entry.model
            renew(entry, describe(path, stamp), stamp)
            changed |= not unreadable or entry.model != old
        kept.append(entry)
    new = {path: stamp for path, stamp in found.stamps.items() if path not in known}
    for entry in gone:
        moved = [path for path, stamp in new.items() if stamp == entry.stamp]
        if len(moved) == 1 and owns(entry.model.path) and found.complete:
            renew(entry, describe(moved[0], new.pop(moved[0])), entry.stamp)
            kept.append(entry)
            changed = True
        elif found.complete and owns(entry.model.path) and not _worth_keeping(entry):
            changed = True
        else:
            changed |= not entry.model.missing
            entry.model = msgspec.structs.replace(entry.model, missing=True)
            kept.append(entry)
    for path in sorted(new):
        kept.append(Entry(describe(path, new[path]), *new[path]))
        changed = True
    changed |= name_uniquely(kept)
    return kept, changed


def take_over(entries: list[Entry], read: Iterable[str], found: Scan, describe: Callable[[str, Stamp], InstalledModel]) -> None:
    """Put into the list what some of the files say that were found: a part of what ``refresh`` does.

    A file that may be one that was moved waits for the whole.
    """
    known = {entry.model.path: entry for entry in entries}
    gone = {entry.stamp for entry in entries if entry.model.path not in found.stamps}
    for path in read:
        stamp = found.stamps[path]
        entry = known.get(path)
        if entry is None and stamp not in gone:
            entries.append(Entry(describe(path, stamp), *stamp))
        elif entry is not None and entry.stamp != stamp:
            renew(entry, describe(path, stamp), stamp)
    name_uniquely(entries)


def _elsewhere(entry: Entry) -> Stamp | None:
    """The stamp of what the scan did not come by. A move that was broken off may have got as far as the file."""
    stamp = stamp_of(entry.model.path)
    if stamp is None and entry.moving and (there := stamp_of(entry.moving)) and there[0] == entry.size:
        entry.model = msgspec.structs.replace(entry.model, path=entry.moving, missing=True)
        entry.moving = ""
        return there
    return stamp


def _worth_keeping(entry: Entry) -> bool:
    model = entry.model
    return entry.listed and (model.problem is None or bool(model.origin or model.notes or entry.named))


def renew(entry: Entry, fresh: InstalledModel, stamp: Stamp) -> None:
    """Take over what a file says now, and leave what is known from elsewhere: its name, its origin, what the user wrote."""
    old = entry.model
    changed = stamp != entry.stamp and entry.modified > 0
    first = not entry.size and not entry.named and not old.origin  # it was never read
    entry.model = msgspec.structs.replace(
        fresh,
        name=fresh.name if first else old.name,
        last_used=old.last_used,
        notes=old.notes,
        origin=old.origin,
        checked=0.0 if changed else old.checked,
        former_names=old.former_names,
    )
    if changed:
        entry.checksums = {}
    entry.size, entry.modified = stamp
