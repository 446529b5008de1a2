"""The settings page: shows what is set, and keeps what is changed."""

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


class SettingsController(QObject):
    """Splits what the page shows into appearance and settings."""

    def __init__(self, zhiyin: "Zhiyin", session: "Session", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._zhiyin = zhiyin
        self._session = session
        self._page = zhiyin.window.settings_page
        self._page.set_data_directory(str(zhiyin.paths.data_dir))
        self._page.set_version(f"Zhiyin {__version__} · Qt {qVersion()}")
        self._page.changed.connect(self._on_changed)
        self._page.open_data_directory.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(zhiyin.paths.data_dir))))
        session.engine.loaded.connect(self._show_gpu)
        self._apply_font()

    def show_values(self) -> None:
        """Show what is set."""
        looks = self._zhiyin.appearance
        fields: dict[str, Any] = {name: getattr(looks, name) for name in LOOKS}
        fields |= {name: getattr(self._session.settings, name) for name in KEPT}
        self._page.set_values(SettingsValues(**fields))

    def _on_changed(self, values: SettingsValues) -> None:
        before = self._zhiyin.appearance.reply_font_size
        self._zhiyin.change_appearance(**{name: getattr(values, name) for name in LOOKS})
        if self._zhiyin.appearance.reply_font_size != before:
            self._apply_font()
        kept: dict[str, Any] = {name: getattr(values, name) for name in KEPT}
        self._session.change_settings(AppSettings(last_model=self._session.settings.last_model, **kept))

    def _apply_font(self) -> None:
        size = self._zhiyin.appearance.reply_font_size
        self._zhiyin.window.transcript.set_reading(size)
        self._zhiyin.window.composer.set_font_size(size)

    def _show_gpu(self, model: ModelInfo) -> None:
        if model.gpu_layers:
            text = self.tr("{layers} of {all} layers of the model run on the GPU.").format(layers=model.gpu_layers, all=model.layers)
        else:
            text = self.tr("The model runs on the CPU with {threads} threads.").format(threads=model.threads)
        self._page.set_gpu_note(text)
