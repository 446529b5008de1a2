"""The first page's offers: asks the hub for the one that is chosen, fetches it, and opens the chat when it is here."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from zhiyin.controllers.catalogue import Catalogue, Pick, name_of, places_of
from zhiyin.controllers.discover_presentation import Key, fraction_of, model_download
from zhiyin.controllers.hubs import Hubs
from zhiyin.errors import describe
from zhiyin.ui.first_run_page import DownloadState, FirstRunPage
from zhiyin.ui.wording import Wording, worded
from zhiyin_models.child.wire import Failed
from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.hub.protocol import Answer, Described
from zhiyin_models.hub.values import Details, Variant
from zhiyin_models.jobs.protocol import JobState, Status


class OffersController(QObject):
    """At most one offer is being fetched from here."""

    chat_wanted = Signal(str)  # a model's name

    def __init__(self, page: FirstRunPage, hubs: Hubs, catalogue: Catalogue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._page = page
        self._hubs = hubs
        self._catalogue = catalogue
        self._pick: Pick | None = None
        self._places: list[tuple[str, str]] = []
        self._ticket = 0
        self._asking = False
        self._key: Key | None = None
        self._failure: Failure | None = None
        self._message: Wording = ""
        self._said = ""  # the same, as the page says it
        page.opened.connect(self._open)
        page.offer_chosen.connect(self.fetch)
        page.download_cancelled.connect(self.cancel)
        catalogue.changed.connect(self.show)
        hubs.changed.connect(self.show)
        hubs.ended.connect(self._on_ended)

    def _open(self) -> None:
        self._catalogue.load()
        self._hubs.refresh()

    def fetch(self, identity: str) -> None:
        """Download an offer."""
        pick = self._catalogue.pick(identity)
        if pick is None or self._asking:
            return
        self._pick, self._key, self._failure, self._message = pick, None, None, ""
        self._places = list(places_of(pick.entry, self._hubs.settings))
        self._ask()
        self.show()

    def cancel(self) -> None:
        """Stop what is on its way."""
        self._hubs.hub.forget(self._ticket)
        if self._key is not None:
            self._hubs.cancel(self._key)
        self._asking, self._key, self._pick = False, None, None
        self.show()

    def _ask(self) -> None:
        source, identity = self._places.pop(0)
        self._asking = True
        self._ticket = self._hubs.hub.describe(identity, self._on_answer, source=source)

    def _on_answer(self, answer: Answer) -> None:
        self._asking = False
        if isinstance(answer, Described):
            self._take(answer.details)
        elif isinstance(answer, Failed):
            self._failure = self._failure or Failure(answer.code, answer.args)  # the first place is the one that was wanted
            if self._places:
                self._ask()
            else:
                self._refuse(self._failure)
        self.show()

    def _take(self, details: Details) -> None:
        pick = self._pick
        variant = variant_for(pick, details) if pick is not None else None
        if variant is None:
            there = ", ".join(one.quant or one.name for one in details.variants[:12])
            self._refuse(Failure(Code.HUB_NOTHING, {"name": details.repository.id, "detail": there}))
            return
        try:
            self._key = self._hubs.add(model_download(details, variant, self._hubs.places))
        except ModelError as error:
            self._refuse(error.failure)

    def _refuse(self, failure: Failure) -> None:
        self._pick = self._key = None
        self._message = partial(describe, failure.code, failure.args)
        self._said = worded(self._message)
        self._page.show_error(self._said)

    def _on_ended(self, state: JobState) -> None:
        key = self._key
        known = self._hubs.state(key) if key is not None else None
        if known is None or known.id != state.id:
            return
        if state.status == Status.FINISHED and state.outcome is not None and state.outcome.outputs:
            path = Path(state.outcome.outputs[0].path)
            seen = self._page.isVisible()
            self._hubs.models.refresh(lambda: self._arrive(path, seen=seen))
        elif state.status == Status.FAILED and state.failure is not None:
            self._refuse(state.failure)
        elif state.status == Status.CANCELLED:
            self._pick = self._key = None
        self.show()

    def _arrive(self, path: Path, *, seen: bool) -> None:
        self._pick = self._key = None
        model = next((model for model in self._hubs.installed if Path(model.path) == path), None)
        self.show()
        if model is not None and seen:  # who has gone on to something else is not taken away from it
            self.chat_wanted.emit(model.name)

    def retranslate(self) -> None:
        """Put what was put into words into the language of the moment."""
        if self._message and self._page.error == self._said:
            self._said = worded(self._message)
            self._page.show_error(self._said)
        self.show()

    def show(self) -> None:
        """Bring the page up to date."""
        self._page.set_offers(self._catalogue.offers())
        pick = self._pick
        if pick is None:
            self._page.set_download(None)
            return
        state = self._hubs.state(self._key) if self._key is not None else None
        if self._key is not None and state is None and self._key not in self._hubs.moving:
            self._page.set_download(None)  # it was taken away on another page, and may come back
            return
        failed = describe(state.failure.code, state.failure.args) if state is not None and state.failure is not None else ""
        progress = state.progress if state is not None else None
        self._page.set_download(
            DownloadState(
                name=name_of(pick.entry),
                asking=self._asking or state is None,
                waiting=state is not None and state.status == Status.QUEUED,
                paused=state is not None and state.status in (Status.PAUSED, Status.INTERRUPTED),
                fraction=fraction_of(state) if state is not None else 0.0,
                left=progress.left if progress is not None else None,
                problem=failed,
            )
        )


def variant_for(pick: Pick, details: Details) -> Variant | None:
    """The variant of the chosen quant type; the smallest of several."""
    wanted = [variant for variant in details.variants if variant.quant == pick.file.quant]
    return min(wanted, key=lambda variant: variant.size, default=None)
