"""The body of one turn: its text parsed into blocks, in slices, and boxes that show them; only boxes that are seen are laid out."""

from time import perf_counter

from zhiyin.markup.blocks import Block, CodeBlock, Inline, ListBlock, Rule
from zhiyin.markup.literal import literal_blocks
from zhiyin.ui.transcript.box import Box
from zhiyin.ui.transcript.code_box import CodeBox
from zhiyin.ui.transcript.flow import ItemPieces, Piece, TableRows, flow
from zhiyin.ui.transcript.open_reply import OpenReply
from zhiyin.ui.transcript.reading import Reading
from zhiyin.ui.transcript.rule_box import RuleBox
from zhiyin.ui.transcript.table_box import TableBox
from zhiyin.ui.transcript.text_box import TextBox


class Body:
    """Boxes under one another, ``width`` wide. Heights are guesses until a box was laid out."""

    def __init__(self, reading: Reading, width: int, *, literal: bool) -> None:
        self.reading = reading
        self.width = width
        self.boxes: list[Box] = []
        self._literal = literal
        self._text = ""
        self._reply = OpenReply()
        self._starts: list[int] = []  # index of each block's first box
        self._tops: list[int] = []
        self._final = False
        self._listed = -1  # index of the list that the items belong to
        self._items: ItemPieces = {}

    # ------------------------------------------------------------ content

    @property
    def text(self) -> str:
        """The source."""
        return self._text

    @property
    def settled(self) -> bool:
        """Whether all text is in boxes."""
        return self._literal or self._reply.settled

    @property
    def ready(self) -> bool:
        """Whether ``work`` would parse something now."""
        return not self._literal and self._reply.ready()

    @property
    def open_code(self) -> bool:
        """Whether the last box is code that still grows."""
        return not self._final and self._reply.open_code

    @property
    def blocks(self) -> list[Block]:
        """The blocks parsed so far."""
        return list(literal_blocks(self._text)) if self._literal else self._reply.blocks

    def set_text(self, text: str, *, final: bool) -> int:
        """Show a text; one that begins with what is shown already only adds to it. Returns the first box that may have changed."""
        self._final = final
        if self._literal:
            self._text = text
            return self._rebuild(list(literal_blocks(text)), 0)
        if not text.startswith(self._text):
            self._reply = OpenReply()
            self._text = ""
            self.boxes.clear()
            self._starts.clear()
            self._cut_tops(0)
        delta = text[len(self._text) :]
        self._text = text
        self._reply.append(delta)
        if final:
            self._reply.finish()
        else:
            self._reply.resume()
        return len(self.boxes)

    def append(self, delta: str) -> None:
        """Add to a growing text."""
        self._text += delta
        self._reply.append(delta)

    def work(self, seconds: float) -> int:
        """Parse for about so long; returns the index of the first box that changed (their number if none did)."""
        changed = len(self.boxes)
        end = perf_counter() + seconds
        while not self._literal and self._reply.ready():
            first = self._reply.step()
            changed = min(changed, self._rebuild(self._reply.blocks, first))
            if perf_counter() >= end:
                break
        return changed

    def _rebuild(self, blocks: list[Block], first: int) -> int:
        """Make the boxes of the blocks from an index on, keeping those whose piece is the same."""
        start = self._starts[first] if first < len(self._starts) else len(self.boxes)
        del self._starts[first:]
        old = self.boxes[start:]
        del self.boxes[start:]
        changed = -1
        for block in blocks[first:]:
            self._starts.append(len(self.boxes))
            same = isinstance(block, ListBlock) and len(self._starts) - 1 == self._listed
            if isinstance(block, ListBlock) and not same:
                self._listed, self._items = len(self._starts) - 1, {}
            for piece in flow(block, first=not self.boxes, kept=self._items if isinstance(block, ListBlock) else None):
                index = len(self.boxes) - start
                before = old[index] if index < len(old) else None
                if before is not None and (before.piece is piece or before.piece == piece):
                    self.boxes.append(before)
                    continue
                if changed < 0:
                    changed = len(self.boxes)
                self.boxes.append(self._box(piece, before))
        if changed < 0:
            changed = len(self.boxes)
        changed = min(changed, self._measure_tables(start, changed))
        self._cut_tops(min(changed, len(self.boxes)))
        return changed

    def _box(self, piece: Piece, before: Box | None) -> Box:
        """A box for a piece; one that only grew keeps its layout, its columns and where it is scrolled to."""
        box: Box
        match piece.leaf:
            case CodeBlock():
                if isinstance(before, CodeBox) and before.replace_code(piece):
                    return before
                box = CodeBox(piece, self.reading, on_wash=self._literal)
            case TableRows(number=number):
                table = box = TableBox(piece, self.reading, on_wash=self._literal)
                same = isinstance(before, TableBox) and before.leaf.number == number
                table.begin(before if same or not number else self.boxes[-1])
            case Rule():
                box = RuleBox(piece, self.reading, on_wash=self._literal)
            case _:
                box = TextBox(piece, self.reading, on_wash=self._literal)
        box.set_width(self.width)
        return box

    def _measure_tables(self, start: int, changed: int) -> int:
        """Let tables from a box on measure their new rows; returns the first box that has to change for it."""
        if changed >= len(self.boxes):
            return changed
        index = start
        while index < len(self.boxes):
            box = self.boxes[index]
            if not isinstance(box, TableBox):
                index += 1
                continue
            end = index
            rows: list[tuple[Inline, ...]] = []
            while end < len(self.boxes) and isinstance(part := self.boxes[end], TableBox) and part.geometry is box.geometry:
                rows.extend(part.leaf.rows)
                end += 1
            if end > changed and box.geometry.take_rows(rows, complete=self._final or end < len(self.boxes)):
                for other in self.boxes[index:end]:
                    other.release()
                    other.exact = False
                    other.height = other.estimate()
                changed = min(changed, index)
            index = end
        return changed

    # ------------------------------------------------------------ geometry

    def set_width(self, width: int) -> None:
        """Take a new width; heights are guesses again."""
        if width != self.width:
            self.width = width
            for box in self.boxes:
                box.set_width(width)
            self._cut_tops(0)

    def _cut_tops(self, index: int) -> None:
        del self._tops[index:]

    def top(self, index: int) -> int:
        """Where a box begins; with the number of boxes, where the last one ends."""
        tops = self._tops
        while len(tops) <= index:
            number = len(tops)
            above = tops[-1] + self.boxes[number - 1].height if number else 0
            tops.append(above + (self.boxes[number].piece.gap if number < len(self.boxes) else 0))
        return tops[index]

    @property
    def height(self) -> int:
        """Height of all boxes, with a guess for what is not parsed yet."""
        boxes = len(self.boxes)
        bottom = self.top(boxes - 1) + self.boxes[-1].height if boxes else 0
        rest = 0 if self._literal else self._reply.waiting
        if rest > 2_000:
            bottom += int(rest * self.reading.unit / self.width) * self.reading.line_height(chinese=False)
        return bottom

    def box_at(self, y: int) -> int:
        """The index of the box at or under a place, -1 if there is none."""
        low, high = 0, len(self.boxes)
        while low < high:
            middle = (low + high) // 2
            if self.top(middle) + self.boxes[middle].height <= y:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self.boxes) else -1

    def lay_out(self, first_y: int, last_y: int, anchor: int) -> int:
        """Lay out the boxes between two places. Returns how much what lies at the anchor was moved down by boxes above it."""
        moved = 0
        index = self.box_at(first_y)
        while 0 <= index < len(self.boxes) and self.top(index) < last_y:
            box = self.boxes[index]
            if not box.exact:
                before, above = box.height, self.top(index) + box.height <= anchor
                box.lay_out()
                change = box.height - before
                if change:
                    self._cut_tops(index + 1)
                    if above:
                        moved += change
                        anchor += change
                    if first_y > self.top(index):
                        last_y += change
            index += 1
        return moved
