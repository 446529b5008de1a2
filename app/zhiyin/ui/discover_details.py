"""One repository: what it is, what of it can be fetched and how that fits this computer, and its card."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QScrollArea, QVBoxLayout, QWidget

from zhiyin.ui.amounts import size_text
from zhiyin.ui.discover_values import DetailsState
from zhiyin.ui.discover_words import facts, state_words
from zhiyin.ui.form_controls import ChoiceBox
from zhiyin.ui.form_row import FormRow, soft_label
from zhiyin.ui.icons import icon
from zhiyin.ui.long_lines import break_long_words
from zhiyin.ui.model_card import ModelCard
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.theme import STEP, theme_signals, ui_font
from zhiyin.ui.tooltip import plain_tooltip
from zhiyin.ui.variant_table import VariantTable
from zhiyin_models.hub.values import RemoteFile

WIDTH = 720
BASES_SHOWN = 3
LONGEST_BASE = 36  # letters


class DiscoverDetails(QWidget):
    """Shows a ``DetailsState``; what is pressed is only announced."""

    closed = Signal()
    cancel_requested = Signal()
    retry_requested = Signal()
    context_chosen = Signal(int)
    download_requested = Signal(int, str)  # the place of a variant, the path of the projector that goes with it ("" for none)
    chat_requested = Signal(int)
    downloads_requested = Signal()
    checkpoint_requested = Signal()
    page_requested = Signal(str)
    settings_requested = Signal()
    repository_requested = Signal(str)  # another one: what this was made from
    link_activated = Signal(str)
    measure_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state: DetailsState | None = None
        self.back_button = self._button("link")
        self.heading = QLabel(self)
        self.heading.setFont(ui_font(15))
        self.owner = soft_label(self)
        self.facts = soft_label(self)
        self.sentence = QLabel(self)
        for label in (self.heading, self.sentence):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.page_button = self._button("link")
        self.bases = QWidget(self)
        self.base_label = soft_label(self.bases)
        self.base_label.setWordWrap(False)
        self._base_buttons: list[QPushButton] = []
        self.gate = NoticeLabel("", self, kind="warning")
        self.gate_page_button, self.gate_settings_button = self._button(""), self._button("")
        self.busy = QWidget(self)
        self.busy_label = QLabel(self.busy)
        self.busy_bar = QProgressBar(self.busy)
        self.busy_bar.setRange(0, 0)
        self.busy_bar.setTextVisible(False)
        self.cancel_button = self._button("")
        self.message = NoticeLabel("", self)
        self.retry_button = self._button("")
        self.context = ChoiceBox(self)
        self.context_row = FormRow(self.context, self)
        self.measure_button = self._button("link")
        self.projector = ChoiceBox(self)
        self.projector.setSizeAdjustPolicy(ChoiceBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.projector.setMinimumContentsLength(16)
        self.projector_row = FormRow(self.projector, self)
        self.table = VariantTable(self)
        self.nothing = soft_label(self)
        self.checkpoint_button = self._button("")
        self.checkpoint_row = FormRow(self.checkpoint_button, self)
        self.card_title = QLabel(self)
        self.card_title.setProperty("tone", "section")
        self.card = ModelCard(self)
        self.area = QScrollArea(self)
        self._lay_out()
        self._connect()
        self.retranslateUi()

    def _button(self, kind: str) -> QPushButton:
        button = QPushButton(self)
        button.setProperty("kind", kind)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        return button

    # ------------------------------------------------------------ assembly

    def _lay_out(self) -> None:
        inner = QWidget(self)
        inner.setMaximumWidth(WIDTH)
        column = QVBoxLayout(inner)
        column.setContentsMargins(6 * STEP, 3 * STEP, 6 * STEP, 8 * STEP)
        column.setSpacing(3 * STEP)
        column.addWidget(self.back_button, 0, Qt.AlignmentFlag.AlignLeft)
        head = QVBoxLayout()
        head.setSpacing(STEP)
        for widget in (self.heading, self.owner, self.facts):
            head.addWidget(widget)
        column.addLayout(head)
        column.addWidget(self.sentence)
        column.addWidget(self.bases)
        column.addWidget(self.page_button, 0, Qt.AlignmentFlag.AlignLeft)
        self._lay_out_gate(column)
        self._lay_out_busy(column)
        column.addWidget(self.message)
        column.addWidget(self.retry_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.context_row)
        column.addWidget(self.measure_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.projector_row)
        column.addWidget(self.nothing)
        column.addWidget(self.table)
        column.addWidget(self.checkpoint_row)
        column.addSpacing(2 * STEP)
        column.addWidget(self.card_title)
        column.addWidget(self.card)
        column.addStretch(1)
        self._base_column = QVBoxLayout(self.bases)
        self._base_column.setContentsMargins(0, 0, 0, 0)
        self._base_column.setSpacing(0)
        self._base_column.addWidget(self.base_label)
        self._content = centre_widget = QWidget(self.area)
        centre = QHBoxLayout(centre_widget)
        centre.setContentsMargins(0, 0, 0, 0)
        centre.addStretch(1)
        centre.addWidget(inner, 1000)
        centre.addStretch(1)
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.area.setWidget(centre_widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.area)

    def _lay_out_gate(self, column: QVBoxLayout) -> None:
        self.gate_buttons = QWidget(self)
        line = QHBoxLayout(self.gate_buttons)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2 * STEP)
        line.addWidget(self.gate_page_button)
        line.addWidget(self.gate_settings_button)
        line.addStretch(1)
        column.addWidget(self.gate)
        column.addWidget(self.gate_buttons)

    def _lay_out_busy(self, column: QVBoxLayout) -> None:
        line = QHBoxLayout()
        line.addWidget(self.busy_label, 1)
        line.addWidget(self.cancel_button)
        busy = QVBoxLayout(self.busy)
        busy.setContentsMargins(0, 2 * STEP, 0, 2 * STEP)
        busy.addLayout(line)
        busy.addWidget(self.busy_bar)
        column.addWidget(self.busy)

    def _connect(self) -> None:
        self.back_button.clicked.connect(self.closed)
        self.cancel_button.clicked.connect(self.cancel_requested)
        self.retry_button.clicked.connect(self.retry_requested)
        self.page_button.clicked.connect(self._open_page)
        self.gate_page_button.clicked.connect(self._open_page)
        self.gate_settings_button.clicked.connect(self.settings_requested)
        self.context.currentIndexChanged.connect(self._choose_context)
        self.measure_button.clicked.connect(self.measure_requested)
        self.table.wanted.connect(lambda place: self.download_requested.emit(place, str(self.projector.currentData() or "")))
        self.table.opened.connect(self.chat_requested)
        self.table.downloads_requested.connect(self.downloads_requested)
        self.checkpoint_button.clicked.connect(self._fetch_checkpoint)
        self.card.link_activated.connect(self.link_activated)
        self.card.link_reached.connect(self._show_link)
        theme_signals().changed.connect(self._draw)

    def _open_page(self) -> None:
        if self._state is not None and self._state.details is not None:
            self.page_requested.emit(self._state.details.page)

    def _choose_context(self, _place: int) -> None:
        if self.context.currentData():
            self.context_chosen.emit(int(self.context.currentData()))

    def _fetch_checkpoint(self) -> None:
        started = self._state is not None and self._state.checkpoint not in ("", "asking", "installed")
        (self.downloads_requested if started else self.checkpoint_requested).emit()

    # ------------------------------------------------------------ values

    def set_state(self, state: DetailsState) -> None:
        """Show this."""
        if state == self._state:
            return
        before, self._state = self._state, state
        if before is None or before.repository.id != state.repository.id:
            self.area.verticalScrollBar().setValue(0)
        if before is None or before.details is not state.details:
            details = state.details
            self._fill_projectors(details.variants[0].projectors if details is not None and details.variants else ())
            self._show_bases(details.base[:BASES_SHOWN] if details is not None else ())
        self.card.set_text(state.card)
        self._fill_contexts(state)
        self.table.set_rows(state.variants)
        self.retranslateUi()

    def state(self) -> DetailsState | None:
        """What is shown."""
        return self._state

    def _fill_contexts(self, state: DetailsState) -> None:
        with QSignalBlocker(self.context):
            if [self.context.itemData(place) for place in range(self.context.count())] != list(state.contexts):
                self.context.clear()
                for context in state.contexts:
                    self.context.addItem(context_words(context), context)
            self.context.setCurrentIndex(self.context.findData(state.context))

    def _fill_projectors(self, projectors: Sequence[RemoteFile]) -> None:
        with QSignalBlocker(self.projector):
            self.projector.clear()
            if projectors:
                self.projector.addItem(self.tr("None"), "")
            for file in projectors:
                size = f" · {size_text(file.size)}" if file.size >= 0 else ""
                self.projector.addItem(file.path.rpartition("/")[2] + size, file.path)

    def _show_bases(self, bases: Sequence[str]) -> None:
        for old in self._base_buttons:
            old.hide()
            old.deleteLater()
        self._base_buttons = []
        for base in bases:
            button = self._button("link")
            button.setText(base if len(base) <= LONGEST_BASE else f"{base[: LONGEST_BASE - 1]}…")
            button.setToolTip(plain_tooltip(base))
            button.clicked.connect(lambda _checked=False, wanted=base: self.repository_requested.emit(wanted))
            self._base_column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
            self._base_buttons.append(button)
        self.bases.setVisible(bool(bases))

    # ------------------------------------------------------------ words

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.back_button.setText(self.tr("Back to the list"))
        self.page_button.setText(self.tr("Open its page"))
        self.gate_page_button.setText(self.tr("Open its page"))
        self.gate_settings_button.setText(self.tr("Enter a token in the settings…"))
        self.cancel_button.setText(self.tr("Cancel"))
        self.retry_button.setText(self.tr("Try again"))
        self.checkpoint_button.setText(self.tr("Fetch for conversion"))
        self.base_label.setText(self.tr("Made from"))
        self.card_title.setText(self.tr("Model card"))
        self.card.setAccessibleName(self.tr("Model card"))
        self.context_row.set_words(
            self.tr("How it fits with a context of"), self.tr("Tokens that a conversation can have. More of them need more memory.")
        )
        self.projector_row.set_words(
            self.tr("Picture projector"), self.tr("A second file that lets the model see pictures; for text it is not needed.")
        )
        if self.projector.count():
            self.projector.setItemText(0, self.tr("None"))
        if self._state is not None:
            self._show(self._state)
        self._draw()

    def _show(self, state: DetailsState) -> None:
        repository, details = state.repository, state.details
        self.heading.setText(break_long_words((state.name or repository.name)[:200]))
        self.owner.setText(break_long_words(" · ".join(part for part in (repository.id, repository.source) if part)))
        self.facts.setText(" · ".join(facts(repository, gated=False)))
        self.facts.setVisible(bool(self.facts.text()))
        self.sentence.setText(state.sentence)
        self.sentence.setVisible(bool(state.sentence))
        self._show_gate(state)
        self.page_button.setVisible(details is not None and bool(details.page) and not self.gate.text())
        self.busy.setVisible(state.busy)
        self.busy_label.setText(self.tr("Asking what it has…"))
        self.message.set_text(state.message, state.message_kind)
        self.retry_button.setVisible(bool(state.message) and details is None and not state.busy)
        several = bool(state.variants)
        self.context_row.setVisible(several)
        self.table.setVisible(several)
        self.projector_row.setVisible(several and self.projector.count() > 0)
        self.measure_button.setVisible(several and not state.speed_known and (state.can_measure or state.measuring))
        self.measure_button.setEnabled(not state.measuring)
        self.measure_button.setText(
            self.tr("Measuring how fast this computer is…") if state.measuring else self.tr("Measure this computer to expect a speed")
        )
        self._show_checkpoint(state)
        self.nothing.setVisible(details is not None and not several and not details.checkpoint)
        self.nothing.setText(self.tr("There is nothing in it that can be chatted with or converted."))
        self.card_title.setVisible(bool(self.card.text()))
        self.card.setVisible(bool(self.card.text()))

    def _show_gate(self, state: DetailsState) -> None:
        repository = state.repository
        text = ""
        if repository.gated == "manual":
            text = self.tr("Its owner wants to be asked first: sign in on its page and ask for access, then enter your token.")
        elif repository.gated:
            text = self.tr("Its licence has to be accepted first: sign in on its page and accept it, then enter your token.")
        elif repository.private:
            text = self.tr("It is private: it can only be downloaded with the token of an account that may see it.")
        self.gate.set_text(text)
        self.gate_buttons.setVisible(bool(text))
        self.gate_page_button.setVisible(state.details is not None and bool(state.details.page))

    def _show_checkpoint(self, state: DetailsState) -> None:
        files = state.details.checkpoint if state.details is not None else ()
        self.checkpoint_row.setVisible(bool(files))
        if not files:
            return
        known = [file.size for file in files if file.size >= 0]
        hint = [self.tr("{count} files").format(count=len(files))]
        hint += [size_text(sum(known))] if len(known) == len(files) else []
        hint += [state_words(state.checkpoint, state.checkpoint_fraction)] if state.checkpoint else []
        self.checkpoint_row.set_words(self.tr("Checkpoint, to be converted on this computer"), " · ".join(hint))
        started = state.checkpoint not in ("", "asking", "installed")
        texts = {"installed": self.tr("Convert it…"), "": self.tr("Fetch for conversion"), "asking": self.tr("Fetch for conversion")}
        self.checkpoint_button.setText(self.tr("Show downloads") if started else texts[state.checkpoint])
        self.checkpoint_button.setEnabled(state.checkpoint != "asking")

    def _show_link(self, place: QRect) -> None:
        middle = self.card.mapTo(self._content, place.center())
        self.area.ensureVisible(middle.x(), middle.y(), 0, place.height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Scroll by keys that nothing else wants."""
        bar = self.area.verticalScrollBar()
        moves = {
            Qt.Key.Key_PageDown: bar.SliderAction.SliderPageStepAdd,
            Qt.Key.Key_PageUp: bar.SliderAction.SliderPageStepSub,
            Qt.Key.Key_Home: bar.SliderAction.SliderToMinimum,
            Qt.Key.Key_End: bar.SliderAction.SliderToMaximum,
        }
        move = moves.get(Qt.Key(event.key()))
        if move is None:
            super().keyPressEvent(event)
        else:
            bar.triggerAction(move)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _draw(self) -> None:
        self.back_button.setIcon(icon("arrow-left", 14, "slate"))
        self.page_button.setIcon(icon("arrow-square-out", 14, "slate"))


def context_words(context: int) -> str:
    """2048 as 2k: how contexts are called."""
    return f"{context // 1024}k" if context >= 1024 and context % 1024 == 0 else str(context)
