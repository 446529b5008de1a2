"""The repositories of the test hub, and what its two APIs say of them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from tests.hub_server.content import Content

Json = Any


@dataclass
class Commit:
    """A revision: its name and the files that it has."""

    sha: str
    files: dict[str, Content]


@dataclass
class Repository:
    """A model repository. ``gguf`` and ``safetensors`` are what the hub found in the files, as its API gives it."""

    id: str
    commits: list[Commit] = field(default_factory=list)
    gated: str = ""  # "", "auto", "manual"
    private: bool = False
    task: str = "text-generation"
    downloads: int = 0
    likes: int = 0
    trend: int = 0
    created: float = 1_700_000_000.0
    updated: float = 1_750_000_000.0
    tags: tuple[str, ...] = ()
    licence: str = ""
    languages: tuple[str, ...] = ()
    base: tuple[str, ...] = ()
    gguf: Json = None  # {"total": parameters, "architecture": …, "context_length": …}
    safetensors: Json = None  # {"parameters": {"BF16": …}, "total": …}
    config: Json = None

    def commit(self, revision: str) -> Commit | None:
        """By its name, or by that of the branch."""
        if revision in ("main", "master", ""):
            return self.commits[-1]
        return next((commit for commit in self.commits if commit.sha == revision), None)

    def add(self, files: dict[str, Content]) -> Commit:
        """A new commit."""
        name = f"{self.id} {len(self.commits)}"
        commit = Commit(hashlib.sha1(name.encode()).hexdigest(), files)
        self.commits.append(commit)
        return commit

    @property
    def all_tags(self) -> tuple[str, ...]:
        """With those that the hub adds by itself."""
        endings = {path.rpartition(".")[2] for path in self.commits[-1].files}
        found = [name for name in ("gguf", "safetensors") if name in endings]
        licence = [f"license:{self.licence}"] if self.licence else []
        return (*self.tags, *found, self.task, *self.languages, *licence, *(f"base_model:{base}" for base in self.base))

    @property
    def parameters(self) -> int:
        """As the hub knows them."""
        return int((self.gguf or self.safetensors or {}).get("total", 0))


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


# -------------------------------------------------------------- Hugging Face


def model_fields(repository: Repository, commit: Commit, *, blobs: bool, expand: Iterable[str]) -> Json:
    """A model in the words of ``/api/models``; with ``expand`` only those fields, as the hub does it."""
    card = {
        "license": repository.licence or None,
        "language": list(repository.languages) or None,
        "base_model": list(repository.base) or None,
    }
    everything = {
        "author": repository.id.partition("/")[0],
        "sha": commit.sha,
        "lastModified": _time(repository.updated),
        "createdAt": _time(repository.created),
        "private": repository.private,
        "gated": repository.gated or False,
        "disabled": False,
        "downloads": repository.downloads,
        "likes": repository.likes,
        "trendingScore": repository.trend,
        "tags": list(repository.all_tags),
        "pipeline_tag": repository.task,
        "library_name": "gguf" if repository.gguf else "transformers",
        "cardData": {name: value for name, value in card.items() if value},
        "gguf": repository.gguf,
        "safetensors": repository.safetensors,
        "config": repository.config,
        "siblings": [_sibling(content, blobs=blobs) for content in commit.files.values()],
    }
    wanted = list(expand)
    return {"_id": commit.sha[:24], "id": repository.id} | {
        name: value for name, value in everything.items() if value is not None and (not wanted or name in wanted)
    }


def _sibling(content: Content, *, blobs: bool) -> Json:
    entry: dict[str, Json] = {"rfilename": content.path}
    if blobs:
        entry |= {"size": content.size, "blobId": content.blob if not content.large else content.sha256[:40]}
        if content.large:
            entry["lfs"] = {"sha256": content.sha256, "size": content.size, "pointerSize": 134}
    return entry


def found(repositories: Iterable[Repository], query: dict[str, list[str]]) -> list[Repository]:
    """What ``/api/models`` finds for its parameters, in their order."""
    chosen = [one for one in repositories if not one.private]
    for text in (word for given in query.get("search", []) for word in given.split()):
        chosen = [one for one in chosen if text.lower() in one.id.lower()]
    for author in query.get("author", []):
        chosen = [one for one in chosen if one.id.split("/")[0].lower() == author.lower()]
    for tag in (tag for given in query.get("filter", []) for tag in given.split(",")):
        chosen = [one for one in chosen if tag in one.all_tags]
    for task in query.get("pipeline_tag", []):
        chosen = [one for one in chosen if one.task == task]
    for given in query.get("num_parameters", []):
        least, most = _parameter_range(given)
        chosen = [one for one in chosen if least <= one.parameters <= most]
    orders = {
        "downloads": lambda one: one.downloads,
        "likes": lambda one: one.likes,
        "lastModified": lambda one: one.updated,
        "createdAt": lambda one: one.created,
    }
    order = orders.get(query.get("sort", ["trendingScore"])[-1], lambda one: one.trend)
    return sorted(chosen, key=order, reverse=True)


def _parameter_range(text: str) -> tuple[float, float]:
    bounds = dict(part.partition(":")[::2] for part in text.split(","))
    units = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}

    def number(bound: str, otherwise: float) -> float:
        return otherwise if not bound else float(bound[:-1]) * units[bound[-1]] if bound[-1] in units else float(bound)

    return number(bounds.get("min", ""), 0), number(bounds.get("max", ""), float("inf"))


def resolve_address(repository: Repository, commit: Commit, path: str) -> str:
    """Where a large file lies on the files' host; looks signed, as the real ones are."""
    return f"/{repository.id}/{commit.sha}/{quote(path)}?Expires=4102444800&Signature=c2lnbmVk"


# -------------------------------------------------------------- ModelScope


def modelscope_model(repository: Repository) -> Json:
    """A model in the words of ModelScope's API."""
    owner, name = repository.id.split("/")
    return {
        "Id": 1,
        "Path": owner,
        "Name": name,
        "ChineseName": "",
        "License": repository.licence,
        "Downloads": repository.downloads,
        "Stars": repository.likes,
        "Tags": list(repository.tags),
        "Tasks": [{"Name": repository.task, "ChineseName": ""}],
        "Libraries": [tag for tag in ("gguf", "safetensors") if tag in repository.all_tags],
        "Language": list(repository.languages),
        "BaseModel": list(repository.base),
        "CreatedTime": int(repository.created),
        "LastUpdatedTime": int(repository.updated),
        "Visibility": 1 if repository.private else 5,
        "Revision": repository.commits[-1].sha,
    }


def modelscope_answer(data: Json, *, code: int = 200, message: str = "success") -> Json:
    """Wrapped as every answer there is."""
    return {"Code": code, "Data": data, "Message": message, "RequestId": "test", "Success": code == 200}


def modelscope_found(repositories: Iterable[Repository], query: Json) -> Json:
    """What a search there gives for the body it was asked with."""
    text = str(query.get("Name") or "").lower()
    chosen = [one for one in repositories if not one.private and text in one.id.lower()]
    for criterion in query.get("Criterion") or []:
        values = [str(value).lower() for value in criterion["values"]]
        category = {
            "libraries": lambda one: one.all_tags,
            "license": lambda one: (one.licence,),
            "language": lambda one: one.languages,
            "tasks": lambda one: (one.task,),
        }[criterion["category"]]
        chosen = [one for one in chosen if any(value in map(str.lower, category(one)) for value in values)]
    orders = {
        "DownloadsCount": lambda one: one.downloads,
        "StarsCount": lambda one: one.likes,
        "GmtModified": lambda one: one.updated,
    }
    chosen.sort(key=orders.get(str(query.get("SortBy")), lambda one: one.trend), reverse=True)
    size, number = int(query.get("PageSize", 10)), int(query.get("PageNumber", 1))
    page = chosen[size * (number - 1) : size * number]
    return modelscope_answer({"Model": {"Models": [modelscope_model(one) for one in page], "TotalCount": len(chosen)}})


def modelscope_files(commit: Commit) -> Json:
    """The list of a repository's files there, with the folders between them."""
    folders = sorted({path.rpartition("/")[0] for path in commit.files if "/" in path})
    entries = [{"Name": name.rpartition("/")[2], "Path": name, "Type": "tree", "Size": 0, "Sha256": "", "IsLFS": False} for name in folders]
    entries += [
        {
            "Name": path.rpartition("/")[2],
            "Path": path,
            "Type": "blob",
            "Mode": "33188",
            "Size": content.size,
            "Sha256": content.sha256,
            "IsLFS": content.large,
            "Revision": commit.sha,
            "CommittedDate": 1_750_000_000,
        }
        for path, content in commit.files.items()
    ]
    return modelscope_answer({"Files": entries, "LatestCommitter": {"Id": commit.sha}})
