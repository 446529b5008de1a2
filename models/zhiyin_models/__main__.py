"""``python -m zhiyin_models``: the same as ``zhiyin-models``."""

import sys

from zhiyin_models.cli import main

if __name__ == "__main__":
    sys.exit(main())
