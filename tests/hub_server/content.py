"""What the files of the test hub hold."""

import hashlib
import random
import threading
from pathlib import Path
from typing import NamedTuple

BLOCK = (1 << 20) - 3  # bytes; no power of two, so that a range put down in the wrong place is seen
LARGE = 10 << 20  # bytes from which on any file is kept apart from the repository, as on the real hub
LARGE_ENDINGS = (".gguf", ".safetensors", ".bin", ".pt", ".pth", ".onnx", ".model")


class Generated(NamedTuple):
    """So many bytes that do not compress and are the same for the same seed: a random block of nearly 1 MiB, repeated."""

    size: int
    seed: int = 0

    def write(self, path: Path) -> None:
        """Write them; about as fast as the disk."""
        block = random.Random(self.seed).randbytes(min(BLOCK, self.size))
        left = self.size
        with path.open("wb") as file:
            while left:
                left -= file.write(block[:left])

    def read(self) -> bytes:
        """All of them, for comparing."""
        block = random.Random(self.seed).randbytes(min(BLOCK, self.size))
        return (block * (self.size // BLOCK + 1))[: self.size]


Given = bytes | str | Path | Generated


class Content:
    """One file of a repository, on the disk from the moment it is asked for: ``sendfile`` needs one."""

    def __init__(self, path: str, given: Given, folder: Path, number: int) -> None:
        self.path = path  # in the repository
        self._given = given.encode() if isinstance(given, str) else given
        self._place = self._given if isinstance(self._given, Path) else folder / f"content-{number}"
        self._lock = threading.Lock()
        self._sums: dict[str, str] = {}

    @property
    def size(self) -> int:
        """Bytes."""
        given = self._given
        return given.size if isinstance(given, Generated) else len(given) if isinstance(given, bytes) else given.stat().st_size

    @property
    def large(self) -> bool:
        """Whether it is kept apart from the repository (LFS): it has a sha256, and is served by the other host."""
        return self.path.endswith(LARGE_ENDINGS) or self.size > LARGE

    @property
    def place(self) -> Path:
        """Where it lies on the disk."""
        with self._lock:
            if not isinstance(self._given, Path) and not self._place.exists():
                if isinstance(self._given, Generated):
                    self._given.write(self._place)
                else:
                    self._place.write_bytes(self._given)
            return self._place

    @property
    def sha256(self) -> str:
        """In hexadecimal; a large file's ETag."""
        return self._sum("sha256")

    @property
    def blob(self) -> str:
        """A small file's ETag and blob id. (The real one is git's; only that it changes with the content is relied upon.)"""
        return self._sum("sha1")

    @property
    def etag(self) -> str:
        """What the hub names this content by, without quotes."""
        return self.sha256 if self.large else self.blob

    def _sum(self, algorithm: str) -> str:
        place = self.place
        with self._lock:
            if algorithm not in self._sums:
                with place.open("rb") as file:
                    self._sums[algorithm] = hashlib.file_digest(file, algorithm).hexdigest()
            return self._sums[algorithm]
