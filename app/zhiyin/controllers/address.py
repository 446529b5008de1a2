"""A model at a plain address: what lies there is asked first, then it joins the queue."""

from functools import partial

from PySide6.QtCore import QObject

from zhiyin.controllers.discover_presentation import address_download
from zhiyin.controllers.hubs import Hubs
from zhiyin.errors import describe
from zhiyin.ui.discover_values import UNKNOWN, AddressState, State
from zhiyin.ui.discover_view import DiscoverView
from zhiyin.ui.wording import Wording, worded
from zhiyin_models.child.wire import Failed
from zhiyin_models.errors import Failure, ModelError
from zhiyin_models.hub.protocol import Answer, Probed
from zhiyin_models.hub.values import RemoteFile
from zhiyin_models.jobs.protocol import Download, Status
from zhiyin_models.library.verdict import guess_shape


class AddressController(QObject):
    """Owns the address in hand."""

    def __init__(self, view: DiscoverView, hubs: Hubs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._hubs = hubs
        self._address = ""
        self._file: RemoteFile | None = None
        self._download: Download | None = None
        self._busy = False
        self._ticket = 0
        self._message: Wording = ""
        self._message_kind = "error"
        view.address_requested.connect(self._look)
        view.address_download_requested.connect(self._fetch)
        hubs.changed.connect(self.show)

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._busy

    def cancel(self) -> None:
        """Wait no longer."""
        if self._busy:
            self._hubs.hub.forget(self._ticket)
            self._busy = False
            self._message, self._message_kind = (lambda: self.tr("Stopped waiting for an answer.")), "info"
            self.show()

    def _look(self, address: str) -> None:
        self._hubs.hub.forget(self._ticket)
        self._address, self._file, self._download, self._busy, self._message = address, None, None, True, ""
        self._ticket = self._hubs.hub.probe(address, self._on_answer)
        self.show()

    def _on_answer(self, answer: Answer) -> None:
        self._busy = False
        if isinstance(answer, Probed):
            self._file = answer.file
            if not answer.file.path.lower().endswith(".gguf"):
                self._message, self._message_kind = (lambda: self.tr("This is not called a GGUF file; it may not be a model.")), "warning"
        elif isinstance(answer, Failed):
            self._refuse(Failure(answer.code, answer.args))
        self.show()

    def _fetch(self, sha256: str) -> None:
        if self._file is None:
            return
        try:
            self._download = address_download(self._address, self._file, sha256, self._hubs.places)
        except ModelError as error:
            self._refuse(error.failure)
        else:
            self._hubs.add(self._download)
        self.show()

    def _refuse(self, failure: Failure) -> None:
        self._message, self._message_kind = partial(describe, failure.code, failure.args), "error"

    def show(self) -> None:
        """Bring the view up to date."""
        file, fit = self._file, UNKNOWN
        state: State = ""
        fraction = 0.0
        if file is not None:
            fit = self._hubs.machine.fit(file.size, guess_shape(0, size=max(0, file.size), name=file.path))
        if self._download is not None:
            key = (self._download.repository.casefold(), self._download.files[0].path)
            way, known = self._hubs.moving.get(key), self._hubs.state(key)
            if way is not None:
                state, fraction = way.state, way.fraction
            elif known is not None and known.status == Status.FINISHED:
                state = "installed"
        message = worded(self._message)
        self._view.set_address(AddressState(self._address, file, fit, state, fraction, self._busy, message, self._message_kind))
