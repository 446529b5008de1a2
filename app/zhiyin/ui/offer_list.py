"""A few models for someone who has none: each with what it is good for, how much there is to fetch, and a button."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.amounts import size_text
from zhiyin.ui.discover_values import Offer
from zhiyin.ui.discover_words import fit_words, speed_words
from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.form_row import soft_label
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font


class OfferList(QWidget):
    """``chosen`` carries the id of an offer."""

    chosen = Signal(str)
    more_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offers: tuple[Offer, ...] = ()
        self._items: list[OfferItem] = []
        self.title = QLabel(self)
        self.title.setProperty("tone", "section")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self.more_button = QPushButton(self)
        self.more_button.setProperty("kind", "link")
        self.more_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.more_button.clicked.connect(self.more_requested)
        self._layout.addWidget(self.title)
        self._layout.addSpacing(2 * STEP)
        self._layout.addWidget(self.more_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.retranslateUi()

    def set_offers(self, offers: Sequence[Offer]) -> None:
        """Offer these."""
        if tuple(offers) == self._offers:
            return
        focused = next((item.offer.id for item in self._items if item.button.hasFocus()), "")
        for old in self._items:
            self._layout.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._offers = tuple(offers)
        self._items = [OfferItem(offer, self) for offer in offers]
        for item in self._items:
            item.button.clicked.connect(lambda _checked=False, wanted=item.offer.id: self.chosen.emit(wanted))
            self._layout.insertWidget(self._layout.count() - 2, item)
            if item.offer.id == focused:
                item.button.setFocus()

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def items(self) -> list["OfferItem"]:
        """What is shown."""
        return self._items

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.title.setText(self.tr("Best for this computer"))
        self.more_button.setText(self.tr("More models"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


class OfferItem(QWidget):
    """One offer."""

    def __init__(self, offer: Offer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.offer = offer
        self.name = ElidedLabel(offer.name, self)
        self.name.setFont(ui_font(10.5, QFont.Weight.DemiBold))
        self.sentence = soft_label(self)
        self.sentence.setText(offer.sentence)
        self.about = ElidedLabel(parent=self)
        self.about.setFont(ui_font(9.0))
        self.about.setProperty("tone", "soft")
        self.button = QPushButton(self)
        self.button.setCursor(Qt.CursorShape.PointingHandCursor)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 2 * STEP, 0, 2 * STEP + 1)
        layout.setHorizontalSpacing(4 * STEP)
        layout.setVerticalSpacing(1)
        for row, widget in enumerate((self.name, self.sentence, self.about)):
            layout.addWidget(widget, row, 0)
        layout.addWidget(self.button, 0, 1, 3, 1, Qt.AlignmentFlag.AlignVCenter)
        layout.setColumnStretch(0, 1)
        theme_signals().changed.connect(self.update)
        self.retranslateUi()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        offer = self.offer
        size = size_text(offer.size) if offer.size > 0 else ""
        self.about.setText(" · ".join(part for part in (size, fit_words(offer.fit), speed_words(offer.fit)) if part))
        self.button.setText(self.tr("Download"))
        self.button.setAccessibleName(", ".join((self.tr("Download"), offer.name, self.about.text())))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A line below."""
        painter = QPainter(self)
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), theme().color("line"))
        painter.end()
