"""A checkpoint's config.json, read as what it should be: every value is checked, since a configuration may lie."""

import math
from collections.abc import Mapping
from typing import Any, TypeGuard

from zhiyin_models.errors import Code, ModelError

LARGEST = 2**31 - 1
SHOWN = 80  # characters of a wrong value that are shown


class Configuration:
    """A JSON object with checked access. Every getter raises ModelError CONFIG_BAD for a value of another kind or out of range."""

    def __init__(self, values: Mapping[str, Any], path: str = "config.json") -> None:
        self.values, self.path = values, path

    def has(self, key: str) -> bool:
        """Whether there is a value that is not null."""
        return self.values.get(key) is not None

    def integer(self, *keys: str, low: int = 1, high: int = LARGEST, default: int | None = None) -> int:
        """The first of the keys that is there, as a whole number within bounds."""
        key, value = self._first(keys, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.bad(key, value)
        return value

    def number(self, *keys: str, low: float = -math.inf, high: float = math.inf, default: float | None = None) -> float:
        """The first of the keys that is there, as a finite number within bounds."""
        key, value = self._first(keys, default)
        if isinstance(value, bool) or not _finite(value) or not low <= value <= high:
            raise self.bad(key, value)
        return float(value)

    def flag(self, *keys: str, default: bool | None = None) -> bool:
        """The first of the keys that is there, as true or false."""
        key, value = self._first(keys, default)
        if not isinstance(value, bool):
            raise self.bad(key, value)
        return value

    def words(self, *keys: str, default: str | None = None) -> str:
        """The first of the keys that is there, as a string."""
        key, value = self._first(keys, default)
        if not isinstance(value, str):
            raise self.bad(key, value)
        return value

    def section(self, key: str) -> "Configuration | None":
        """An object within, or None where there is none."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.bad(key, value)
        return Configuration(value, f"{self.path}:{key}")

    def numbers(self, key: str, *, low: float = -math.inf, high: float = math.inf, longest: int = 1 << 20) -> list[float]:
        """A list of finite numbers."""
        value = self.values.get(key)
        if not isinstance(value, list) or len(value) > longest:
            raise self.bad(key, value)
        for item in value:
            if isinstance(item, bool) or not _finite(item) or not low <= item <= high:
                raise self.bad(key, item)
        return [float(item) for item in value]

    def bad(self, key: str, value: object) -> ModelError:
        """The error that says which value cannot be."""
        return ModelError(Code.CONFIG_BAD, path=self.path, name=key, detail=repr(value)[:SHOWN])

    def _first(self, keys: tuple[str, ...], default: Any) -> tuple[str, Any]:
        for key in keys:
            if self.values.get(key) is not None:
                return key, self.values[key]
        return keys[0], default


def _finite(value: object) -> TypeGuard[int | float]:
    """Whether it is a number that a float can hold: JSON's whole numbers have no end."""
    try:
        return isinstance(value, int | float) and math.isfinite(value)
    except OverflowError:
        return False
