"""A library in a temporary folder, and a folder on another disk where this computer has one."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from zhiyin_models.library.installed import Library

MEMORY = Path("/dev/shm")  # a file system of its own on every Linux


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path / "data")
    library.models_directory.mkdir(parents=True)
    return library


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """An empty folder, on another file system than ``tmp_path`` where there is one."""
    folder = Path(tempfile.mkdtemp(prefix="zhiyin-test-", dir=MEMORY if MEMORY.is_dir() else tmp_path))
    yield folder
    shutil.rmtree(folder)
