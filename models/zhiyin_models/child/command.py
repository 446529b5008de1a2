"""How a child of a given kind is started: one place for source trees, installed packages and frozen builds."""

import os
import sys
import sysconfig
from importlib import import_module
from pathlib import Path

from zhiyin_models.child.child_end import PARENT_VARIABLE

MODULES = {
    "engine": "zhiyin_models.engine",
    "job": "zhiyin_models.jobs",
    "hub": "zhiyin_models.hub",
    "proof": "zhiyin_models.convert.tokenizers.proving_child",
}


def child_command(kind: str) -> list[str]:
    """The command line of a child: a module run by this Python, or a frozen build that runs itself. Raises KeyError."""
    module = MODULES[kind]
    if getattr(sys, "frozen", False):
        return [sys.executable, "--child", kind]
    return [sys.executable, "-P", "-m", module]  # -P: what lies in the working directory is nobody's module


def child_environment() -> dict[str, str]:
    """This process's environment, with what a child needs to find its package, its parent and an encoding for its log."""
    environment = dict(os.environ)
    environment[PARENT_VARIABLE] = str(os.getpid())
    environment["PYTHONIOENCODING"] = "utf-8:backslashreplace"
    root = str(Path(__file__).resolve().parents[2])
    if not getattr(sys, "frozen", False) and root not in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH", "")]))
    return environment


def run_child(kind: str) -> None:
    """Be the child that ``child_command`` asks a frozen build for. Raises KeyError."""
    import_module(f"{MODULES[kind]}.__main__").main()
