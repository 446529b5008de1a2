"""A reply as it grows: finished blocks are frozen, and only what is still open is parsed again.

A top-level block is finished once the next one has surely begun. Blocks that may stay open for long are taken in as they come: code
by lines, lists by items, tables by rows. At any moment the blocks are those that ``parse`` makes of the whole text so far.
"""

import re

from zhiyin.markup.blocks import Block, CodeBlock, Formula, Inline, Item, ListBlock, Table
from zhiyin.markup.parse import Parsed, parse_lines
from zhiyin.markup.spans import normalize

_FENCE = re.compile(r"`{3,}|~{3,}")


class OpenText:
    """Text that is appended to. ``blocks`` are all blocks so far; ``open_code``: the last is code whose end has not come."""

    def __init__(self, text: str = "") -> None:
        self.blocks: list[Block] = []
        self.open_code = False
        self._frozen = 0
        self._tail = ""  # normalized; from the open block on, less what the part has taken in
        self._part: _Part | None = None
        self._held = ""
        self._changed = False
        self.append(text)

    @property
    def open_size(self) -> int:
        """Characters that ``refresh`` looks at again."""
        return len(self._tail)

    def append(self, delta: str) -> None:
        """Add text; the blocks follow at ``refresh``."""
        if not delta:
            return
        delta = self._held + delta
        self._held = "\r" if delta.endswith("\r") else ""  # half a line end, perhaps
        self._tail += normalize(delta.removesuffix("\r"))
        self._changed = True

    def finish(self) -> int:
        """Take the text as complete; otherwise like ``refresh``."""
        if self._held:
            self._held = ""
            self._tail += "\n"
            self._changed = True
        return self.refresh()

    def refresh(self) -> int:
        """Bring ``blocks`` up to date; returns the index of the first that may have changed."""
        if not self._changed:
            return len(self.blocks)
        self._changed = False
        first = self._frozen
        more = True
        while more:
            del self.blocks[self._frozen :]
            more = self._step_code(self._part) if isinstance(self._part, _OpenCode) else self._step()
        return first

    def _step(self) -> bool:
        """Parse the tail once; True when something was frozen and the rest is to be looked at again."""
        found = self._parse_tail()
        if found is None:
            return True
        complete = self._tail.count("\n")
        settled = max((number for number in range(1, len(found)) if _settled_at(found[number]) <= complete), default=0)
        for parsed in found[:settled] if settled else found:
            self.blocks += (parsed.block, *parsed.more)
        self.open_code = False
        if settled:
            self._frozen = len(self.blocks)
            self._part = None
            self._cut(found[settled].first)
        elif len(found) == 1:
            self._take_in(found[0], complete)
        return settled > 0

    def _parse_tail(self) -> list[Parsed] | None:
        """The blocks of the tail, the first joined with what the part has; None when it does not go on from there."""
        part = self._part
        if part is None:
            return parse_lines(self._tail)
        found = parse_lines(part.prefix + self._tail)
        joined = part.join(found[0].block) if found else None
        if joined is None:  # what follows reads differently by itself: from now on take the block whole
            self._tail = part.text + self._tail
            self._part = _Part()
            return None
        found[0] = found[0]._replace(block=joined)
        shift = part.prefix.count("\n")
        return [parsed._replace(first=max(parsed.first - shift, 0), last=parsed.last - shift) for parsed in found]

    def _take_in(self, parsed: Parsed, complete: int) -> None:
        """Move what is sure of the one open block from the tail into its part."""
        block, part = parsed.block, self._part
        if isinstance(block, CodeBlock) and part is None:
            if complete > parsed.first and (fence := _FENCE.match(self._tail.split("\n", parsed.first + 1)[parsed.first])):
                self._cut(parsed.first + 1)
                self._part = opened = _OpenCode(block.language, fence.group())
                self.open_code = opened.end_in(self._tail) is None
        elif isinstance(block, ListBlock) and (part is None or isinstance(part, _OpenList)):
            sure = [line for line in parsed.items if line < complete]
            if len(sure) > 1:
                loose = block.loose and self._surely_loose(part)
                self._part = part = part or _OpenList(block.start)
                part.keep(block.items[: len(part.items) + len(sure) - 1], self._cut(sure[-1]), loose=loose)
        elif isinstance(block, Table):
            if part is None and complete >= parsed.first + 2:
                self._cut(parsed.first)
                self._part = part = _OpenTable(self._cut(2))
                complete -= parsed.first + 2
                parsed = parsed._replace(last=parsed.last - parsed.first - 2)
            if isinstance(part, _OpenTable) and (lines := min(parsed.last, complete)) > 0:
                part.keep(block.rows[: len(part.rows) + lines], self._cut(lines))

    def _surely_loose(self, part: "_Part | None") -> bool:
        """Whether the open list is loose even without its last line, which may turn into something else."""
        if isinstance(part, _OpenList) and part.loose:
            return True
        found = parse_lines(self._tail[: self._tail.rindex("\n") + 1])
        return bool(found) and isinstance(found[0].block, ListBlock) and found[0].block.loose

    def _step_code(self, part: "_OpenCode") -> bool:
        end = part.end_in(self._tail)
        self.open_code = end is None
        text = self._tail[: end[0]] if end else self._tail
        if end is None and not text[text.rfind("\n") + 1 :].strip(" \t"):
            text = text.rstrip(" \t")  # the parser does not count a last line of spaces
        self.blocks.append(CodeBlock(part.language, text.removesuffix("\n")))
        if end is None or end[1] is None:
            return False
        self._frozen = len(self.blocks)
        self._tail = self._tail[end[1] :]
        self._part = None
        return True

    def _cut(self, lines: int) -> str:
        """Take lines off the front of the tail."""
        place = 0
        for _ in range(lines):
            place = self._tail.index("\n", place) + 1
        taken, self._tail = self._tail[:place], self._tail[place:]
        return taken


def _settled_at(parsed: Parsed) -> int:
    """How many complete lines it takes to be sure that this block begins where it does."""
    if isinstance(parsed.block, Table):
        return parsed.first + 2
    return parsed.last if isinstance(parsed.block, Formula) else parsed.first + 1


class _Part:
    """What was taken in of the open block. This one takes nothing in: its block is parsed whole each time."""

    prefix = ""  # what the tail must be parsed behind
    text = ""  # the source of what was taken in

    def join(self, block: Block) -> Block | None:
        """The whole block, given what was parsed of its rest; None if they do not belong together."""
        return block


class _OpenList(_Part):
    def __init__(self, start: int | None) -> None:
        self.items: tuple[Item, ...] = ()
        self.start = start
        self.loose = False

    def keep(self, items: tuple[Item, ...], text: str, *, loose: bool) -> None:
        self.items = items
        self.text += text
        self.loose = loose

    def join(self, block: Block) -> Block | None:
        if not isinstance(block, ListBlock) or (block.start is None) != (self.start is None):
            return None
        return ListBlock(self.items + block.items, self.start, self.loose or block.loose)


class _OpenTable(_Part):
    def __init__(self, head: str) -> None:
        self.prefix = self.text = head
        self.rows: tuple[tuple[Inline, ...], ...] = ()

    def keep(self, rows: tuple[tuple[Inline, ...], ...], text: str) -> None:
        self.rows = rows
        self.text += text

    def join(self, block: Block) -> Block | None:
        return Table(block.align, block.header, self.rows + block.rows) if isinstance(block, Table) else None


class _OpenCode(_Part):
    """Code behind an opening fence without indentation; the tail is what follows that line."""

    def __init__(self, language: str, fence: str) -> None:
        self.language = language
        self._closing = re.compile(rf"^ {{0,3}}{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$", re.MULTILINE)
        self._searched = 0

    def end_in(self, body: str) -> tuple[int, int | None] | None:
        """Where the code ends and where the text behind the closing fence begins (None: its line is not complete)."""
        match = self._closing.search(body, self._searched)
        if match is None:
            self._searched = body.rfind("\n") + 1
            return None
        return match.start(), match.end() + 1 if match.end() < len(body) else None
