"""Runs downloads in processes that can be killed: forks one for each line (a task as JSON, and a speed limit), so that libraries load once.

Says ``begun PID``, ``at BYTES`` and ``ended WHY`` (done, a code, or killed), one line each.
"""

import os
import sys
import traceback

import msgspec
from tests.models.hub.fetched import LITTLE

from zhiyin_models.errors import ModelError
from zhiyin_models.hub.connection import make_client
from zhiyin_models.hub.download import download
from zhiyin_models.hub.settings import HubSettings
from zhiyin_models.jobs.protocol import Download
from zhiyin_models.work import Progress, Stop, Tuning


class Order(msgspec.Struct):
    """What to download, and how fast."""

    task: Download
    bytes_per_second: int = 0


def say(*words: object) -> None:
    """One line, in one piece."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def carry_out(order: Order) -> None:
    """In the process that is killed."""

    def report(progress: Progress) -> None:
        say("at", int(progress.done))

    why = "bug"
    try:
        download(order.task, report, Stop(), Tuning(order.bytes_per_second), LITTLE)
        why = "done"
    except ModelError as error:
        why = error.code.value
    except BaseException:
        traceback.print_exc()
    finally:
        say("ended", why)
        os._exit(0)


def main() -> None:
    """Until the standard input ends."""
    make_client(HubSettings(proxy="")).close()  # libraries and certificates are loaded here, and not in every one of them
    for line in sys.stdin.buffer:
        order = msgspec.json.decode(line, type=Order)
        process = os.fork()
        if not process:
            carry_out(order)
        say("begun", process)
        _, status = os.waitpid(process, 0)
        if status:
            say("ended", "killed")


if __name__ == "__main__":
    main()
