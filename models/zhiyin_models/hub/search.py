"""Looking for models at the sources of the settings: which is asked, and which stands in.

Blocks: for child processes and the command line.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub import huggingface, modelscope
from zhiyin_models.hub.addresses import file_address
from zhiyin_models.hub.answers import REPOSITORY, fetch
from zhiyin_models.hub.card import MAX_CARD, Card, read_card
from zhiyin_models.hub.connection import Connection, Patience
from zhiyin_models.hub.grouping import checkpoint_files, group
from zhiyin_models.hub.header import MAX_CONFIG, completed, shape_of_config, shape_of_file
from zhiyin_models.hub.huggingface import Model
from zhiyin_models.hub.settings import HubSettings, Source
from zhiyin_models.hub.tokens import read_token
from zhiyin_models.hub.values import Details, RemoteFile, RepositoryKind, Results, SearchQuery, Shape, Variant
from zhiyin_models.library.installed import data_dir

PATIENCE = Patience(connect=8.0, stall=15.0, answer=45.0)  # somebody is looking at the screen
BRIEF = Patience(connect=4.0, stall=5.0, answer=8.0)  # for what there is something else to show instead of
UNWELL = 120.0  # seconds for which a source that could not be reached is asked last
ELSEWHERE = {  # what another source may do better
    *(Code.NETWORK_UNREACHABLE, Code.NETWORK_STALLED, Code.NETWORK_CERTIFICATE, Code.NETWORK_REDIRECTS),
    *(Code.HUB_BUSY, Code.HUB_SERVER, Code.HUB_ANSWER_BAD, Code.ADDRESS_BAD),
}
AT_ONCE = 4  # questions for newest revisions

T = TypeVar("T")
PassedOver = Callable[["Source", ModelError], None]  # hears which source did not give what another gave then, and why
logger = logging.getLogger(__name__)


class _Health:
    """When which address could last not be reached: nobody waits for the same dead server twice in a row."""

    unwell: dict[str, float] = {}  # noqa: RUF012 - of the whole process


def connect(settings: HubSettings, folder: Path | None = None) -> Connection:
    """A connection for looking things up, with the tokens of a data directory (the user's own where none is given)."""
    place = folder or data_dir()
    return Connection(settings, token=lambda source: read_token(source, place), patience=PATIENCE)


def search(
    settings: HubSettings,
    query: SearchQuery,
    source: str = "",
    more: str = "",
    *,
    connection: Connection | None = None,
    passed_over: PassedOver | None = None,
) -> tuple[Results, str]:
    """Repositories, and the name of the source that answered.

    ``source`` is the one to ask; mirrors of it stand in, which ``passed_over`` hears. Without one all are tried in order. ``more`` is what
    earlier results gave: they go on at the source that they came from.

    Raises ModelError HUB_OFFLINE, HUB_NO_SOURCE, and what the last source said.
    """
    came_from, _, cursor = more.partition("\n")
    sources = [one for one in _sources(settings, came_from or source) if not more or one.name == came_from]

    def ask(connection: Connection, one: Source) -> Results:
        found = _hub(one).search(connection, one, query, cursor)
        return msgspec.structs.replace(found, more=f"{one.name}\n{found.more}" if found.more else "")

    with _opened(settings, connection) as opened:
        return _first(sources, lambda one: ask(opened, one), passed_over)


def describe(
    settings: HubSettings,
    repository: str,
    source: str = "",
    revision: str = "",
    *,
    connection: Connection | None = None,
    passed_over: PassedOver | None = None,
) -> Details:
    """Everything about one repository.

    Raises ModelError: as ``search``, and HUB_NOT_FOUND, HUB_GATED, HUB_TOKEN_NEEDED, HUB_TOKEN_REFUSED.
    """
    sources = _sources(settings, source)
    if not REPOSITORY.fullmatch(repository):
        raise ModelError(Code.HUB_NOT_FOUND, name=repository[:200], address=sources[0].address)
    with _opened(settings, connection) as opened:
        model, name = _first(sources, lambda one: _hub(one).model(opened, one, repository, revision), passed_over)
        return _details(settings, opened, model, next(one for one in sources if one.name == name))


def newest(settings: HubSettings, repositories: Sequence[tuple[str, str]], *, connection: Connection | None = None) -> tuple[str, ...]:
    """The newest revisions of (source, repository), in order; "" where nobody says. Raises ModelError HUB_OFFLINE."""
    if settings.offline:
        raise ModelError(Code.HUB_OFFLINE)

    def ask(opened: Connection, pair: tuple[str, str]) -> str:
        if not REPOSITORY.fullmatch(pair[1]):
            return ""
        try:
            return _first(_sources(settings, pair[0]), lambda one: _hub(one).newest(opened, one, pair[1]))[0]
        except ModelError as error:
            logger.info("The newest revision of %s is not known: %s", pair[1], error)
            return ""

    with _opened(settings, connection) as opened, ThreadPoolExecutor(AT_ONCE, "newest") as pool:
        return tuple(pool.map(lambda pair: ask(opened, pair), repositories))


# ---------------------------------------------------------------- sources


class Hub(Protocol):
    """What there is one module of for each kind of hub."""

    def search(self, connection: Connection, source: Source, query: SearchQuery, cursor: str = "") -> Results:
        """Repositories."""

    def model(self, connection: Connection, source: Source, identity: str, revision: str = "") -> Model:
        """One repository."""

    def newest(self, connection: Connection, source: Source, identity: str) -> str:
        """Its newest revision."""


def _hub(source: Source) -> Hub:
    return modelscope if source.kind == "modelscope" else huggingface


def _sources(settings: HubSettings, name: str) -> list[Source]:
    """Who is asked, in order: the one named and those that have the same, else all. Raises ModelError HUB_OFFLINE, HUB_NO_SOURCE."""
    if settings.offline:
        raise ModelError(Code.HUB_OFFLINE)
    named = settings.source(name)
    if named is None:
        found = [one for one in settings.sources if one.enabled and not name]
    else:
        found = [named, *(one for one in settings.of_kind(named.kind) if one != named)]
    if not found:
        raise ModelError(Code.HUB_NO_SOURCE)
    return found


def _first(sources: Sequence[Source], ask: Callable[[Source], T], passed_over: PassedOver | None = None) -> tuple[T, str]:
    """What the first source that answers says, and its name; ``passed_over`` hears of those that were asked before in vain.

    Where one says that it has no such thing, its mirrors are not asked, but hubs of another kind are. Raises the ModelError that says most.
    """
    now = time.monotonic()
    order = sorted(sources, key=lambda one: now - _Health.unwell.get(one.address, -UNWELL) < UNWELL)
    errors: list[ModelError] = []
    vainly: list[Source] = []
    settled: set[str] = set()
    for source in order:
        if source.kind in settled:
            continue
        try:
            answer = ask(source)
        except ModelError as error:
            logger.info("%s: %s", source.name, error)
            errors.append(error)
            vainly.append(source)
            if error.code not in ELSEWHERE:
                settled.add(source.kind)
            elif error.code in (Code.NETWORK_UNREACHABLE, Code.NETWORK_STALLED):
                _Health.unwell[source.address] = time.monotonic()
            continue
        _Health.unwell.pop(source.address, None)
        if passed_over is not None:
            for one, why in zip(vainly, errors, strict=True):
                passed_over(one, why)
        return answer, source.name
    raise next((error for error in errors if error.code not in ELSEWHERE), errors[0])


@contextmanager
def _opened(settings: HubSettings, connection: Connection | None) -> Iterator[Connection]:
    """A connection that several threads may use: the one given, which stays open, or one for this question."""
    if connection is not None:
        connection.open()
        yield connection
        return
    with connect(settings) as own:
        own.open()
        yield own


# ---------------------------------------------------------------- details


def _details(settings: HubSettings, connection: Connection, model: Model, source: Source) -> Details:
    """Everything that can be said of a repository; what cannot be had (a gated card, a header) is left out."""
    variants, checkpoint = group(model.files), checkpoint_files(model.files)
    with connection.with_patience(BRIEF) as brief, ThreadPoolExecutor(1, "header") as beside:
        brief.open()
        shape = beside.submit(_shape, brief, model, source, variants, checkpoint)
        card = _card(brief, model, source)
    repository = model.repository
    licence = repository.licence or card.one("license") or card.one("license_name")
    languages = repository.languages or card.metadata.get("language", ())
    kind: RepositoryKind = "gguf" if variants else "checkpoint" if checkpoint else "other"
    base = tuple(one for one in (model.base or card.metadata.get("base_model", ())) if REPOSITORY.fullmatch(one))
    return Details(
        repository=msgspec.structs.replace(repository, kind=kind, licence=licence, languages=languages),
        revision=model.revision,
        variants=variants,
        checkpoint=checkpoint,
        base=base,
        card=card.text,
        page=_page(settings, source, repository.id),
        shape=completed(shape.result(), repository, variants[0].files[0] if variants else None),
    )


def _card(connection: Connection, model: Model, source: Source) -> Card:
    if model.card is not None:
        return read_card(model.card.encode("utf-8", "replace"))
    try:
        address = _address(source, model, "README.md")
        has_one = any(file.path == "README.md" for file in model.files)
        return read_card(fetch(connection, address, limit=MAX_CARD) if has_one else b"")
    except ModelError as error:
        logger.info("No card: %s", error)
        return Card("", {})


def _shape(
    connection: Connection, model: Model, source: Source, variants: tuple[Variant, ...], checkpoint: tuple[RemoteFile, ...]
) -> Shape | None:
    try:
        if variants:
            first = variants[0].files[0].path
            return shape_of_file(connection, _address(source, model, first), first)
        if checkpoint:
            return shape_of_config(fetch(connection, _address(source, model, "config.json"), limit=MAX_CONFIG))
    except ModelError as error:
        logger.info("No header: %s", error)
    return None


def _address(source: Source, model: Model, path: str) -> str:
    return file_address(source.kind, source.address, model.repository.id, model.revision, path)


def _page(settings: HubSettings, source: Source, identity: str) -> str:
    """Its page for people: at the hub itself, where licences are accepted, and not at a mirror."""
    home = source if source.official else next((one for one in settings.sources if one.official and one.kind == source.kind), source)
    return f"{home.address}/models/{identity}" if home.kind == "modelscope" else f"{home.address}/{identity}"
