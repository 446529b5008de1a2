"""Brings the translations up to date with the sources, or checks that they are.

    python packaging/translations.py            collect the strings into zhiyin_zh_CN.ts, compile zhiyin_zh_CN.qm, name what is open
    python packaging/translations.py --check    change nothing; exit 1 when strings are missing, open, left over, or the .qm is older

Strings are collected from all of app/zhiyin. A translation is written into the .ts file by hand or in Qt Linguist.
"""

import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "assets" / "app" / "translations"
NAME = "zhiyin_zh_CN"
Messages = dict[tuple[str, str, str], str]


def main(arguments: list[str]) -> int:
    """Update or check; the exit code."""
    if arguments not in ([], ["--check"]):
        sys.stdout.write(__doc__ or "")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        source, compiled = Path(folder) / f"{NAME}.ts", Path(folder) / f"{NAME}.qm"
        if (FOLDER / source.name).exists():
            shutil.copy(FOLDER / source.name, source)
        collect(source)
        compile_messages(source, compiled)
        open_ones = [f"{context}: {text}" for (context, text, _), translation in messages(source).items() if not translation]
        for line in open_ones:
            sys.stdout.write(f"not translated: {line}\n")
        strays = sorted({context for context, _, _ in messages(source) if not context.replace("_", "").isalnum() or context.islower()})
        for context in strays:
            sys.stdout.write(f"no class is called {context}, so its strings will not be found: use QCoreApplication.translate\n")
        if not arguments:
            FOLDER.mkdir(parents=True, exist_ok=True)
            for made in (source, compiled):
                shutil.copy(made, FOLDER / made.name)
            return 0
        stale = [made.name for made in (source, compiled) if not _same(made, FOLDER / made.name)]
        for name in stale:
            sys.stdout.write(f"out of date: {name}\n")
        return 1 if open_ones or stale or strays else 0


def collect(target: Path) -> None:
    """Merge the strings of the sources into a .ts file; those that are gone are dropped."""
    sources = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "app" / "zhiyin").rglob("*.py"))
    options = ["-no-obsolete", "-locations", "none", "-source-language", "en", "-target-language", "zh_CN", "-silent"]
    _run("pyside6-lupdate", *options, *sources, "-ts", str(target))


def compile_messages(source: Path, target: Path) -> None:
    """Compile a .ts file; open messages are left out, so that the English shows."""
    _run("pyside6-lrelease", "-silent", str(source), "-qm", str(target))


def messages(source: Path) -> Messages:
    """Each (context, text, comment) with its finished translation, "" when there is none."""
    found: Messages = {}
    for context in ET.parse(source).getroot().iter("context"):  # noqa: S314 - the file is our own
        for message in context.iter("message"):
            translation = message.find("translation")
            finished = translation is not None and translation.get("type") is None
            text = (translation.text or "") if translation is not None and finished else ""
            found[context.findtext("name", ""), message.findtext("source", ""), message.findtext("comment", "")] = text
    return found


def _run(tool: str, *arguments: str) -> None:
    subprocess.run([str(Path(sys.executable).parent / tool), *arguments], cwd=ROOT, check=True)


def _same(one: Path, other: Path) -> bool:
    return other.exists() and one.read_bytes() == other.read_bytes()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
