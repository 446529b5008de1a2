"""Long work in a terminal: done in this process, with a bar where a person watches, and stopped by Ctrl-C."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from zhiyin_models.cli.terminal import Terminal
from zhiyin_models.jobs.protocol import Outcome, Task
from zhiyin_models.work import Stop, StoppedError


def carry_out(task: Task, terminal: Terminal) -> Outcome:
    """Do a task here. Raises ModelError, and KeyboardInterrupt once Ctrl-C has ended it."""
    from zhiyin_models.jobs.tasks import run  # noqa: PLC0415 - the command line starts without the libraries

    stop = Stop()
    try:
        with _ctrl_c(stop):
            outcome = run(task, terminal.bar.show, stop)
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
