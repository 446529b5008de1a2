"""The settings page: shows what is set, and keeps what is changed."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QUrl, qVersion
from PySide6.QtGui import QDesktopServices

from zhiyin import __version__
from zhiyin.settings import AppSettings
from zhiyin.ui.settings_page import SettingsValues
from zhiyin_models.engine.protocol import ModelInfo

if TYPE_CHECKING:
    from zhiyin.application import Zhiyin
    from zhiyin.controllers.session import Session

LOOKS = ("language", "theme", "reply_font_size")
KEPT = ("system_prompt", "sampling", "max_tokens", "load_last_model", "unload_after_minutes", "context", "gpu_layers", "threads")


class AppearanceController(QObject):
    """How the window looks, chosen on the page; works without a store."""

    def __init__(self, zhiyin: "Zhiyin") -> None:
        super().__init__(zhiyin)
        self._zhiyin = zhiyin
        self._page = zhiyin.window.settings_page
        self._page.set_data_directory(str(zhiyin.paths.data_dir))
        self._page.set_version(f"Zhiyin {__version__} · Qt {qVersion()}")
        self._page.changed.connect(self._on_changed)
        self._page.open_data_directory.connect(self._open_data_directory)
        self.show_values()

    def show_values(self) -> None:
        """Show what is set."""
        looks = self._zhiyin.appearance
        self._page.set_values(replace(self._page.values(), **{name: getattr(looks, name) for name in LOOKS}))
        self._zhiyin.window.transcript.set_reading(looks.reply_font_size)
        self._zhiyin.window.composer.set_font_size(looks.reply_font_size)

    def _on_changed(self, values: SettingsValues) -> None:
        self._zhiyin.change_appearance(**{name: getattr(values, name) for name in LOOKS})

    def _open_data_directory(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._zhiyin.paths.data_dir)))


class SettingsController(QObject):
    """What applies to every conversation; lives as long as the store that keeps it is open."""

    def __init__(self, zhiyin: "Zhiyin", session: "Session", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._page = zhiyin.window.settings_page
        self._page.changed.connect(self._on_changed)
        session.engine.loaded.connect(self._show_gpu)

    def show_values(self) -> None:
        """Show what is set."""
        kept: dict[str, Any] = {name: getattr(self._session.settings, name) for name in KEPT}
        self._page.set_values(replace(self._page.values(), **kept))

    def _on_changed(self, values: SettingsValues) -> None:
        kept: dict[str, Any] = {name: getattr(values, name) for name in KEPT}
        self._session.change_settings(AppSettings(last_model=self._session.settings.last_model, **kept))

    def _show_gpu(self, model: ModelInfo) -> None:
        if model.gpu_layers:
            text = self.tr("{layers} of {all} layers of the model run on the GPU.").format(layers=model.gpu_layers, all=model.layers)
        else:
            text = self.tr("The model runs on the CPU with {threads} threads.").format(threads=model.threads)
        self._page.set_gpu_note(text)
