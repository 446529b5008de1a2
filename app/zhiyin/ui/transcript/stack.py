"""All turns of a conversation under one another: heights, bodies, and laying out what is seen without anything jumping."""

from collections import OrderedDict
from collections.abc import Sequence

from msgspec.structs import replace

from zhiyin.ui.transcript.body import Body
from zhiyin.ui.transcript.box import Box
from zhiyin.ui.transcript.heights import Heights
from zhiyin.ui.transcript.reading import CHINESE_SHARE, Reading
from zhiyin.ui.transcript.text_box import chinese_count
from zhiyin.ui.transcript.turn import TurnView

GAP = 14
NAME = 28
WASH = 12
"""Air between a user's words and the edge of the wash behind them."""
FOOTER = 34
MEMORY = 44
WAITING = 32
NOTICE_GAP = 12
_KEPT_BODIES = 60
_KEPT_CHARACTERS = 1_500_000
_KEPT_COST = 250_000
_KEPT_BOXES = 1_000
FIRST_SLICE = 0.006
"""Seconds of parsing when a turn is first seen; the rest follows in later passes of the event loop."""


class Entry:
    """One turn with what is known of its layout."""

    __slots__ = ("body", "body_height", "body_top", "breaks", "chinese", "editor_height", "folded", "frame_top", "note_height", "turn")

    def __init__(self, turn: TurnView) -> None:
        self.take(turn)
        self.folded = turn.role == "summary"  # only its first words are seen
        self.body: Body | None = None
        self.body_height = -1  # of a body that was let go
        self.note_height = 0
        self.editor_height = 0
        self.count()

    def take(self, turn: TurnView) -> None:
        """Show a turn; ``frame_top`` is where its own ground begins, ``body_top`` where its text does."""
        self.turn = turn
        top = NOTICE_GAP if turn.role == "notice" else GAP
        self.frame_top = top + MEMORY if turn.memory_starts_here else top
        self.body_top = self.frame_top + (WASH if turn.role == "user" else 0) + (NAME if turn.name else 0)

    def count(self) -> None:
        """Count what the guess of the height goes by."""
        text = self.turn.text
        self.chinese = chinese_count(text)
        self.breaks = text.count("\n") + 1

    @property
    def user(self) -> bool:
        """Whether it stands on a wash."""
        return self.turn.role == "user"

    @property
    def waiting(self) -> bool:
        """Whether a reply is awaited that has no words yet."""
        return self.turn.state == "growing" and not self.turn.text

    @property
    def below(self) -> int:
        """What stands under the text."""
        turn = self.turn
        if turn.role == "user":
            return self.note_height + (WASH + FOOTER)
        if turn.role == "notice":
            return NOTICE_GAP
        return self.note_height + (WAITING + FOOTER if self.waiting else FOOTER)


class Stack:
    """The turns. Places are whole logical pixels from the top of the first turn."""

    def __init__(self, reading: Reading, width: int) -> None:
        self._take_measures(reading, width)
        self.entries: list[Entry] = []
        self.heights = Heights()
        self._index: dict[int, int] = {}
        self._bodies: OrderedDict[int, Entry] = OrderedDict()  # by turn id; the one seen last is last
        self._boxes: OrderedDict[Box, int] = OrderedDict()
        self._cost = 0

    def _take_measures(self, reading: Reading, width: int) -> None:
        self.reading = reading
        self.width = width
        self._per_line = reading.unit / width
        self._latin_line = reading.line_height(chinese=False)
        self._chinese_line = reading.line_height(chinese=True)

    # ------------------------------------------------------------ turns

    def set_turns(self, turns: Sequence[TurnView]) -> bool:
        """Show these turns; what is known of those that were shown before is kept. True if there were any."""
        old = {entry.turn.id: entry for entry in self.entries}
        self.entries = []
        common = False
        for turn in turns:
            entry = old.get(turn.id)
            if entry is None:
                entry = Entry(turn)
            else:
                common = True
                self._replace(entry, turn)
            self.entries.append(entry)
        self._index = {turn.id: index for index, turn in enumerate(turns)}
        for turn_id in [turn_id for turn_id in self._bodies if turn_id not in self._index]:
            del self._bodies[turn_id]
        self.heights = Heights(map(self._height, self.entries))
        return common

    def index(self, turn_id: int) -> int:
        """The place of a turn, -1 if it is not shown."""
        return self._index.get(turn_id, -1)

    def append(self, turn: TurnView) -> None:
        """Add a turn at the end."""
        entry = Entry(turn)
        self._index[turn.id] = len(self.entries)
        self.entries.append(entry)
        self.heights.append(self._height(entry))

    def update(self, index: int, turn: TurnView) -> None:
        """Show a turn as it is now."""
        self._replace(self.entries[index], turn)
        self.measure(index)

    def fold(self, index: int, *, folded: bool) -> None:
        """Show a turn's text, or only that there is one."""
        self.entries[index].folded = folded
        self.measure(index)

    def append_text(self, index: int, delta: str) -> None:
        """Add to the text of a growing reply."""
        entry = self.entries[index]
        entry.turn = replace(entry.turn, text=entry.turn.text + delta)
        entry.chinese += chinese_count(delta)
        entry.breaks += delta.count("\n")
        entry.body_height = -1
        if entry.body is not None:
            entry.body.append(delta)

    def _replace(self, entry: Entry, turn: TurnView) -> None:
        old = entry.turn
        if turn == old:
            return
        entry.take(turn)
        if turn.text != old.text or _is_final(turn) != _is_final(old):
            entry.count()
            entry.body_height = -1
            if entry.body is not None:
                entry.body.set_text(turn.text, final=_is_final(turn))

    # ------------------------------------------------------------ heights

    def _height(self, entry: Entry) -> int:
        if entry.folded and not entry.editor_height:
            return entry.body_top + entry.below
        if entry.body is None and entry.body_height < 0:
            return entry.body_top + self._guess(entry) + entry.below
        if entry.editor_height:
            text = entry.editor_height
        elif entry.body is not None:
            text = entry.body.height
        else:
            text = entry.body_height
        return entry.body_top + text + entry.below

    def _guess(self, entry: Entry) -> int:
        length = len(entry.turn.text)
        if not length:
            return 0
        lines = entry.breaks + int((length + entry.chinese) * self._per_line)
        return lines * (self._chinese_line if entry.chinese > length * CHINESE_SHARE else self._latin_line)

    def measure(self, index: int) -> int:
        """Take over what became of a turn's height; returns the change."""
        height = self._height(self.entries[index])
        change = height - self.heights[index]
        if change:
            self.heights.set(index, height)
        return change

    def top(self, index: int) -> int:
        """Where a turn begins."""
        return self.heights.above(index)

    def reflow(self, reading: Reading, width: int) -> None:
        """Take a new width or other fonts: all heights are guesses again."""
        if reading is not self.reading:
            for entry in self.entries:
                entry.body = None
            self._bodies.clear()
            self._boxes.clear()
            self._cost = 0
        self._take_measures(reading, width)
        for entry in self.entries:
            entry.body_height = -1
            if entry.body is not None:
                entry.body.set_width(width)
        self.heights = Heights(map(self._height, self.entries))

    # ------------------------------------------------------------ what is seen

    def body(self, index: int) -> Body:
        """The body of a turn, parsed at least in part."""
        entry = self.entries[index]
        turn = entry.turn
        if entry.body is None:
            body = Body(self.reading, self.width, literal=turn.role not in ("assistant", "summary"))
            body.set_text(turn.text, final=_is_final(turn))
            body.work(FIRST_SLICE)
            entry.body = body
        self._bodies[turn.id] = entry
        self._bodies.move_to_end(turn.id)
        return entry.body

    def lay_out(self, first: int, last: int, anchor: int) -> tuple[int, bool]:
        """Lay out what lies between two places. Returns how far what lies at the anchor moved down, and whether any height changed."""
        moved, changed = 0, False
        index = self.heights.at(max(first, 0))
        while 0 <= index < len(self.entries):
            top = self.top(index)
            if top >= last:
                break
            entry = self.entries[index]
            before = self.heights[index]
            inner = top + entry.body_top
            shift = 0
            if not entry.editor_height and not entry.folded:
                body = self.body(index)
                shift = body.lay_out(first - inner, last - inner, anchor - inner)
                self._touch(body, first - inner, last - inner)
            change = self.measure(index)
            changed = changed or change != 0
            if top + before <= anchor:
                shift = change
            moved += shift
            anchor += shift
            if top + before <= first:
                first += change
                last += change
            index += 1
        return moved, changed

    def _touch(self, body: Body, first: int, last: int) -> None:
        """Remember which boxes were seen last."""
        index = body.box_at(first)
        while 0 <= index < len(body.boxes) and body.top(index) < last:
            box = body.boxes[index]
            self._cost += box.cost() - self._boxes.pop(box, 0)
            self._boxes[box] = box.cost()
            index += 1

    def let_go(self) -> None:
        """Drop layouts and bodies that were not seen for long."""
        while len(self._boxes) > 80 and (self._cost > _KEPT_COST or len(self._boxes) > _KEPT_BOXES):
            box, cost = self._boxes.popitem(last=False)
            box.release()
            self._cost -= cost
        characters = sum(len(entry.turn.text) for entry in self._bodies.values())
        while len(self._bodies) > 4 and (len(self._bodies) > _KEPT_BODIES or characters > _KEPT_CHARACTERS):
            turn_id, entry = next(iter(self._bodies.items()))
            if entry.turn.state == "growing":
                self._bodies.move_to_end(turn_id)
                break
            del self._bodies[turn_id]
            characters -= len(entry.turn.text)
            if entry.body is not None:
                entry.body_height = entry.body.height
                for box in entry.body.boxes:
                    self._cost -= self._boxes.pop(box, 0)
                entry.body = None


def _is_final(turn: TurnView) -> bool:
    return turn.state not in ("growing", "queued")
