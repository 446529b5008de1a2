"""Writes until the disk refuses, makes room, and writes on. Says what the store said.

Usage: failing_disk_child.py FOLDER ballast|limit. "ballast" fills the file system that FOLDER lies on with a file, and then
removes that; "limit" sets the largest file that this process may write (RLIMIT_FSIZE), and then raises it again.
"""

import json
import resource
import sys
from pathlib import Path

from zhiyin.store import Status, Store, StoreError

LIMIT = 600_000


def fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass


def failure(error: BaseException | None) -> list[object]:
    assert isinstance(error, StoreError), error
    return [error.code.value, sorted(error.failure.args)]


def main() -> None:
    folder, way = Path(sys.argv[1]), sys.argv[2]
    said: dict[str, object] = {}
    store = Store.open(folder / "data", maintenance_delay=1e9)
    made = store.create_conversation().result()
    parent = None
    for number in range(20):
        parent = store.add_user_turn(made.id, parent, f"turn {number}").result().id
    reply = store.add_reply(made.id, parent, model="m", text="half").result()
    ballast = folder / "ballast"
    if way == "ballast":
        fill(ballast)
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, resource.RLIM_INFINITY))
    store.set_draft(made.id, "a small one may still find room").exception()
    text = "不" * 400_000
    said["user"] = failure(store.add_user_turn(made.id, reply.id, text).exception())
    said["grow"] = failure(store.grow_reply(reply.id, text).exception())
    said["backup"] = failure(store.backup().exception()) if way == "ballast" else None
    said["readable"] = len(store.conversation(made.id).result().turns)
    if way == "ballast":
        ballast.unlink()
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store.finish_reply(reply.id, "whole", Status.COMPLETE, "end", None).result()
    store.add_user_turn(made.id, reply.id, text).result()
    store.close()
    with Store.open(folder / "data") as store:
        view = store.conversation(made.id).result()
        said["kept"] = [len(view.turns), view.turns[-1].text == text, view.turns[-2].text]
    said["left"] = [path.name for path in (folder / "data" / "backups").iterdir() if path.suffix != ".sqlite3"]
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
