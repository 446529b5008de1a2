"""The app as a process of its own, as a desktop starts it, driven by lines on standard input; answers each with a line of JSON.

Usage: window_child.py DATA_DIR. ``type TEXT`` writes into the composer, ``send TEXT`` writes and sends, ``fill PATH`` and
``free PATH`` take the room on a disk and give it back, ``limit BYTES`` sets the largest file that may be written (-1: any),
``stop`` stops the reply; anything is answered with what is seen then, as in ``seen``.
"""

import contextlib
import json
import os
import resource
import signal
import sys
import threading
from concurrent.futures import Future
from pathlib import Path

import msgspec

from zhiyin.application import Zhiyin, run
from zhiyin_models.engine.protocol import Sampling


def fill(path: str) -> None:
    with Path(path).open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)


def seen(zhiyin: Zhiyin) -> dict[str, object]:
    session, composer = zhiyin.session, zhiyin.window.composer
    if session is not None and session.settings.threads != 2:
        settings = msgspec.structs.replace(session.settings, threads=2, sampling=Sampling(temperature=0.0, seed=1))
        session.change_settings(settings)
    return {
        "banner": zhiyin.window.banner.texts(),
        "composer": composer.text(),
        "turns": [[turn.role, turn.text, turn.status] for turn in session.chat.turns] if session is not None else [],
        "ready": session is not None and session.engine.model is not None,
        "busy": session is not None and session.replies.busy,
        "written": max((len(job.text) for job in session.replies.jobs_of(session.chat.id)), default=0)
        if session is not None and session.chat.id
        else 0,
        "enabled": composer.send_button.isEnabled(),
    }


def obey(zhiyin: Zhiyin, line: str) -> None:
    word, _, rest = line.rstrip("\n").partition(" ")
    composer = zhiyin.window.composer
    if word in ("type", "send"):
        composer.editor.setPlainText(rest)
    if word == "send":
        composer.send_button.click()
    elif word == "fill":
        fill(rest)
    elif word == "free":
        Path(rest).unlink()
    elif word == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(rest), resource.RLIM_INFINITY))
    elif word == "stop":
        zhiyin.session.chat.stop()
    sys.stdout.write(json.dumps(seen(zhiyin)) + "\n")
    sys.stdout.flush()


def listen() -> None:
    for line in sys.stdin:
        if (zhiyin := Zhiyin.running) is None:
            break
        asked: Future[str] = Future()
        zhiyin.delivery.deliver(asked, lambda said, app=zhiyin: obey(app, said))
        asked.set_result(line)


class Began(threading.Thread):
    """Says that the window is there: what is asked before that would be asked of nobody."""

    def run(self) -> None:
        while Zhiyin.running is None:
            threading.Event().wait(0.01)
        sys.stdout.write(json.dumps({"pid": os.getpid()}) + "\n")
        sys.stdout.flush()
        listen()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts its background jobs with it ignored
    Began(daemon=True).start()
    sys.exit(run(data_dir=Path(sys.argv[1]), language="en"))
