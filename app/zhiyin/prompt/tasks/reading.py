"""Reads tasks from JSON that may come from anywhere: bounded, checked, nothing lost that is not understood."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar, get_args

from msgspec import Struct

from zhiyin.prompt.errors import CardCode, CardDetail, CardError
from zhiyin.prompt.tasks.template import Example, Field, Kind, Reasoning, Task
from zhiyin_models.engine.protocol import Sampling
from zhiyin_models.errors import Argument

T = TypeVar("T")
SPEC = "zhiyin_task"
MOST_BYTES = 1 << 20
MOST_DEPTH = 24
MOST_FIELDS = 24
MOST_EXAMPLES = 64
MOST_CHOICES = 64
MOST_STOPS = 8
LONGEST_NAME = 200  # characters
LONGEST_LINE = 2_000
LONGEST_TEXT = 40_000
MOST_TOKENS = 65_536
KEY = re.compile(r"[^{}\s]{1,64}")
_LONE = re.compile("[\ud800-\udfff\x00]")
_NUMBERS = {
    "temperature": (0.0, 10.0), "top_k": (0, 100_000), "top_p": (0.01, 1.0), "min_p": (0.0, 1.0), "typical_p": (0.01, 1.0),
    "repeat_penalty": (0.5, 5.0), "frequency_penalty": (-5.0, 5.0), "presence_penalty": (-5.0, 5.0), "penalty_last_n": (0, 100_000),
    "seed": (0, 2**32 - 2),
}  # fmt: skip
_WHOLE = frozenset({"top_k", "penalty_last_n", "seed"})


def read_task_file(path: Path) -> Task:
    """A task from a file. Raises CardError UNREADABLE, TOO_LARGE, TASK_BAD. Blocks."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise CardError(CardCode.UNREADABLE, path=str(path), detail=str(error.strerror or error)) from error
    if len(data) > MOST_BYTES:
        raise CardError(CardCode.TOO_LARGE, path=str(path), size=MOST_BYTES)
    return read_task(data, str(path))


def read_task(data: str | bytes, path: str = "") -> Task:
    """A task from JSON; ``path`` is said when it is none. Raises CardError TASK_BAD."""
    return _Reader(path).task(data)


class _Reader:
    """Knows the path that errors name."""

    def __init__(self, path: str) -> None:
        self._path = path

    def task(self, data: str | bytes) -> Task:
        raw = self._json(data)
        if raw.get("spec", SPEC) != SPEC:
            self._bad("spec")
        if not any(name in raw for name in ("instruction", "fields", "input_format")):
            self._bad("instruction")
        fields = self._each(raw, "fields", MOST_FIELDS, self._field)
        if len({field.key for field in fields}) < len(fields):
            self._bad("fields: key")
        return Task(
            key=self._text(raw, "key", LONGEST_NAME),
            name=self._text(raw, "name", LONGEST_NAME).strip(),
            summary=self._text(raw, "summary", LONGEST_LINE),
            icon=self._text(raw, "icon", LONGEST_NAME),
            language=self._text(raw, "language", 16),
            instruction=self._text(raw, "instruction", LONGEST_TEXT),
            fields=fields,
            input_format=self._text(raw, "input_format", LONGEST_TEXT),
            output_label=self._text(raw, "output_label", LONGEST_NAME),
            examples=self._each(raw, "examples", MOST_EXAMPLES, self._example),
            reasoning=self._reasoning(self._object(raw, "reasoning")),
            sampling=self._sampling(self._object(raw, "sampling")),
            max_tokens=int(self._number(raw, "max_tokens", 512, 0, MOST_TOKENS)),
            stop=self._texts(raw, "stop", MOST_STOPS, LONGEST_NAME),
            extra=self._extra(raw, Task, frozenset({"spec", "spec_version"})),
        )

    def _json(self, data: str | bytes) -> dict[str, Any]:
        if len(data) > MOST_BYTES:
            raise CardError(CardCode.TOO_LARGE, path=self._path, size=MOST_BYTES)
        try:
            text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
            raw = json.loads(text, parse_constant=_no_number, parse_float=_finite)
        except RecursionError:
            self._bad(CardDetail.DEEP)
        except json.JSONDecodeError as error:
            self._bad(CardDetail.JSON, line=error.lineno)
        except UnicodeDecodeError:
            self._bad(CardDetail.NOT_UTF8)
        except ValueError:  # thousands of digits, or no end at all
            self._bad(CardDetail.NUMBER)
        if not isinstance(raw, dict):
            self._bad(CardDetail.NOT_OBJECT)
        if _too_deep(raw):
            self._bad(CardDetail.DEEP)
        return dict(raw)

    def _field(self, raw: dict[str, Any]) -> Field:
        key = self._text(raw, "key", 64)
        if not KEY.fullmatch(key):
            self._bad("fields: key")
        kind = raw.get("kind", "text")
        if kind not in get_args(Kind):
            self._bad("fields: kind")
        return Field(
            key=key,
            label=self._text(raw, "label", LONGEST_NAME),
            kind=kind,
            placeholder=self._text(raw, "placeholder", LONGEST_LINE),
            default=self._text(raw, "default", LONGEST_TEXT),
            optional=self._flag(raw, "optional", default=False),
            choices=self._texts(raw, "choices", MOST_CHOICES, LONGEST_NAME),
            extra=self._extra(raw, Field),
        )

    def _example(self, raw: dict[str, Any]) -> Example:
        values = self._object(raw, "values")
        if len(values) > 2 * MOST_FIELDS or not all(isinstance(value, str) and len(value) <= LONGEST_TEXT for value in values.values()):
            self._bad("examples: values")
        return Example(
            values={_clean(key): _clean(value) for key, value in values.items()},
            output=self._text(raw, "output", LONGEST_TEXT),
            reasoning=self._text(raw, "reasoning", LONGEST_TEXT),
            ticked=self._flag(raw, "ticked", default=True),
            extra=self._extra(raw, Example),
        )

    def _reasoning(self, raw: dict[str, Any]) -> Reasoning:
        return Reasoning(
            instruction=self._text(raw, "instruction", LONGEST_TEXT),
            marker=self._text(raw, "marker", LONGEST_NAME),
            by_default=self._flag(raw, "by_default", default=False),
            extra=self._extra(raw, Reasoning),
        )

    def _sampling(self, raw: dict[str, Any]) -> Sampling:
        found: dict[str, Any] = {}
        for name, (least, most) in _NUMBERS.items():
            if raw.get(name) is not None:
                number = self._number(raw, name, 0, least, most)
                found[name] = int(number) if name in _WHOLE else float(number)
        return Sampling(**found)

    # ------------------------------------------------------------ values of one type

    def _text(self, raw: dict[str, Any], name: str, longest: int) -> str:
        value = raw.get(name, "")
        if not isinstance(value, str) or len(value) > longest:
            self._bad(name)
        return _clean(value)

    def _texts(self, raw: dict[str, Any], name: str, most: int, longest: int) -> tuple[str, ...]:
        value = raw.get(name, [])
        if not isinstance(value, list) or len(value) > most or not all(isinstance(one, str) and len(one) <= longest for one in value):
            self._bad(name)
        return tuple(_clean(one) for one in value)

    def _flag(self, raw: dict[str, Any], name: str, *, default: bool) -> bool:
        value = raw.get(name, default)
        if not isinstance(value, bool):
            self._bad(name)
        return value

    def _number(self, raw: dict[str, Any], name: str, default: float, least: float, most: float) -> float:
        value = raw.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._bad(name)
        return min(max(value, least), most)

    def _object(self, raw: dict[str, Any], name: str) -> dict[str, Any]:
        value = raw.get(name, {})
        if not isinstance(value, dict):
            self._bad(name)
        return value

    def _each(self, raw: dict[str, Any], name: str, most: int, read: Callable[[dict[str, Any]], T]) -> tuple[T, ...]:
        value = raw.get(name, [])
        if not isinstance(value, list) or len(value) > most or not all(isinstance(one, dict) for one in value):
            self._bad(name)
        return tuple(read(one) for one in value)

    def _extra(self, raw: dict[str, Any], of: type[Struct], also: frozenset[str] = frozenset()) -> dict[str, Any]:
        known = {*of.__struct_fields__, *also}
        known.discard("extra")
        extra = {key: value for key, value in raw.items() if key not in known}
        if of is Task and isinstance(raw.get("sampling"), dict):
            unknown = {key: value for key, value in raw["sampling"].items() if key not in _NUMBERS}
            extra |= {"sampling": unknown} if unknown else {}
        return extra

    def _bad(self, detail: str, **args: Argument) -> NoReturn:
        raise CardError(CardCode.TASK_BAD, path=self._path, detail=detail, **args)


def _clean(text: str) -> str:
    """Without what no encoding can carry."""
    return _LONE.sub("\ufffd", text)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("number")
    return number


def _no_number(text: str) -> float:
    raise ValueError(text)


def _too_deep(raw: object) -> bool:
    level: list[object] = [raw]
    for _ in range(MOST_DEPTH):
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
