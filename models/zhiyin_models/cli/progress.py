"""One bar on standard error for long work: what is being done, how much of it, how fast, and how long it still takes."""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from zhiyin_models.cli.text_width import shortened, width
from zhiyin_models.messages import one_line, size_text
from zhiyin_models.work import Progress, Stage

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

    from zhiyin_models.cli.terminal import Terminal

BYTES = frozenset({Stage.DOWNLOAD, Stage.WAIT, Stage.HASH, Stage.COPY})  # stages that count bytes; others count what only they know
BAR, SHORT_BAR = 24, 8  # columns
SHORTEST = 10  # columns of a file's name that still say something
LONGEST = 99 * 3600.0  # seconds that are told
# What is left out in turn where the terminal is narrow.
LESS: tuple[dict[str, str | int], ...] = ({}, {"bar": SHORT_BAR}, {"speed": ""}, {"bar": 0}, {"amounts": ""}, {"left": ""})


class Line(NamedTuple):
    """What stands beside each other, from left to right; ``bar`` is its width."""

    words: str
    detail: str
    bar: int
    percent: str
    amounts: str
    speed: str
    left: str


class Bar:
    """Where a person watches a capable terminal, a bar that is drawn anew; on a plain one (``TERM=dumb``) the same as one line of words.

    It is there from the first ``show`` to ``clear``, and comes again with the next ``show``. Drawn only when something is reported, so
    that nothing runs beside the work. Safe to use from several threads.
    """

    def __init__(self, terminal: "Terminal") -> None:
        self._terminal = terminal
        self._live: Live | None = None
        self._lock = threading.Lock()

    def show(self, progress: Progress) -> None:
        """How far it is."""
        self._show(self._terminal.phrase(f"stage_{progress.stage}"), progress)

    def show_fraction(self, words: str, fraction: float) -> None:
        """How far something is that is no stage of a task."""
        self._show(words, Progress(Stage.READ, fraction, 1.0))

    @contextlib.contextmanager
    def busy(self, words: str) -> Iterator[None]:
        """Say what is being done for as long as it takes, where nobody knows how long that is."""
        self._show(words, Progress(Stage.READ, 0.0, 0.0))
        try:
            yield
        finally:
            self._terminal.clear_progress()

    def clear(self) -> None:
        """Take it away."""
        with self._lock, contextlib.suppress(OSError):
            live, self._live = self._live, None
            if live is not None:
                live.stop()

    def _show(self, words: str, progress: Progress) -> None:
        if self._terminal.interactive:
            with self._lock, contextlib.suppress(OSError):  # a terminal that went away is no reason to end the work
                self._draw(words, progress)

    def _draw(self, words: str, progress: Progress) -> None:
        done = min(1.0, max(0.0, progress.done / progress.total)) if progress.total > 0 else None
        line = Line(
            words,
            one_line(progress.detail.rpartition("/")[2]),
            BAR,
            "" if done is None else f"{int(100 * done)}%",
            self._amounts(progress),
            self._speed(progress),
            self._left(progress),
        )
        if os.environ.get("TERM", "") in ("dumb", "unknown"):
            self._terminal.replace_line("  ".join(word for word in (words, *line[3:]) if word))
            return
        self._live = self._live or _begin()
        self._live.update(_drawn(_fitted(line, self._live.console.width - 1), done), refresh=True)

    def _amounts(self, progress: Progress) -> str:
        if progress.stage not in BYTES:
            return ""
        done, total = size_text(int(progress.done)), size_text(int(progress.total))
        return self._terminal.phrase("amount_of", done=done, total=total) if progress.total > 0 else done

    def _speed(self, progress: Progress) -> str:
        if progress.stage not in BYTES or not progress.speed:
            return ""
        return self._terminal.phrase("amount_a_second", amount=size_text(int(progress.speed)))

    def _left(self, progress: Progress) -> str:
        if progress.left is None:
            return ""
        key = "time_until" if progress.stage == Stage.WAIT else "time_left"
        return self._terminal.phrase(key, time=duration(progress.left))


def duration(seconds: float) -> str:
    """A time as a clock has it: 0:07, 12:30, 1:05:00."""
    whole = round(min(seconds, LONGEST))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _fitted(line: Line, room: int) -> Line:
    """With the file's name as long as there is room for; where there is too little, what says least goes first."""
    for less in LESS:
        line = line._replace(**less)  # type: ignore[arg-type] # each of its own type
        beside = sum(width(word) + 1 for word in (line.words, *line[3:]) if word) + (line.bar + 1 if line.bar else 0)
        if beside <= room:
            break
    return line._replace(detail=shortened(line.detail, room - beside - 1) if room - beside > SHORTEST else "")


def _begin() -> "Live":
    from rich.console import Console  # noqa: PLC0415 - a tenth of a second, and only where somebody watches
    from rich.live import Live  # noqa: PLC0415

    live = Live(console=Console(file=sys.stderr), auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)
    live.start()
    return live


def _drawn(line: Line, done: float | None) -> "RenderableType":
    from rich.progress_bar import ProgressBar  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415 - what comes from outside is no markup

    cells: list[RenderableType] = [Text(line.words)]
    cells += [Text(line.detail, "dim")] if line.detail else []
    cells += [ProgressBar(total=None if done is None else 1.0, completed=done or 0.0, width=line.bar)] if line.bar else []
    styles = ("progress.percentage", "progress.download", "progress.data.speed", "progress.remaining")
    cells += [Text(word, style) for word, style in zip(line[3:], styles, strict=True) if word]
    grid = Table.grid(padding=(0, 1, 0, 0))
    for _ in cells:
        grid.add_column(no_wrap=True)
    grid.add_row(*cells)
    return grid
