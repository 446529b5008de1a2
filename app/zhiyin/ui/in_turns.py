"""Work for the window's thread in steps, one in each turn of the event loop: input and painting come between them."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, QTimer


def in_turns(owner: QObject, steps: Sequence[Callable[[], object]]) -> None:
    """Do one step after the other. When the owner is deleted, what remains is not done."""
    if steps:
        QTimer.singleShot(0, owner, partial(_step, owner, steps))


def _step(owner: QObject, steps: Sequence[Callable[[], object]]) -> None:
    steps[0]()
    in_turns(owner, steps[1:])
