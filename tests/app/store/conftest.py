import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from zhiyin.store import Store

HERE = Path(__file__).parent
ROOT = HERE.parents[2]

StartChild = Callable[..., "Child"]


class Child:
    """A real second process, which says one JSON value a line."""

    def __init__(self, script: str, *args: object, prefix: tuple[str, ...] = ()) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "app"), str(ROOT / "models")])}
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-W", "error", str(HERE / script), *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    @property
    def _stdout(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout

    def line(self) -> Any:
        text = self._stdout.readline()
        assert text, f"the child ended with {self.process.wait()}"
        return json.loads(text)

    def rest(self) -> list[Any]:
        """What was said up to the end; a line cut short by a kill was never said."""
        return [json.loads(line) for line in self._stdout if line.endswith("\n")]

    def end_input(self) -> int:
        """Close its standard input, which ends it; return its exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(30)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def start_child() -> Iterator[StartChild]:
    children: list[Child] = []

    def start(*args: Any, **options: Any) -> Child:
        children.append(Child(*args, **options))
        return children[-1]

    yield start
    for child in children:
        child.close()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "数据 dir"


@pytest.fixture
def store(data_dir: Path) -> Iterator[Store]:
    with Store.open(data_dir) as store:
        yield store
