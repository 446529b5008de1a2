"""Makes the process that reads cards known to whoever starts children. Light."""

import os
import sys
import sysconfig
from pathlib import Path

from zhiyin_models.child.command import MODULES, child_environment

KIND = "cards"

MODULES.setdefault(KIND, "zhiyin.importing")


def environment() -> dict[str, str]:
    """What the child needs besides the environment of every child: where this package lies, also when it is run from its sources."""
    root = str(Path(__file__).resolve().parents[2])
    if getattr(sys, "frozen", False) or root in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        return {}
    paths = [path for path in child_environment().get("PYTHONPATH", "").split(os.pathsep) if path and path != root]
    return {"PYTHONPATH": os.pathsep.join([root, *paths])}
