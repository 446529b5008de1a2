"""What was downloaded before, what failed and why, and what can be done with it: one row each, the latest first."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QDateTime, QEvent, QLocale, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.amounts import duration_text, size_text, speed_text
from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.icons import icon_pixmap
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font
from zhiyin_models.jobs.protocol import Status

CHAT, CONVERT, SHOW, RETRY, OTHER_SOURCE, PAGE, SETTINGS, REMOVE = (
    *("chat", "convert", "show", "retry", "other-source", "page", "settings", "remove"),
)
SIGNS = {Status.FINISHED: ("check-circle", "jade"), Status.FAILED: ("warning-circle", "accent"), Status.CANCELLED: ("x-circle", "ink.soft")}
SIGN_SIZE = 18
AT_FIRST = 12  # rows; more on request
MORE = 24


@dataclass(frozen=True, slots=True)
class PastItem:
    """A download that is over. ``actions`` are what can be done with it, the most likely first; sizes are bytes, times seconds."""

    id: str
    title: str
    status: Status
    detail: str = ""
    size: int = -1
    ended: float = 0.0  # since 1970
    seconds: float = 0.0  # at work
    failure: str = ""
    notices: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    other_source: str = ""


def past_words(item: PastItem) -> str:
    """When it was and how it went, in one line."""
    when = QLocale().toString(QDateTime.fromSecsSinceEpoch(int(item.ended)), QLocale.FormatType.ShortFormat) if item.ended > 0 else ""
    parts = [QCoreApplication.translate("DownloadHistory", "cancelled")] if item.status == Status.CANCELLED else []
    parts += [item.detail, size_text(item.size) if item.size > 0 else "", when]
    if item.status == Status.FINISHED and item.seconds > 0:
        parts.append(duration_text(item.seconds))
        if item.size > 0:
            parts.append(speed_text(item.size / max(1.0, item.seconds)))
    return " · ".join(part for part in parts if part)


class DownloadHistory(QWidget):
    """Builds the rows that are asked for."""

    acted = Signal(str, str)
    clear_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[PastItem] = []
        self._rows: dict[str, PastRow] = {}
        self._most = AT_FIRST
        self.heading = QLabel(self)
        self.heading.setProperty("tone", "section")
        self.clear_button = QPushButton(self)
        self.more_button = QPushButton(self)
        for button in (self.clear_button, self.more_button):
            button.setProperty("kind", "quiet")
            button.setCursor(Qt.CursorShape.PointingHandCursor)
        top = QHBoxLayout()
        top.addWidget(self.heading, 1)
        top.addWidget(self.clear_button)
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(STEP)
        layout.addLayout(top)
        layout.addLayout(self._list)
        layout.addWidget(self.more_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.clear_button.clicked.connect(self.clear_requested)
        self.more_button.clicked.connect(self._show_more)
        self.retranslateUi()

    def set_items(self, items: Sequence[PastItem]) -> None:
        """Show these, in order."""
        self._items = list(items)
        self._refresh()

    def rows(self) -> dict[str, "PastRow"]:
        """What is shown, by download."""
        return dict(self._rows)

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.heading.setText(self.tr("Earlier"))
        self.clear_button.setText(self.tr("Clear"))
        self.clear_button.setAccessibleName(self.tr("Clear the list of earlier downloads"))
        self.more_button.setText(self.tr("Show more"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _show_more(self) -> None:
        self._most += MORE
        self._refresh()

    def _refresh(self) -> None:
        shown = self._items[: self._most]
        for identity in self._rows.keys() - {item.id for item in shown}:
            row = self._rows.pop(identity)
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        for place, item in enumerate(shown):
            known = self._rows.get(item.id)
            row = known or PastRow(item, self)
            if known is None:
                self._rows[item.id] = row
                row.acted.connect(self.acted)
            elif known.item() != item:
                known.set_item(item)
            if self._list.indexOf(row) != place:
                self._list.removeWidget(row)
                self._list.insertWidget(place, row)
        self.more_button.setVisible(len(self._items) > self._most)
        self.setVisible(bool(self._items))


class PastRow(QFrame):
    """One download that is over. ``acted`` carries what was pressed."""

    acted = Signal(str, str)

    def __init__(self, item: PastItem, parent: QWidget) -> None:
        super().__init__(parent)
        self._item = item
        self.sign = QLabel(self)
        self.sign.setFixedSize(SIGN_SIZE, SIGN_SIZE + 2)
        self.title = ElidedLabel(parent=self, middle=True)
        self.words = ElidedLabel(parent=self)
        self.words.setProperty("tone", "soft")
        self.words.setFont(ui_font(9.5))
        self.failure = NoticeLabel("", self, kind="error")
        self.notices = NoticeLabel("", self)
        self.remove_button = IconButton("x", self, size=14)
        self.remove_button.clicked.connect(lambda: self.acted.emit(self._item.id, REMOVE))
        self.buttons = {name: self._button(name) for name in (CHAT, CONVERT, SHOW, RETRY, OTHER_SOURCE, PAGE, SETTINGS)}
        self._row = QHBoxLayout()
        self._lay_out()
        theme_signals().changed.connect(self._draw)
        self.set_item(item)

    def _button(self, name: str) -> QPushButton:
        button = QPushButton(self)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda: self.acted.emit(self._item.id, name))
        return button

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.title)
        words.addWidget(self.words)
        top = QHBoxLayout()
        top.setSpacing(2 * STEP)
        top.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(words, 1)
        top.addWidget(self.remove_button, 0, Qt.AlignmentFlag.AlignTop)
        self._row.setContentsMargins(SIGN_SIZE + 2 * STEP, STEP, 0, 0)
        self._row.setSpacing(2 * STEP)
        self._row.addStretch(1)
        said = QVBoxLayout()
        said.setContentsMargins(SIGN_SIZE + 2 * STEP, 0, 8 * STEP, 0)
        said.addWidget(self.failure)
        said.addWidget(self.notices)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2 * STEP, 0, 2 * STEP)
        layout.setSpacing(STEP)
        layout.addLayout(top)
        layout.addLayout(said)
        layout.addLayout(self._row)

    def item(self) -> PastItem:
        """What is shown."""
        return self._item

    def set_item(self, item: PastItem) -> None:
        """Show this."""
        self._item = item
        for name, button in self.buttons.items():
            self._row.removeWidget(button)
            button.setVisible(name in item.actions)
        for place, name in enumerate(item.actions):
            self._row.insertWidget(place, self.buttons[name])
            primary = place == 0 and name in (CHAT, CONVERT)
            self.buttons[name].setProperty("kind", "primary" if primary else "")
            self.buttons[name].style().polish(self.buttons[name])
        self._draw()
        self.retranslateUi()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        item = self._item
        words = past_words(item)
        self.title.setText(item.title)
        self.words.setText(words)
        self.failure.set_text(item.failure, "error")
        self.notices.set_text(" ".join(item.notices))
        said = " ".join(part for part in (item.failure, *item.notices) if part)
        self.setAccessibleName(f"{item.title}, {words}")
        self.setAccessibleDescription(said)
        self.remove_button.set_hint(self.tr("Take out of the list"))
        labels = {
            CHAT: self.tr("Chat with it"),
            CONVERT: self.tr("Convert it"),
            SHOW: self.tr("Show in folder"),
            RETRY: self.tr("Try again"),
            OTHER_SOURCE: self.tr("Try {source}").format(source=item.other_source),
            PAGE: self.tr("Open its page"),
            SETTINGS: self.tr("Settings"),
        }
        for name, label in labels.items():
            self.buttons[name].setText(label)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _draw(self) -> None:
        name, role = SIGNS.get(self._item.status, ("info", "ink.soft"))
        self.sign.setPixmap(icon_pixmap(name, SIGN_SIZE, theme().color(role)))
