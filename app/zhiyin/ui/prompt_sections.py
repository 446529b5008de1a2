"""The sections that a prompt is counted by: their order, their names, their colours, and what was left out in words."""

from collections.abc import Mapping
from typing import Literal

from PySide6.QtCore import QCoreApplication, QLocale
from PySide6.QtGui import QColor

from zhiyin.ui.theme import theme

BudgetState = Literal["exact", "estimate", "none"]
ORDER = ("system", "persona", "lore", "examples", "summary", "note", "history", "template")
RESERVE, FREE = "reserve", "free"  # no sections of the prompt: what is kept for the reply, and what is left
# a role of the theme, and how much of it is mixed with the ground
_COLORS: Mapping[str, tuple[str, float]] = {
    "system": ("slate", 1.0),
    "persona": ("accent", 1.0),
    "lore": ("jade", 1.0),
    "examples": ("ochre", 1.0),
    "summary": ("slate", 0.5),
    "note": ("accent", 0.5),
    "history": ("ink.soft", 1.0),
    "template": ("ink.faint", 0.7),
    RESERVE: ("line", 1.0),
    FREE: ("wash", 1.0),
}


def section_name(section: str) -> str:
    """What a section is called; one that is not known is called as it calls itself."""
    translate = QCoreApplication.translate
    known = {
        "system": translate("Sections", "system prompt"),
        "persona": translate("Sections", "persona"),
        "lore": translate("Sections", "lore"),
        "examples": translate("Sections", "examples"),
        "summary": translate("Sections", "summary"),
        "note": translate("Sections", "author's note"),
        "history": translate("Sections", "history"),
        "template": translate("Sections", "template"),
        RESERVE: translate("Sections", "kept for the reply"),
        FREE: translate("Sections", "free"),
    }
    return known.get(section, section[:40])


def section_color(section: str) -> QColor:
    """A section's colour in the theme in force."""
    role, share = _COLORS.get(section, ("ink.faint", 1.0))
    color, ground = theme().color(role), theme().color("paper")
    return QColor.fromRgbF(*(share * mine + (1 - share) * other for mine, other in zip(_rgb(color), _rgb(ground), strict=True)))


def _rgb(color: QColor) -> tuple[float, float, float]:
    return color.redF(), color.greenF(), color.blueF()


def left_out_words(dropped: Mapping[str, int]) -> str:
    """What was left out, by how many of each; "" when nothing was."""
    parts = [_count_words(section, dropped[section]) for section in ("history", "lore", "examples") if dropped.get(section)]
    parts += [
        _count_words(section, count) for section, count in dropped.items() if count and section not in ("history", "lore", "examples")
    ]
    if not parts:
        return ""
    comma = QCoreApplication.translate("Sections", ", ")
    return QCoreApplication.translate("Sections", "left out: {what}").format(what=comma.join(parts))


def _count_words(section: str, count: int) -> str:
    translate = QCoreApplication.translate
    number = QLocale().toString(count)
    match section:
        case "history":
            return translate("Sections", "1 turn") if count == 1 else translate("Sections", "{count} turns").format(count=number)
        case "lore":
            return (
                translate("Sections", "1 lore entry") if count == 1 else translate("Sections", "{count} lore entries").format(count=number)
            )
        case "examples":
            return translate("Sections", "1 example") if count == 1 else translate("Sections", "{count} examples").format(count=number)
        case _:
            return translate("Sections", "{count} × {section}").format(count=number, section=section_name(section))
