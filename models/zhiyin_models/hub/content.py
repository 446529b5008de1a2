"""What the bytes of a file are bytes of, as far as anybody can tell: by its checksum, its commit, or its server's own mark. Light."""

import hashlib

from msgspec import Struct

from zhiyin_models.hub.values import RemoteFile
from zhiyin_models.jobs.protocol import Download

HEX = frozenset("0123456789abcdef")


class Content(Struct, frozen=True):
    """What a part is a part of. A checksum says it alone; a commit with a path does too; else the server's own mark."""

    size: int = -1
    sha256: str = ""
    revision: str = ""  # a commit, with the repository that it is one of
    mark: str = ""  # the ETag (or date) with the place that gave it
    origin: str = ""  # where it was asked for: the same question, whose answer may be another one by now

    def same(self, other: "Content") -> bool:
        """Whether bytes of one are bytes of the other, as far as anybody can tell before asking a server.

        The same question is enough only where there is a mark, by which the server tells whether its answer is still the same.
        """
        if self.size >= 0 and other.size >= 0 and self.size != other.size:
            return False
        marks = ((self.sha256, other.sha256), (self.revision, other.revision), (self.mark, other.mark))
        asked = bool(self.mark or other.mark) and self.asked_as(other)
        return next((ours == theirs for ours, theirs in marks if ours and theirs), asked)

    def asked_as(self, other: "Content") -> bool:
        """Whether it was asked for in the same words."""
        return bool(self.origin) and self.origin == other.origin


def asked_for(task: Download, remote: RemoteFile) -> Content:
    """What a task wants of a file."""
    revision = f"{task.repository}@{task.revision}" if task.kind != "url" and is_commit(task.revision) else ""
    question = hashlib.sha256(repr((task.kind, task.repository, task.revision, remote.path)).encode()).hexdigest()
    return Content(remote.size, remote.sha256.lower(), revision, origin=question[:16])


def is_commit(revision: str) -> bool:
    """Whether a revision names one content for ever, and not a branch."""
    return len(revision) in {40, 64} and HEX.issuperset(revision)
