"""The order in which requests that need the context are taken up."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from zhiyin_models.engine.protocol import Complete, Forget, Generate, Load, Queued, Unload

Work = Load | Unload | Generate | Complete | Forget


@dataclass(order=True)
class Entry:
    """A waiting request; entries sort in the order of being taken up."""

    section: int
    urgency: int
    number: int
    request: Work = field(compare=False)
    arrived: float = field(compare=False)
    ahead: int = field(compare=False, default=0)  # as last said


class RequestQueue:
    """Higher priority first, in order of arrival among equals; nothing overtakes a ``Load`` or an ``Unload``, in either direction."""

    def __init__(self, send: Callable[[Queued], None]) -> None:
        self._send = send
        self._running: Entry | None = None
        self._entries: list[Entry] = []
        self._changed = threading.Condition()
        self._section = self._number = 0
        self._closed = False

    def add(self, request: Work) -> None:
        """Queue a request and tell it, and those it overtakes, how many are ahead."""
        with self._changed:
            barrier = isinstance(request, Load | Unload)
            self._section += barrier
            self._number += 1
            urgency = -request.priority if isinstance(request, Generate | Complete) else 0
            self._entries.append(Entry(self._section, urgency, self._number, request, time.monotonic()))
            self._section += barrier
            self._entries.sort()
            self._announce()
            self._changed.notify()

    def take(self, begin: Callable[[], None]) -> Entry | None:
        """Wait for the next request; it runs from here until the next call. ``begin`` is called before any stop can reach it.

        Returns None after ``close``.
        """
        with self._changed:
            self._running = None
            while not self._entries and not self._closed:
                self._changed.wait()
            if self._closed:
                return None
            self._running = self._entries.pop(0)
            begin()
            self._announce()
            return self._running

    def stop(self, identity: int, interrupt: Callable[[], None]) -> bool:
        """Take a waiting request out and return True, or call ``interrupt`` if it is the running one."""
        with self._changed:
            if self._running is not None and self._running.request.id == identity:
                interrupt()
                return False
            waiting = [entry for entry in self._entries if entry.request.id == identity]
            for entry in waiting:
                self._entries.remove(entry)
            self._announce()
            return bool(waiting)

    def close(self) -> None:
        """Let ``take`` end."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _announce(self) -> None:
        for index, entry in enumerate(self._entries):
            ahead = index + (self._running is not None)
            if ahead != entry.ahead:
                entry.ahead = ahead
                if ahead:
                    self._send(Queued(entry.request.id, ahead))
