"""Controls for forms in the app's look: number fields, choices and switches that never change under a passing wheel."""

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QCheckBox, QComboBox, QDoubleSpinBox, QSlider, QSpinBox, QStyledItemDelegate, QWidget

from zhiyin.ui.icons import paint_icon
from zhiyin.ui.theme import STEP, theme, theme_signals

SWITCH_WIDTH = 34
SWITCH_HEIGHT = 18


class WheelGuard(QObject):
    """Lets the wheel scroll the page while the control under it is not focused."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Pass the wheel on."""
        if isinstance(event, QWheelEvent) and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def guard(control: QWidget) -> None:
    """Focus by click and keyboard only; the wheel only when focused."""
    control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    control.installEventFilter(WheelGuard(control))


class NumberBox(QDoubleSpinBox):
    """A number whose neutral value is shown as a word ("off", "greedy") and that shows no zeros it does not need."""

    def __init__(self, parent: QWidget | None = None, *, decimals: int = 3) -> None:
        super().__init__(parent)
        self._neutral: float | None = None
        self._word = ""
        self.setDecimals(decimals)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setKeyboardTracking(False)
        guard(self)

    def set_neutral(self, value: float, word: str) -> None:
        """Say a word in place of one value."""
        self._neutral, self._word = value, word
        self.lineEdit().setText(self.textFromValue(self.value()))

    def textFromValue(self, value: float) -> str:  # noqa: N802 - Qt's name
        """The word, or the number as short as it can be."""
        if self._neutral is not None and abs(value - self._neutral) < 1e-9:
            return self._word
        text = self.locale().toString(value, "f", self.decimals())
        point = self.locale().decimalPoint()
        return text.rstrip("0").removesuffix(point) if point in text else text

    def valueFromText(self, text: str) -> float:  # noqa: N802 - Qt's name
        """The number a text means."""
        if self._neutral is not None and text.strip() == self._word:
            return self._neutral
        number, good = self.locale().toDouble(text.strip())
        return float(number) if good else self.value()

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Anything that begins the word is on the way to it."""
        if self._neutral is not None and text and self._word.startswith(text.strip()):
            whole = text.strip() == self._word
            return (QValidator.State.Acceptable if whole else QValidator.State.Intermediate, text, position)
        return super().validate(text, position)


class CountBox(QSpinBox):
    """A whole number; the least value may be a word ("automatic", "never")."""

    def __init__(self, least: int, most: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(least, most)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setKeyboardTracking(False)
        guard(self)


class ChoiceBox(QComboBox):
    """A choice with the app's caret."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setItemDelegate(QStyledItemDelegate(self))  # the one it has by itself does not know the style sheet
        guard(self)
        theme_signals().changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The caret, over what the style draws."""
        super().paintEvent(event)
        painter = QPainter(self)
        caret = QRectF(self.width() - 6 * STEP, (self.height() - 12) / 2, 12, 12)
        paint_icon(painter, caret, "caret-down", theme().color("ink.soft"))
        painter.end()


class Switch(QCheckBox):
    """A check box drawn as a switch; it has no text of its own (give it an accessible name)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme_signals().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """The track and a little room for the focus ring."""
        return QSize(SWITCH_WIDTH + 4, SWITCH_HEIGHT + 4)

    def hitButton(self, pos: object) -> bool:  # noqa: N802, ARG002 - Qt's name; all of it is the button
        """All of it."""
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Ink when on, a line when off."""
        look = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(2, (self.height() - SWITCH_HEIGHT) / 2, SWITCH_WIDTH, SWITCH_HEIGHT)
        painter.setPen(look.color("accent") if self.hasFocus() else look.color("ink" if self.isChecked() else "ink.faint"))
        painter.setBrush(look.color("ink") if self.isChecked() else look.color("wash"))
        painter.drawRoundedRect(track, SWITCH_HEIGHT / 2, SWITCH_HEIGHT / 2)
        side = SWITCH_HEIGHT - 6
        left = track.right() - side - 3 if self.isChecked() else track.left() + 3
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color("paper" if self.isChecked() else "ink.soft"))
        painter.drawEllipse(QRectF(left, track.top() + 3, side, side))
        painter.end()


class NumberSlider(QSlider):
    """A slider over the common range of a number; a number beyond it rests at the end."""

    moved = Signal(float)

    def __init__(self, least: float, most: float, step: float, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._least, self._step = least, step
        self.setRange(0, round((most - least) / step))
        guard(self)
        self.valueChanged.connect(self._announce)

    def show_number(self, value: float) -> None:
        """Move without announcing."""
        blocked = self.blockSignals(True)
        self.setValue(round((value - self._least) / self._step))
        self.blockSignals(blocked)

    def _announce(self, place: int) -> None:
        self.moved.emit(round(self._least + place * self._step, 6))
