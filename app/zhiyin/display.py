"""Whether a display answers: asked before Qt is, which aborts when none does. As a program, exits with 0 or 1."""

import contextlib
import ctypes
import os
import socket
import sys
from pathlib import Path

TIMEOUT = 2.0  # seconds for a Wayland compositor


def has_display() -> bool:
    """Say whether a window can be opened here; True where that cannot be known without Qt."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return _wayland_answers() or _x_answers()


def _wayland_answers() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY")
    if not name:
        return False
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as ours:
        ours.settimeout(TIMEOUT)
        ours.connect(str(Path(os.environ.get("XDG_RUNTIME_DIR", "/")) / name))  # an absolute name stands alone
        return True
    return False


def _x_answers() -> bool:
    if not os.environ.get("DISPLAY"):
        return False
    try:
        xcb = ctypes.CDLL("libxcb.so.1")  # what Qt's own plugin stands on; it knows who may connect
    except OSError:
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = (ctypes.c_char_p, ctypes.POINTER(ctypes.c_int))
    xcb.xcb_connection_has_error.argtypes = (ctypes.c_void_p,)
    xcb.xcb_disconnect.argtypes = (ctypes.c_void_p,)
    connection = xcb.xcb_connect(None, None)
    answers = not xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return answers


if __name__ == "__main__":
    sys.exit(not has_display())
