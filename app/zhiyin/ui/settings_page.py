"""The settings: one calm column. Every change is announced at once as a whole new value."""

from dataclasses import dataclass, field, replace
from typing import Any

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from zhiyin.ui.banner import BannerSlot
from zhiyin.ui.settings_form import SettingsForm
from zhiyin.ui.sources_form import SourcesForm
from zhiyin_models.engine.protocol import Sampling

CHANGE_DELAY_MS = 400


@dataclass(frozen=True, slots=True)
class SettingsValues:
    """What can be set for the whole app. Sizes are tokens, points and minutes."""

    language: str = "system"  # system, zh_CN, en
    theme: str = "system"  # system, light, dark, contrast
    reply_font_size: float = 11.5
    system_prompt: str = ""
    sampling: Sampling = field(default_factory=Sampling)
    max_tokens: int = 0  # 0 = until the context is full
    load_last_model: bool = True
    unload_after_minutes: int = 0  # 0 = never
    context: int = 0  # 0 = chosen for the model
    gpu_layers: int = -1  # -1 = as many as fit
    threads: int = 0  # 0 = physical cores


class SettingsPage(QWidget):
    """Shows ``SettingsValues``; what is typed is announced a moment after the last key, what is chosen at once."""

    changed = Signal(object)
    back_requested = Signal()
    open_data_directory = Signal()
    export_ratings_requested = Signal()
    shown = Signal()  # what can change behind its back may be looked up again

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values = SettingsValues()
        self._told = self._values  # as last given or announced
        self._data_directory = ""
        self._gpu_note = ""
        self._version = ""
        self._rated: tuple[int, int, int] | None = None
        self._form: SettingsForm | None = None
        self.sources = SourcesForm(self)
        self.sources.hide()  # until the form has it
        self.banner_slot = BannerSlot()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addLayout(self.banner_slot)
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(CHANGE_DELAY_MS)
        self._delay.timeout.connect(self._announce)

    def set_values(self, values: SettingsValues) -> None:
        """Show these settings without announcing a change; what was changed and still waits stays."""
        if self._delay.isActive():
            waiting = {name: getattr(self._values, name) for name in ("system_prompt", "sampling")}
            self._values = replace(values, **{name: value for name, value in waiting.items() if value != getattr(self._told, name)})
        else:
            self._values = values
        self._told = values
        self._refresh()

    def values(self) -> SettingsValues:
        """What is shown."""
        return self._values

    def set_data_directory(self, path: str) -> None:
        """Where conversations and models lie."""
        self._data_directory = path
        self._refresh()

    def set_gpu_note(self, text: str) -> None:
        """A sentence on what the engine can use on this machine."""
        self._gpu_note = text
        self._refresh()

    def set_version(self, text: str) -> None:
        """The app's version and what it stands on, in one line."""
        self._version = text
        self._refresh()

    def set_rating_counts(self, good: int, bad: int, ranked: int) -> None:
        """How many replies were rated, and how."""
        self._rated = (good, bad, ranked)
        self._refresh()

    def flush(self) -> None:
        """Announce a change that still waits, now."""
        if self._delay.isActive():
            self._delay.stop()
            self._announce()

    def _announce(self) -> None:
        self._told = self._values
        self.changed.emit(self._values)

    def form(self) -> SettingsForm:
        """The controls, built when first asked for."""
        if self._form is None:
            self._form = form = SettingsForm(self.sources, self)
            self.sources.show()
            self._layout.addWidget(form, 1)
            self._refresh()
            form.back_button.clicked.connect(self.back_requested)
            form.open_button.clicked.connect(self.open_data_directory)
            form.export_ratings.clicked.connect(self.export_ratings_requested)
            self._connect(form)
        return self._form

    def show_sources(self) -> None:
        """Bring the sources and downloads into view."""
        QTimer.singleShot(0, lambda: self.form().show_section("sources"))

    def showEvent(self, event: QShowEvent) -> None:
        """Build the form."""
        self.form()
        super().showEvent(event)
        self.shown.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing waits in what is not shown."""
        self.flush()
        super().hideEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """The form's words change with it; its choices are kept."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh()

    def _connect(self, form: SettingsForm) -> None:
        for name, box in form.choices.items():
            box.currentIndexChanged.connect(lambda _=0, of=name, chooser=box: self._set(of, chooser.currentData()))
        for name, count in form.counts.items():
            count.valueChanged.connect(lambda value, of=name: self._set(of, value))
        form.font_size.valueChanged.connect(lambda value: self._set("reply_font_size", value))
        form.load_last.toggled.connect(lambda on: self._set("load_last_model", on))
        form.sampling.changed.connect(lambda value: self._set("sampling", value, later=True))
        form.prompt.textChanged.connect(lambda: self._set("system_prompt", form.prompt.text(), later=True))
        form.reset_sampling.clicked.connect(self._reset_sampling)

    def _set(self, name: str, value: Any, *, later: bool = False) -> None:
        if value is None or getattr(self._values, name) == value:
            return
        self._values = replace(self._values, **{name: value})
        self._delay.stop()
        if later:
            self._delay.start()
        else:
            self._announce()

    def _reset_sampling(self) -> None:
        self._set("sampling", Sampling())
        self._refresh()

    def _refresh(self) -> None:
        form = self._form
        if form is None:
            return
        values = self._values
        for name, box in form.choices.items():
            with QSignalBlocker(box):
                box.setCurrentIndex(max(0, box.findData(getattr(values, name), Qt.ItemDataRole.UserRole)))
        for name, count in form.counts.items():
            with QSignalBlocker(count):
                count.setValue(getattr(values, name))
        with QSignalBlocker(form.font_size), QSignalBlocker(form.load_last), QSignalBlocker(form.prompt):
            form.font_size.setValue(values.reply_font_size)
            form.load_last.setChecked(values.load_last_model)
            if form.prompt.text() != values.system_prompt:
                form.prompt.set_text(values.system_prompt)
        form.sampling.set_value(values.sampling)
        form.show_rated(self._rated)
        form.show_facts(self._data_directory, self._gpu_note, self._version)
