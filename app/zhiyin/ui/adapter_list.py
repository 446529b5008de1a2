"""The adapters that are merged into a checkpoint: each with its weight, and a way to take it out again."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.form_controls import NumberBox
from zhiyin.ui.form_row import soft_label
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.icons import icon
from zhiyin.ui.theme import STEP, theme_signals
from zhiyin.ui.tooltip import plain_tooltip

WEIGHT_LIMIT = 10.0


@dataclass(frozen=True, slots=True)
class AdapterItem:
    """An adapter: its folder's name, how strongly it is merged, and what it is in words."""

    path: str
    name: str
    weight: float = 1.0
    detail: str = ""


class AdapterList(QWidget):
    """Announces what is wanted; shows what it is given."""

    add_requested = Signal()
    removed = Signal(str)
    weighed = Signal(str, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: dict[str, _AdapterRow] = {}
        self.hint = soft_label(self)
        self.add_button = QPushButton(self)
        self.add_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self._list = QVBoxLayout()
        self._list.setSpacing(STEP)
        top = QHBoxLayout()
        top.setSpacing(4 * STEP)
        top.addWidget(self.hint, 1)
        top.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * STEP)
        layout.addLayout(top)
        layout.addLayout(self._list)
        self.add_button.clicked.connect(self.add_requested)
        theme_signals().changed.connect(self._draw)
        self.retranslateUi()

    def set_adapters(self, items: Sequence[AdapterItem]) -> None:
        """Show these; a row that stays keeps the keyboard."""
        for path in self._rows.keys() - {item.path for item in items}:
            row = self._rows.pop(path)
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        for item in items:
            known = self._rows.get(item.path)
            if known is None:
                known = self._rows[item.path] = _AdapterRow(item, self)
                known.removed.connect(self.removed)
                known.weighed.connect(self.weighed)
                self._list.addWidget(known)
            known.show_item(item)

    def flush(self) -> None:
        """Announce a weight that is typed and not yet left."""
        for row in self._rows.values():
            row.weight.interpretText()

    def rows(self) -> list["_AdapterRow"]:
        """What is shown, in order."""
        return list(self._rows.values())

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.hint.setText(self.tr("LoRA and DoRA adapters are merged into the checkpoint. Drop their folders here, or add them."))
        self.add_button.setText(self.tr("Add an adapter…"))
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _draw(self) -> None:
        self.add_button.setIcon(icon("plus", 16))


class _AdapterRow(QWidget):
    removed = Signal(str)
    weighed = Signal(str, float)

    def __init__(self, item: AdapterItem, parent: QWidget) -> None:
        super().__init__(parent)
        self._item = item
        self.name = ElidedLabel(parent=self)
        self.detail = ElidedLabel(parent=self)
        self.detail.setProperty("tone", "soft")
        self.weight = NumberBox(self, decimals=2)
        self.weight.setRange(-WEIGHT_LIMIT, WEIGHT_LIMIT)
        self.weight.setSingleStep(0.1)
        self.weight.setFixedWidth(16 * STEP)
        self.remove_button = IconButton("x", self, size=14)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.name)
        words.addWidget(self.detail)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, STEP, 0, STEP)
        layout.setSpacing(2 * STEP)
        layout.addLayout(words, 1)
        layout.addWidget(self.weight)
        layout.addWidget(self.remove_button)
        self.weight.valueChanged.connect(lambda value: self.weighed.emit(self._item.path, value))
        self.remove_button.clicked.connect(lambda: self.removed.emit(self._item.path))
        self.retranslateUi()

    def show_item(self, item: AdapterItem) -> None:
        self._item = item
        self.name.setText(item.name)
        self.detail.setText(item.detail)
        self.detail.setVisible(bool(item.detail))
        if self.weight.value() != item.weight:  # what is half typed stays
            with QSignalBlocker(self.weight):
                self.weight.setValue(item.weight)
        self.retranslateUi()

    def retranslateUi(self) -> None:
        self.weight.setAccessibleName(self.tr("Weight of {name}").format(name=self._item.name))
        self.weight.setToolTip(self.tr("How strongly it is merged; 1 is as it was trained"))
        take_out = self.tr("Take out {name}").format(name=self._item.name)
        self.remove_button.set_hint(take_out)
        self.remove_button.setToolTip(plain_tooltip(take_out))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()
