"""The page of the notebook, connected."""

from concurrent.futures import Executor

from PySide6.QtCore import QObject, Signal

from zhiyin.controllers.models import ModelsController
from zhiyin.controllers.replies import ReplyRunner
from zhiyin.services.delivery import Delivery
from zhiyin.services.engine import EngineService
from zhiyin.store.store import Store
from zhiyin.ui.main_window import MainWindow


class NotebookController(QObject):
    """Asks the engine for what the page wants; a reply that runs or waits in a conversation comes first."""

    chat_wanted = Signal(int)  # conversation: what was kept is to be shown there
    trouble = Signal(object)  # an exception, to be put into words

    def __init__(
        self,
        window: MainWindow,
        *,
        store: Store,
        engine: EngineService,
        models: ModelsController,
        replies: ReplyRunner,
        background: Executor,
        delivery: Delivery,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._store = store
        self._engine = engine
        self._models = models
        self._replies = replies
        self._background = background
        self._delivery = delivery

    def open(self) -> None:
        """Fetch what was there when the app was left."""

    def retranslate(self) -> None:
        """Put everything into the language of the moment."""

    def end(self) -> None:
        """Leave nothing unsaved and nothing running."""
