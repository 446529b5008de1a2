"""A process that wants a data directory for itself. Says what it got, then each request to come forward; ends with its input.

Usage: instance_child.py DATA_DIR [deaf|closing]. "deaf" never runs its event loop; "closing" answers nobody, as a window does
that has still to store something, and lets the directory go when its input ends.
"""

import json
import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QSocketNotifier

from zhiyin.single_instance import SingleInstance
from zhiyin.store.errors import StoreError


def say(*values: object) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def main() -> int:
    application = QCoreApplication(sys.argv)
    instance = SingleInstance(Path(sys.argv[1]))
    try:
        acquired = instance.acquire()
    except StoreError as error:
        say("failed", error.code.value)
        return 1
    if not acquired:
        say("second", instance.reached)
        return 0
    instance.raise_requested.connect(lambda token: say("raise", token))
    if sys.argv[2:] == ["closing"]:
        instance.stop_listening()
    say("first", (Path(sys.argv[1]) / "instance.address").exists())
    if sys.argv[2:] == ["deaf"]:
        sys.stdin.read()
        return 0
    input_ends = QSocketNotifier(0, QSocketNotifier.Type.Read)
    input_ends.activated.connect(application.quit)
    code = application.exec()
    instance.release()
    return code


if __name__ == "__main__":
    sys.exit(main())
