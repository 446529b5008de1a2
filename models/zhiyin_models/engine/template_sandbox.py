"""Jinja for templates that strangers wrote: nothing reachable, nothing unbounded.

Jinja's own sandbox keeps a template from Python's insides. Here, beyond that, every loop, call, operator, filter and piece of output
is counted by a ``Meter``, and whatever could be large in one step is measured before it is made. What chat templates do not need is
left out.
"""

import operator
from collections.abc import Callable, Mapping
from functools import wraps
from types import BuiltinMethodType, GeneratorType
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.ext import Extension, loopcontrols
from jinja2.filters import FILTERS
from jinja2.parser import Parser
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedFormatter
from jinja2.visitor import NodeTransformer

from zhiyin_models.engine import template_growth as growth
from zhiyin_models.engine.template_meter import METER, Counted, Meter, TemplateLimitError

FROM_THE_COMPILER = ("_loop_vars", "_block_vars")  # what Jinja adds to the arguments of a call in a loop or block

MAX_TOKENS = 12_000  # of Jinja; the longest templates in use have some 5,000
# Names of our own filters begin with a space, so that no template can write them.
COUNTED, MADE, JOINED, READ = " counted", " made", " joined", " read"

ALLOWED_METHODS: dict[type, frozenset[str]] = {
    str: frozenset(
        {
            *("capitalize", "casefold", "center", "count", "endswith", "expandtabs", "find", "format", "format_map", "index"),
            *("isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric", "isprintable", "isspace"),
            *("istitle", "isupper", "join", "ljust", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rfind"),
            *("rindex", "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title"),
            *("upper", "zfill"),
        }
    ),
    dict: frozenset({"copy", "get", "items", "keys", "values"}),
    list: frozenset({"copy", "count", "index"}),
    tuple: frozenset({"count", "index"}),
    bool: frozenset(),
    int: frozenset(),
    float: frozenset({"is_integer"}),
    bytes: frozenset(),
}
FILTERS_KEPT = (
    *("abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "first", "float", "format", "groupby"),
    *("indent", "int", "items", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "replace", "reverse"),
    *("round", "select", "selectattr", "slice", "sort", "string", "title", "trim", "truncate", "unique", "upper", "wordcount"),
)
TESTS_THAT_COMPARE = (
    *("==", "eq", "equalto", "!=", "ne", ">", "gt", "greaterthan", ">=", "ge", "<", "lt", "lessthan", "<=", "le"),
    *("in", "lower", "upper"),
)


class Generation(Extension):
    """``{% generation %}…{% endgeneration %}``, with which Transformers marks replies for training: printed as it is."""

    tags = {"generation"}  # noqa: RUF012 (declared so by the base class)

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """The block's body."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Counting(NodeTransformer):
    """Rewrites a parsed template so that what Jinja compiles to plain Python goes through the meter."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 (named by jinja2)
        self.generic_visit(node)
        node.iter = _filter(node.iter, COUNTED)
        return node

    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.Node:  # noqa: N802
        return nodes.Const(node.data, lineno=node.lineno)  # constants pass ``finalize``, where output is counted

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filter(nodes.Tuple(node.nodes, "load", lineno=node.lineno), JOINED)

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return node if all(isinstance(item, nodes.Const) for item in node.items) else _filter(node, MADE)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filter(node, MADE) if node.ctx == "load" else node

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filter(node, MADE)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            return _filter(node, MADE)
        if not isinstance(node.arg, nodes.Const):
            node.arg = _filter(node.arg, READ)
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.expr = _filter(node.expr, READ)
        for operand in node.ops:
            if not isinstance(operand.expr, nodes.Const):
                operand.expr = _filter(operand.expr, READ)
        return node

    def _refuse(self, node: nodes.Node) -> nodes.Node:
        raise TemplateLimitError(f"line {node.lineno}: a chat template cannot use {type(node).__name__.lower()}")

    visit_Include = visit_Import = visit_FromImport = visit_Extends = visit_Block = _refuse  # noqa: N815
    visit_ScopedEvalContextModifier = visit_EvalContextModifier = _refuse  # noqa: N815


def _filter(node: Any, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """The environment that chat templates are compiled in; while they render, ``METER`` must be set."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})

    def __init__(self) -> None:
        # Without the optimizer, which would run filters and operators at compile time, where nothing is counted.
        super().__init__(trim_blocks=True, lstrip_blocks=True, optimized=False, finalize=_output, extensions=[loopcontrols, Generation])
        plain: dict[str, Callable[..., Any]] = {name: FILTERS[name] for name in FILTERS_KEPT}
        self.filters = {name: _guarded(name, function) for name, function in (plain | dict(growth.FILTERS)).items()}
        self.filters |= {COUNTED: Counted, MADE: _made, JOINED: growth.join_text, READ: _read}
        kept = {name: self.globals[name] for name in ("dict", "namespace", "cycler", "joiner")}
        tests: dict[str, Any] = self.tests
        self.tests |= {name: _guarded_test(tests[name]) for name in TESTS_THAT_COMPARE}
        self.globals = kept | {"range": growth.bounded_range}

    def compile_source(self, source: str) -> Any:
        """A template whose work is counted. Raises jinja2.TemplateError, RecursionError and what Python's compiler raises."""
        tokens = sum(kind != "whitespace" for _, kind, _ in self.lex(source))
        if tokens > MAX_TOKENS:  # compiling takes a tenth of a millisecond for each
            raise TemplateLimitError(f"{tokens} tokens long")
        return self.from_string(_Counting().visit(self.parse(source)))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Of text, numbers and containers, only the methods that templates need."""
        exactly = ALLOWED_METHODS.get(type(obj))
        if exactly is not None:
            return attr in exactly
        if not super().is_safe_attribute(obj, attr, value):
            return False
        for kind, allowed in ALLOWED_METHODS.items():
            if isinstance(obj, kind):
                return attr in allowed
        return True

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002 (the signature is jinja2's)
        """Measure, then calculate."""
        meter = METER.get()
        if operator == "+" and type(left) is str and type(right) is str:  # most of what templates do
            meter.make(1 + len(left) + len(right))
            return left + right
        growth.BINARY[operator](meter, left, right)
        result = OPERATORS[operator](left, right)
        meter.count(result)
        return result

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 (as jinja2 has it)
        """Measure a call and its result."""
        meter = METER.get()
        given = {name: value for name, value in kwargs.items() if name not in FROM_THE_COMPILER} if kwargs else kwargs
        _charge_arguments(meter, args, given)
        if isinstance(__obj, BuiltinMethodType) and isinstance(__obj.__self__, str):
            if __obj.__name__ == "join" and args and not isinstance(args[0], (list, tuple, dict, str)):
                args = ([_made(item) for item in Counted(args[0])], *args[1:])
            check = growth.METHODS.get(__obj.__name__)
            meter.charge(len(__obj.__self__))
            if check:
                check(meter, __obj.__self__, *args, **given)
        elif isinstance(__obj, BuiltinMethodType):  # a list looks for what it is given
            meter.charge(meter.weight(__obj.__self__) >> 4 if __obj.__name__ in ("index", "count") else 1)
        elif isinstance(__obj, LoopContext) and args:  # a recursive loop's next level
            args = (Counted(args[0]), *args[1:])
        result = super().call(__context, __obj, *args, **kwargs)
        meter.count(result)
        return result

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """``str.format`` with bounded widths."""
        if not isinstance(value, BuiltinMethodType) or value.__name__ not in ("format", "format_map"):
            return None
        template = value.__self__
        if not isinstance(template, str):
            return None
        formatter = _Formatter(self)
        if value.__name__ == "format":
            return lambda *args, **kwargs: formatter.vformat(template, args, kwargs)
        return lambda mapping: formatter.vformat(template, (), mapping)


OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "**": operator.pow,
    "%": operator.mod,
}


class _Formatter(SandboxedFormatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        meter = METER.get()
        meter.count_whole(value)
        growth.check_widths(format_spec)
        text = str(super().format_field(value, format_spec))
        meter.make(len(text))
        return text


@pass_context
def _output(_context: Context, value: Any) -> str:
    text = growth.as_text(value)
    METER.get().make(1 + len(text))
    return text


def _made(value: Any) -> Any:
    METER.get().count(value)
    return value


def _read(value: Any) -> Any:
    METER.get().charge(METER.get().weight(value) >> 4)  # comparing takes far less than making
    return value


def _charge_arguments(meter: Meter, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    """Count what a call is given; how deep that goes."""
    size, depth = 10, 0
    for value in (*args, *kwargs.values()) if kwargs else args:
        size += meter.size(value)
        depth = max(depth, meter.measure(value)[1])
    meter.charge(size)
    return depth


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter with its arguments and its result measured."""
    check = growth.FILTER_CHECKS.get(name)

    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        meter = METER.get()
        depth = _charge_arguments(meter, args, kwargs)
        if check:
            values = args[1:] if hasattr(function, "jinja_pass_arg") else args
            check(meter, *values, **kwargs)
        result = function(*args, **kwargs)
        if isinstance(result, GeneratorType):
            return Counted(result, depth + 1)
        meter.count(result)
        return result

    return guarded


def _guarded_test(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        for value in args:
            _read(value)
        return function(*args, **kwargs)

    return guarded
