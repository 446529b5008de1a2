"""The base of every child process: its own end, the parent's end, and the line protocol between them."""

from zhiyin_models.child.child_end import ChildEnd, Joinable
from zhiyin_models.child.child_process import Child, ExitReport
from zhiyin_models.child.command import child_command
from zhiyin_models.child.wire import MAX_LINE, Failed, Hello, Ping, Pong

__all__ = ["MAX_LINE", "Child", "ChildEnd", "ExitReport", "Failed", "Hello", "Joinable", "Ping", "Pong", "child_command"]
