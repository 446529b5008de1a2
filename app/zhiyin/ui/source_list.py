"""Where models come from, in the order in which that is tried: on or off, well or not, and with a token where one is of use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.amounts import count_text
from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.form_controls import Switch
from zhiyin.ui.form_row import soft_label
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.long_lines import break_long_words
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font
from zhiyin_models.hub.settings import SOURCES, Source

SLOW = 1500.0  # milliseconds
DOT = 8
MOST_TOKEN = 4096  # characters
LASTING = frozenset({"HF_ENDPOINT", *(source.name for source in SOURCES)})  # the first is set by the environment


@dataclass(frozen=True, slots=True)
class Health:
    """How a source answered: in how many milliseconds, or what was wrong in a sentence. Neither: it is being asked."""

    milliseconds: float = 0.0
    trouble: str = ""


class SourceList(QWidget):
    """Rows in order; nothing changes until the owner says so."""

    changed = Signal(object)  # tuple[Source, ...]
    token_given = Signal(str, str)  # the source's name; "" takes its token away

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sources: tuple[Source, ...] = ()
        self._rows: dict[str, SourceRow] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)

    def set_sources(self, sources: Sequence[Source]) -> None:
        """Show these; a row that stays keeps the keyboard and what is typed in it."""
        self._sources = tuple(sources)
        for name in self._rows.keys() - {source.name for source in sources}:
            row = self._rows.pop(name)
            self._layout.removeWidget(row)
            row.hide()
            row.deleteLater()
        for place, source in enumerate(sources):
            known = self._rows.get(source.name)
            row = known or self._add(source)
            if self._layout.indexOf(row) != place:
                self._layout.removeWidget(row)
                self._layout.insertWidget(place, row)
            row.show_source(source, first=place == 0, last=place == len(sources) - 1)

    def set_tokens(self, names: Sequence[str]) -> None:
        """Which sources have a token."""
        for name, row in self._rows.items():
            row.set_token_held(name in names)

    def set_health(self, health: Mapping[str, Health]) -> None:
        """How the sources answered; one that is not named was not asked."""
        for name, row in self._rows.items():
            row.set_health(health.get(name))

    def rows(self) -> dict[str, "SourceRow"]:
        """By the name of the source, in order."""
        return {source.name: self._rows[source.name] for source in self._sources}

    def _add(self, source: Source) -> "SourceRow":
        row = self._rows[source.name] = SourceRow(source, self)
        name = source.name
        row.switched.connect(lambda on: self._replace(name, on))
        row.moved.connect(lambda by: self._move(name, by))
        row.removed.connect(lambda: self.changed.emit(tuple(one for one in self._sources if one.name != name)))
        row.token_given.connect(lambda token: self.token_given.emit(name, token))
        return row

    def _replace(self, name: str, on: bool) -> None:  # noqa: FBT001 - a signal's value
        changed = [Source(one.name, one.kind, one.address, on, one.official) if one.name == name else one for one in self._sources]
        self.changed.emit(tuple(changed))

    def _move(self, name: str, by: int) -> None:
        ordered = list(self._sources)
        at = next(place for place, source in enumerate(ordered) if source.name == name)
        if 0 <= at + by < len(ordered):
            ordered.insert(at + by, ordered.pop(at))
            self.changed.emit(tuple(ordered))


class SourceRow(QFrame):
    """One source. Only an official hub takes a token; it is sent to nobody else, and never shown again."""

    switched = Signal(bool)
    moved = Signal(int)
    removed = Signal()
    token_given = Signal(str)

    def __init__(self, source: Source, parent: QWidget) -> None:
        super().__init__(parent)
        self._source = source
        self._held = False
        self._entering = False
        self.switch = Switch(self)
        self.name = ElidedLabel(parent=self)
        self.address = ElidedLabel(parent=self)
        self.address.setProperty("tone", "soft")
        self.address.setFont(ui_font(9.5))
        self.dot = HealthDot(self)
        self.up_button, self.down_button = IconButton("arrow-up", self, size=14), IconButton("arrow-down", self, size=14)
        self.remove_button = IconButton("x", self, size=14)
        self.trouble = soft_label(self)
        self.trouble.hide()
        self.token_state = QLabel(self)
        self.token_state.setProperty("tone", "soft")
        self.token_state.setFont(ui_font(9.5))
        self.token = QLineEdit(self)
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.token.setMaxLength(MOST_TOKEN)
        self.token_button, self.forget_button = QPushButton(self), QPushButton(self)
        for button in (self.token_button, self.forget_button):
            button.setProperty("kind", "link")
            button.setCursor(Qt.CursorShape.PointingHandCursor)
        self._lay_out()
        self.switch.toggled.connect(self.switched)
        self.up_button.clicked.connect(lambda: self.moved.emit(-1))
        self.down_button.clicked.connect(lambda: self.moved.emit(1))
        self.remove_button.clicked.connect(self.removed)
        self.token_button.clicked.connect(self._press_token)
        self.token.returnPressed.connect(self._press_token)
        self.forget_button.clicked.connect(lambda: self.token_given.emit(""))
        self.retranslateUi()

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.name)
        words.addWidget(self.address)
        top = QHBoxLayout()
        top.setSpacing(STEP)
        top.addWidget(self.switch)
        top.addSpacing(2 * STEP)
        top.addLayout(words, 1)
        top.addWidget(self.dot)
        for button in (self.up_button, self.down_button, self.remove_button):
            top.addWidget(button)
        self._token_line = QWidget(self)
        token = QHBoxLayout(self._token_line)
        token.setContentsMargins(0, 0, 0, 0)
        token.setSpacing(2 * STEP)
        token.addWidget(self.token_state)
        token.addWidget(self.token, 1)
        token.addWidget(self.token_button)
        token.addWidget(self.forget_button)
        token.addStretch(0)
        below = QVBoxLayout()
        below.setContentsMargins(12 * STEP, 0, 0, 0)
        below.addWidget(self.trouble)
        below.addWidget(self._token_line)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2 * STEP, 0, 2 * STEP)
        layout.setSpacing(STEP)
        layout.addLayout(top)
        layout.addLayout(below)

    def show_source(self, source: Source, *, first: bool, last: bool) -> None:
        """Show this."""
        self._source = source
        with QSignalBlocker(self.switch):
            self.switch.setChecked(source.enabled)
        self.up_button.setEnabled(not first)
        self.down_button.setEnabled(not last)
        self.retranslateUi()

    def set_token_held(self, held: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """Whether there is a token for it; what was typed is gone."""
        self._held, self._entering = held, False
        self.token.clear()
        self.retranslateUi()

    def set_health(self, health: Health | None) -> None:
        """How it answered."""
        self.dot.set_health(health)
        self.trouble.setText(break_long_words(health.trouble) if health is not None else "")
        self.trouble.setVisible(bool(self.trouble.text()))

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        source = self._source
        self.name.setText(source.name)
        self.address.setText(source.address)
        self.switch.setAccessibleName(source.name)
        self.up_button.set_hint(self.tr("Try {name} earlier").format(name=source.name))
        self.down_button.set_hint(self.tr("Try {name} later").format(name=source.name))
        self.remove_button.set_hint(self.tr("Take {name} out").format(name=source.name))
        self.remove_button.setVisible(source.name not in LASTING)
        self._token_line.setVisible(source.official)
        self.token_state.setText(self.tr("A token is kept") if self._held else self.tr("No token"))
        self.token_state.setVisible(not self._entering)
        self.token.setVisible(self._entering)
        self.token.setPlaceholderText(self.tr("Token"))
        self.token.setAccessibleName(self.tr("Token for {name}").format(name=source.name))
        replace = self.tr("Replace it…") if self._held else self.tr("Enter a token…")
        self.token_button.setText(self.tr("Keep it") if self._entering else replace)
        self.token_button.setAccessibleName(f"{self.token_button.text()} ({source.name})")
        self.forget_button.setText(self.tr("Forget it"))
        self.forget_button.setAccessibleName(f"{self.forget_button.text()} ({source.name})")
        self.forget_button.setVisible(self._held and not self._entering)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _press_token(self) -> None:
        typed = self.token.text().strip()
        if self._entering and typed:
            self.token_given.emit(typed)
        self._entering = not self._entering
        self.token.clear()
        self.retranslateUi()
        if self._entering:
            self.token.setFocus()


class HealthDot(QWidget):
    """A dot with the milliseconds: jade when it is well, ochre when it is slow, cinnabar when it does not answer."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._health: Health | None = None
        self.setFont(ui_font(9.5))
        theme_signals().changed.connect(self.update)

    def set_health(self, health: Health | None) -> None:
        """None: it was not asked."""
        self._health = health
        self.setVisible(health is not None)
        self.retranslateUi()

    def words(self) -> str:
        """What is shown beside the dot."""
        if self._health is None:
            return ""
        if self._health.trouble:
            return self.tr("no answer")
        if self._health.milliseconds <= 0:
            return "…"
        return self.tr("{count} ms").format(count=count_text(round(self._health.milliseconds)))

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.setAccessibleName(self.words())
        self.updateGeometry()
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def sizeHint(self) -> QSize:
        """The dot and its words."""
        return QSize(self.fontMetrics().horizontalAdvance(self.words()) + DOT + 4 * STEP, self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        """All of it."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The dot at the left."""
        health = self._health
        if health is None:
            return
        role = (
            "accent" if health.trouble else "ink.faint" if health.milliseconds <= 0 else "ochre" if health.milliseconds > SLOW else "jade"
        )
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color(role))
        painter.drawEllipse(QRectF(0, (self.height() - DOT) / 2, DOT, DOT))
        painter.setPen(theme().color("ink.soft"))
        painter.drawText(self.rect().adjusted(DOT + STEP, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), self.words())
        painter.end()
