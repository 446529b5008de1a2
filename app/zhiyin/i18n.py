"""The window's language, changed at run time: English is in the sources, Chinese in a translation file, Qt's own words in Qt's."""

import logging
from typing import Literal

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from zhiyin.resources import asset_path

log = logging.getLogger(__name__)
Language = Literal["system", "zh_CN", "en"]


class _State:
    installed: list[QTranslator]
    language: str

    def __init__(self) -> None:
        self.installed = []
        self.language = "en"


_state = _State()


def resolve(choice: str) -> str:
    """The language meant by a choice: any Chinese desktop gets "zh_CN", any other "en"."""
    if choice != "system":
        return choice if choice in {"zh_CN", "en"} else "en"
    first = (QLocale.system().uiLanguages() or ["en"])[0]
    return "zh_CN" if first.split("-")[0].split("_")[0] == "zh" else "en"


def language() -> str:
    """The language in force."""
    return _state.language


def install(app: QCoreApplication, choice: str = "system") -> str:
    """Change the language of every widget (each hears ``LanguageChange``) and of numbers and dates; returns the language in force."""
    chosen = resolve(choice)
    for translator in _state.installed:
        app.removeTranslator(translator)
    _state.installed = []
    _state.language = chosen
    QLocale.setDefault(QLocale(QLocale.Language.Chinese, QLocale.Country.China) if chosen == "zh_CN" else QLocale(QLocale.Language.English))
    if chosen == "zh_CN":
        # The app's own goes last: the translator installed last is asked first.
        _load(app, f"qtbase_{chosen}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
        try:
            _load(app, f"zhiyin_{chosen}", str(asset_path("translations")))
        except FileNotFoundError:
            log.exception("the translations are not installed")
    return chosen


def _load(app: QCoreApplication, name: str, folder: str) -> None:
    translator = QTranslator(app)
    if translator.load(name, folder):
        app.installTranslator(translator)
        _state.installed.append(translator)
    else:
        log.warning("no translation %s in %s", name, folder)
