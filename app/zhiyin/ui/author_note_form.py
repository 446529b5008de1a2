"""The form of an author's note: a text that is put in again and again, where, how often, and in whose name."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QSignalBlocker, QTimer, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from zhiyin.ui.form_controls import ChoiceBox, CountBox
from zhiyin.ui.form_row import FormRow, soft_label
from zhiyin.ui.plain_text_field import PlainTextField
from zhiyin.ui.theme import STEP

POSITIONS = ("in_chat", "after_scenario")
ROLES = ("system", "user", "assistant")
MOST_DEPTH = 1_000
MOST_EVERY = 1_000
PAUSE_MS = 500  # after the last key
LONGEST = 50_000
DEFAULTS: dict[str, Any] = {"text": "", "position": "in_chat", "depth": 4, "every": 1, "role": "system"}


class AuthorNoteForm(QWidget):
    """Values are those of ``zhiyin.roles.AuthorNote``, by their names: text, position, depth, every, role.

    ``changed`` carries all of them; what is typed is announced after a pause, or with ``flush``.
    """

    changed = Signal(object)  # dict[str, Any]

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values = dict(DEFAULTS)
        self._told = dict(DEFAULTS)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.flush)
        self.title = QLabel(self)
        self.title.setProperty("tone", "section")
        self.text = PlainTextField(self)
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(22 * STEP)
        self.position, self.role = ChoiceBox(self), ChoiceBox(self)
        for box, values in ((self.position, POSITIONS), (self.role, ROLES)):
            for value in values:
                box.addItem("", value)
        self.depth_box, self.every_box = CountBox(0, MOST_DEPTH, self), CountBox(0, MOST_EVERY, self)
        for number in (self.depth_box, self.every_box):
            number.setFixedWidth(20 * STEP)
        controls: dict[str, QWidget] = {"position": self.position, "depth": self.depth_box, "every": self.every_box, "role": self.role}
        self.rows = {name: FormRow(control, self) for name, control in controls.items()}
        self.hint = soft_label(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * STEP)
        layout.addWidget(self.title)
        layout.addWidget(self.text)
        layout.addWidget(self.hint)
        for row in self.rows.values():
            layout.addWidget(row)
        self.text.textChanged.connect(self._typed)
        self.position.currentIndexChanged.connect(lambda _place: self._set(position=self.position.currentData()))
        self.role.currentIndexChanged.connect(lambda _place: self._set(role=self.role.currentData()))
        self.depth_box.valueChanged.connect(lambda value: self._set(depth=value))
        self.every_box.valueChanged.connect(lambda value: self._set(every=value))
        self.retranslateUi()
        self._show_rows()

    def values(self) -> dict[str, Any]:
        """What is shown."""
        return dict(self._values)

    def set_values(self, values: dict[str, Any]) -> None:
        """Show these without announcing them; what is missing is as usual."""
        self._pause.stop()
        self._values = {name: values.get(name, usual) for name, usual in DEFAULTS.items()}
        self._told = dict(self._values)
        blockers = [QSignalBlocker(each) for each in (self.text, self.position, self.role, self.depth_box, self.every_box)]
        if self.text.text() != self._values["text"]:
            self.text.set_text(self._values["text"])
        self.position.setCurrentIndex(max(0, self.position.findData(self._values["position"])))
        self.role.setCurrentIndex(max(0, self.role.findData(self._values["role"])))
        self.depth_box.setValue(self._values["depth"])
        self.every_box.setValue(self._values["every"])
        del blockers
        self._show_rows()

    def flush(self) -> None:
        """Announce now what would be announced soon."""
        self._pause.stop()
        if self._values != self._told:
            self._told = dict(self._values)
            self.changed.emit(dict(self._values))

    def _typed(self) -> None:
        self._values["text"] = self.text.text()[:LONGEST]
        self._show_rows()
        self._pause.start()

    def _set(self, **fields: Any) -> None:
        self._values.update(fields)
        self._show_rows()
        self.flush()

    def _show_rows(self) -> None:
        """Where there is no note, nothing about it is asked."""
        some = bool(self._values["text"].strip())
        in_chat = self._values["position"] == "in_chat"
        self.hint.setVisible(not some)
        for name, row in self.rows.items():
            row.setVisible(some and (in_chat or name not in ("depth", "role")))

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.title.setText(self.tr("Author's note"))
        self.text.setAccessibleName(self.tr("Author's note"))
        self.text.set_placeholder(self.tr("Keep the tension. It is raining."))
        self.hint.setText(self.tr("A reminder to the model, put in again and again, to steer where the conversation goes."))
        for box, words in (
            (self.position, (self.tr("in the chat"), self.tr("after the scenario"))),
            (self.role, (self.tr("the system"), self.tr("the user"), self.tr("the persona"))),
        ):
            for place, text in enumerate(words):
                box.setItemText(place, text)
        self.every_box.setSpecialValueText(self.tr("never"))
        self.depth_box.setSpecialValueText(self.tr("the end"))
        self.rows["position"].set_words(self.tr("Place"), "")
        self.rows["depth"].set_words(self.tr("Depth"), self.tr("Messages from the end."))
        self.rows["every"].set_words(self.tr("Every so many turns"), self.tr("Of yours. 1 is always."))
        self.rows["role"].set_words(self.tr("Said as"), "")

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()
