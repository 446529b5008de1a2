"""Writes turns and growing replies until it is killed, and says what is committed: each line after its future has resolved."""

import json
import random
import sys
from pathlib import Path

from zhiyin.store import Status, Store


def say(*values: object) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def main() -> None:
    chance = random.Random(int(sys.argv[2]))
    with Store.open(Path(sys.argv[1])) as store:
        made = store.create_conversation().result()
        say("interrupted", store.interrupted)
        parent = None
        while True:
            asked = store.add_user_turn(made.id, parent, f"question {chance.random()} 李白").result()
            say("user", asked.id, asked.text)
            reply = store.add_reply(made.id, asked.id, model="m").result()
            parent = reply.id
            text = ""
            for _ in range(chance.randrange(1, 12)):
                text += "月" * chance.randrange(1, 400)
                store.set_draft(made.id, text[:50])
                growing = store.grow_reply(reply.id, text)
                if chance.random() < 0.7:
                    growing.result()
                    say("grown", reply.id, len(text))
            if chance.random() < 0.1:
                store.backup("torture").result()
            store.finish_reply(reply.id, text, Status.COMPLETE, "end", None).result()
            say("finished", reply.id, len(text))


if __name__ == "__main__":
    main()
