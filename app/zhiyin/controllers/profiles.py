"""Who the user is, connected."""

from concurrent.futures import Executor

from PySide6.QtCore import QObject, Signal

from zhiyin.services.delivery import Delivery
from zhiyin.store.store import Store
from zhiyin.ui.main_window import MainWindow


class ProfilesController(QObject):
    """Fills the view of profiles."""

    changed = Signal()  # what there is, or what one says
    trouble = Signal(object)  # an exception, to be put into words

    def __init__(
        self, window: MainWindow, *, store: Store, background: Executor, delivery: Delivery, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._store = store
        self._background = background
        self._delivery = delivery

    def open(self) -> None:
        """List what there is."""

    def retranslate(self) -> None:
        """Put everything into the language of the moment."""

    def end(self) -> None:
        """Leave nothing unsaved."""
