"""ModelScope, by the interface that its own pages and its own library use: ``/api/v1/…``; every answer is wrapped as ``{"Data": …}``."""

from collections.abc import Iterator
from urllib.parse import quote

import msgspec

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.addresses import shown
from zhiyin_models.hub.answers import (
    COMMIT,
    MAX_ITEMS,
    REPOSITORY,
    Json,
    bad_answer,
    fetch_json,
    field,
    number,
    seconds,
    sha256,
    size,
    text,
    texts,
)
from zhiyin_models.hub.connection import Connection
from zhiyin_models.hub.huggingface import MAX_FILES, MAX_PAGE, PAGE, Model, has_size, kind_of
from zhiyin_models.hub.settings import Source
from zhiyin_models.hub.values import RemoteFile, Repository, Results, SearchQuery, Sort
from zhiyin_models.library.shapes import parameters_of

BRANCH = "master"
SORTS = {Sort.TREND: "Default", Sort.DOWNLOADS: "DownloadsCount", Sort.LIKES: "StarsCount", Sort.UPDATED: "GmtModified"}
MOST_PAGES = 6
LAST_PAGE = 1000
PUBLIC = 5  # of "Visibility"
CARD = 512 << 10  # characters


def search(connection: Connection, source: Source, query: SearchQuery, cursor: str = "") -> Results:
    """Repositories, and the number of the page that follows. Raises ModelError."""
    number_of_page = max(1, int(cursor)) if cursor.isascii() and cursor.isdigit() and len(cursor) < 6 else 1
    wanted = max(1, min(query.limit or PAGE, MAX_PAGE))
    found: list[Repository] = []
    for _ in range(MOST_PAGES):
        data = _data(connection, source, "dolphin/models", body=_question(query, number_of_page, wanted))
        models = field(data, "Model", "Models")
        if models is not None and not isinstance(models, list):
            raise bad_answer(source.address, "Models")
        repositories = [_repository(one, source) for one in (models or [])[:MAX_PAGE]]
        found += [one for one in repositories if one is not None and _is_wanted(one, query)]
        number_of_page += 1
        if len(models or []) < wanted or number_of_page > LAST_PAGE:
            return Results(tuple(found))
        if len(found) >= wanted:
            break
    return Results(tuple(found), str(number_of_page))


def model(connection: Connection, source: Source, identity: str, revision: str = "") -> Model:
    """One repository with its files. Raises ModelError."""
    data = _data(connection, source, f"models/{identity}", name=identity)
    repository = _repository(data, source, identity)
    listed = _data(
        connection, source, f"models/{identity}/repo/files?Revision={quote(revision or BRANCH, safe='')}&Recursive=true", name=identity
    )
    entries = field(listed, "Files")
    if repository is None or not isinstance(entries, list):
        raise bad_answer(source.address, "Files")
    commit = revision or text(field(listed, "LatestCommitter", "Id"))
    files = tuple(_files(entries))
    endings = tuple(ending for ending in ("gguf", "safetensors") if any(file.path.lower().endswith(f".{ending}") for file in files))
    card = field(data, "ReadMeContent")
    return Model(
        repository=msgspec.structs.replace(repository, kind=kind_of((*repository.tags, *endings))),
        revision=commit if COMMIT.fullmatch(commit) else revision or BRANCH,
        files=files,
        base=tuple(one for one in texts(field(data, "BaseModel")) if REPOSITORY.fullmatch(one)),
        card=card[:CARD] if isinstance(card, str) else None,
    )


def newest(connection: Connection, source: Source, identity: str) -> str:
    """The newest commit of a repository; "" where it does not say. Raises ModelError."""
    commit = text(
        field(_data(connection, source, f"models/{identity}/repo/files?Revision={BRANCH}", name=identity), "LatestCommitter", "Id")
    )
    return commit if COMMIT.fullmatch(commit) else ""


# ---------------------------------------------------------------- questions


def _data(connection: Connection, source: Source, path: str, *, name: str = "", body: bytes | None = None) -> Json:
    """What an answer wraps. Raises ModelError; HUB_NOT_FOUND also where it says so with status 200."""
    address = f"{source.address}/api/v1/{path}"
    if body is None:
        answer = fetch_json(connection, address, name=name)
    else:
        answer = fetch_json(connection, address, name=name, method="PUT", body=body)
    if not isinstance(answer, dict):
        raise bad_answer(address, "no object")
    if field(answer, "Success") is False or field(answer, "Data") is None:
        if name:
            raise ModelError(Code.HUB_NOT_FOUND, name=name, address=shown(source.address))
        raise bad_answer(address, text(field(answer, "Message"), 80) or "Data")
    return answer["Data"]


def _question(query: SearchQuery, page: int, wanted: int) -> bytes:
    library = {"gguf": "gguf", "checkpoint": "safetensors"}.get(query.kind, "")
    given = {"libraries": library, "license": query.licence, "language": query.language, "tasks": query.task}
    criteria = [{"category": name, "predicate": "contains", "values": [value]} for name, value in given.items() if value]
    return msgspec.json.encode(
        {
            "Name": f"{query.author}/{query.text}" if query.author and not query.text else query.text,
            "PageNumber": page,
            "PageSize": wanted,
            "SortBy": SORTS[query.sort],
            "Target": "",
            "SingleCriterion": [],
            "Criterion": criteria,
        }
    )


def _is_wanted(repository: Repository, query: SearchQuery) -> bool:
    return has_size(repository, query) and query.author.lower() in ("", repository.author.lower())


# ---------------------------------------------------------------- answers


def _repository(data: Json, source: Source, identity: str = "") -> Repository | None:
    """One result; None for an id that could be no folder."""
    identity = identity or f"{text(field(data, 'Path'))}/{text(field(data, 'Name'))}"
    if not REPOSITORY.fullmatch(identity):
        return None
    tasks = field(data, "Tasks")
    named = [text(field(one, "Name")) for one in tasks[:MAX_ITEMS]] if isinstance(tasks, list) else []
    tags = tuple(dict.fromkeys((*texts(field(data, "Tags")), *(one.lower() for one in texts(field(data, "Libraries"))))))
    visibility = field(data, "Visibility")
    return Repository(
        source=source.name,
        id=identity,
        kind=kind_of(tags),
        task=next(iter(named), ""),
        downloads=number(field(data, "Downloads")),
        likes=number(field(data, "Stars")),
        created=seconds(field(data, "CreatedTime")),
        updated=seconds(field(data, "LastUpdatedTime")) or seconds(field(data, "GmtModified")),
        licence=text(field(data, "License")),
        languages=texts(field(data, "Language")),
        tags=tags,
        private=isinstance(visibility, int) and visibility != PUBLIC,
        parameters=parameters_of(identity),
    )


def _files(entries: list[Json]) -> Iterator[RemoteFile]:
    for entry in entries[:MAX_FILES]:
        path = field(entry, "Path")
        if field(entry, "Type") == "blob" and isinstance(path, str) and 0 < len(path) <= 1024:
            yield RemoteFile(path, size(field(entry, "Size")), sha256(field(entry, "Sha256")))
