"""Every job that is known, one card each."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from zhiyin.ui.job_card import JobCard, JobView
from zhiyin.ui.theme import STEP


class JobList(QWidget):
    """The cards, the newest first."""

    acted = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards: dict[str, JobCard] = {}
        self.heading = QLabel(self)
        self.heading.setProperty("tone", "section")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(3 * STEP)
        self._layout.addWidget(self.heading)
        self.retranslateUi()

    def set_jobs(self, views: Sequence[JobView]) -> None:
        """Show these in order; cards of jobs that stay are kept."""
        for identity in self._cards.keys() - {view.id for view in views}:
            card = self._cards.pop(identity)
            self._layout.removeWidget(card)
            card.hide()
            card.deleteLater()
        for place, view in enumerate(views):
            known = self._cards.get(view.id)
            card = known or JobCard(view, self)
            if known is None:
                self._cards[view.id] = card
                card.acted.connect(self.acted)
            elif known.view() != view:
                known.set_view(view)
            if self._layout.indexOf(card) != place + 1:
                self._layout.removeWidget(card)
                self._layout.insertWidget(place + 1, card)
        self.setVisible(bool(views))

    def cards(self) -> dict[str, JobCard]:
        """By job."""
        return dict(self._cards)

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.heading.setText(self.tr("Conversions"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()
