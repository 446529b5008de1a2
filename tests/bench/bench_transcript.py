"""The transcript's figures: opening, resizing, scrolling and streaming, on a real widget."""

import gc
import os
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from zhiyin.ui.theme import apply_theme
from zhiyin.ui.transcript.turn import TurnView
from zhiyin.ui.transcript.view import TranscriptView

PARAGRAPH = (
    "The moon before my bed is bright; I take it for frost on the ground. **I raise my head** and look at the moon, "
    "I lower it and think of home, as `everyone` does who has ever been [far away](https://example.org) on such a night.\n\n"
    "床前明月光，疑是地上霜。举头望明月，低头思故乡。这首诗人人会背，**因为**它说的是人人都有过的夜晚。\n\n"
)
CODE = "```python\n" + "def moon(frost: int) -> str:\n    return 'home' if frost else \"road\"  # 思故乡\n\n" * 6 + "```\n\n"
LIST = "".join(f"{number}. item *number* {number} of a list that goes on\n" for number in range(1, 8)) + "\n"
TABLE = "| poet | dynasty | work |\n|---|---|---|\n" + "| 李白 | Tang | 静夜思 |\n" * 5 + "\n"
REPLY = PARAGRAPH + CODE + LIST + TABLE + PARAGRAPH


def turns(count: int) -> list[TurnView]:
    """Questions and answers in turn, with all kinds of blocks."""
    made = []
    for number in range(count):
        if number % 2:
            made.append(TurnView(number, "assistant", PARAGRAPH * 2 if number % 8 else REPLY, name="Zhiyin", seal="知"))
        else:
            made.append(TurnView(number, "user", f"Question {number}: what did he see on the ground, and why? " * 2, name="You"))
    return made


def milliseconds(work: Callable[[], object]) -> float:
    """How long a piece of work takes."""
    start = perf_counter()
    work()
    return (perf_counter() - start) * 1000


class Heartbeat(QObject):
    """Gaps between ticks of a 10 ms timer beyond what was asked: what the user feels as a stutter."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps: list[float] = []
        self._last = perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(self._timer.timerType().PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(10)

    def _tick(self) -> None:
        now = perf_counter()
        self.gaps.append((now - self._last) * 1000)
        self._last = now

    def stop(self) -> tuple[float, float]:
        """The 99th percentile and the longest gap, in milliseconds."""
        self._timer.stop()
        gaps = sorted(self.gaps)
        return gaps[int(len(gaps) * 0.99)], gaps[-1]


def _figure(name: str, value: float, unit: str, limit: float | None) -> dict[str, Any]:
    promised = limit is not None
    return {
        "name": name,
        "value": round(value, 2),
        "unit": unit,
        "limit": f"≤ {limit:g} {unit}" if promised else "",
        "ok": value <= limit if limit is not None else None,
    }


def _settle(app: QApplication, seconds: float = 0.4) -> None:
    end = perf_counter() + seconds
    while perf_counter() < end:
        app.processEvents()


def _stream(app: QApplication, view: TranscriptView, number: int, text: str, piece: int) -> tuple[list[float], tuple[float, float]]:
    """Stream a text in pieces of so many characters each 33 ms; the cost of each call and the heartbeat."""
    view.append_turn(TurnView(number, "assistant", "", name="Zhiyin", seal="知", state="growing"))
    view.scroll_to_end()
    costs: list[float] = []
    place = 0
    heartbeat = Heartbeat()
    next_frame = perf_counter()
    while place < len(text):
        if perf_counter() >= next_frame:
            delta = text[place : place + piece]
            costs.append(milliseconds(lambda delta=delta: view.append_text(number, delta)))
            place += piece
            next_frame += 0.033
        app.processEvents()
    beat = heartbeat.stop()
    view.update_turn(TurnView(number, "assistant", text, name="Zhiyin", seal="知"))
    return costs, beat


def run() -> list[dict[str, Any]]:
    """All figures; each says whether it is within its limit."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(app, QApplication):
        raise TypeError(app)
    apply_theme(app, "light")
    view = TranscriptView()
    view.resize(1100, 900)
    view.show()
    view.set_turns(turns(4))
    _settle(app)
    gc.collect()
    many = turns(10_000)
    found = [_figure("transcript: open 10,000 turns", milliseconds(lambda: view.set_turns(many)), "ms", 100)]
    _settle(app)
    bar = view.verticalScrollBar()
    for name, start, step in (("up", bar.maximum(), -60), ("down", bar.maximum() // 2, 60)):
        bar.setValue(start)
        _settle(app, 0.1)
        costs = [milliseconds(lambda step=step: (bar.setValue(bar.value() + step), view.viewport().repaint())) for _ in range(400)]
        found.append(_figure(f"transcript: scroll step {name}, median", median(costs), "ms", 8))
        found.append(_figure(f"transcript: scroll step {name}, p95", sorted(costs)[380], "ms", None))
    bar.setValue(bar.maximum() // 3)
    _settle(app, 0.1)
    jump = milliseconds(lambda: (bar.setValue(1000), view.viewport().repaint()))
    found.append(_figure("transcript: jump to another place", jump, "ms", None))
    bar.setValue(bar.maximum() // 3)
    widths = (700, 690, 660, 600, 1100)
    costs = [milliseconds(lambda width=width: (view.resize(width, 900), view.viewport().repaint())) for width in widths]
    found.append(_figure("transcript: resize with 10,000 turns, longest", max(costs), "ms", 30))
    view.resize(1100, 900)
    long = PARAGRAPH * 40 + CODE * 4 + LIST * 4 + TABLE + PARAGRAPH * 20
    costs, (p99, longest) = _stream(app, view, 20_001, long, 60)
    found.append(_figure("transcript: append to a long reply, p95", sorted(costs)[int(len(costs) * 0.95)], "ms", 5))
    found.append(_figure("transcript: append to a long reply, longest", max(costs), "ms", None))
    found.append(_figure("transcript: event loop while streaming, p99", p99, "ms", 16))
    found.append(_figure("transcript: event loop while streaming, longest", longest, "ms", 50))
    code = "```python\n" + "value = compute(argument, other)  # 说明\n" * 2500
    table = "| a | b | c | d | e | f | g | h |\n" + "|---" * 8 + "|\n" + "| 1 | two | 三 | 4 | five | 六 | 7 | eight |\n" * 200
    items = "".join(f"- item {number} with a little text to it\n" for number in range(1200))
    growing = (("100 KB of code", code, 1200), ("a table of 200 rows", table, 120), ("a list of 1,200 items", items, 400))
    for name, text, piece in growing:
        costs, (_, longest) = _stream(app, view, 20_002 + len(text), text, piece)
        found.append(_figure(f"transcript: append to {name}, p90", sorted(costs)[int(len(costs) * 0.9)], "ms", 8))
        found.append(_figure(f"transcript: event loop while {name} streams, longest", longest, "ms", 50))
    view.set_turns([TurnView(1, "assistant", REPLY * 400, name="Zhiyin", seal="知")])
    heartbeat = Heartbeat()
    start = perf_counter()
    while not view.stack.body(0).settled and perf_counter() - start < 30:
        app.processEvents()
    taken = (perf_counter() - start) * 1000
    found.append(_figure(f"transcript: a finished message of {len(REPLY) * 400 // 1000} KB is parsed after", taken, "ms", None))
    found.append(_figure("transcript: event loop meanwhile, longest", heartbeat.stop()[1], "ms", 50))
    view.close()
    return found


if __name__ == "__main__":
    for figure in run():
        print("{name:75} {value:10} {unit:4} limit {limit} {ok}".format(**figure))  # noqa: T201 - this is its output
