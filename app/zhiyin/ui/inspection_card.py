"""What a checkpoint is: its name and path, and a few facts in columns."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from zhiyin.ui.amounts import count_text, parameters_text, size_text
from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.form_row import soft_label
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.theme import STEP, ui_font
from zhiyin_models.convert.inspection import Inspection

COLUMN = 150  # the least width of a fact, logical pixels
NAMES = ("architecture", "parameters", "weights", "layers", "context", "vocabulary", "tokenizer", "template")


class InspectionCard(QFrame):
    """Shows an ``Inspection``; the cross lets it go."""

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self._inspection: Inspection | None = None
        self._across = 0
        self.name = ElidedLabel(parent=self)
        self.name.setFont(ui_font(13))
        self.path = ElidedLabel(parent=self, middle=True)
        self.path.setProperty("tone", "soft")
        self.close_button = IconButton("x", self, size=14)
        self._facts = {name: _Fact(self) for name in NAMES}
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(4 * STEP)
        self._grid.setVerticalSpacing(3 * STEP)
        self._notices: list[NoticeLabel] = []
        self._below = QVBoxLayout()
        self._below.setSpacing(STEP)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.name)
        words.addWidget(self.path)
        top = QHBoxLayout()
        top.addLayout(words, 1)
        top.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(5 * STEP, 4 * STEP, 4 * STEP, 4 * STEP)
        layout.setSpacing(4 * STEP)
        layout.addLayout(top)
        layout.addLayout(self._grid)
        layout.addLayout(self._below)
        self.close_button.clicked.connect(self.closed)
        self.retranslateUi()

    def set_inspection(self, inspection: Inspection, notices: Sequence[str] = ()) -> None:
        """The checkpoint, and what is to be known of it in sentences."""
        self._inspection = inspection
        for old in self._notices:
            self._below.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._notices = [NoticeLabel(notice, self) for notice in notices]
        for label in self._notices:
            self._below.addWidget(label)
        self.retranslateUi()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.close_button.set_hint(self.tr("Another checkpoint"))
        titles = {
            "architecture": self.tr("Architecture"),
            "parameters": self.tr("Parameters"),
            "weights": self.tr("Weights"),
            "layers": self.tr("Layers"),
            "context": self.tr("Trained context"),
            "vocabulary": self.tr("Vocabulary"),
            "tokenizer": self.tr("Tokenizer"),
            "template": self.tr("Chat template"),
        }
        values = self._values()
        for name, fact in self._facts.items():
            fact.say(titles[name], values.get(name, ""))
        if self._inspection is not None:
            self.name.setText(self._inspection.name)
            self.path.setText(self._inspection.path)

    def _values(self) -> dict[str, str]:
        found = self._inspection
        if found is None:
            return {}
        return {
            "architecture": found.architecture,
            "parameters": parameters_text(found.parameters),
            "weights": f"{found.dtype} · {size_text(found.size)}",
            "layers": count_text(found.layers),
            "context": self.tr("{tokens} tokens").format(tokens=count_text(found.context)),
            "vocabulary": self.tr("{tokens} tokens").format(tokens=count_text(found.vocabulary)),
            "tokenizer": f"{found.tokenizer} · {found.pre}" if found.pre else found.tokenizer,
            "template": found.template or self.tr("none; ChatML is used"),
        }

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many facts in a line as there is room for."""
        super().resizeEvent(event)
        across = max(2, min(4, (self.width() - 8 * STEP) // (COLUMN + 4 * STEP)))
        if across == self._across:
            return
        self._across = across
        for fact in self._facts.values():
            self._grid.removeWidget(fact)
        for number, fact in enumerate(self._facts.values()):
            self._grid.addWidget(fact, number // across, number % across)
        for column in range(4):
            self._grid.setColumnStretch(column, 1 if column < across else 0)


class _Fact(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._title = soft_label(self)
        self._title.setWordWrap(False)
        self._value = ElidedLabel(parent=self)
        self._value.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._title)
        layout.addWidget(self._value)
        self.setMinimumWidth(0)

    def say(self, title: str, value: str) -> None:
        self._title.setText(title)
        self._value.setText(value)
        self.setAccessibleName(f"{title}: {value}")
