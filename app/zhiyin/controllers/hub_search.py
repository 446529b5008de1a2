"""The list: the catalogue until something is looked for, then what the hubs answer, page by page."""

from functools import partial

from PySide6.QtCore import QObject

from zhiyin.controllers.catalogue import Catalogue
from zhiyin.controllers.discover_presentation import installed_repositories, result_row, with_installed
from zhiyin.controllers.hubs import Hubs
from zhiyin.errors import describe
from zhiyin.ui.discover_values import ListState, RepositoryRow
from zhiyin.ui.discover_view import DiscoverView
from zhiyin.ui.wording import Wording, worded
from zhiyin_models.child.wire import Failed
from zhiyin_models.errors import Code, Failure
from zhiyin_models.hub.protocol import Answer, Found
from zhiyin_models.hub.values import SearchQuery

MOST = 500  # results that are kept


class HubSearch(QObject):
    """Owns the words that were looked for and what was found."""

    def __init__(self, view: DiscoverView, hubs: Hubs, catalogue: Catalogue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._hubs = hubs
        self._catalogue = catalogue
        self._query = SearchQuery()
        self._source = ""  # that was chosen
        self._answered = ""  # the source that the results are of
        self._found: list[RepositoryRow] = []
        self._old = False  # whether it is that of an earlier search
        self._more = ""
        self._ticket = 0
        self._busy = False
        self._message: Wording = ""
        self._message_kind = "info"
        view.search_requested.connect(self.search)
        view.more_requested.connect(self._go_on)
        hubs.machine.changed.connect(self._judge)
        hubs.changed.connect(self.show)
        catalogue.changed.connect(self.show)

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._busy

    @property
    def searching(self) -> bool:
        """Whether anything is looked for."""
        return self._query != SearchQuery()

    def search(self, query: SearchQuery, source: str = "") -> None:
        """Look for something; an empty query brings the catalogue back."""
        self._query, self._source = query, source
        self._more = self._answered = ""
        self._old = True  # what was found before is shown until there is an answer
        self._say("")
        if not self.searching:
            self._hubs.hub.forget(self._ticket)
            self._busy, self._found = False, []
        else:
            self._ask()
        self.show()

    def again(self) -> None:
        """Ask once more what was asked last; the hubs may be others by now."""
        self._hubs.refresh()
        self._say("")
        self._ask()
        self.show()

    def cancel(self) -> None:
        """Wait no longer."""
        if self._busy:
            self._hubs.hub.forget(self._ticket)
            self._busy = False
            self._say(lambda: self.tr("The search was cancelled."))
            if self._old:
                self._found, self._old = [], False
            self.show()

    def _go_on(self) -> None:
        if self._more and not self._busy and not self._message and len(self._found) < MOST:
            self._ask()
            self.show()

    def _ask(self) -> None:
        self._busy = True
        self._ticket = self._hubs.hub.search(self._query, self._on_answer, source=self._answered or self._source, more=self._more)

    def _on_answer(self, answer: Answer) -> None:
        self._busy = False
        if self._old:
            self._found, self._old = [], False
        if isinstance(answer, Found):
            known = {row.repository.id for row in self._found}
            new = [repository for repository in answer.results.repositories if repository.id not in known]
            self._found += [result_row(repository, self._hubs.machine) for repository in new]
            self._more = answer.results.more if answer.results.repositories else ""
            self._answered = answer.source
        elif isinstance(answer, Failed):
            self._say(partial(describe, answer.code, answer.args), "error")
        self.show()

    def refuse(self, failure: Failure) -> None:
        """Say what could not be done."""
        self._say(partial(describe, failure.code, failure.args), "error")
        self.show()

    def _judge(self) -> None:
        """The machine is another: how everything fits is told anew."""
        self._found = [result_row(row.repository, self._hubs.machine) for row in self._found]

    def _say(self, message: Wording, kind: str = "info") -> None:
        self._message, self._message_kind = message, kind

    def show(self) -> None:
        """Bring the view up to date."""
        hubs = self._hubs
        installed = installed_repositories(hubs.installed)
        rows = with_installed(self._found, installed) if self.searching else self._catalogue.rows()
        self._view.set_sources([source.name for source in hubs.settings.sources if source.enabled])
        message, kind = worded(self._message), self._message_kind
        if not message and not self.searching and hubs.settings.offline:
            message, kind = describe(Code.HUB_OFFLINE, {}), "info"
        self._view.set_list(
            ListState(
                rows=rows,
                searching=self.searching,
                busy=self._busy,
                more=bool(self._more) and len(self._found) < MOST,
                source=self._answered,
                message=message,
                message_kind=kind,
                speed_known=hubs.machine.speed is not None,
                can_measure=hubs.measurable is not None,
                measuring=hubs.measuring,
            )
        )
