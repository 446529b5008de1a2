"""How large an operation of a template would become, and our own versions of those that cannot be foretold.

Each check takes the meter and the operation's operands and raises before anything is made: ModelError TEMPLATE_TOO_LARGE, or
``TemplateLimitError`` for what no honest template asks for.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import pass_environment
from jinja2.filters import make_attrgetter
from jinja2.sandbox import SandboxedEnvironment

from zhiyin_models.engine.template_meter import METER, NUMBER_BITS, Meter, TemplateLimitError
from zhiyin_models.errors import Code, ModelError

WIDTH = 10_000  # of a padded field, an indented line, a batch
PIECE = 16  # characters' worth of memory of a text cut off another
STRIPPED = 1000  # characters in a set to be stripped


# ---------------------------------------------------------------- values


def as_text(value: Any) -> str:
    """``str`` of a value, measured first."""
    if not isinstance(value, str):
        METER.get().count_whole(value)
    return str(value)


def join_text(items: tuple[Any, ...]) -> str:
    """Jinja's ``~``."""
    texts = [as_text(item) for item in items]
    METER.get().make(sum(map(len, texts)) + 1)
    return "".join(texts)


def bounded_range(*args: int) -> range:
    """A range of at most a million numbers, none of them vast."""
    if any(abs(number) > 1 << 40 for number in args) or len(range(*args)) > 1_000_000:
        raise TemplateLimitError("a range is too long")
    return range(*args)


# ---------------------------------------------------------------- operators


def _plus(meter: Meter, left: Any, right: Any) -> None:
    if not isinstance(left, int):
        if meter.weight(left) + meter.weight(right) > meter.limit:
            raise ModelError(Code.TEMPLATE_TOO_LARGE, limit=meter.limit)
        meter.charge(meter.size(left) + meter.size(right))


def _times(meter: Meter, left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        _bits(left.bit_length() + right.bit_length())
    for one, count in ((left, right), (right, left)):
        if isinstance(count, int) and not isinstance(one, (int, float)):
            meter.make(meter.weight(one) * max(count, 0))


def _power(_meter: Meter, left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        _bits(left.bit_length() * abs(right))


def _bits(bits: int) -> None:
    if bits > NUMBER_BITS:
        raise TemplateLimitError("a number is too large")


def _percent(meter: Meter, left: Any, right: Any) -> None:
    if isinstance(left, str):
        if len(left) > WIDTH:  # the search below takes the square of the length at worst
            raise TemplateLimitError("a format is too long")
        meter.make(len(left) + meter.weight(right))
        for field in re.finditer(r"%(?:\([^)]*\))?([^a-zA-Z%]*)", left):
            if "*" in field[1]:
                raise TemplateLimitError("a width from outside the format")
            check_widths(field[1])


def _free(_meter: Meter, _left: Any, _right: Any) -> None:
    return


BINARY: Mapping[str, Callable[[Meter, Any, Any], None]] = {
    "+": _plus,
    "-": _free,
    "*": _times,
    "/": _free,
    "//": _free,
    "**": _power,
    "%": _percent,
}


def check_widths(spec: str) -> None:
    """Refuse a width or precision of more than four digits in a format."""
    if re.search(r"\d{5}", spec):
        raise TemplateLimitError("a field is too wide")


# ---------------------------------------------------------------- text


def _padded(meter: Meter, text: Any, width: Any = 80, fill: str = " ") -> None:  # noqa: ARG001 (as the method is called)
    if isinstance(width, int):
        meter.make(max(len(as_text(text)), width))


def _tabs(meter: Meter, text: str, tabsize: int = 8) -> None:
    meter.make(len(text) + text.count("\t") * max(int(tabsize), 0))


def _replaced(meter: Meter, text: Any, old: Any, new: Any, count: Any = None) -> None:
    text, old, new = as_text(text), as_text(old), as_text(new)
    times = text.count(old)
    if isinstance(count, int) and count >= 0:
        times = min(times, count)
    meter.make(len(text) + times * len(new))


def _joined(meter: Meter, separator: str, items: Any) -> None:
    meter.make(meter.weight(items) + len(separator) * len(items))


def _split(meter: Meter, text: str, sep: str | None = None, maxsplit: int = -1) -> None:
    pieces = text.count(sep) + 1 if sep else len(text) // 2 + 1
    if isinstance(maxsplit, int) and maxsplit >= 0:
        pieces = min(pieces, maxsplit + 1)
    meter.charge(pieces * PIECE)


def _split_right(meter: Meter, text: str, sep: str | None = None, maxsplit: int = -1) -> None:
    _searched_right(meter, text, sep or "")
    _split(meter, text, sep, maxsplit)


def _lines(meter: Meter, text: str, keepends: bool = False) -> None:  # noqa: ARG001, FBT001, FBT002 (as the method is called)
    meter.charge(len(text) * 2)


def _searched_right(meter: Meter, text: str, part: str, *_place: int) -> None:
    # Python searches from the right in the product of both lengths at worst; from the left it is linear.
    if isinstance(part, str) and len(text) * len(part) > 1 << 28 and len(part) > STRIPPED:
        raise TemplateLimitError("a search from the right for a long text")
    meter.charge(len(text))


def _stripped(meter: Meter, text: Any, chars: str | None = None) -> None:
    _written(meter, text)
    if chars is not None and len(chars) > STRIPPED:
        raise TemplateLimitError("too many characters to strip")


METHODS: Mapping[str, Callable[..., None]] = {
    "center": _padded,
    "ljust": _padded,
    "rjust": _padded,
    "zfill": _padded,
    "expandtabs": _tabs,
    "replace": _replaced,
    "join": _joined,
    "split": _split,
    "rsplit": _split_right,
    "splitlines": _lines,
    "rfind": _searched_right,
    "rindex": _searched_right,
    "rpartition": _searched_right,
    "strip": _stripped,
    "lstrip": _stripped,
    "rstrip": _stripped,
}


# ---------------------------------------------------------------- filters


def _indented(meter: Meter, text: Any, width: int | str = 4, *_rest: Any, **_options: Any) -> None:
    text = as_text(text)
    step = len(width) if isinstance(width, str) else max(width, 0)
    meter.make(len(text) + (text.count("\n") + 2) * step)
    meter.charge(len(text) * 2)


def _formatted(meter: Meter, text: Any, *args: Any, **kwargs: Any) -> None:
    _percent(meter, as_text(text), kwargs or args)


def _batched(_meter: Meter, _items: Any, size: int, *_rest: Any, **_options: Any) -> None:
    if size > WIDTH:
        raise TemplateLimitError("a batch is too long")


def _rounded(_meter: Meter, _value: Any, precision: int = 0, *_rest: Any, **_options: Any) -> None:
    if abs(precision) > 100:
        raise TemplateLimitError("rounding is too fine")


def _number(_meter: Meter, value: Any, *_rest: Any, **_options: Any) -> None:
    if isinstance(value, str) and len(value) > WIDTH:
        raise TemplateLimitError("a number is too long")


def _elements(meter: Meter, items: Any, *_rest: Any, **_options: Any) -> None:
    if isinstance(items, str):
        meter.charge(len(items) * PIECE)


def _compared(meter: Meter, items: Any, *_rest: Any, **_options: Any) -> None:
    meter.count_whole(items)
    _elements(meter, items)


def _written(meter: Meter, value: Any, *_rest: Any, **_options: Any) -> None:
    if not isinstance(value, str):
        meter.count_whole(value)


FILTER_CHECKS: Mapping[str, Callable[..., None]] = {
    "center": _padded,
    "replace": _replaced,
    "indent": _indented,
    "format": _formatted,
    "batch": _batched,
    "round": _rounded,
    "int": _number,
    "float": _number,
    "trim": _stripped,
    "title": _elements,
    "wordcount": _elements,
    **dict.fromkeys(("list", "slice", "reverse"), _elements),
    **dict.fromkeys(("sort", "unique", "groupby", "min", "max", "dictsort"), _compared),
    **dict.fromkeys(("string", "upper", "lower", "capitalize", "truncate"), _written),
}


@pass_environment
def _join_filter(environment: SandboxedEnvironment, value: Any, d: Any = "", attribute: str | int | None = None) -> str:
    meter = METER.get()
    get = make_attrgetter(environment, attribute) if attribute is not None else None
    separator = as_text(d)
    texts: list[str] = []
    size = 0
    for item in value:
        texts.append(as_text(get(item) if get else item))
        size += len(texts[-1]) + len(separator)
        if size > meter.limit:
            raise ModelError(Code.TEMPLATE_TOO_LARGE, limit=meter.limit)
        meter.charge(len(texts[-1]) + len(separator) + PIECE)
    return separator.join(texts)


@pass_environment
def _sum_filter(environment: SandboxedEnvironment, iterable: Any, attribute: str | int | None = None, start: Any = 0) -> Any:
    meter = METER.get()
    get = make_attrgetter(environment, attribute) if attribute is not None else None
    total = start
    for item in iterable:
        number = get(item) if get else item
        _plus(meter, total, number)
        total = total + number
        meter.charge(1)
    return total


def _tojson(
    value: Any,
    ensure_ascii: bool = False,  # noqa: FBT001, FBT002 (the arguments are Transformers')
    indent: int | str | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,  # noqa: FBT001, FBT002
) -> str:
    """As Transformers has it (``chat_template_utils._compile_jinja_template``): plain JSON, nothing escaped for HTML."""
    meter = METER.get()
    if (len(indent) if isinstance(indent, str) else indent or 0) > 100 or any(len(mark) > 100 for mark in separators or ()):
        raise TemplateLimitError("JSON is spread too far")
    meter.make(meter.weight(value) * (1 + max(map(len, separators or ("", "")))))
    encoder = json.JSONEncoder(ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
    pieces: list[str] = []
    size = 0
    for piece in encoder.iterencode(value):
        size += len(piece)
        meter.make(size)
        pieces.append(piece)
    return "".join(pieces)


def _escape(value: Any) -> str:
    text = as_text(value)
    METER.get().make(5 * len(text))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;").replace("'", "&#39;")


FILTERS: Mapping[str, Callable[..., Any]] = {
    "join": _join_filter,
    "sum": _sum_filter,
    "tojson": _tojson,
    "safe": as_text,
    "e": _escape,
    "escape": _escape,
    "forceescape": _escape,
}
