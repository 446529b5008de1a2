"""What is said of an installed model: its context, languages, source and when it was last used."""

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QDate, QLocale

from zhiyin.ui.amounts import parameters_text
from zhiyin_models.library.installed import InstalledModel

LANGUAGE_NAMES = {
    "zh": QT_TRANSLATE_NOOP("Languages", "Chinese"),
    "en": QT_TRANSLATE_NOOP("Languages", "English"),
    "ja": QT_TRANSLATE_NOOP("Languages", "Japanese"),
    "ko": QT_TRANSLATE_NOOP("Languages", "Korean"),
    "de": QT_TRANSLATE_NOOP("Languages", "German"),
    "fr": QT_TRANSLATE_NOOP("Languages", "French"),
    "es": QT_TRANSLATE_NOOP("Languages", "Spanish"),
    "pt": QT_TRANSLATE_NOOP("Languages", "Portuguese"),
    "it": QT_TRANSLATE_NOOP("Languages", "Italian"),
    "ru": QT_TRANSLATE_NOOP("Languages", "Russian"),
    "ar": QT_TRANSLATE_NOOP("Languages", "Arabic"),
    "hi": QT_TRANSLATE_NOOP("Languages", "Hindi"),
    "vi": QT_TRANSLATE_NOOP("Languages", "Vietnamese"),
    "th": QT_TRANSLATE_NOOP("Languages", "Thai"),
    "id": QT_TRANSLATE_NOOP("Languages", "Indonesian"),
    "tr": QT_TRANSLATE_NOOP("Languages", "Turkish"),
    "pl": QT_TRANSLATE_NOOP("Languages", "Polish"),
    "nl": QT_TRANSLATE_NOOP("Languages", "Dutch"),
    "uk": QT_TRANSLATE_NOOP("Languages", "Ukrainian"),
    "cs": QT_TRANSLATE_NOOP("Languages", "Czech"),
    "sv": QT_TRANSLATE_NOOP("Languages", "Swedish"),
    "el": QT_TRANSLATE_NOOP("Languages", "Greek"),
    "he": QT_TRANSLATE_NOOP("Languages", "Hebrew"),
    "fa": QT_TRANSLATE_NOOP("Languages", "Persian"),
    "bn": QT_TRANSLATE_NOOP("Languages", "Bengali"),
    "ms": QT_TRANSLATE_NOOP("Languages", "Malay"),
    "ro": QT_TRANSLATE_NOOP("Languages", "Romanian"),
    "hu": QT_TRANSLATE_NOOP("Languages", "Hungarian"),
    "da": QT_TRANSLATE_NOOP("Languages", "Danish"),
    "fi": QT_TRANSLATE_NOOP("Languages", "Finnish"),
}
MOST_LANGUAGES = 3
DAY = 86_400


def context_text(tokens: int) -> str:
    """How contexts are called: "32K", "1M", "128"; "" when it is not known."""
    for unit, size in (("M", 1 << 20), ("K", 1 << 10)):
        if tokens >= size:
            number = f"{tokens / size:.1f}".removesuffix(".0")
            return number + unit
    return str(tokens) if tokens > 0 else ""


def language_name(code: str) -> str:
    """A language in the language of the moment, or its code: its own name may need letters that no font here has."""
    name = LANGUAGE_NAMES.get(code.lower().partition("-")[0].partition("_")[0])
    return QCoreApplication.translate("Languages", str(name)) if name else code[:16]


def languages_text(codes: Sequence[str], most: int = MOST_LANGUAGES) -> str:
    """The names of the first languages, and how many more there are."""
    names = [language_name(code) for code in codes]
    said = ", ".join(names[:most])
    return f"{said} +{len(names) - most}" if len(names) > most else said


def day_text(moment: float) -> str:
    """A moment as the day it was: "today", "yesterday", "5 days ago", a date; "" for 0."""
    if moment <= 0:
        return ""
    try:
        then = datetime.fromtimestamp(moment).astimezone()
    except (OSError, OverflowError, ValueError):  # a clock gone wild
        return ""
    days = (datetime.now().astimezone().date() - then.date()).days
    if days <= 0:
        return QCoreApplication.translate("ModelWords", "today")
    if days == 1:
        return QCoreApplication.translate("ModelWords", "yesterday")
    if days < 30:
        return QCoreApplication.translate("ModelWords", "{days} days ago").format(days=days)
    return QLocale().toString(QDate(then.year, then.month, then.day), QLocale.FormatType.ShortFormat)


def used_text(model: InstalledModel) -> str:
    """When it was last used."""
    return day_text(model.last_used) or QCoreApplication.translate("ModelWords", "not used yet")


def source_text(model: InstalledModel) -> str:
    """Where it came from, in a word or two."""
    if model.origin is not None and model.origin.source:
        if model.origin.source == "url":
            return QCoreApplication.translate("ModelWords", "an address")
        return model.origin.source
    if model.owned:
        return QCoreApplication.translate("ModelWords", "the models folder")
    return QCoreApplication.translate("ModelWords", "used in place")


def facts_line(model: InstalledModel) -> str:
    """What a row says of a model besides its name, size and last use."""
    parts = (
        parameters_text(model.parameters) if model.parameters else "",
        model.quant,
        context_text(model.trained_context),
        languages_text(model.languages),
        model.licence,
        source_text(model),
    )
    return " · ".join(part for part in parts if part)
