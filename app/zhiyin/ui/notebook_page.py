"""The page of the notebook: plain text that the model continues in place."""

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from zhiyin.ui.banner import BannerSlot
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.theme import STEP, ui_font
from zhiyin.ui.tokens import HEADER_HEIGHT


class NotebookPage(QWidget):
    """Builds its content when it is first shown."""

    back_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.banner_slot = BannerSlot()
        self.back_button = IconButton("arrow-left", self)
        self.heading = QLabel(self)
        self.heading.setFont(ui_font(11.5))
        top = QWidget(self)
        top.setFixedHeight(HEADER_HEIGHT)
        bar = QHBoxLayout(top)
        bar.setContentsMargins(2 * STEP, 0, 2 * STEP, 0)
        bar.setSpacing(2 * STEP)
        bar.addWidget(self.back_button)
        bar.addWidget(self.heading)
        bar.addStretch(1)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addWidget(top)
        page.addLayout(self.banner_slot)
        page.addStretch(1)
        self.back_button.clicked.connect(self.back_requested)
        self.retranslateUi()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.back_button.set_hint(self.tr("Back"), "Esc")
        self.heading.setText(self.tr("Notebook"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()
