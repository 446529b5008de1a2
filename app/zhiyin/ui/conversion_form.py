"""What becomes of an inspected checkpoint: its card, its adapters, the types, the options, and the button that begins."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.adapter_list import AdapterItem, AdapterList
from zhiyin.ui.amounts import size_text
from zhiyin.ui.file_choice import FileChoice
from zhiyin.ui.form_controls import Switch
from zhiyin.ui.form_row import FormRow
from zhiyin.ui.inspection_card import InspectionCard
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.theme import STEP
from zhiyin.ui.type_table import TypeTable
from zhiyin_models.convert.inspection import Inspection

REFERENCE = "BF16"  # what a loss is measured against
NAME_LENGTH = 120
LONGEST_FILE = ".{name}-{type}.reference.gguf.part.json"  # what a conversion writes under its longest name: hidden, and soon gone
FILE_BYTES = 255  # that a name may have on common file systems, in UTF-8
NAME_WIDTH = 56 * STEP
UNQUANTIZED = frozenset({"F32", "F16", "BF16"})


@dataclass(frozen=True, slots=True)
class Choice:
    """What is wanted of a checkpoint. ``imatrix`` and ``template`` are paths, empty for none."""

    name: str
    types: tuple[str, ...]
    evaluate: bool = False
    imatrix: str = ""
    template: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is written: the folder, its free bytes, and which of the file names are taken there."""

    folder: str
    free: int
    taken: frozenset[str] = frozenset()


def file_name(name: str, kind: str) -> str:
    """How the file of a type is called."""
    return f"{name}-{kind}.gguf"


def too_long(name: str, types: Iterable[str]) -> bool:
    """Whether a file of one of these types could not be called so."""
    longest = max(types, key=len, default="")
    return len(LONGEST_FILE.format(name=name, type=longest).encode("utf-8", "surrogatepass")) > FILE_BYTES


class ConversionForm(QWidget):
    """Only shows and announces; what a change means for the disk comes back through ``set_place``.

    A loss is measured as long as the disk has room for it, until somebody says otherwise.
    """

    closed = Signal()
    changed = Signal()  # of the choice
    convert_requested = Signal()
    imatrix_requested = Signal()
    template_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._inspection: Inspection | None = None
        self._place: Place | None = None
        self._checked = False  # whether the place was looked at for the choice of the moment
        self._measure_chosen = False  # whether a person has said if the loss is to be measured
        self._trouble = ""
        self._busy = self._starting = False
        self.card = InspectionCard(self)
        self.adapters = AdapterList(self)
        self.table = TypeTable(self)
        self.name = QLineEdit(self)
        self.name.setMaxLength(NAME_LENGTH)
        self.name.setFixedWidth(NAME_WIDTH)
        self.evaluate = Switch(self)
        self.evaluate.setChecked(True)
        self.imatrix = FileChoice(self)
        self.template = FileChoice(self)
        self.note = NoticeLabel("", self)
        self.convert_button = QPushButton(self)
        self.convert_button.setProperty("kind", "primary")
        self.convert_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self._sections: dict[str, QLabel] = {}
        self._rows = {
            "name": FormRow(self.name, self),
            "evaluate": FormRow(self.evaluate, self),
            "imatrix": FormRow(self.imatrix, self),
            "template": FormRow(self.template, self),
        }
        self._lay_out()
        self._connect()
        self.retranslateUi()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3 * STEP)
        layout.addWidget(self.card)
        for name, widget in (("adapters", self.adapters), ("types", self.table)):
            self._section(layout, name)
            layout.addWidget(widget)
        self._section(layout, "options")
        for row in self._rows.values():
            layout.addWidget(row)
        rule = QFrame(self)
        rule.setProperty("line", True)
        rule.setFixedHeight(1)
        layout.addSpacing(STEP)
        layout.addWidget(rule)
        bottom = QHBoxLayout()
        bottom.setSpacing(4 * STEP)
        bottom.addWidget(self.note, 1, Qt.AlignmentFlag.AlignVCenter)
        bottom.addWidget(self.convert_button, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)
        layout.addLayout(bottom)

    def _section(self, layout: QVBoxLayout, name: str) -> None:
        label = QLabel(self)
        label.setProperty("tone", "section")
        layout.addSpacing(2 * STEP)
        layout.addWidget(label)
        self._sections[name] = label

    def _connect(self) -> None:
        self.card.closed.connect(self.closed)
        self.table.changed.connect(self._on_files_changed)
        self.name.textEdited.connect(lambda _text: self._on_files_changed())
        self.evaluate.toggled.connect(lambda _on: self._on_measure_chosen())
        self.imatrix.changed.connect(self._on_changed)
        self.template.changed.connect(self._on_changed)
        self.imatrix.choose_requested.connect(self.imatrix_requested)
        self.template.choose_requested.connect(self.template_requested)
        self.convert_button.clicked.connect(self._on_convert)

    # ------------------------------------------------------------ values

    def set_inspection(self, inspection: Inspection, notices: Sequence[str] = ()) -> None:
        """A checkpoint as it was found; one that is looked at again keeps what was chosen, until it is let go."""
        before, self._inspection = self._inspection, inspection
        same = before is not None and before.path == inspection.path
        chosen = frozenset(estimate.type for estimate in self.table.chosen()) if same else frozenset()
        self.card.set_inspection(inspection, notices)
        self.table.set_types(inspection.types, *([chosen] if chosen else []))
        if not same:
            self._measure_chosen = False
            self._switch_evaluate(on=True)
            self.name.setText(self._fitting(inspection.name))
            self.imatrix.set_path("")
            self.template.set_path("")
            self._place = None
        self._checked = self._starting = False
        self.refresh()
        self.changed.emit()

    def let_go(self) -> None:
        """Forget the checkpoint in hand: what is found next begins anew, even if it is the same."""
        self._inspection = self._place = None
        self._checked = self._starting = False

    def _fitting(self, name: str) -> str:
        """As much of a name as files can have."""
        types = [estimate.type for estimate in self.table.types()]
        name = name[:NAME_LENGTH]
        while too_long(name, types):
            name = name[:-1]
        return name.strip()

    def set_adapters(self, items: Sequence[AdapterItem]) -> None:
        """The adapters that are merged."""
        self.adapters.set_adapters(items)

    def set_place(self, place: Place) -> None:
        """Where the choice of the moment would be written."""
        self._place, self._checked = place, True
        self.refresh()

    def set_trouble(self, text: str) -> None:
        """Why it cannot be converted as it is ("" for nothing)."""
        self._trouble = text
        self.refresh()

    def set_busy(self, busy: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """Whether the checkpoint is being looked at again, or, once Convert was pressed, the job is being started."""
        self._busy = busy
        self._starting = self._starting and busy
        self.refresh()

    def choice(self) -> Choice:
        """What is chosen."""
        return Choice(
            self.name.text().strip(),
            tuple(estimate.type for estimate in self.table.chosen()),
            self.evaluate.isChecked(),
            self.imatrix.path(),
            self.template.path(),
        )

    def need(self) -> int:
        """Bytes that the files take, with the reference of a measurement for as long as it takes."""
        return self._files() + (self._reference() if self.evaluate.isChecked() else 0)

    def _files(self) -> int:
        return sum(estimate.file for estimate in self.table.chosen())

    def _reference(self) -> int:
        """Bytes of the reference that a measurement writes: none where there is nothing to measure, or a file that can be it."""
        chosen = {estimate.type for estimate in self.table.chosen()}
        if chosen & UNQUANTIZED or not chosen:
            return 0
        return next((estimate.file for estimate in self.table.types() if estimate.type == REFERENCE), 0)

    def _switch_evaluate(self, *, on: bool) -> None:
        with QSignalBlocker(self.evaluate):
            self.evaluate.setChecked(on)
        self.evaluate.update()

    def _choose_measure(self) -> None:
        """Measure while there is room for it, as long as nobody has said what they want."""
        if not self._measure_chosen and self._place is not None:
            room = self._files() + self._reference() <= self._place.free
            if room != self.evaluate.isChecked():
                self._switch_evaluate(on=room)

    # ------------------------------------------------------------ words

    def _reason(self) -> str:
        """Why it cannot begin; "" when it can."""
        choice = self.choice()
        if self._trouble:
            return self._trouble
        if not choice.types:
            return self.tr("Tick at least one type.")
        if not choice.name:
            return self.tr("Give the result a name.")
        if "/" in choice.name or "\\" in choice.name or choice.name.startswith("."):
            return self.tr("A name has no slashes and does not begin with a dot.")
        if too_long(choice.name, (estimate.type for estimate in self.table.types())):
            return self.tr("The name is too long.")
        return self._no_place(choice, self._place) if self._place is not None else ""

    def _no_place(self, choice: Choice, place: Place) -> str:
        """Why the files cannot be written; "" when they can."""
        for name in (file_name(choice.name, kind) for kind in choice.types):
            if name in place.taken:
                return self.tr("{file} is there already. Choose another name.").format(file=name)
        if self.need() > place.free:
            return self.tr("This needs {need}, and the disk of {folder} has {free} free.").format(
                need=size_text(self.need()), folder=place.folder, free=size_text(place.free)
            )
        return ""

    def refresh(self) -> None:
        """Say what is in the way, or what it takes."""
        self._choose_measure()
        reason, place = self._reason(), self._place
        able = not reason and place is not None and self._checked and not self._busy
        self.convert_button.setEnabled(able)
        if self._busy:
            self.note.set_text(self.tr("Starting…") if self._starting else self.tr("Looking at the checkpoint…"), "info")
        elif reason:
            self.note.set_text(reason, "error" if self._trouble else "warning")
        elif place is not None:
            said = self.tr("{need} will be written to {folder}, where {free} are free.")
            self.note.set_text(said.format(need=size_text(self.need()), folder=place.folder, free=size_text(place.free)), "info")
        else:
            self.note.set_text("")
        self._say_evaluate()

    def _say_evaluate(self) -> None:
        if not any(estimate.type not in UNQUANTIZED for estimate in self.table.chosen()):
            hint = self.tr("Only quantized types lose anything.")
        elif not self._reference():
            hint = self.tr("Compares it with the checkpoint on Chinese and English text.")
        else:
            hint = self.tr(
                "Compares it with the checkpoint on Chinese and English text. Takes {size} more of disk until it is done."
            ).format(size=size_text(self._reference()))
        self._rows["evaluate"].set_words(self.tr("Measure the loss afterwards"), hint)

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        titles = {"adapters": self.tr("Adapters"), "types": self.tr("Types"), "options": self.tr("Options")}
        for name, title in titles.items():
            self._sections[name].setText(title)
        self._rows["name"].set_words(self.tr("Name"), self.tr("The type is added to it."))
        imatrix, template = self.tr("Importance matrix"), self.tr("Chat template")
        self._rows["imatrix"].set_words(imatrix, self.tr("Says which weights matter most; small types lose less with one."))
        self._rows["template"].set_words(template, self.tr("How turns are written for the model."))
        self.imatrix.set_words(imatrix, self.tr("none"), self.tr("Choose…"), self.tr("Use no importance matrix"))
        self.template.set_words(template, self.tr("the checkpoint's own"), self.tr("Choose…"), self.tr("Use the checkpoint's own template"))
        self.convert_button.setText(self.tr("Convert"))
        self.refresh()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _on_convert(self) -> None:
        self._starting = True
        self.convert_requested.emit()

    def _on_measure_chosen(self) -> None:
        self._measure_chosen = True
        self._on_changed()

    def _on_files_changed(self) -> None:
        self._checked = False  # other names may be taken
        self._on_changed()

    def _on_changed(self) -> None:
        self.refresh()
        self.changed.emit()
