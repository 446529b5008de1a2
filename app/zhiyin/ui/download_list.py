"""The downloads that are under way, one card each; those that wait can be put into another order."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from zhiyin.ui.download_card import DOWN, UP, DownloadCard, DownloadItem
from zhiyin.ui.theme import STEP

GAP = 2 * STEP
LINE = 2


class DownloadList(QWidget):
    """The cards in order. ``moved`` says to which place among those that wait a card is to go, from 0."""

    acted = Signal(str, str)
    moved = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards: dict[str, DownloadCard] = {}
        self._order: list[str] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(GAP)
        self._line = QFrame(self)  # where a dragged card would go
        self._line.setProperty("line", True)
        self._line.hide()

    def set_items(self, items: Sequence[DownloadItem]) -> None:
        """Show these in order; a card that stays keeps the keyboard."""
        for identity in self._cards.keys() - {item.id for item in items}:
            card = self._cards.pop(identity)
            if card.isAncestorOf(self.focusWidget() or self):
                self._focus_beside(identity)
            self._layout.removeWidget(card)
            card.hide()
            card.deleteLater()
        for place, item in enumerate(items):
            known = self._cards.get(item.id)
            card = known or self._add(item)
            if known is not None and known.item() != item:
                known.set_item(item)
            if self._layout.indexOf(card) != place:
                self._layout.removeWidget(card)
                self._layout.insertWidget(place, card)
        self._order = [item.id for item in items]
        self.setVisible(bool(items))

    def cards(self) -> dict[str, DownloadCard]:
        """By download, in order."""
        return {identity: self._cards[identity] for identity in self._order}

    def _add(self, item: DownloadItem) -> DownloadCard:
        card = self._cards[item.id] = DownloadCard(item, self)
        card.acted.connect(self._act)
        card.dragged.connect(self._show_place)
        card.dropped.connect(self._drop)
        return card

    def _act(self, identity: str, action: str) -> None:
        if action in (UP, DOWN):
            self.moved.emit(identity, self._cards[identity].item().place - 1 + (1 if action == DOWN else -1))
        else:
            self.acted.emit(identity, action)

    def _focus_beside(self, identity: str) -> None:
        """The keyboard goes to the next card when the one that has it goes away."""
        at = self._order.index(identity) if identity in self._order else 0
        there = [other for other in (*self._order[at + 1 :], *reversed(self._order[:at])) if other in self._cards]
        if there:
            self._cards[there[0]].setFocus()

    # ------------------------------------------------------------ dragging

    def _waiting(self, without: str) -> list[DownloadCard]:
        return [card for identity, card in self.cards().items() if card.item().place and identity != without]

    def _place_at(self, dragged: str, height: int) -> int:
        return sum(card.geometry().center().y() < height for card in self._waiting(dragged))

    def _show_place(self, dragged: str, height: int) -> None:
        others = self._waiting(dragged)
        if not others:
            return
        place = self._place_at(dragged, height)
        at = others[place].geometry().top() - GAP // 2 if place < len(others) else others[-1].geometry().bottom() + GAP // 2
        self._line.setGeometry(0, at - LINE // 2, self.width(), LINE)
        self._line.raise_()
        self._line.show()

    def _drop(self, dragged: str, height: int) -> None:
        self._line.hide()
        item = self._cards[dragged].item() if dragged in self._cards else None
        place = self._place_at(dragged, height)
        if item is not None and item.place and place != item.place - 1:
            self.moved.emit(dragged, place)
