"""Well-chosen models that a person can start with, and which of them suits a computer. The list is an asset, ``catalogue.json``."""

import logging
import math
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from zhiyin_models.hub.grouping import plain_quant
from zhiyin_models.hub.values import Details, RemoteFile, Shape, SourceKind
from zhiyin_models.library.speed import Speed, bytes_per_token
from zhiyin_models.library.verdict import USUAL_CONTEXT, Judgement, Machine, Verdict, judge
from zhiyin_models.resources import asset_path

ASSET = "catalogue.json"
VERSION = 1
MAX_BYTES = 1 << 20
MAX_ENTRIES = 500
LARGEST = 1 << 42  # bytes of a file, and parameters

ENOUGH = 8.0  # tokens a second below which reading along becomes waiting
ASSUMED_RATE = 50e9  # bytes a second that an unmeasured processor is taken to read; for the order alone, and never shown
MARGIN = 512 << 20  # of the main memory, besides a tenth of it, that a recommended model leaves to everything else
PER_YEAR = 0.75  # a year older counts as so much of the size
THINKING = {"": 1.0, "default": 0.75, "always": 0.6}  # for questions rather than for a first conversation
SECOND_LANGUAGE, OTHER_LANGUAGE = 0.9, 0.4
OUR_CHOICE = 1.3
NOT_ON_CARD = 0.5  # beside a card that stays empty, or split between the two, a model is slower
SMALL = 2_000_000_000  # parameters up to which the finest file is chosen without a card

IDENTITY = re.compile(r"[a-z0-9][a-z0-9.-]{1,62}")
REPOSITORY = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")
LANGUAGE = re.compile(r"[a-z]{2,3}")
RELEASED = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
SHA256 = re.compile(r"[0-9a-f]{64}|")

logger = logging.getLogger(__name__)


class Words(Struct, frozen=True):
    """The same in both languages of the app."""

    zh: str
    en: str

    def of(self, language: str) -> str:
        """In the language (``zh_CN``, ``zh``, ``en`` …); English unless it is Chinese."""
        return self.zh if language.lower().startswith("zh") else self.en


class CatalogueFile(Struct, frozen=True, forbid_unknown_fields=True):
    """One quant type of a model: its files in order."""

    quant: str
    files: tuple[RemoteFile, ...]
    approximate: bool = False  # the size is told to three digits, or computed, until the hub tells it

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def to_fetch(self) -> tuple[RemoteFile, ...]:
        """The files as a download takes them: a size that is only approximate is unknown (-1) there."""
        return tuple(replace(file, size=-1) for file in self.files) if self.approximate else self.files


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """A model of the catalogue, with where its files are."""

    id: str
    family: str  # of which one is enough at the top of a list
    name: Words
    huggingface: str  # owner/name at Hugging Face and its mirrors
    modelscope: str  # the same files at ModelScope; "" where they are not known to be
    released: str  # year and month
    licence: str  # SPDX where there is one
    languages: tuple[str, ...]  # that its maker names, the one it speaks best first
    good_for: Words
    shape: Shape
    variants: tuple[CatalogueFile, ...]  # smallest first
    thinks: Literal["", "default", "always"] = ""  # at length before it answers; by default: unless it is told not to
    preferred: bool = False  # what the makers of the list would choose among models of its size
    checked: bool = False  # repository, file names and sizes were found in public sources
    revision: str = ""  # known once the hub was asked

    @property
    def parameters(self) -> int:
        """Weights, counted."""
        return self.shape.parameters

    def repository(self, kind: SourceKind) -> str:
        """Its id at sources of a kind, or ""."""
        return {"huggingface": self.huggingface, "modelscope": self.modelscope}.get(kind, "")


class _Catalogue(Struct, frozen=True):
    version: Literal[1]
    updated: str
    entries: tuple[Entry, ...]


def read_catalogue(path: Path | None = None) -> tuple[Entry, ...]:
    """The entries of the asset (or of another file), the smallest model first. None when it is missing or damaged, which is logged."""
    return _bundled() if path is None else _read(path)


@cache
def _bundled() -> tuple[Entry, ...]:
    try:
        return _read(asset_path(ASSET))
    except FileNotFoundError:
        logger.exception("The catalogue is not installed")
        return ()


def _read(path: Path) -> tuple[Entry, ...]:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ValueError("too long")
        entries = msgspec.json.decode(content, type=_Catalogue).entries
        if len(entries) > MAX_ENTRIES or len({entry.id for entry in entries}) < len(entries):
            raise ValueError("too many entries, or one twice")
        for entry in entries:
            _check(entry)
    except (OSError, ValueError, RecursionError):  # msgspec's and Unicode's errors are ValueErrors
        logger.exception("The catalogue %s cannot be used", path)
        return ()
    return tuple(sorted(entries, key=lambda entry: entry.parameters))


def _check(entry: Entry) -> None:
    """Raises ValueError for what no entry may be: values are used as paths and addresses."""
    texts = (entry.family, entry.licence, entry.name.zh, entry.name.en, entry.good_for.zh, entry.good_for.en)
    paths = [file.path for variant in entry.variants for file in variant.files]
    numbers = (
        entry.parameters,
        entry.shape.layers,
        entry.shape.kv_heads,
        *(file.size for variant in entry.variants for file in variant.files),
    )
    fine = (
        IDENTITY.fullmatch(entry.id)
        and REPOSITORY.fullmatch(entry.huggingface)
        and (not entry.modelscope or REPOSITORY.fullmatch(entry.modelscope))
        and RELEASED.fullmatch(entry.released)
        and entry.languages
        and all(map(LANGUAGE.fullmatch, entry.languages))
        and all(0 < len(text) <= 300 for text in texts)
        and all(variant.quant and variant.files for variant in entry.variants)
        and entry.variants
        and all(path.endswith(".gguf") and _is_plain(path) for path in paths)
        and all(SHA256.fullmatch(file.sha256) for variant in entry.variants for file in variant.files)
        and all(0 < number < LARGEST for number in numbers)
    )
    if not fine:
        raise ValueError(f"the entry {entry.id[:64]!r}")


def _is_plain(path: str) -> bool:
    place = PurePosixPath(path)
    return len(path) <= 200 and path.isprintable() and "\\" not in path and not place.is_absolute() and ".." not in place.parts


def refreshed(entry: Entry, details: Details) -> Entry:
    """The entry as the hub describes its repository now: sizes, checksums, revision. Quant types that are gone there are left out.

    The entry stays as it was when nothing of it is there, or the details are of another repository.
    """
    if details.repository.id not in (entry.huggingface, entry.modelscope):
        return entry
    by_path = {variant.files[0].path: variant for variant in details.variants if variant.files}
    by_quant = {plain_quant(variant.quant): variant for variant in reversed(details.variants)}
    fresh = []
    for known in entry.variants:
        found = by_path.get(known.files[0].path) or by_quant.get(known.quant)
        if found is not None:
            complete = found.size > 0
            sizes = tuple(_merged(file, known) for file in found.files)
            fresh.append(CatalogueFile(known.quant, sizes, approximate=known.approximate and not complete))
    return replace(entry, variants=tuple(fresh), revision=details.revision) if fresh else entry


def _merged(file: RemoteFile, known: CatalogueFile) -> RemoteFile:
    """The hub's word; what it does not say stays as it was known, as long as the file is the same size."""
    before = next((one for one in known.files if one.path == file.path), None)
    if before is None:
        return file
    size = file.size if file.size > 0 else before.size
    return RemoteFile(file.path, size, file.sha256 or (before.sha256 if size == before.size else ""))


# ---------------------------------------------------------------- what suits a computer


def best_for(
    machine: Machine,
    speed: Speed | None,
    language: str,
    context: int = USUAL_CONTEXT,
    entries: Iterable[Entry] | None = None,
) -> list[tuple[Entry, CatalogueFile, Judgement]]:
    """The models that suit a computer, the best first: for the first page, where one of them is offered.

    A model counts when all of it fits with such a context, with room to spare for other programs. Those that write at 8 tokens a second or
    more come before slower ones; where nothing was measured, a processor is taken to read 50 GB a second. Then the most capable come first:

    * by size: the parameters, for a mixture of experts the geometric mean of all and of those that are used;
    * each year that a model is older than the newest takes a quarter off;
    * what the makers of the list would choose among models of a size counts a third more, what thinks at length before it answers a quarter
      less, or more than that where it always does;
    * what does not speak the wanted language (``zh``, ``en``) counts less than half, what has no room on the card that there is, half.

    Of each family one comes before the second of any. The file is the largest that stays where the best would be; on a processor, where a
    larger one is slower, the smallest, except of models of up to 2 billion parameters.
    """
    listed = read_catalogue() if entries is None else tuple(entries)
    newest = max((_month(entry) for entry in listed), default=0)
    ranked = []
    for entry in listed:
        choice = _choice(entry, machine, speed, context)
        if choice is not None:
            file, judgement = choice
            ranked.append(
                (_is_slow(entry, file, judgement, context), -_worth(entry, judgement, language, newest, machine), entry, file, judgement)
            )
    ranked.sort(key=lambda found: (found[0], found[1], found[2].id))
    seen: set[str] = set()
    first: list[tuple[Entry, CatalogueFile, Judgement]] = []
    later: list[tuple[Entry, CatalogueFile, Judgement]] = []
    for slow, _, entry, file, judgement in ranked:
        again = slow or entry.family in seen
        seen.add(entry.family)
        (later if again else first).append((entry, file, judgement))
    return first + later


def _choice(entry: Entry, machine: Machine, speed: Speed | None, context: int) -> tuple[CatalogueFile, Judgement] | None:
    """Which of its files, if any fits with room to spare."""
    room = max(0, machine.memory_free - MARGIN - machine.memory_total // 10)
    careful = replace(machine, memory_free=room)
    judged = [(file, judge(file.size, entry.shape, context, careful, speed)) for file in sorted(entry.variants, key=lambda file: file.size)]
    fitting = [(file, judgement) for file, judgement in judged if judgement.verdict != Verdict.NO]
    if not fitting:
        return None
    whole = [pair for pair in fitting if pair[1].verdict == Verdict.GPU]
    quick = [pair for pair in fitting if not _is_slow(entry, *pair, context)]
    file, _ = whole[-1] if whole else quick[-1] if quick and entry.parameters <= SMALL else fitting[0]
    return file, judge(file.size, entry.shape, context, machine, speed)


def _is_slow(entry: Entry, file: CatalogueFile, judgement: Judgement, context: int) -> bool:
    if judgement.tokens_per_second is not None:
        return judgement.tokens_per_second < ENOUGH
    beside = 1 - judgement.gpu_share
    return bytes_per_token(file.size, entry.shape, min(context, judgement.context) // 2) * beside * ENOUGH > ASSUMED_RATE


def _worth(entry: Entry, judgement: Judgement, language: str, newest: int, machine: Machine) -> float:
    used = entry.shape.active or entry.parameters
    worth: float = math.sqrt(float(entry.parameters) * used) * PER_YEAR ** ((newest - _month(entry)) / 12)
    spoken = language.lower().partition("_")[0].partition("-")[0]
    if spoken != entry.languages[0]:
        worth *= SECOND_LANGUAGE if spoken in entry.languages else OTHER_LANGUAGE
    worth *= THINKING[entry.thinks]
    if entry.preferred:
        worth *= OUR_CHOICE
    return worth * (NOT_ON_CARD if machine.gpus and judgement.verdict != Verdict.GPU else 1.0)


def _month(entry: Entry) -> int:
    year, _, month = entry.released.partition("-")
    return int(year) * 12 + int(month)
