"""Measures every figure that is promised: ``python -m tests.bench [NAME…]`` runs ``bench_NAME.py`` (all of them when none is named).

Each module has ``run()``, which gives a list of figures: name, value, unit, limit (as text) and ok (None where nothing is promised).
Prints one table and writes ``build/bench.json``; exits 1 when a figure misses its limit.
"""

import datetime
import importlib
import json
import os
import platform
import subprocess
import sys
import time
import unicodedata
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
RESULT = ROOT / "build" / "bench.json"


def processor() -> str:
    """The processor's name."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text(encoding="utf-8").splitlines() if information.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor())


def commit() -> str:
    """What was measured."""
    result = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False)
    return result.stdout.strip()


def width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def number(value: float) -> str:
    """Three digits that matter, and no exponent."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(figures: list[dict[str, Any]]) -> str:
    """All figures in columns: name, value with its unit, limit, and whether it is kept."""
    marks = {True: "ok", False: "MISSED", None: ""}
    rows = [(one["name"], f"{number(one['value'])} {one['unit']}".strip(), one["limit"], marks[one["ok"]]) for one in figures]
    widths = [max(width(row[column]) for row in rows) for column in range(3)]
    lines = []
    for row in rows:
        cells = [cell + " " * (size - width(cell)) for cell, size in zip(row, widths, strict=False)]
        lines.append("  ".join([*cells, row[3]]).rstrip())
    return "\n".join(lines)


def say(text: str) -> None:
    """One line or more for the terminal, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run the benches that are named, or all; returns the exit code."""
    wanted = sys.argv[1:] or sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    load = os.getloadavg()[0]
    if load > 0.5:
        say(f"note: this machine is already busy (load {load:.1f}); speeds will come out low")
    figures: list[dict[str, Any]] = []
    for name in wanted:
        say(f"… {name}")
        started = time.monotonic()
        try:
            found = importlib.import_module(f"tests.bench.bench_{name}").run()
        except Exception as error:  # what the others measured is not to be lost
            found = [{"name": f"{name}: {type(error).__name__}", "value": 0.0, "unit": "", "limit": "", "ok": False}]
            say(f"  {error}")
        figures += found
        say(f"  {time.monotonic() - started:.0f} s")
        say(table(found))
    say("")
    say(table(figures))
    machine = {"processor": processor(), "cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
    report = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": {**machine, "load_before": load},
        "figures": figures,
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 1 if any(one["ok"] is False for one in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
