"""What holds for a whole lorebook: its name, how far it looks, how much of it fits."""

from __future__ import annotations

import dataclasses
from typing import Any

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from zhiyin.ui.form_controls import ChoiceBox, CountBox
from zhiyin.ui.form_row import FormRow
from zhiyin.ui.lore_values import BookSettings
from zhiyin.ui.plain_text_field import PlainTextField
from zhiyin.ui.theme import STEP

LONGEST_NAME = 200
MOST_TOKENS = 1_000_000
MOST_DEPTH = 10_000
RECURSIONS = (None, True, False)


class LoreBookForm(QScrollArea):
    """Edits a book's ``BookSettings``; ``changed`` carries the fields that are others now."""

    changed = Signal(object)  # dict[str, Any]

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings: BookSettings | None = None
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget(self)
        self.name_label, self.description_label = QLabel(inner), QLabel(inner)
        for label in (self.name_label, self.description_label):
            label.setProperty("tone", "section")
        self.name = QLineEdit(inner)
        self.name.setMaxLength(LONGEST_NAME)
        self.description = PlainTextField(inner)
        self.description.setTabChangesFocus(True)
        self.description.setFixedHeight(24 * STEP)
        self.scan_depth, self.token_budget = CountBox(-1, MOST_DEPTH, inner), CountBox(0, MOST_TOKENS, inner)
        self.token_budget.setMinimum(-1)
        self.recursive = ChoiceBox(inner)
        for _ in RECURSIONS:
            self.recursive.addItem("")
        for box in (self.scan_depth, self.token_budget):
            box.setFixedWidth(28 * STEP)
        self.rows = {
            name: FormRow(control, inner)
            for name, control in (("scan_depth", self.scan_depth), ("token_budget", self.token_budget), ("recursive", self.recursive))
        }
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(4 * STEP, STEP, 4 * STEP, 4 * STEP)
        layout.setSpacing(STEP)
        for label, field in ((self.name_label, self.name), (self.description_label, self.description)):
            layout.addWidget(label)
            layout.addWidget(field)
            layout.addSpacing(2 * STEP)
        for row in self.rows.values():
            layout.addWidget(row)
            layout.addSpacing(STEP)
        layout.addStretch(1)
        self.setWidget(inner)
        self.name.textEdited.connect(lambda text: self._tell(name=text))
        self.description.textChanged.connect(lambda: self._tell(description=self.description.text()))
        self.scan_depth.valueChanged.connect(lambda value: self._tell(scan_depth=None if value < 0 else value))
        self.token_budget.valueChanged.connect(lambda value: self._tell(token_budget=None if value < 0 else value))
        self.recursive.currentIndexChanged.connect(lambda place: self._tell(recursive=RECURSIONS[max(0, place)]))
        self.retranslateUi()

    def settings(self) -> BookSettings | None:
        """What is shown."""
        return self._settings

    def set_settings(self, settings: BookSettings | None) -> None:
        """Show these without announcing them."""
        if settings is not None and settings == self._settings:
            return
        self._settings = None
        if settings is not None:
            blockers = [QSignalBlocker(each) for each in (self.name, self.description, self.scan_depth, self.token_budget, self.recursive)]
            if self.name.text() != settings.name:
                self.name.setText(settings.name)
            if self.description.text() != settings.description:
                self.description.set_text(settings.description)
            for box, value in ((self.scan_depth, settings.scan_depth), (self.token_budget, settings.token_budget)):
                box.setValue(-1 if value is None else value)
            self.recursive.setCurrentIndex(RECURSIONS.index(settings.recursive))
            del blockers
        self._settings = settings

    def _tell(self, **fields: Any) -> None:
        settings = self._settings
        if settings is None:
            return
        fresh = {name: value for name, value in fields.items() if getattr(settings, name) != value}
        if fresh:
            self._settings = dataclasses.replace(settings, **fresh)
            self.changed.emit(fresh)

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.name_label.setText(self.tr("Name"))
        self.name.setAccessibleName(self.tr("Name"))
        self.name.setPlaceholderText(self.tr("Name of the lorebook"))
        self.description_label.setText(self.tr("Description"))
        self.description.setAccessibleName(self.tr("Description"))
        self.description.set_placeholder(self.tr("What it is about. It is not sent to the model."))
        self.rows["scan_depth"].set_words(
            self.tr("Messages looked through"), self.tr("How many of the last messages are searched for keys.")
        )
        self.rows["token_budget"].set_words(self.tr("Most tokens"), self.tr("What goes beyond is left out, the lowest priority first."))
        self.rows["recursive"].set_words(
            self.tr("Lore that calls up lore"), self.tr("Whether keys are also looked for in entries that were called up.")
        )
        self.scan_depth.setSpecialValueText(self.tr("2, as usual"))
        self.token_budget.setSpecialValueText(self.tr("as usual"))
        for place, text in enumerate((self.tr("as usual"), self.tr("yes"), self.tr("no"))):
            self.recursive.setItemText(place, text)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()
