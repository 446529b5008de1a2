"""Long work in a terminal: done in this process, with a bar where a person watches, and stopped by Ctrl-C."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from zhiyin_models.cli.terminal import Terminal
from zhiyin_models.errors import Argument
from zhiyin_models.jobs.protocol import Outcome, Task
from zhiyin_models.work import Progress, Stop, StoppedError

BAR = 24  # columns


def carry_out(task: Task, terminal: Terminal) -> Outcome:
    """Do a task here. Raises ModelError, and KeyboardInterrupt once Ctrl-C has ended it."""
    from zhiyin_models.jobs.tasks import run  # noqa: PLC0415 - the command line starts without the libraries

    stop = Stop()
    try:
        with _ctrl_c(stop):
            outcome = run(task, lambda progress: _show(progress, terminal), stop)
    except StoppedError:
        raise KeyboardInterrupt from None
    finally:
        terminal.clear_progress()
    for notice in outcome.notices:
        terminal.fail(notice)
    return outcome


@contextlib.contextmanager
def _ctrl_c(stop: Stop) -> Iterator[None]:
    """Within it, Ctrl-C (or SIGTERM) asks the work to stop; a second one ends the program."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.asked:
            signal.default_int_handler(number, frame)
        stop.ask()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show(progress: Progress, terminal: Terminal) -> None:
    done = progress.done / progress.total if progress.total else 0.0
    filled = round(BAR * min(1.0, done))
    args: dict[str, Argument] = {"bar": "█" * filled + "░" * (BAR - filled), "percent": int(100 * min(1.0, done))}
    left = "" if progress.left is None else terminal.phrase("time_left", time=duration(progress.left))
    terminal.progress(f"stage_{progress.stage}", **args, left=left)


def duration(seconds: float) -> str:
    """A time as a clock has it: 0:07, 12:30, 1:05:00."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
