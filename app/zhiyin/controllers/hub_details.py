"""One repository in detail: asked of the hubs, judged for this computer, and fetched from."""

import logging
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from zhiyin.controllers.discover_presentation import (
    checkpoint_download,
    checkpoint_folder,
    checkpoint_key,
    contexts,
    installed_keys,
    is_older,
    model_download,
    usual_context,
    variant_key,
    variant_rows,
)
from zhiyin.controllers.hubs import Hubs
from zhiyin.errors import describe
from zhiyin.ui.discover_values import DetailsState, State
from zhiyin.ui.discover_view import DiscoverView
from zhiyin.ui.wording import Wording, worded
from zhiyin_models.child.wire import Failed
from zhiyin_models.errors import Failure, ModelError
from zhiyin_models.hub.protocol import Answer, Described
from zhiyin_models.hub.values import Details, Repository

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A repository to be shown: what is known of it so far, and the ids under which sources have it, in the order to be asked."""

    repository: Repository
    name: str = ""
    sentence: str = ""
    places: tuple[tuple[str, str], ...] = ()  # (source, id); the source "" is the first that answers


class HubDetails(QObject):
    """At most one repository is open."""

    chat_wanted = Signal(str)
    convert_wanted = Signal(str)

    def __init__(self, view: DiscoverView, hubs: Hubs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._hubs = hubs
        self._wanted: Wanted | None = None
        self._left: list[tuple[str, str]] = []  # places that were not asked yet
        self._details: Details | None = None
        self._card = ""
        self._context = 0
        self._ticket = 0
        self._busy = False
        self._failure: Failure | None = None
        self._message: Wording = ""
        self._message_kind = "error"
        self._fetched = False  # whether its checkpoint is here
        view.details_closed.connect(self.close)
        view.context_chosen.connect(self._choose_context)
        view.download_requested.connect(self._download)
        view.chat_requested.connect(self._chat)
        view.checkpoint_requested.connect(self._fetch_checkpoint)
        view.page_requested.connect(open_page)
        hubs.changed.connect(self.show)

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._busy

    @property
    def details(self) -> Details | None:
        """What is known of the open repository."""
        return self._details

    def open(self, wanted: Wanted) -> None:
        """Show a repository and ask for all of it."""
        self.close()
        self._wanted = wanted
        self._left = list(wanted.places or ((wanted.repository.source, wanted.repository.id),))
        self._ask()
        self.show()

    def again(self) -> None:
        """Ask once more."""
        if self._wanted is not None:
            self.open(self._wanted)

    def cancel(self) -> None:
        """Wait no longer."""
        if self._busy:
            self._hubs.hub.forget(self._ticket)
            self._busy = False
            self._message, self._message_kind = (lambda: self.tr("Stopped waiting for an answer.")), "info"
            self.show()

    def close(self) -> None:
        """Back to the list."""
        self._hubs.hub.forget(self._ticket)
        self._wanted = self._details = self._failure = None
        self._card, self._message, self._busy, self._fetched = "", "", False, False
        self._view.set_details(None)

    # ------------------------------------------------------------ asking

    def _ask(self) -> None:
        source, identity = self._left.pop(0)
        self._busy = True
        self._message = ""
        self._ticket = self._hubs.hub.describe(identity, self._on_answer, source=source)

    def _on_answer(self, answer: Answer) -> None:
        self._busy = False
        if isinstance(answer, Described):
            self._take(answer.details)
        elif isinstance(answer, Failed):
            self._failure = self._failure or Failure(answer.code, answer.args)  # the first place is the one that was wanted
            if self._left:
                self._ask()
            else:
                self._message, self._message_kind = partial(describe, self._failure.code, self._failure.args), "error"
        self.show()

    def _take(self, details: Details) -> None:
        self._details = details
        offered = contexts(details.shape.trained_context or details.repository.trained_context)
        if self._context not in offered:
            self._context = usual_context(offered)
        hubs = self._hubs
        hubs.delivery.deliver(hubs.background.submit(_card, details.card), partial(self._take_card, details))
        if details.checkpoint:
            self._look_for_checkpoint()

    def _take_card(self, details: Details, card: str) -> None:
        if details is self._details:
            self._card = card
            self.show()

    def _look_for_checkpoint(self) -> None:
        details, hubs = self._details, self._hubs
        if details is None:
            return

        def look() -> bool:
            try:
                return (checkpoint_folder(details, hubs.data_dir) / "config.json").is_file()
            except ModelError:
                return False

        def found(here: bool) -> None:  # noqa: FBT001 - the answer
            if details is self._details and here != self._fetched:
                self._fetched = here
                self.show()

        hubs.delivery.deliver(hubs.background.submit(look), found)

    def look_again(self) -> None:
        """A download has ended."""
        if self._details is not None and self._details.checkpoint:
            self._look_for_checkpoint()

    # ------------------------------------------------------------ acting

    def _choose_context(self, context: int) -> None:
        self._context = context
        self.show()

    def _download(self, place: int, projector: str) -> None:
        details = self._details
        if details is None or not 0 <= place < len(details.variants):
            return
        hubs, variant = self._hubs, details.variants[place]
        model = installed_keys(details, hubs.installed, hubs.places.models).get(variant_key(details, variant))
        self._message = ""
        try:
            older = model is not None and is_older(model, variant)
            hubs.add(model_download(details, variant, hubs.places, projector, beside_older=older))
        except ModelError as error:
            self.refuse(error.failure)

    def _chat(self, place: int) -> None:
        details = self._details
        if details is None or not 0 <= place < len(details.variants):
            return
        here = installed_keys(details, self._hubs.installed, self._hubs.places.models)
        model = here.get(variant_key(details, details.variants[place]))
        if model is not None:
            self.chat_wanted.emit(model.name)

    def _fetch_checkpoint(self) -> None:
        details = self._details
        if details is None or not details.checkpoint:
            return
        try:
            if self._fetched:
                self.convert_wanted.emit(str(checkpoint_folder(details, self._hubs.data_dir)))
            else:
                self._hubs.add(checkpoint_download(details, self._hubs.places))
        except ModelError as error:
            self.refuse(error.failure)

    def refuse(self, failure: Failure) -> None:
        """Say what could not be done."""
        self._message, self._message_kind = partial(describe, failure.code, failure.args), "error"
        self.show()

    # ------------------------------------------------------------ showing

    def show(self) -> None:
        """Bring the view up to date."""
        wanted, details, hubs = self._wanted, self._details, self._hubs
        if wanted is None:
            return
        state = DetailsState(
            repository=details.repository if details is not None else wanted.repository,
            name=wanted.name,
            sentence=wanted.sentence,
            busy=self._busy,
            message=worded(self._message),
            message_kind=self._message_kind,
            speed_known=hubs.machine.speed is not None,
            can_measure=hubs.measurable is not None,
            measuring=hubs.measuring,
        )
        if details is not None:
            state = self._with_details(state, details)
        self._view.set_details(state)

    def _with_details(self, state: DetailsState, details: Details) -> DetailsState:
        hubs = self._hubs
        moving = hubs.moving
        here = installed_keys(details, hubs.installed, hubs.places.models)
        way = moving.get(checkpoint_key(details)) if details.checkpoint else None
        checkpoint: State = way.state if way is not None else "installed" if self._fetched else ""
        return replace(
            state,
            details=details,
            card=self._card,
            variants=variant_rows(details, self._context, hubs.machine, here, moving),
            contexts=contexts(details.shape.trained_context or details.repository.trained_context),
            context=self._context,
            checkpoint=checkpoint,
            checkpoint_fraction=way.fraction if way is not None else 0.0,
        )


def _card(text: str) -> str:
    from zhiyin.markup.cards import card_text  # noqa: PLC0415 - on its thread, and not at every start

    return card_text(text)


def open_page(address: str) -> None:
    """Show a page in the browser; only what is one."""
    if address.startswith(("https://", "http://", "mailto:")):
        QDesktopServices.openUrl(QUrl(address))
