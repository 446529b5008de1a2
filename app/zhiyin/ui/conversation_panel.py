"""The right side: who takes part in this conversation, its system prompt and samplers, where they differ from the defaults."""

from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from zhiyin.roles import Setup
from zhiyin.ui.cast_form import CastForm
from zhiyin.ui.cast_values import CastKnown, PictureOf
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.plain_text_field import PlainTextField
from zhiyin.ui.sampling_editor import SamplingEditor
from zhiyin.ui.seal import seal_color, seal_pixmap
from zhiyin.ui.theme import STEP, ui_font
from zhiyin_models.engine.protocol import Sampling

CHANGE_DELAY_MS = 400


@dataclass(frozen=True, slots=True)
class PanelDefaults:
    """The app's defaults, used where the conversation has nothing of its own."""

    system_prompt: str = ""
    sampling: Sampling = field(default_factory=Sampling)


class ConversationPanel(QFrame):
    """None stands for "the default". Changes are announced a moment after the last one; its widgets are built when first shown."""

    changed = Signal(object, object)
    cast_changed = Signal(object)  # Setup
    persona_wanted = Signal()  # another one is to be chosen, to take part
    persona_opened = Signal(int)
    books_wanted = Signal()  # the pages on which they are made
    profiles_wanted = Signal()
    close_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._system_prompt: str | None = None
        self._sampling: Sampling | None = None
        self._told: tuple[str | None, Sampling | None] = (None, None)  # as last given or announced
        self._defaults = PanelDefaults()
        self._cast = (Setup(), CastKnown())
        self._picture_of: PictureOf = _seal
        self._content: _Content | None = None
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(CHANGE_DELAY_MS)
        self._delay.timeout.connect(self._announce)

    def set_values(self, system_prompt: str | None, defaults: PanelDefaults, sampling: Sampling | None) -> None:
        """Show a conversation's settings; what was changed and still waits stays. Before another conversation is shown, call ``flush``."""
        prompt_before, sampling_before = self._told
        self._told = system_prompt, sampling
        self._defaults = defaults
        if not self._delay.isActive() or self._system_prompt == prompt_before:
            self._system_prompt = system_prompt
        if not self._delay.isActive() or self._sampling == sampling_before:
            self._sampling = sampling
        self._refresh()

    def set_cast(self, setup: Setup, known: CastKnown) -> None:
        """Show who takes part. Before another conversation is shown, call ``flush``."""
        self._cast = setup, known
        if self._content is not None:
            self._content.cast.set_values(setup, known)

    def set_picture_of(self, picture_of: PictureOf) -> None:
        """Where pictures of personas come from; without that they are seals."""
        self._picture_of = picture_of
        self.refresh_pictures()

    def refresh_pictures(self) -> None:
        """A picture has arrived."""
        if self._content is not None:
            self._content.cast.refresh_pictures()

    def _picture(self, picture: str, size: int, seal: str, color: str) -> QPixmap:
        return self._picture_of(picture, size, seal, color)

    def values(self) -> tuple[str | None, Sampling | None]:
        """What is shown; None is the default."""
        return self._system_prompt, self._sampling

    def flush(self) -> None:
        """Announce a change that still waits, now."""
        if self._content is not None:
            self._content.cast.flush()
        if self._delay.isActive():
            self._delay.stop()
            self._announce()

    def _announce(self) -> None:
        self._told = self._system_prompt, self._sampling
        self.changed.emit(self._system_prompt, self._sampling)

    def content(self) -> "_Content":
        """The form, built when first asked for."""
        if self._content is None:
            self._content = _Content(self._picture, self)
            layout = QVBoxLayout(self)
            layout.setContentsMargins(0, 0, 0, 0)
            layout.addWidget(self._content)
            self._content.prompt.textChanged.connect(self._prompt_edited)
            self._content.sampling.changed.connect(self._sampling_edited)
            self._content.reset_prompt.clicked.connect(self._reset_prompt)
            self._content.reset_sampling.clicked.connect(self._reset_sampling)
            self._content.close_button.clicked.connect(self.close_requested)
            cast = self._content.cast
            cast.set_values(*self._cast)
            cast.changed.connect(self._cast_edited)
            cast.add_requested.connect(self.persona_wanted)
            cast.open_requested.connect(self.persona_opened)
            cast.books_requested.connect(self.books_wanted)
            cast.profiles_requested.connect(self.profiles_wanted)
            self._refresh()
        return self._content

    def showEvent(self, event: QShowEvent) -> None:
        """Build the form."""
        self.content()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing waits in what is not shown."""
        self.flush()
        super().hideEvent(event)

    def _refresh(self) -> None:
        if self._content is None:
            return
        self._content.show_values(self._system_prompt, self._defaults, self._sampling)

    def _prompt_edited(self) -> None:
        text = self.content().prompt.text()
        if text != (self._system_prompt or ""):
            self._system_prompt = text
            self._note_change()

    def _cast_edited(self, setup: Setup) -> None:
        self._cast = setup, self._cast[1]
        self.cast_changed.emit(setup)

    def _sampling_edited(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._note_change()

    def _reset_prompt(self) -> None:
        self._system_prompt = None
        self._note_change()
        self._refresh()

    def _reset_sampling(self) -> None:
        self._sampling = None
        self._note_change()
        self._refresh()

    def _note_change(self) -> None:
        self.content().show_origin(self._system_prompt, self._defaults, self._sampling)
        self._delay.start()


class _Content(QWidget):
    """The form itself."""

    def __init__(self, picture_of: PictureOf, parent: QWidget) -> None:
        super().__init__(parent)
        self.cast = CastForm(picture_of, self)
        self.heading = QLabel(self)
        self.heading.setFont(ui_font(11.5))
        self.close_button = IconButton("x", self, size=16)
        self.prompt_label = _section(self)
        self.prompt = PlainTextField(self)
        self.prompt.setTabChangesFocus(True)
        self.prompt.setMinimumHeight(34 * STEP)
        self.prompt.setMaximumHeight(60 * STEP)
        self.reset_prompt = _link_button(self)
        self.sampling_label = _section(self)
        self.sampling = SamplingEditor(self)
        self.reset_sampling = _link_button(self)
        self._origin: tuple[bool, bool, str] = (False, False, "")
        top = QHBoxLayout()
        top.setContentsMargins(4 * STEP, 2 * STEP + 2, 2 * STEP, 0)
        top.addWidget(self.heading, 1)
        top.addWidget(self.close_button)
        inner = QWidget(self)
        column = QVBoxLayout(inner)
        column.setContentsMargins(4 * STEP, 2 * STEP, 4 * STEP, 4 * STEP)
        column.setSpacing(2 * STEP)
        column.addWidget(self.cast)
        column.addSpacing(3 * STEP)
        column.addLayout(_with_reset(self.prompt_label, self.reset_prompt))
        column.addWidget(self.prompt)
        column.addSpacing(3 * STEP)
        column.addLayout(_with_reset(self.sampling_label, self.reset_sampling))
        column.addWidget(self.sampling)
        column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(STEP)
        layout.addLayout(top)
        layout.addWidget(scroll, 1)
        self.retranslateUi()

    def show_values(self, system_prompt: str | None, defaults: PanelDefaults, sampling: Sampling | None) -> None:
        blocked = self.prompt.blockSignals(True)
        if self.prompt.text() != (system_prompt or ""):
            self.prompt.set_text(system_prompt or "")
        self.prompt.blockSignals(blocked)
        self.sampling.set_value(sampling if sampling is not None else defaults.sampling)
        self.show_origin(system_prompt, defaults, sampling)

    def show_origin(self, system_prompt: str | None, defaults: PanelDefaults, sampling: Sampling | None) -> None:
        own_prompt, own_sampling = system_prompt is not None, sampling is not None
        self._origin = (own_prompt, own_sampling, defaults.system_prompt)
        self.prompt.set_placeholder(self.tr("No system prompt") if own_prompt or not defaults.system_prompt else defaults.system_prompt)
        for button, own in ((self.reset_prompt, own_prompt), (self.reset_sampling, own_sampling)):
            button.setVisible(own)

    def retranslateUi(self) -> None:
        self.heading.setText(self.tr("This conversation"))
        self.close_button.set_hint(self.tr("Close"), "Ctrl+.")
        self.prompt_label.setText(self.tr("System prompt"))
        self.prompt.setAccessibleName(self.tr("System prompt"))
        self.sampling_label.setText(self.tr("Samplers"))
        for button in (self.reset_prompt, self.reset_sampling):
            button.setText(self.tr("Use the default"))
        own_prompt, _, default = self._origin
        self.prompt.set_placeholder(self.tr("No system prompt") if own_prompt or not default else default)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


def _seal(_picture: str, size: int, seal: str, color: str) -> QPixmap:
    try:
        return seal_pixmap(seal, seal_color(color or "accent"), size)
    except KeyError:
        return seal_pixmap(seal, seal_color(), size)


def _section(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setProperty("tone", "section")
    return label


def _link_button(parent: QWidget) -> QPushButton:
    button = QPushButton(parent)
    button.setProperty("kind", "link")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    policy = button.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    button.setSizePolicy(policy)
    return button


def _with_reset(label: QLabel, button: QPushButton) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(label, 1)
    row.addWidget(button)
    return row
