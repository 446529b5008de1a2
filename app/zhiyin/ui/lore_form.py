"""The form of one entry of a lorebook: when it is called up, what it says, where it goes."""

from __future__ import annotations

import dataclasses
from typing import Any

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from zhiyin.ui.fold import Fold
from zhiyin.ui.form_controls import ChoiceBox, CountBox, Switch
from zhiyin.ui.form_row import FormRow, soft_label
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.lore_keys_field import KeysField
from zhiyin.ui.lore_values import LOGICS, LoreEntry
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.plain_text_field import PlainTextField
from zhiyin.ui.theme import STEP

LONGEST_NAME = 200
POSITIONS = ("before_char", "after_char", "before_examples", "after_examples", "before_note", "after_note", "in_chat")
ROLES = ("system", "user", "assistant")
IN_CHAT = "in_chat"
MOST_DEPTH, MOST_ORDER = 10_000, 1_000_000
LEAST_CONTENT = 124  # pixels
SWITCHES = ("constant", "use_regex", "case_sensitive", "whole_words", "exclude_recursion", "prevent_recursion", "delay_until_recursion")
NUMBERS = {
    "probability": (0, 100),
    "order": (-MOST_ORDER, MOST_ORDER),
    "priority": (-MOST_ORDER - 1, MOST_ORDER),
    "depth": (0, MOST_DEPTH),
    "scan_depth": (-1, MOST_DEPTH),
}
UNSET = {"priority": -MOST_ORDER - 1, "scan_depth": -1}  # the number that stands for None


class LoreForm(QScrollArea):
    """Edits one ``LoreEntry``; ``changed`` carries its ident and the fields that are others now."""

    changed = Signal(int, object)  # dict[str, Any]
    delete_requested = Signal(int)
    duplicate_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entry: LoreEntry | None = None
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget(self)
        self._make(inner)
        self._lay_out(inner)
        self.setWidget(inner)
        self._inner = inner
        self._connect()
        self.retranslateUi()
        self.set_entry(None)

    def _make(self, inner: QWidget) -> None:
        self.name = QLineEdit(inner)
        self.name.setMaxLength(LONGEST_NAME)
        self.enabled = Switch(inner)
        self.duplicate_button = IconButton("copy", inner, size=18)
        self.delete_button = IconButton("trash", inner, size=18)
        self.keys_label, self.secondary_label, self.content_label = (_label(inner) for _ in range(3))
        self.keys = KeysField(inner)
        self.key_problem = NoticeLabel("", inner, kind="error")
        self.secondary_keys = KeysField(inner)
        self.logic = ChoiceBox(inner)
        for logic in LOGICS:
            self.logic.addItem("", logic)
        self.content = _ContentField(inner)
        self.content.setTabChangesFocus(True)
        self.content.setMinimumHeight(LEAST_CONTENT)
        self.help_fold, self.place_fold, self.match_fold, self.recursion_fold = (Fold(inner) for _ in range(4))
        self.help = soft_label(inner)
        self.help.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.switches = {name: Switch(inner) for name in SWITCHES}
        self.numbers = {name: CountBox(*bounds, inner) for name, bounds in NUMBERS.items()}
        self.position, self.role = ChoiceBox(inner), ChoiceBox(inner)
        for box, values in ((self.position, POSITIONS), (self.role, ROLES)):
            for value in values:
                box.addItem("", value)
        for number in self.numbers.values():
            number.setFixedWidth(30 * STEP)
        self.numbers["probability"].setSuffix(" %")
        controls: dict[str, QWidget] = {**self.switches, **self.numbers, "position": self.position, "role": self.role}
        self.rows = {name: FormRow(control, inner) for name, control in controls.items()}

    def _lay_out(self, inner: QWidget) -> None:
        top = QHBoxLayout()
        top.setSpacing(2 * STEP)
        top.addWidget(self.name, 1)
        top.addWidget(self.enabled)
        top.addWidget(self.duplicate_button)
        top.addWidget(self.delete_button)
        second = QHBoxLayout()
        second.setSpacing(2 * STEP)
        second.addWidget(self.secondary_label, 1)
        second.addWidget(self.logic)
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(4 * STEP, STEP, 4 * STEP, 4 * STEP)
        layout.setSpacing(STEP)
        layout.addLayout(top)
        layout.addSpacing(2 * STEP)
        layout.addWidget(self.rows["constant"])
        layout.addSpacing(2 * STEP)
        layout.addWidget(self.keys_label)
        layout.addWidget(self.keys)
        layout.addWidget(self.key_problem)
        layout.addSpacing(2 * STEP)
        layout.addWidget(self.content_label)
        layout.addWidget(self.content, 1)
        layout.addWidget(self.help_fold)
        layout.addWidget(self.help)
        self._fold_in(layout, self.place_fold, ("position", "depth", "role", "order", "priority", "probability"))
        self._match_parts: list[QWidget] = [self.secondary_keys, self.secondary_label, self.logic]
        layout.addWidget(self.match_fold)
        layout.addLayout(second)
        layout.addWidget(self.secondary_keys)
        for name in ("use_regex", "case_sensitive", "whole_words", "scan_depth"):
            layout.addWidget(self.rows[name])
        self._fold_in(layout, self.recursion_fold, ("exclude_recursion", "prevent_recursion", "delay_until_recursion"))
        layout.addStretch(0)

    def _fold_in(self, layout: QVBoxLayout, fold: Fold, names: tuple[str, ...]) -> None:
        layout.addWidget(fold)
        for name in names:
            layout.addWidget(self.rows[name])

    def _connect(self) -> None:
        self.name.textEdited.connect(lambda text: self._tell(name=text))
        self.enabled.toggled.connect(lambda on: self._tell(enabled=on))
        self.keys.changed.connect(lambda keys: self._tell(keys=keys))
        self.secondary_keys.changed.connect(lambda keys: self._tell(secondary_keys=keys))
        self.content.textChanged.connect(lambda: self._tell(content=self.content.text()))
        self.logic.currentIndexChanged.connect(lambda _place: self._tell(logic=self.logic.currentData()))
        self.position.currentIndexChanged.connect(lambda _place: self._tell(position=self.position.currentData()))
        self.role.currentIndexChanged.connect(lambda _place: self._tell(role=self.role.currentData()))
        for name, switch in self.switches.items():
            switch.toggled.connect(lambda on, field=name: self._tell(**{field: on}))
        for name, number in self.numbers.items():
            number.valueChanged.connect(lambda value, field=name: self._tell(**{field: value}))
        for fold in (self.help_fold, self.place_fold, self.match_fold, self.recursion_fold):
            fold.toggled.connect(lambda _open: self._show_parts())
        self.duplicate_button.clicked.connect(lambda: self.duplicate_requested.emit(self._entry.ident if self._entry else 0))
        self.delete_button.clicked.connect(lambda: self.delete_requested.emit(self._entry.ident if self._entry else 0))

    # ------------------------------------------------------------ values

    def entry(self) -> LoreEntry | None:
        """What is shown, with what was just typed."""
        return self._entry

    def set_entry(self, entry: LoreEntry | None) -> None:
        """Show another entry, or another value of this one, without announcing it; None shows nothing."""
        if entry is not None and entry == self._entry:
            return
        same = entry is not None and self._entry is not None and entry.ident == self._entry.ident
        if not same:
            for field in (self.keys, self.secondary_keys):
                field.commit()  # a key still being typed is the old entry's
        self._entry = None  # whatever the controls say meanwhile is nobody's
        self._inner.setVisible(entry is not None)
        if entry is not None:
            self._fill(entry)
        self._entry = entry
        if not same:
            self.set_problem("")
            self.verticalScrollBar().setValue(0)
        self._show_parts()

    def _fill(self, entry: LoreEntry) -> None:
        controls: list[QWidget] = [self.name, self.enabled, self.logic, self.position, self.role, self.content]
        blockers = [QSignalBlocker(control) for control in (*controls, *self.switches.values(), *self.numbers.values())]
        if self.name.text() != entry.name:
            self.name.setText(entry.name)
        self.enabled.setChecked(entry.enabled)
        for field, keys in ((self.keys, entry.keys), (self.secondary_keys, entry.secondary_keys)):
            if field.keys() != keys:
                field.set_keys(keys)
        if self.content.text() != entry.content:
            self.content.set_text(entry.content)
        for box, value in ((self.logic, entry.logic), (self.position, entry.position), (self.role, entry.role)):
            _choose(box, value)
        for name, switch in self.switches.items():
            switch.setChecked(bool(getattr(entry, name)))
        for name, number in self.numbers.items():
            value = getattr(entry, name)
            number.setValue(UNSET[name] if value is None else value)
        del blockers

    def set_problem(self, text: str) -> None:
        """What is wrong with the keys; "" for nothing."""
        self.key_problem.set_text(text)

    def _tell(self, **fields: Any) -> None:
        entry = self._entry
        if entry is None:
            return
        for name, number in UNSET.items():
            if fields.get(name) == number:
                fields[name] = None
        fresh = {name: value for name, value in fields.items() if getattr(entry, name) != value}
        if not fresh:
            return
        self._entry = dataclasses.replace(entry, **fresh)
        self.changed.emit(entry.ident, fresh)
        if not fresh.keys() <= {"name", "content"}:
            self._show_parts()

    def _show_parts(self) -> None:
        """What does not matter for this entry is not in the way."""
        entry = self._entry
        if entry is None:
            return
        keyed = not entry.constant
        for keyed_part in (self.keys, self.keys_label):
            keyed_part.setEnabled(keyed or bool(entry.keys))
        self.keys.set_whole(entry.use_regex)
        self.secondary_keys.set_whole(entry.use_regex)
        self.help.setVisible(self.help_fold.isChecked())
        place, match, recursion = (fold.isChecked() for fold in (self.place_fold, self.match_fold, self.recursion_fold))
        for name in ("position", "order", "priority", "probability"):
            self.rows[name].setVisible(place)
        for name in ("depth", "role"):
            self.rows[name].setVisible(place and entry.position == IN_CHAT)
        for part in self._match_parts:
            part.setVisible(match)
        for name in ("use_regex", "case_sensitive", "whole_words", "scan_depth"):
            self.rows[name].setVisible(match)
        for name in ("exclude_recursion", "prevent_recursion", "delay_until_recursion"):
            self.rows[name].setVisible(recursion)
        self._word_folds()

    # ------------------------------------------------------------ words

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.name.setPlaceholderText(self.tr("Name, only for you"))
        self.name.setAccessibleName(self.tr("Name"))
        self.enabled.setAccessibleName(self.tr("In use"))
        self.enabled.setToolTip(self.tr("In use"))
        self.duplicate_button.set_hint(self.tr("Duplicate"))
        self.delete_button.set_hint(self.tr("Delete"))
        self.keys_label.setText(self.tr("Keys"))
        comma = self.tr("A comma or Enter ends a key. Write \\, for a comma inside one.")
        self.keys.set_words(self.tr("Keys"), self.tr("Words that call it up: 李白, Li Bai"), comma)
        self.secondary_label.setText(self.tr("Further keys"))
        self.secondary_keys.set_words(self.tr("Further keys"), self.tr("none"), comma)
        self.content_label.setText(self.tr("What the model is told"))
        self.content.setAccessibleName(self.tr("What the model is told"))
        self.content.set_placeholder(self.tr("Facts, in a few sentences. {{char}} and {{user}} become names."))
        self.help.setText(self._decorator_help())
        for box, words in ((self.logic, self._logics()), (self.position, self._positions()), (self.role, self._roles())):
            for place, text in enumerate(words):
                box.setItemText(place, text)
        self.logic.setAccessibleName(self.tr("How further keys count"))
        for name, (title, hint) in self._words().items():
            self.rows[name].set_words(title, hint)
        self.numbers["scan_depth"].setSpecialValueText(self.tr("as the book"))
        self.numbers["priority"].setSpecialValueText(self.tr("as the order"))
        self.help_fold.set_text(self.tr("Decorators"))
        self._word_folds()

    def _word_folds(self) -> None:
        """A closed heading says what is behind it, where that is not the usual."""
        entry = self._entry
        place, match, recursion = [], [], []
        if entry is not None:
            place.append(self.position.currentText() if entry.position != IN_CHAT else self.tr("depth {depth}").format(depth=entry.depth))
            place.append(self.tr("order {order}").format(order=entry.order))
            if entry.probability < 100:
                place.append(f"{entry.probability} %")
            if entry.secondary_keys:
                match.append(self.tr("{count} further keys").format(count=len(entry.secondary_keys)))
            match += [self._words()[name][0] for name in ("use_regex", "case_sensitive") if getattr(entry, name)]
            names = ("exclude_recursion", "prevent_recursion", "delay_until_recursion")
            recursion = [self._words()[name][0] for name in names if getattr(entry, name)]
        for fold, text, rest in (
            (self.place_fold, self.tr("Place and chance"), place),
            (self.match_fold, self.tr("Matching"), match),
            (self.recursion_fold, self.tr("Lore that calls up lore"), recursion),
        ):
            fold.set_text(text if fold.isChecked() or not rest else f"{text} · {' · '.join(rest)}")

    def _words(self) -> dict[str, tuple[str, str]]:
        return {
            "constant": (self.tr("Always there"), self.tr("Without waiting for a key.")),
            "use_regex": (
                self.tr("Keys are regular expressions"),
                self.tr("Each is given little time; one that takes too long is left out."),
            ),
            "case_sensitive": (self.tr("Mind capitals"), ""),
            "whole_words": (
                self.tr("Whole words only"),
                self.tr("Chinese and Japanese keys are found anywhere: they have no word borders."),
            ),
            "scan_depth": (self.tr("Messages looked through"), ""),
            "position": (self.tr("Place"), ""),
            "depth": (self.tr("Depth"), self.tr("Messages from the end.")),
            "role": (self.tr("Said as"), ""),
            "order": (self.tr("Order"), self.tr("Lower stands higher in the prompt.")),
            "priority": (self.tr("Priority"), self.tr("Lower goes first when there is no room.")),
            "probability": (self.tr("Chance"), ""),
            "exclude_recursion": (self.tr("Not called up by other lore"), ""),
            "prevent_recursion": (self.tr("Calls up no other lore"), ""),
            "delay_until_recursion": (self.tr("Only called up by other lore"), ""),
        }

    def _logics(self) -> tuple[str, ...]:
        return (self.tr("any of them too"), self.tr("not all of them"), self.tr("none of them"), self.tr("all of them too"))

    def _positions(self) -> tuple[str, ...]:
        return (
            self.tr("before the persona"),
            self.tr("after the persona"),
            self.tr("before the examples"),
            self.tr("after the examples"),
            self.tr("before the author's note"),
            self.tr("after the author's note"),
            self.tr("in the chat"),
        )

    def _roles(self) -> tuple[str, ...]:
        return (self.tr("the system"), self.tr("the user"), self.tr("the persona"))

    def _decorator_help(self) -> str:
        return self.tr(
            "Lines at the beginning that start with @@ are instructions and are not sent:\n"
            "@@depth 4 – into the chat, four messages from the end\n"
            "@@role user – said by the user (or system, assistant)\n"
            "@@position after_desc – also before_desc, personality, scenario\n"
            "@@scan_depth 2 – look through two messages only\n"
            "@@activate_only_after 5 – from the fifth reply on\n"
            "@@activate_only_every 3 – with every third reply\n"
            "@@keep_activate_after_match – once found, there for good\n"
            "@@additional_keys a,b – one of these as well; @@exclude_keys a,b – none of these\n"
            "@@dont_activate – never by itself; @@activate – always\n"
            "A line with @@@ below one stands in for it where it is not known."
        )

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


class _ContentField(PlainTextField):
    """Takes the room that is left, and asks for little."""

    def sizeHint(self) -> QSize:
        return QSize(240, LEAST_CONTENT)


def _choose(box: ChoiceBox, value: str) -> None:
    """Show a value; one that is not among the choices becomes one, in its own words."""
    place = box.findData(value)
    if place < 0:
        box.addItem(value, value)
        place = box.count() - 1
    box.setCurrentIndex(place)


def _label(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setProperty("tone", "section")
    return label
