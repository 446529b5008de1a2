"""Which input method Qt is told to use: its wheels carry no fcitx plugin, and without one Chinese cannot be typed at all."""

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QLibraryInfo


def input_method_fallback(environ: Mapping[str, str], plugins: Path | None = None) -> dict[str, str]:
    """The environment variables to set before the application is made; often none.

    When fcitx is asked for and Qt has no plugin for it, ibus is named instead: fcitx 5 speaks that protocol too, and Qt has it built in.
    ``plugins`` is Qt's plugin folder unless another is given. A variable ``QT_IM_MODULES`` (Qt 6.7: a list) is looked at first, as Qt does.
    """
    folder = plugins or Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath))
    if any(folder.glob("platforminputcontexts/*fcitx*")):
        return {}
    listed = environ.get("QT_IM_MODULES", "")
    if listed:
        names = [_stand_in(name) for name in listed.split(";")]
        changed = ";".join(dict.fromkeys(names))
        return {"QT_IM_MODULES": changed} if changed != listed else {}
    asked = environ.get("QT_IM_MODULE", "")
    wants_fcitx = _is_fcitx(asked) or (not asked and "@im=fcitx" in environ.get("XMODIFIERS", ""))
    return {"QT_IM_MODULE": "ibus"} if wants_fcitx else {}


def _is_fcitx(name: str) -> bool:
    return name.strip().lower() in {"fcitx", "fcitx5"}


def _stand_in(name: str) -> str:
    return "ibus" if _is_fcitx(name) else name
