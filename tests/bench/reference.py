"""What the engine is measured against, each in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Self


class Reference:
    """A process of ``bare_decode`` or ``binding_chat``, spoken to from the bench."""

    def __init__(self, kind: str, model: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"tests.bench.{kind}", str(model)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send one request and wait for its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
