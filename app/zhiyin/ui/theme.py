"""The theme in force: colours by role, fonts, the palette and style sheet made from them, and a signal when it changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from zhiyin.ui import tokens
from zhiyin.ui.stylesheet import stylesheet

Choice = Literal["system", "light", "dark", "contrast"]
STEP = tokens.STEP


class Theme:
    """One set of colours, asked for by role (``paper``, ``ink.soft``, ``accent`` …; all of them in ``tokens``)."""

    def __init__(self, *, dark: bool, contrast: bool = False) -> None:
        self.dark = dark
        self.contrast = contrast
        self.values: Mapping[str, str] = _VARIANTS[dark, contrast]
        self._colors = {role: QColor(value) for role, value in self.values.items()}

    def color(self, role: str) -> QColor:
        """The colour of a role; an unknown role raises KeyError."""
        return QColor(self._colors[role])


_VARIANTS = {
    (False, False): tokens.LIGHT,
    (True, False): tokens.DARK,
    (False, True): tokens.LIGHT_CONTRAST,
    (True, True): tokens.DARK_CONTRAST,
}


class ThemeSignals(QObject):
    """Says that colours or fonts are others now. Painted widgets repaint; pictures made from colours are made anew."""

    changed = Signal()


class _State:
    """What is in force in this process: one application has one theme."""

    theme: Theme | None = None
    signals: ThemeSignals | None = None
    choice: Choice = "system"
    contrast: bool = False
    following: bool = False
    fonts: ClassVar[dict[tuple[float, QFont.Weight], QFont]] = {}


def theme() -> Theme:
    """The theme in force (light until ``apply_theme`` was called)."""
    if _State.theme is None:
        _State.theme = Theme(dark=False)
    return _State.theme


def theme_signals() -> ThemeSignals:
    """The one emitter of ``changed``."""
    if _State.signals is None:
        _State.signals = ThemeSignals()
    return _State.signals


def apply_theme(app: QApplication, choice: Choice = "system", *, contrast: bool = False) -> None:
    """Dress the application.

    "system" follows the desktop's light or dark setting from then on; "contrast" does so too, in the variant that reaches 7:1.
    """
    _State.choice, _State.contrast = choice, contrast
    hints = app.styleHints()
    if not _State.following:
        app.setStyle(QStyleFactory.create("Fusion"))
        app.setFont(ui_font())
        hints.colorSchemeChanged.connect(_follow)
        _State.following = True
    dark = choice == "dark" or (choice in {"system", "contrast"} and hints.colorScheme() == Qt.ColorScheme.Dark)
    fresh = Theme(dark=dark, contrast=contrast or choice == "contrast")
    old = _State.theme
    if old is not None and (old.dark, old.contrast) == (fresh.dark, fresh.contrast) and app.styleSheet():
        return
    _State.theme = fresh
    app.setPalette(_palette(fresh))
    app.setStyleSheet(stylesheet(fresh.values))
    theme_signals().changed.emit()


def _follow() -> None:
    app = QApplication.instance()
    if isinstance(app, QApplication) and _State.choice in {"system", "contrast"}:
        apply_theme(app, _State.choice, contrast=_State.contrast)


def ui_font(point_size: float = tokens.UI_POINT_SIZE, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The desktop's own font with Simplified Chinese faces behind it, so that Han text is not set in Japanese forms."""
    known = _State.fonts.get((point_size, weight))
    if known is None:
        known = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
        known.setFamilies([*known.families(), *tokens.CJK_SANS])
        known.setPointSizeF(point_size)
        known.setWeight(weight)
        _State.fonts[point_size, weight] = known
    return QFont(known)


def reading_font(point_size: float = tokens.READING_POINT_SIZE, *, serif: bool = False) -> QFont:
    """The face of replies."""
    font = ui_font(point_size)
    if serif:
        font.setFamilies([*tokens.LATIN_SERIF, *tokens.CJK_SERIF])
        font.setStyleHint(QFont.StyleHint.Serif)
    return font


def mono_font(point_size: float = tokens.UI_POINT_SIZE) -> QFont:
    """The system's monospace face with a Chinese fallback, for code."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setFamilies([*font.families(), *tokens.CJK_MONO])
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setPointSizeF(point_size)
    return font


def _palette(of: Theme) -> QPalette:
    color, role = of.color, QPalette.ColorRole
    palette = QPalette()
    for target, name in (
        (role.Window, "paper"),
        (role.WindowText, "ink"),
        (role.Base, "raised"),
        (role.AlternateBase, "wash"),
        (role.Text, "ink"),
        (role.Button, "wash"),
        (role.ButtonText, "ink"),
        (role.BrightText, "accent"),
        (role.ToolTipBase, "raised"),
        (role.ToolTipText, "ink"),
        (role.PlaceholderText, "ink.soft"),
        (role.Link, "slate"),
        (role.LinkVisited, "slate"),
        (role.Highlight, "accent"),
        (role.HighlightedText, "on.accent"),
        (role.Accent, "accent"),
        (role.Light, "raised"),
        (role.Midlight, "wash"),
        (role.Mid, "line"),
        (role.Dark, "ink.faint"),
        (role.Shadow, "ink.faint"),
    ):
        palette.setColor(target, color(name))
    for target in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, color("ink.soft"))
    return palette
