"""The left side: conversations above, the ways to the other pages below."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.amounts import percent_text
from zhiyin.ui.conversation_list import ConversationList
from zhiyin.ui.icons import icon
from zhiyin.ui.theme import STEP, theme_signals


class Sidebar(QFrame):
    """Holds the list and the buttons of the other pages."""

    personas_requested = Signal()
    tasks_requested = Signal()
    notebook_requested = Signal()
    models_requested = Signal()
    conversion_requested = Signal()
    settings_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self._converted: int | None = None
        self._fetched: int | None = None
        self.conversations = ConversationList(self)
        self.personas_button = QPushButton(self)
        self.tasks_button = QPushButton(self)
        self.notebook_button = QPushButton(self)
        self.models_button = QPushButton(self)
        self.conversion_button = QPushButton(self)
        self.settings_button = QPushButton(self)
        pages = QGridLayout()
        pages.setSpacing(STEP)
        for place, (button, wanted) in enumerate(
            (
                (self.personas_button, self.personas_requested),
                (self.tasks_button, self.tasks_requested),
                (self.notebook_button, self.notebook_requested),
                (self.models_button, self.models_requested),
                (self.conversion_button, self.conversion_requested),
                (self.settings_button, self.settings_requested),
            )
        ):
            button.setProperty("kind", "row")
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(wanted)
            pages.addWidget(button, place // 2, place % 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * STEP, 2 * STEP, STEP, 2 * STEP)
        layout.setSpacing(STEP)
        layout.addWidget(self.conversations, 1)
        layout.addLayout(pages)
        theme_signals().changed.connect(self._draw)
        self._draw()
        self.retranslateUi()

    def set_conversion_progress(self, fraction: float | None) -> None:
        """How far a running conversion is, from 0 to 1; None when there is none."""
        percent = None if fraction is None else int(fraction * 100)
        if percent != self._converted:
            self._converted = percent
            self.retranslateUi()

    def set_download_progress(self, fraction: float | None) -> None:
        """How far the downloads are, from 0 to 1; None when there are none."""
        percent = None if fraction is None else int(fraction * 100)
        if percent != self._fetched:
            self._fetched = percent
            self.retranslateUi()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.personas_button.setText(self.tr("Personas"))
        self.personas_button.setToolTip(self.tr("Who answers, what they know, and who you are (Ctrl+P)"))
        self.tasks_button.setText(self.tr("Tasks"))
        self.tasks_button.setToolTip(self.tr("Translate, rewrite, summarise …: templates with examples (Ctrl+T)"))
        self.notebook_button.setText(self.tr("Notebook"))
        self.notebook_button.setToolTip(self.tr("Plain text that the model continues (Ctrl+J)"))
        models = self.tr("Models")
        self.models_button.setText(models if self._fetched is None else f"{models} · {percent_text(self._fetched / 100)}")
        self.models_button.setToolTip(self.tr("Your models, new ones, and downloads (Ctrl+M)"))
        convert = self.tr("Convert")
        self.conversion_button.setText(convert if self._converted is None else f"{convert} · {percent_text(self._converted / 100)}")
        self.conversion_button.setToolTip(self.tr("Turn a checkpoint into a model to chat with"))
        self.settings_button.setText(self.tr("Settings"))
        self.settings_button.setToolTip(self.tr("Settings (Ctrl+,)"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _draw(self) -> None:
        self.personas_button.setIcon(icon("users", 16))
        self.tasks_button.setIcon(icon("list-numbers", 16))
        self.notebook_button.setIcon(icon("notebook", 16))
        self.models_button.setIcon(icon("cube", 16))
        self.conversion_button.setIcon(icon("funnel", 16))
        self.settings_button.setIcon(icon("gear-six", 16))
