"""The app's settings: what the user chose for every conversation, and how the window looks.

``AppSettings`` lives in the store. ``Appearance`` is needed before the store is open, to paint the first frame in the right
language and light, so it has a small file of its own.
"""

import os
from pathlib import Path
from typing import Any, Literal

import msgspec

from zhiyin_models.engine.protocol import Sampling


class AppSettings(msgspec.Struct, frozen=True):
    """Defaults for every conversation, and how models are loaded."""

    system_prompt: str = ""
    sampling: Sampling = Sampling()
    max_tokens: int = 0  # 0 = until the context is full
    last_model: str = ""  # a name in the library
    load_last_model: bool = True
    unload_after_minutes: int = 0  # 0 = never
    context: int = 0  # 0 = chosen for the model
    gpu_layers: int = -1  # -1 = as many as fit
    threads: int = 0  # 0 = physical cores
    dropped_models: Literal["ask", "place", "copy"] = "ask"  # what is done with model files that are dropped on the window


class Appearance(msgspec.Struct, frozen=True):
    """How the window looks, and where it was."""

    language: Literal["system", "zh_CN", "en"] = "system"
    theme: Literal["system", "light", "dark", "contrast"] = "system"
    reply_font_size: float = 11.5
    geometry: str = ""  # base64
    last_conversation: int = 0


SETTINGS_KEY = "app"


def read_appearance(path: Path) -> Appearance:
    """The appearance kept in a file of a few hundred bytes; the defaults when there is none or it cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Appearance)
    except (OSError, msgspec.DecodeError):
        return Appearance()


def write_appearance(path: Path, appearance: Appearance) -> None:
    """Replace the file in one step; a failure (a full or read-only disk) costs only the appearance and is not raised."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(msgspec.json.encode(appearance))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)


def decode_settings(value: object) -> AppSettings:
    """Settings from what the store kept; fields that a newer or damaged value spoils fall back to the defaults, one by one."""
    if not isinstance(value, dict):
        return AppSettings()
    good: dict[str, Any] = {}
    for field in msgspec.structs.fields(AppSettings):
        if field.name in value:
            try:
                good[field.name] = msgspec.convert(value[field.name], field.type)
            except msgspec.ValidationError:
                continue
    return AppSettings(**good)
