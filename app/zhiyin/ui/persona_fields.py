"""Fields of the form of a persona: a text that says how many tokens it takes, a list of texts, and the seal's colour."""

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.amounts import count_text
from zhiyin.ui.form_row import soft_label
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.persona_values import SEAL_COLORS, estimated_tokens
from zhiyin.ui.pictures import ROUNDNESS, ground_color, pictures
from zhiyin.ui.plain_text_field import PlainTextField
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font

COUNT_MS = 300
LONGEST_EDITED = 100_000  # characters; what is longer is shown in part, and kept
MOST_TEXTS = 40  # of a list that are shown; the others are kept
SWATCH = 6 * STEP


class LongField(QWidget):
    """A name, a rough count of tokens, and a text that grows with what is written. What nobody touched is given back as it came."""

    edited = Signal()

    def __init__(self, parent: QWidget, *, least: int = 3, most: int = 14) -> None:
        super().__init__(parent)
        self._least, self._most = least, most
        self._original = ""
        self._touched = False
        self._filling = False
        self.label = QLabel(self)
        self.tokens = soft_label(self)
        self.tokens.setWordWrap(False)
        self.hint = soft_label(self)
        self.hint.hide()
        self.field = PlainTextField(self)
        self.field.setTabChangesFocus(True)
        self.label.setBuddy(self.field)
        self.head = QHBoxLayout()
        self.head.setSpacing(2 * STEP)
        self.head.addWidget(self.label)
        self.head.addStretch(1)
        self.head.addWidget(self.tokens)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(STEP)
        layout.addLayout(self.head)
        layout.addWidget(self.hint)
        layout.addWidget(self.field)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(COUNT_MS)
        self._timer.timeout.connect(self._count)
        self.field.textChanged.connect(self._changed)
        self.field.document().documentLayout().documentSizeChanged.connect(lambda _size: self._grow())
        self._grow()

    def set_words(self, title: str, hint: str = "") -> None:
        """What it is called, and what it is for."""
        self.label.setText(title)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self.field.setAccessibleName(title)
        self.field.setAccessibleDescription(hint)
        self._count()

    def value(self) -> str:
        """What is written; exactly what was given while nobody wrote."""
        return self.field.text() if self._touched else self._original

    def set_value(self, text: str) -> None:
        """Show a text without announcing it; a very long one only in part, not to be changed here."""
        if self._touched or text != self._original or not self.field.toPlainText():
            self._original, self._touched, self._filling = text, False, True
            self.field.setReadOnly(len(text) > LONGEST_EDITED)
            self.field.set_text(text[:LONGEST_EDITED])
            self._filling = False
        self._count()

    def _changed(self) -> None:
        if not self._filling:
            self._touched = True
            self._timer.start()
            self.edited.emit()

    def _count(self) -> None:
        count = estimated_tokens(self.value())
        self.tokens.setText(self.tr("about {count} tokens").format(count=count_text(count)) if count else "")

    def _grow(self) -> None:
        lines = min(self._most, max(self._least, int(self.field.document().size().height())))
        height = lines * QFontMetrics(self.field.font()).lineSpacing() + 5 * STEP
        if height != self.field.height():
            self.field.setFixedHeight(height)


class TextList(QWidget):
    """Texts in an order: added, taken away, moved up and down."""

    edited = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._rest: tuple[str, ...] = ()
        self._name = ""
        self.label = QLabel(self)
        self.hint = soft_label(self)
        self.fields: list[_ListedText] = []
        self.add_button = QPushButton(self)
        self.add_button.setProperty("kind", "link")
        self.add_button.setCursor(Qt.CursorShape.PointingHandCursor)
        head = QHBoxLayout()
        head.addWidget(self.label)
        head.addStretch(1)
        head.addWidget(self.add_button)
        self._slot = QVBoxLayout()
        self._slot.setSpacing(2 * STEP)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(STEP)
        layout.addLayout(head)
        layout.addWidget(self.hint)
        layout.addLayout(self._slot)
        self.add_button.clicked.connect(self._add_empty)

    def set_words(self, title: str, hint: str, name: str, add: str) -> None:
        """What they are called, what they are for, how one is called ("Greeting {number}"), and what adds one."""
        self._name = name
        self.label.setText(title)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self.add_button.setText(add)
        self._number()

    def value(self) -> tuple[str, ...]:
        """The texts; an empty one that was never written into is none."""
        return (*(text for field in self.fields if (text := field.value()) or not field.fresh), *self._rest)

    def set_value(self, texts: tuple[str, ...]) -> None:
        """Show texts without announcing them."""
        if texts == self.value() and len(self.fields) == len(texts):
            return
        self._rest = texts[MOST_TEXTS:]
        while len(self.fields) > len(texts[:MOST_TEXTS]):
            self._drop(self.fields[-1])
        for number, text in enumerate(texts[:MOST_TEXTS]):
            if number == len(self.fields):
                self._add()
            self.fields[number].fresh = False
            self.fields[number].set_value(text)
        self._number()

    def _add(self) -> "_ListedText":
        field = _ListedText(self)
        field.edited.connect(self.edited)
        field.up_button.clicked.connect(lambda: self._move(field, -1))
        field.down_button.clicked.connect(lambda: self._move(field, 1))
        field.remove_button.clicked.connect(lambda: self._remove(field))
        self.fields.append(field)
        self._slot.addWidget(field)
        return field

    def _add_empty(self) -> None:
        field = self._add()
        field.fresh = True
        self._number()
        field.field.setFocus()

    def _drop(self, field: "_ListedText") -> None:
        self.fields.remove(field)
        self._slot.removeWidget(field)
        field.hide()
        field.deleteLater()

    def _remove(self, field: "_ListedText") -> None:
        place = self.fields.index(field)
        self._drop(field)
        self._number()
        (self.fields[min(place, len(self.fields) - 1)].field if self.fields else self.add_button).setFocus()
        self.edited.emit()

    def _move(self, field: "_ListedText", by: int) -> None:
        place = self.fields.index(field)
        if 0 <= place + by < len(self.fields):
            self.fields.insert(place + by, self.fields.pop(place))
            self._slot.removeWidget(field)
            self._slot.insertWidget(place + by, field)
            self._number()
            self.edited.emit()

    def _number(self) -> None:
        last = len(self.fields) - 1
        for number, field in enumerate(self.fields):
            field.set_words(self._name.format(number=count_text(number + 1)))
            field.up_button.setEnabled(number > 0)
            field.down_button.setEnabled(number < last)


class _ListedText(LongField):
    """One of several."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, least=2, most=8)
        self.fresh = False
        self.label.setProperty("tone", "soft")
        self.label.setFont(ui_font(9.5))
        self.up_button, self.down_button = IconButton("arrow-up", self, size=14), IconButton("arrow-down", self, size=14)
        self.remove_button = IconButton("x", self, size=14)
        for button in (self.up_button, self.down_button, self.remove_button):
            self.head.addWidget(button)
        self.head.setSpacing(0)

    def set_words(self, title: str, hint: str = "") -> None:
        """Its name; the buttons say what they do with it."""
        super().set_words(title, hint)
        self.up_button.set_hint(self.tr("Move up: {name}").format(name=title))
        self.down_button.set_hint(self.tr("Move down: {name}").format(name=title))
        self.remove_button.set_hint(self.tr("Remove: {name}").format(name=title))


class ColorChoice(QWidget):
    """The colours of a seal."""

    edited = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._value = self._default = ""
        self._group = QButtonGroup(self)
        self.swatches: dict[str, _Swatch] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(STEP // 2)
        for color in SEAL_COLORS:
            swatch = self.swatches[color] = _Swatch(color, self)
            self._group.addButton(swatch)
            layout.addWidget(swatch)
            swatch.clicked.connect(lambda _checked=False, color=color: self._choose(color))
        layout.addStretch(1)
        self.retranslateUi()

    def value(self) -> str:
        """A role of the theme or #RRGGBB."""
        return self._value

    def shown(self) -> str:
        """The colour, or what stands in for none."""
        return self._value or self._default

    def set_value(self, color: str, default: str = "") -> None:
        """Show a colour without announcing it; one that is not offered marks none."""
        self._value, self._default = color, default
        self._group.setExclusive(False)
        for name, swatch in self.swatches.items():
            swatch.setChecked(name == self.shown())
        self._group.setExclusive(True)

    def _choose(self, color: str) -> None:
        if color != self._value:
            self._value = color
            self.edited.emit()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        names = (
            self.tr("Cinnabar"),
            self.tr("Jade"),
            self.tr("Ochre"),
            self.tr("Slate"),
            self.tr("Ink"),
            self.tr("Purple"),
            self.tr("Teal"),
            self.tr("Plum"),
        )
        self.setAccessibleName(self.tr("Colour of the seal"))
        for swatch, name in zip(self.swatches.values(), names, strict=True):
            swatch.setAccessibleName(name)
            swatch.setToolTip(name)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


class _Swatch(QAbstractButton):
    def __init__(self, color: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._color = color
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(SWATCH, SWATCH)
        theme_signals().changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A square of the colour; a ring when it is chosen, another one when the keyboard is here."""
        look = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground_color(self._color))
        painter.drawRoundedRect(area.adjusted(4, 4, -4, -4), 3, 3)
        if self.isChecked() or self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(look.color("accent" if self.hasFocus() else "ink.soft"), 1.4))
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 5, 5)
        painter.end()


class AvatarButton(QAbstractButton):
    """The persona's picture or seal, large; pressed to choose another."""

    def __init__(self, parent: QWidget, *, side: int = 24 * STEP) -> None:
        super().__init__(parent)
        self._pictures = pictures()
        self._shown = ("", "", "")
        self._side = side
        self.setFixedSize(side, side)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._pictures.arrived.connect(self._on_picture)
        theme_signals().changed.connect(self.update)

    def set_picture(self, picture: str, seal: str, color: str) -> None:
        """What is shown."""
        self._shown = (picture, seal, color)
        self.update()

    def _on_picture(self, picture: str) -> None:
        if picture == self._shown[0]:
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The picture, with a ring while the keyboard is here."""
        picture, seal, color = self._shown
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._pictures.pixmap(picture, self._side, seal=seal, color=color))
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme().color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), ROUNDNESS * self._side, ROUNDNESS * self._side)
        painter.end()


class FocusOutWatch(QObject):
    """Says that a field was left."""

    left = Signal()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hear the field lose the focus."""
        if event.type() == QEvent.Type.FocusOut:
            self.left.emit()
        return super().eventFilter(watched, event)
