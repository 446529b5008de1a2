"""Writes tasks as JSON: what is not at its default, and what came along without being understood."""

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import msgspec

from zhiyin.prompt.errors import CardCode, CardError
from zhiyin.prompt.tasks.reading import SPEC
from zhiyin.prompt.tasks.template import Example, Field, Reasoning, Task

SPEC_VERSION = "1.0"


def write_task(task: Task) -> str:
    """A task as JSON, as ``read_task`` reads it."""
    written: dict[str, Any] = {"spec": SPEC, "spec_version": SPEC_VERSION, **_plain(task)}
    written["fields"] = [_plain(field) for field in task.fields]
    written["examples"] = [_plain(example) for example in task.examples]
    written["reasoning"] = _plain(task.reasoning)
    unknown = task.extra.get("sampling")
    written["sampling"] = msgspec.to_builtins(task.sampling) | (unknown if isinstance(unknown, dict) else {})
    for name in ("fields", "examples", "reasoning", "sampling"):
        if not written[name]:
            del written[name]
    return json.dumps(written, ensure_ascii=False, indent=2)


def write_task_file(task: Task, path: Path) -> None:
    """A task into a file, whole or not at all. Raises CardError WRITE_FAILED. Blocks."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            file.write(write_task(task) + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise CardError(CardCode.WRITE_FAILED, path=str(path), detail=str(error.strerror or error)) from error


def _plain(of: Task | Field | Example | Reasoning) -> dict[str, Any]:
    defaults = type(of)(key="") if isinstance(of, Field) else type(of)()
    named = {
        name: msgspec.to_builtins(value)
        for name in of.__struct_fields__
        if name != "extra" and (value := getattr(of, name)) != getattr(defaults, name)
    }
    return {**named, **{key: value for key, value in of.extra.items() if key not in of.__struct_fields__}}
