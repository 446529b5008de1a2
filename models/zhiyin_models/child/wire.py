"""Newline-delimited JSON of msgspec structs, as every child process speaks it, and the four words that all of them know."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Union

import msgspec
from msgspec import Struct

from zhiyin_models.errors import Argument, Code

MAX_LINE = 16 * 1024 * 1024  # bytes, without the newline
CHUNK = 64 * 1024
HEAD = 256  # bytes of a line in which its id is looked for
ID_OF_LINE = re.compile(rb'"id"\s*:\s*(-?\d{1,18})\b')
UNDECODABLE = (msgspec.MsgspecError, RecursionError, ValueError)  # UnicodeError is a ValueError


class Hello(Struct, frozen=True, tag="hello"):
    """The first line a child says."""

    id: int
    version: int
    pid: int
    kind: str = "engine"


class Failed(Struct, frozen=True, tag="failed", omit_defaults=True):
    """A request that ended badly."""

    id: int
    code: Code
    args: dict[str, Argument] = {}


class Ping(Struct, frozen=True, tag="ping"):
    """Ends with ``Pong``, from the I/O thread: busy is not dead."""

    id: int


class Pong(Struct, frozen=True, tag="pong"):
    """The answer to ``Ping``."""

    id: int


class Overlong:
    """A line beyond the limit: only its beginning was kept."""

    def __init__(self, head: bytes) -> None:
        self.head = head


def without_surrogates(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates as U+FFFD: they have no place in UTF-8."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _clean(value: Any) -> Any:
    """The same JSON value with every string in it free of surrogates."""
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def encode(message: Struct) -> bytes:
    """One line without its newline. Raises TypeError or RecursionError for what JSON cannot hold."""
    try:
        return msgspec.json.encode(message)
    except UnicodeEncodeError:
        return msgspec.json.encode(_clean(msgspec.to_builtins(message)))


class Decoder:
    """Decodes lines into one of a union of tagged structs."""

    def __init__(self, *types: Any) -> None:
        self._type: Any = Union[types]  # noqa: UP007 - the members are known at run time only
        self._decoder = msgspec.json.Decoder(self._type)

    def decode(self, line: bytes) -> Any:
        """The struct of one line; raises one of ``UNDECODABLE``."""
        try:
            return self._decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            # msgspec refuses escaped lone surrogates and stray bytes that the standard library lets through
            if b"\\ud" not in line and b"\\uD" not in line and line.isascii():
                raise
            return msgspec.convert(_clean(json.loads(line.decode("utf-8", "replace"))), self._type)


def id_of(line: bytes) -> int:
    """The id in a line that could not be decoded, or 0: the tag and the id come first in every line we write."""
    found = ID_OF_LINE.search(line[:HEAD])
    return int(found[1]) if found else 0


def read_lines(read: Callable[[int], bytes], limit: int = MAX_LINE) -> Iterator[bytes | Overlong]:
    """Lines without their newlines until ``read`` returns nothing; empty ones are passed over.

    A line is given up as soon as it is beyond ``limit`` bytes; never holds more than that and a chunk.
    """
    held = bytearray()
    dropping = False  # until the next newline
    while chunk := read(CHUNK):
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            if not dropping and len(held) + len(end) > limit:
                yield Overlong(bytes((held + end)[:HEAD]))
            elif not dropping and (held or end):
                yield bytes(held + end) if held else end
            held.clear()
            dropping = False
        if not dropping:
            held += rest
        if len(held) > limit:
            yield Overlong(bytes(held[:HEAD]))
            held.clear()
            dropping = True
