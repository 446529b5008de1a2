"""Code to coloured spans: Pygments' tokens as a handful of roles. Bounded, for code comes from a model."""

import re
from collections.abc import Iterator
from functools import cache
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pygments.lexer import Lexer

ROLES = ("keyword", "name", "string", "number", "comment", "type", "operator", "meta", "inserted", "deleted")
LARGEST = 200_000
LONGEST_LINE = 5_000
"""Characters; some lexers are quadratic in a line."""
SECONDS = 0.5

# Lexers that are known to be quick and to end: what is asked for comes from a model, and a lexer can hang in one regular expression.
_NAMES = """
bash sh shell zsh console batch powershell c h cpp c++ cc cxx hpp cs csharp c# css scss less cmake cuda dart diff patch dockerfile docker
elixir erlang fortran glsl go golang graphql groovy haskell hs html xml svg ini toml cfg java javascript js jsx json jsonc julia jl
kotlin kt lua make makefile nginx nix objc objective-c pascal perl php prolog proto protobuf python py python3 pycon r rb ruby rust rs
scala scheme lisp clojure solidity sql postgresql swift tcl tex latex ts typescript tsx verilog vhdl vim vue wgsl yaml yml zig
"""
_LANGUAGES = frozenset(_NAMES.split())
_RUN = re.compile(r"\s{300}|(\S)\1{300}")
"""Long runs of one kind are what lexers' expressions grow quadratic on."""
_ALIASES = {
    "jsonc": "json",
    "svg": "xml",
    "python3": "python",
    "cxx": "cpp",
    "cc": "cpp",
    "hpp": "cpp",
    "h": "c",
    "patch": "diff",
    "kt": "kotlin",
}


def highlight(language: str, code: str, *, seconds: float = SECONDS) -> list[tuple[int, str]]:
    """Spans of (length, role) that together cover the code; the role is one of ``ROLES`` or empty.

    Code in an unknown language, too large, with a very long line, or whose lexer fails or takes longer, is one span without a role.
    """
    plain = [(len(code), "")] if code else []
    if not code or len(code) > LARGEST or max(map(len, code.split("\n"))) > LONGEST_LINE or _RUN.search(code):
        return plain
    lexer = _lexer(language.strip().lower())
    if lexer is None:
        return plain
    spans: list[tuple[int, str]] = []
    end = perf_counter() + seconds
    try:
        for length, role in _spans(lexer, code):
            if spans and spans[-1][1] == role:
                spans[-1] = (spans[-1][0] + length, role)
            else:
                spans.append((length, role))
            if perf_counter() > end:
                return plain
    except Exception:  # noqa: BLE001, RUF100 - a lexer's failure on odd text is no failure of ours: the code is shown plain
        return plain
    return spans


def _spans(lexer: "Lexer", code: str) -> Iterator[tuple[int, str]]:
    done = 0
    for index, kind, value in lexer.get_tokens_unprocessed(code + "\n"):
        start, stop = max(index, done), min(index + len(value), len(code))
        if stop <= start:
            continue
        if start > done:
            yield start - done, ""
        yield stop - start, _role(kind)
        done = stop
    if done < len(code):
        yield len(code) - done, ""


@cache
def _lexer(language: str) -> "Lexer | None":
    if language not in _LANGUAGES:
        return None
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415 - loaded with the first code to be coloured
    from pygments.util import ClassNotFound  # noqa: PLC0415

    try:
        return get_lexer_by_name(_ALIASES.get(language, language))
    except ClassNotFound:
        return None


@cache
def _roles() -> dict[Any, str]:
    from pygments.token import Comment, Generic, Keyword, Name, Number, Operator, String  # noqa: PLC0415

    return {
        Comment: "comment", Comment.Preproc: "meta", Comment.PreprocFile: "string", Keyword: "keyword", Keyword.Type: "type",
        Name.Function: "name", Name.Class: "type", Name.Namespace: "name", Name.Tag: "keyword", Name.Attribute: "name",
        Name.Decorator: "meta", Name.Builtin: "type", Name.Exception: "type", Name.Constant: "number", Name.Label: "meta",
        Name.Variable: "name", Number: "number", Operator: "operator", Operator.Word: "keyword",
        String: "string", String.Interpol: "meta", String.Escape: "meta", Generic.Inserted: "inserted", Generic.Deleted: "deleted",
        Generic.Heading: "name", Generic.Subheading: "meta", Generic.Prompt: "comment", Generic.Output: "comment",
    }  # fmt: skip


@cache
def _role(kind: Any) -> str:
    while kind is not None:
        role = _roles().get(kind)
        if role is not None:
            return role
        kind = kind.parent
    return ""
