"""Opens a store, adds a turn, and says what came of it: "written", or the failure's code and arguments."""

import json
import sys
from pathlib import Path

from zhiyin.store import Store, StoreError

try:
    with Store.open(Path(sys.argv[1])) as store:
        made = store.create_conversation().result()
        store.add_user_turn(made.id, None, "x").result()
        said: object = "written"
except StoreError as error:
    said = [error.code.value, error.failure.args]
sys.stdout.write(json.dumps(said) + "\n")
sys.stdout.flush()
