"""What a hub answers, as values of their types: sizes are bounded, and a claim of the wrong type counts as none."""

import json
import logging
import math
import re
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.addresses import shown
from zhiyin_models.hub.connection import Answer, Connection

MAX_ANSWER = 32 << 20  # bytes
MAX_OBJECTS = 400_000  # objects and lists of one answer: 32 MB of empty ones would take a gigabyte
MAX_VALUES = 2_000_000
PIECE = 1 << 16
MOST = 1 << 60  # a number that can still be sent
MAX_TEXT = 200  # characters of a name, a tag …
MAX_ITEMS = 200  # tags, languages …
NAME = r"(?!\.)(?!.*\.\.)[\w.-]{1,96}"
REPOSITORY = re.compile(rf"{NAME}/{NAME}", re.ASCII)
COMMIT = re.compile(r"[0-9a-f]{7,64}")
SHA256 = re.compile(r"[0-9a-f]{64}")

ODD = {json.JSONDecodeError: "not JSON", RecursionError: "nested too deeply"}

Json = Any
logger = logging.getLogger(__name__)


def read_body(connection: Connection, answer: Answer, limit: int = MAX_ANSWER) -> bytes:
    """A whole small body. Raises ModelError HUB_ANSWER_BAD when it has more than ``limit`` bytes, and NETWORK_… ."""
    body = read_beginning(connection, answer, limit + 1)
    if len(body) > limit:
        raise ModelError(Code.HUB_ANSWER_BAD, address=shown(answer.address), detail=f"> {limit >> 10} KB")
    if answer.length is not None and len(body) != answer.length:
        raise ModelError(Code.NETWORK_UNREACHABLE, address=shown(answer.address), detail=f"{len(body)} / {answer.length} B")
    return body


def read_beginning(connection: Connection, answer: Answer, amount: int) -> bytes:
    """So many bytes of a body, or all there are. Raises ModelError NETWORK_…, NETWORK_STALLED also for what drips in too slowly."""
    last = time.monotonic() + connection.patience.answer
    body, piece = bytearray(), memoryview(bytearray(PIECE))
    while len(body) < amount and (count := answer.read_into(piece[: amount - len(body)])):
        body += piece[:count]
        if time.monotonic() > last:
            raise ModelError(Code.NETWORK_STALLED, address=shown(answer.address), seconds=connection.patience.answer)
    return bytes(body)


def fetch(connection: Connection, address: str, *, name: str = "", headers: Mapping[str, str] | None = None, **request: Any) -> bytes:
    """A whole small body. ``request`` may have ``method``, ``body`` and ``limit``. Raises ModelError."""
    limit = request.pop("limit", MAX_ANSWER)
    with connection.stream(address, headers, **request) as answer:
        error = connection.refusal(answer, name)
        if error is not None:
            raise error
        return read_body(connection, answer, limit)


def fetch_json(connection: Connection, address: str, *, name: str = "", **request: Any) -> Json:
    """What an answer says. Raises ModelError: HUB_ANSWER_BAD for what is not JSON, and as ``fetch``."""
    body = fetch(connection, address, name=name, headers={"Accept": "application/json"}, **request)
    check_structure(address, body)
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise bad_answer(address, error) from error


def check_structure(address: str, body: bytes) -> None:
    """Raise ModelError HUB_ANSWER_BAD for JSON that would become too many things in memory."""
    if body.count(b"{") + body.count(b"[") > MAX_OBJECTS or body.count(b",") > MAX_VALUES:
        raise bad_answer(address, f"> {MAX_OBJECTS} objects")


def bad_answer(address: str, error: Exception | str) -> ModelError:
    """HUB_ANSWER_BAD for what could not be understood; what an error says itself is only logged."""
    detail = error if isinstance(error, str) else "not as expected"
    if not isinstance(error, str):
        logger.warning("%s answered what cannot be understood: %s: %s", shown(address), type(error).__name__, text(str(error), 500))
        detail = next((words for kind, words in ODD.items() if isinstance(error, kind)), detail)
    return ModelError(Code.HUB_ANSWER_BAD, address=shown(address), detail=text(detail, 120))


# ---------------------------------------------------------------- claims


def text(value: object, limit: int = MAX_TEXT) -> str:
    """One line of it; "" for what is no text."""
    if not isinstance(value, str):
        return ""
    return "".join(one if one.isprintable() else " " for one in value[:limit]).strip()


def texts(value: object) -> tuple[str, ...]:
    """The texts of a list, each once; one text counts as a list of itself."""
    items: Iterable[object] = value if isinstance(value, list | tuple) else (value,)
    found = dict.fromkeys(text(item) for item, _ in zip(items, range(MAX_ITEMS), strict=False))
    return tuple(one for one in found if one)


def number(value: object) -> int:
    """A whole number from 0 on; 0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or (isinstance(value, float) and not math.isfinite(value)):
        return 0
    return max(0, min(int(value), MOST))


def size(value: object) -> int:
    """Bytes; -1 where it is not known."""
    return number(value) if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else -1


def seconds(value: object) -> float:
    """A point in time, from a date or from seconds since 1970; 0 where it is not known."""
    if isinstance(value, datetime):
        try:
            return max(0.0, value.replace(tzinfo=value.tzinfo or UTC).timestamp())
        except (ValueError, OverflowError, OSError):
            return 0.0
    given = number(value)
    return float(given if given < 100_000_000_000 else given // 1000)  # milliseconds


def sha256(value: object) -> str:
    """A checksum in hexadecimal; "" for anything else."""
    return value.lower() if isinstance(value, str) and SHA256.fullmatch(value.lower()) else ""


def field(value: object, *names: str) -> Json:
    """What lies at a path of names; None where it ends early."""
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
