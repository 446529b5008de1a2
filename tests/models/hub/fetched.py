"""Downloads of one file from a hub of the test's own, with little patience."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.hub_server import Generated, HubServer

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.connection import Patience
from zhiyin_models.hub.download import download
from zhiyin_models.hub.settings import HubSettings, Source, write_hub_settings
from zhiyin_models.hub.values import RemoteFile, SourceKind
from zhiyin_models.jobs.protocol import Download, Outcome
from zhiyin_models.work import Progress, Stop, Tuning

REPOSITORY = "qwen/Qwen3-GGUF"
NAME = "模型-Q4_K_M.gguf"
CONTENT = Generated(7_000_000, 7)
LITTLE = Patience(connect=2.0, stall=0.4, give_up=2.0, answer=2.0, backoff=0.01, longest=0.05)


def offer(hub: HubServer, content: Generated = CONTENT) -> None:
    """The repository with the one file."""
    hub.add_repository(REPOSITORY, {NAME: content})


def sources(*hubs: HubServer) -> tuple[Source, ...]:
    """The first is the hub itself, the others are mirrors."""
    return tuple(Source(f"hub {number}", "huggingface", hub.address, official=number == 0) for number, hub in enumerate(hubs))


@dataclass
class Case:
    """One download, which can be run again and again."""

    folder: Path  # of everything
    hubs: tuple[HubServer, ...]
    connections: int = 3
    known: bool = True  # size and checksum
    kind: SourceKind = "huggingface"
    repository: str = REPOSITORY
    revision: str = ""
    patience: Patience = LITTLE
    reserve: int = 0
    files: tuple[RemoteFile, ...] = ()
    heard: list[Progress] = field(default_factory=list)
    on_progress: Callable[[Progress], None] = lambda _: None

    def __post_init__(self) -> None:
        write_hub_settings(self.data_dir, HubSettings(sources=sources(*self.hubs), proxy="", connections=self.connections))
        if self.kind != "url":
            self.revision = self.revision or self.hubs[0].repository(REPOSITORY).commits[-1].sha
        if not self.files:
            content = self.hubs[0].repository(REPOSITORY).commits[-1].files[NAME]
            self.files = (RemoteFile(NAME, content.size, content.sha256) if self.known else RemoteFile(NAME),)

    @property
    def data_dir(self) -> Path:
        """Of the library."""
        return self.folder / "data"

    @property
    def target(self) -> Path:
        """The folder that is written to."""
        return self.data_dir / "models" / "qwen"

    @property
    def path(self) -> Path:
        """Of the file."""
        return self.target / NAME

    @property
    def task(self) -> Download:
        """What is to be done."""
        return Download("hub 0", self.kind, self.repository, self.revision, self.files, str(self.target), str(self.data_dir), "checkpoint")

    def run(self, stop: Stop | None = None, tuning: Tuning | None = None) -> Outcome:
        """Do it here."""

        def report(progress: Progress) -> None:
            self.heard.append(progress)
            self.on_progress(progress)

        return download(self.task, report, stop or Stop(), tuning or Tuning(), self.patience, reserve=self.reserve)

    def refused(self, stop: Stop | None = None) -> ModelError:
        """The error that it ends with."""
        try:
            self.run(stop)
        except ModelError as error:
            return error
        raise AssertionError("nothing was wrong")

    def code(self) -> Code:
        """That of the error that it ends with."""
        return self.refused().code

    def right(self, content: Generated = CONTENT) -> bool:
        """Whether the file is there, right, and alone."""
        return self.left() == [NAME] and hashlib.sha256(self.path.read_bytes()).digest() == hashlib.sha256(content.read()).digest()

    def left(self) -> list[str]:
        """Everything that lies in the folder."""
        return sorted(path.name for path in self.target.iterdir()) if self.target.exists() else []
