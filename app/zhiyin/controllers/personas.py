"""The gallery of personas, connected: what is listed, what is done with one, and the cards that come and go."""

from concurrent.futures import Executor
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from zhiyin.services.delivery import Delivery
from zhiyin.store.store import Store
from zhiyin.ui.main_window import MainWindow


class PersonasController(QObject):
    """Fills the view of personas; others learn from its signals what was chosen there."""

    chat_wanted = Signal(int)  # persona: begin a conversation with it
    join_wanted = Signal(int)  # persona: it is to take part in the open conversation
    changed = Signal(object)  # set[int]: personas whose card, name or picture is another now
    trouble = Signal(object)  # an exception, to be put into words

    def __init__(
        self, window: MainWindow, *, store: Store, background: Executor, delivery: Delivery, data_dir: Path, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._store = store
        self._background = background
        self._delivery = delivery
        self._data_dir = data_dir

    def open(self) -> None:
        """List what there is; the built-in ones are put in at the first start."""

    def retranslate(self) -> None:
        """Put everything into the language of the moment, the built-in personas too."""

    def end(self) -> None:
        """Leave nothing unsaved and nobody running."""
