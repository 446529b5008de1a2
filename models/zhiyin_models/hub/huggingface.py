"""Hugging Face and its mirrors, asked through huggingface_hub.

The library's own client would send the token that lies in its cache or in $HF_TOKEN to whatever endpoint it is pointed at, wait
without end, read answers of any size, and try again for minutes. So it gets one of ours, which hands every request to a ``Connection``;
the library itself never knows a token.
"""

import functools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from msgspec import Struct

from zhiyin_models.errors import ModelError
from zhiyin_models.hub.answers import (
    COMMIT,
    REPOSITORY,
    Json,
    bad_answer,
    check_structure,
    field,
    number,
    read_body,
    seconds,
    sha256,
    size,
    text,
    texts,
)
from zhiyin_models.hub.connection import Connection
from zhiyin_models.hub.settings import Source
from zhiyin_models.hub.values import RemoteFile, Repository, RepositoryKind, Results, SearchQuery, Sort
from zhiyin_models.library.shapes import parameters_of

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import ModelInfo

SORTS = {Sort.TREND: "trending_score", Sort.DOWNLOADS: "downloads", Sort.LIKES: "likes", Sort.UPDATED: "last_modified"}
EXPAND = ["createdAt", "downloads", "gated", "gguf", "lastModified", "likes", "pipeline_tag", "private", "safetensors", "sha", "tags"]
PAGE = 30
MOST_PAGES = 6  # that are asked for one answer, when a filter of ours leaves few of each
MAX_PAGE = 100
MAX_CURSOR = 2000
CURSOR = re.compile(r"[\w.~%=+/:-]+", re.ASCII)
NEXT = re.compile(r'<([^<>]{1,6000})>\s*;\s*rel="?next"?')
LANGUAGE = re.compile(r"[a-z]{2}")
NO_LANGUAGES = {"tf", "hf", "us", "ai"}  # tags of two letters that are something else
LONG_LANGUAGES = {"yue", "wuu", "multilingual"}
MAX_FILES = 20_000


class Model(Struct, frozen=True):
    """A repository at one revision as the hub describes it, before anything of it was looked at."""

    repository: Repository
    revision: str
    files: tuple[RemoteFile, ...]
    base: tuple[str, ...] = ()
    card: str | None = None  # where the hub gives it along with the rest


class _Asking:
    """One question that the library is about to ask, and what came back beside the answer."""

    def __init__(self, connection: Connection, source: Source, name: str, cursor: str) -> None:
        self.connection, self.source, self.name, self.cursor = connection, source, name, cursor
        self.more = ""


_asking: ContextVar[_Asking] = ContextVar("asking")


class _Client(httpx2.Client):
    """What the library takes for its client: every request goes out by the connection of whoever is asking."""

    def send(self, request: httpx2.Request, **_: Any) -> httpx2.Response:
        """The whole answer, bounded. Raises ModelError, which the library takes for none of its own errors and so does not try again."""
        asking = _asking.get()
        url = request.url
        if asking.cursor:
            url = url.copy_merge_params({"cursor": asking.cursor})
        with asking.connection.stream(str(url), {"Accept": "application/json"}, method=request.method) as answer:
            error = asking.connection.refusal(answer, asking.name)
            if error is not None:
                raise error
            body = read_body(asking.connection, answer)
            check_structure(str(url), body)
            asking.more = _cursor(answer.headers.get("link", ""))
        return httpx2.Response(200, content=body, request=request)


@functools.cache
def _library() -> "type[HfApi]":
    """The library, made to use our client. Half a second the first time."""
    from huggingface_hub import HfApi, set_client_factory  # noqa: PLC0415

    # a transport that carries nothing: what does not come by ``send`` goes nowhere
    set_client_factory(lambda: _Client(transport=httpx2.BaseTransport(), trust_env=False))
    return HfApi


@contextmanager
def _ask(connection: Connection, source: Source, name: str = "", cursor: str = "") -> Iterator[tuple["HfApi", _Asking]]:
    """The library for one question. Raises ModelError: HUB_ANSWER_BAD for whatever the library makes of an odd answer."""
    asking = _Asking(connection, source, name, cursor)
    token = _asking.set(asking)
    try:
        yield _library()(endpoint=source.address, token=False), asking
    except ModelError:
        raise
    except Exception as error:  # it believes its hub: KeyError, TypeError, ValueError, RecursionError …
        raise bad_answer(source.address, error) from error
    finally:
        _asking.reset(token)


def search(connection: Connection, source: Source, query: SearchQuery, cursor: str = "") -> Results:
    """Repositories, and where the next ones begin. Raises ModelError."""
    found: list[Repository] = []
    page = max(1, min(query.limit or PAGE, MAX_PAGE))
    narrow = query.least_parameters > 0 or query.most_parameters > 0
    for _ in range(MOST_PAGES):
        with _ask(connection, source, cursor=cursor) as (api, asking):
            models = list(
                api.list_models(
                    filter=_filters(query) or None,
                    author=query.author or None,
                    search=query.text or None,
                    pipeline_tag=query.task or None,
                    sort=SORTS[query.sort],  # type: ignore[arg-type]
                    limit=MAX_PAGE if narrow else page,
                    expand=EXPAND,  # type: ignore[arg-type]
                )
            )
            repositories = [_repository(model, source) for model in models]
        found += [one for one in repositories if one is not None and has_size(one, query)]
        cursor = asking.more if models else ""
        if not cursor or len(found) >= page:
            break
    return Results(tuple(found), cursor)


def model(connection: Connection, source: Source, identity: str, revision: str = "") -> Model:
    """One repository with its files. Raises ModelError."""
    with _ask(connection, source, identity) as (api, _):
        info = api.model_info(identity, revision=revision or None, files_metadata=True)
        repository = _repository(info, source)
        files = tuple(_files(info))
    if repository is None:
        raise bad_answer(source.address, "id")
    commit = text(info.sha)
    base = texts(field(_card_data(info), "base_model")) or _tagged(info, "base_model:")
    return Model(
        repository=repository,
        revision=commit if COMMIT.fullmatch(commit) else revision or "main",
        files=files,
        base=tuple(one for one in base if REPOSITORY.fullmatch(one)),
    )


def newest(connection: Connection, source: Source, identity: str) -> str:
    """The newest commit of a repository. Raises ModelError."""
    with _ask(connection, source, identity) as (api, _):
        return text(api.model_info(identity, expand=["sha"]).sha)


# ---------------------------------------------------------------- questions


def _filters(query: SearchQuery) -> list[str]:
    kinds = {"gguf": "gguf", "checkpoint": "safetensors"}
    given = (kinds.get(query.kind, ""), f"license:{query.licence}" if query.licence else "", query.language)
    return [one for one in given if one]


def has_size(repository: Repository, query: SearchQuery) -> bool:
    """Whether it has as many parameters as are wanted; of unknown size it is nobody's."""
    least, most = query.least_parameters, query.most_parameters or repository.parameters
    if not query.least_parameters and not query.most_parameters:
        return True
    return repository.parameters > 0 and least <= repository.parameters <= most


def _cursor(link: str) -> str:
    """Where the next page begins, as the header says it (RFC 8288): only the cursor is taken, never an address from outside."""
    match = NEXT.search(link[: 4 * MAX_CURSOR])
    cursor = parse_qs(urlsplit(match[1]).query).get("cursor", [""])[-1] if match is not None else ""
    return cursor if len(cursor) <= MAX_CURSOR and CURSOR.fullmatch(cursor) else ""


# ---------------------------------------------------------------- answers


def _repository(info: "ModelInfo", source: Source) -> Repository | None:
    """One result; None for an id that could be no folder, or is of the time before they had owners."""
    if not REPOSITORY.fullmatch(info.id):  # raises TypeError for what is no text
        return None
    tags = texts(info.tags)
    parameters = number(field(info.gguf, "total")) or number(getattr(info.safetensors, "total", 0)) or parameters_of(info.id)
    card = _card_data(info)
    gated = info.gated if info.gated in ("auto", "manual") else ""
    return Repository(
        source=source.name,
        id=info.id,
        kind=kind_of(tags),
        task=text(info.pipeline_tag),
        downloads=number(info.downloads),
        likes=number(info.likes),
        created=seconds(info.created_at),
        updated=seconds(info.last_modified),
        licence=next(iter(_tagged(info, "license:")), "") or text(field(card, "license")),
        languages=texts(field(card, "language")) or languages_of(tags),
        tags=tags,
        gated=gated or "",
        private=info.private is True,
        parameters=parameters,
        architecture=text(field(info.gguf, "architecture"), 64) or _architecture(info),
        trained_context=number(field(info.gguf, "context_length")),
    )


def kind_of(tags: tuple[str, ...]) -> RepositoryKind:
    """What a repository holds, from its tags."""
    if "gguf" in tags:
        return "gguf"
    return "checkpoint" if {"safetensors", "pytorch", "transformers"} & set(tags) else "other"


def languages_of(tags: tuple[str, ...]) -> tuple[str, ...]:
    """The languages among the tags."""
    return tuple(tag for tag in tags if tag in LONG_LANGUAGES or (LANGUAGE.fullmatch(tag) and tag not in NO_LANGUAGES))


def _files(info: "ModelInfo") -> Iterator[RemoteFile]:
    for sibling in (info.siblings or [])[:MAX_FILES]:
        if isinstance(sibling.rfilename, str) and 0 < len(sibling.rfilename) <= 1024:
            lfs = sibling.lfs
            yield RemoteFile(
                sibling.rfilename, size(sibling.size if lfs is None else lfs.size), sha256(lfs.sha256) if lfs is not None else ""
            )


def _card_data(info: "ModelInfo") -> Json:
    data: Any = info.card_data  # whatever the hub sent, where it is no object
    return data.to_dict() if hasattr(data, "to_dict") else {}


def _tagged(info: "ModelInfo", prefix: str) -> tuple[str, ...]:
    """The tags of a kind: ``license:mit``, ``base_model:quantized:owner/name``."""
    found = (tag.removeprefix(prefix).rpartition(":")[2] for tag in texts(info.tags) if tag.startswith(prefix))
    return tuple(dict.fromkeys(found))


def _architecture(info: "ModelInfo") -> str:
    return text(field(info.config, "model_type"), 64)
