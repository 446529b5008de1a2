"""A model hub on the loopback address: speaks the API of Hugging Face and that of ModelScope, and misbehaves when it is told to."""

import contextlib
import json
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote, unquote, urlsplit

from tests.hub_server.content import Content, Given
from tests.hub_server.http_host import Connection, HttpHost, Request, Response
from tests.hub_server.misbehaviour import (
    ChangeETag,
    Misbehaviour,
    OfAnswer,
    OfBody,
    OfServer,
)
from tests.hub_server.repositories import (
    Commit,
    Repository,
    found,
    model_fields,
    modelscope_answer,
    modelscope_files,
    modelscope_found,
    modelscope_model,
    resolve_address,
)
from tests.hub_server.serving import RefusedError, answer_wrongly, gated, json_answer, send, send_content

TOKEN = "hf_the-token-of-the-test-hub"
Fault = TypeVar("Fault", bound=Misbehaviour)


class _Rule:
    """A misbehaviour, whom it happens to, and how often still."""

    def __init__(self, pattern: str, what: Misbehaviour, times: int | None, host: str, method: str) -> None:
        self.pattern, self.what, self.times, self.host, self.method = pattern, what, times, host, method

    def matches(self, request: Request) -> bool:
        return (
            self.times != 0
            and self.host in ("", request.host)
            and self.method in ("", request.method)
            and fnmatchcase(request.path, self.pattern)
        )


class HubServer:
    """A hub with two hosts: ``address`` has the APIs, ``files_address`` (another name and port) the bytes of large files.

    ::

        with HubServer(tmp_path) as hub:
            hub.add_repository("qwen/Qwen3-GGUF", {"q-Q4_K_M.gguf": Generated(5_000_000), "README.md": "# Qwen"}, downloads=7)
            hub.misbehave("*.gguf", Cut(after=100_000), times=2)
            ...
            assert all("authorization" not in request.headers for request in hub.requests if request.host == "files")

    ``folder`` takes the contents (a temporary one where none is given). A mirror (``mirror_of``) has the repositories of another hub, and
    everything else of its own. ``requests`` is the log of what was asked, in order. Every thread ends with ``close``.

    Addresses, on the hub's host: ``/api/models?search=…``, ``/api/models/OWNER/NAME[/revision/REV][?blobs=true]``,
    ``/api/models/OWNER/NAME/tree/REV``, ``/api/whoami-v2``, ``/OWNER/NAME/resolve/REV/PATH`` (302 to the other host for large files);
    ModelScope's ``PUT /api/v1/dolphin/models``, ``/api/v1/models/OWNER/NAME``, ``…/repo/files``, ``…/repo?FilePath=``,
    ``/models/OWNER/NAME/resolve/REV/PATH``; and ``/plain/NAME`` for what ``add_file`` added.
    """

    def __init__(self, folder: Path | None = None, *, mirror_of: "HubServer | None" = None) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="zhiyin-hub-") if folder is None else None
        self._folder = folder or Path(self._temporary.name if self._temporary else "")
        self._folder.mkdir(parents=True, exist_ok=True)
        self._repositories: dict[str, Repository] = mirror_of._repositories if mirror_of else {}
        self._plain: dict[str, Content] = mirror_of._plain if mirror_of else {}
        self._contents = 0
        self._rules: list[_Rule] = []
        self._log: deque[Request] = deque(maxlen=100_000)
        self._lock = threading.Lock()
        self.accepted: set[str] = set()  # ids of gated repositories whose licence the token's owner has accepted
        self.tokens = {TOKEN}  # that are valid
        self.disposition = ""  # the Content-Disposition of plain files
        self._hub = HttpHost("hub", self._answer)
        self._files = HttpHost("files", self._answer)
        self.address = f"http://127.0.0.1:{self._hub.port}"
        self.files_address = f"http://localhost:{self._files.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End every connection and thread."""
        self._hub.close()
        self._files.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    # -------------------------------------------------------------- what it has

    def add_repository(self, identity: str, files: Mapping[str, Given], **about: Any) -> Repository:
        """A model repository ("owner/name") with its files; ``about`` are the fields of ``Repository`` (gated, downloads, tags …).

        A file is given as bytes, text, a path to a file that stays where it is, or ``Generated``. README.md is the card.
        """
        repository = Repository(identity, **about)
        repository.add({path: self._content(path, given) for path, given in files.items()})
        self._repositories[identity] = repository
        return repository

    def revise(self, identity: str, files: Mapping[str, Given] | None = None, removed: Iterable[str] = ()) -> str:
        """A new commit, with these files new or other ones; returns its name."""
        repository = self._repositories[identity]
        kept = {path: content for path, content in repository.commits[-1].files.items() if path not in set(removed)}
        return repository.add(kept | {path: self._content(path, given) for path, given in (files or {}).items()}).sha

    def add_file(self, name: str, given: Given) -> str:
        """A file at a plain address, which is returned."""
        self._plain[name] = self._content(name, given)
        return f"{self.address}/plain/{quote(name)}"

    def repository(self, identity: str) -> Repository:
        """One that was added; its fields may be changed."""
        return self._repositories[identity]

    def sha256(self, identity: str, path: str) -> str:
        """Of a file at the newest commit."""
        return self._repositories[identity].commits[-1].files[path].sha256

    def _content(self, path: str, given: Given) -> Content:
        self._contents += 1
        return Content(path, given, self._folder, self._contents)

    # -------------------------------------------------------------- what was asked, and what goes wrong

    @property
    def requests(self) -> list[Request]:
        """What was asked so far, in order."""
        with self._lock:
            return list(self._log)

    @property
    def sent(self) -> int:
        """Bytes of bodies that were sent so far, of all answers together."""
        return sum(request.sent for request in self.requests)

    def forget_requests(self) -> None:
        """Begin the log again."""
        with self._lock:
            self._log.clear()

    def misbehave(self, path: str, what: Misbehaviour, *, times: int | None = None, host: str = "", method: str = "") -> None:
        """From now on, let ``what`` happen to requests whose decoded path matches ``path`` (``*`` matches slashes too), so many times.

        ``host`` may be "hub" or "files", ``method`` "GET" or "HEAD"; else it happens at the first match, which for a large file that is
        fetched through the hub is the redirect for an ``OfAnswer``, and the bytes themselves for an ``OfBody``. The first rule that
        matches and is not used up wins, those of an answer before those of a body; one request meets one rule, beside those of a server.
        """
        with self._lock:
            self._rules.append(_Rule(path, what, times, host, method))

    def behave(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._rules.clear()

    def drop_connections(self) -> None:
        """Close every open connection now, as a network that changes does."""
        self._hub.drop_connections()
        self._files.drop_connections()

    def _fault(self, request: Request, kind: type[Fault]) -> Fault | None:
        with self._lock:
            for rule in self._rules:
                if isinstance(rule.what, kind) and rule.matches(request):
                    if rule.times is not None:
                        rule.times -= 1
                    return rule.what
        return None

    def _ways(self, request: Request) -> frozenset[type[Misbehaviour]]:
        """How this file is served."""
        found = set()
        with self._lock:
            for rule in self._rules:
                if isinstance(rule.what, OfServer) and rule.matches(request):
                    rule.times = None if rule.times is None else rule.times - 1
                    found.add(type(rule.what))
        return frozenset(found)

    # -------------------------------------------------------------- answering

    def _answer(self, connection: Connection, request: Request) -> None:
        with self._lock:
            self._log.append(request)
        fault = self._fault(request, OfAnswer)
        if fault is not None:
            answer_wrongly(connection, request, fault)
            return
        try:
            response = self._files_answer(request) if request.host == "files" else self._hub_answer(request)
        except RefusedError as refused:
            response = refused.response
        except (KeyError, ValueError, TypeError) as error:  # a request that nobody would make
            response = Response(400, {}, f"{type(error).__name__}: {error}".encode())
        if isinstance(response, Response):
            send(connection, request, response)
        else:
            content, headers = response
            trouble = self._fault(request, OfBody) if request.method != "HEAD" else None
            ways = self._ways(request)
            send_content(connection, request, content, headers, etag=self._etag(request, content), fault=trouble, ways=ways)

    def _hub_answer(self, request: Request) -> "Response | tuple[Content, dict[str, str]]":
        if "authorization" in request.headers and not self._known(request):
            raise RefusedError(401, "", "Invalid credentials in Authorization header")
        match request.path.strip("/").split("/"):
            case ["api", *rest]:
                return self._api_answer(request, rest)
            case ["plain", *name] if "/".join(name) in self._plain:
                return self._plain["/".join(name)], {"Content-Disposition": self.disposition} if self.disposition else {}
            case ["openapi", "v1", "models"]:
                models = [{"id": one.id} for one in self._repositories.values()][:1]
                return json_answer({"success": True, "data": {"models": models, "total_count": len(self._repositories)}})
            case ["models", owner, name, "resolve", revision, *path] | [owner, name, "resolve", revision, *path]:
                return self._resolve(request, f"{owner}/{name}", revision, "/".join(path))
            case [""]:
                return Response(200, {"Content-Type": "text/html"}, b"<html>hub</html>")
        raise RefusedError(404, "", "Not Found")

    def _api_answer(self, request: Request, rest: list[str]) -> "Response | tuple[Content, dict[str, str]]":
        match rest:
            case ["whoami-v2"] if self._known(request):
                return json_answer({"name": "tester"})
            case ["whoami-v2"]:
                raise RefusedError(401, "", "Invalid username or password.")
            case ["models"]:
                return self._search(request)
            case ["models", owner, name, *more]:
                return self._describe(request, f"{owner}/{name}", more)
            case ["v1", "dolphin", "models"] if request.method == "PUT":
                return json_answer(modelscope_found(self._repositories.values(), json.loads(request.body)))
            case ["v1", "models", owner, name, *more]:
                return self._modelscope(request, f"{owner}/{name}", more)
        raise RefusedError(404, "", "Not Found")

    def _repository(self, request: Request, identity: str) -> Repository:
        repository = self._repositories.get(identity)
        if repository is None or (repository.private and not self._known(request)):
            if self._known(request):
                raise RefusedError(404, "RepoNotFound", "Repository not found")
            raise RefusedError(401, "RepoNotFound", "Invalid username or password.")  # so the real one says it as well
        return repository

    def _commit(self, repository: Repository, revision: str) -> Commit:
        commit = repository.commit(revision)
        if commit is None:
            raise RefusedError(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return commit

    def _known(self, request: Request) -> bool:
        return request.headers.get("authorization", "").removeprefix("Bearer ") in self.tokens

    def _search(self, request: Request) -> Response:
        query = request.query
        repositories = found(self._repositories.values(), query)
        start, limit = int(request.parameter("cursor", "0")), int(request.parameter("limit", "1000"))
        expand = [*query.get("expand", []), *query.get("expand[]", [])]
        page = repositories[start : start + limit]
        headers = {}
        if start + limit < len(repositories):
            kept = "&".join(part for part in urlsplit(request.target).query.split("&") if not part.startswith("cursor="))
            headers["Link"] = f'<{self.address}/api/models?{kept}&cursor={start + limit}>; rel="next"'
        return json_answer([model_fields(one, one.commits[-1], blobs=False, expand=expand) for one in page], headers)

    def _describe(self, request: Request, identity: str, rest: list[str]) -> Response:
        repository = self._repository(request, identity)
        revision = unquote(rest[1]) if rest[:1] in (["revision"], ["tree"]) and len(rest) > 1 else "main"
        commit = self._commit(repository, revision)
        if rest[:1] == ["tree"]:
            return json_answer([_tree_entry(content) for content in commit.files.values()])
        expand = [*request.query.get("expand", []), *request.query.get("expand[]", [])]
        return json_answer(model_fields(repository, commit, blobs=request.parameter("blobs").lower() in ("true", "1"), expand=expand))

    def _resolve(self, request: Request, identity: str, revision: str, path: str) -> "Response | tuple[Content, dict[str, str]]":
        repository = self._repository(request, identity)
        commit = self._commit(repository, revision)
        if path not in commit.files:
            raise RefusedError(404, "EntryNotFound", "Entry not found")
        if repository.gated and (not self._known(request) or identity not in self.accepted):
            return gated(403 if self._known(request) else 401)
        content = commit.files[path]
        etag = self._etag(request, content)
        headers = {"X-Repo-Commit": commit.sha, "ETag": f'"{etag}"'}
        if not content.large:
            return content, headers
        linked = {"X-Linked-Size": str(content.size), "X-Linked-ETag": f'"{etag}"', "Accept-Ranges": "bytes"}
        return Response(302, {**headers, **linked, "Location": self.files_address + resolve_address(repository, commit, path)})

    def _files_answer(self, request: Request) -> "Response | tuple[Content, dict[str, str]]":
        owner, name, revision, *path = request.path.strip("/").split("/")
        repository = self._repositories.get(f"{owner}/{name}")
        commit = repository.commit(revision) if repository else None
        if commit is None or "/".join(path) not in commit.files:
            raise RefusedError(404, "", "NoSuchKey")
        if not request.parameter("Signature"):
            raise RefusedError(403, "", "AccessDenied")
        return commit.files["/".join(path)], {}

    def _modelscope(self, request: Request, identity: str, rest: list[str]) -> "Response | tuple[Content, dict[str, str]]":
        repository = self._repositories.get(identity)
        revision = request.parameter("Revision", "master")
        commit = repository.commit(revision) if repository else None
        if repository is None or repository.private or commit is None:
            return json_answer(modelscope_answer(None, code=10010205001, message="not found"), status=404)
        match rest:
            case []:
                card = commit.files.get("README.md")
                text = card.place.read_text("utf-8", "replace") if card else ""
                return json_answer(modelscope_answer(modelscope_model(repository) | {"ReadMeContent": text}))
            case ["repo", "files"]:
                return json_answer(modelscope_files(commit))
            case ["repo"]:
                return self._resolve(request, identity, revision, request.parameter("FilePath"))
        raise RefusedError(404, "", "Not Found")

    def _etag(self, request: Request, content: Content) -> str:
        with self._lock:
            for rule in self._rules:
                if isinstance(rule.what, ChangeETag) and rule.matches(request):
                    return rule.what.etag
        return content.etag


def _tree_entry(content: Content) -> Any:
    entry = {"type": "file", "path": content.path, "size": content.size, "oid": content.blob}
    return entry | ({"lfs": {"oid": content.sha256, "size": content.size, "pointerSize": 134}} if content.large else {})


def run(folder: Path) -> None:
    """Serve the folders OWNER/NAME of a folder as repositories, for a person, until Ctrl-C."""
    with HubServer() as hub:
        for place in sorted(path for path in folder.glob("*/*") if path.is_dir()):
            files = {path.relative_to(place).as_posix(): path for path in sorted(place.rglob("*")) if path.is_file()}
            hub.add_repository(f"{place.parent.name}/{place.name}", files)
        print(hub.address, flush=True)  # noqa: T201 - the one thing it says
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)
