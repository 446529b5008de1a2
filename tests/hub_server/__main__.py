"""``python -m tests.hub_server FOLDER``: a hub for a person to try, with the repositories FOLDER/OWNER/NAME. Prints its address."""

import sys
from pathlib import Path

from tests.hub_server.hub import run

run(Path(sys.argv[1]))
