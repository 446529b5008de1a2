"""The chosen models, best for this computer first, in the language of the moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from zhiyin import i18n
from zhiyin.controllers.discover_presentation import installed_repositories
from zhiyin.controllers.hub_details import Wanted
from zhiyin.controllers.hubs import Hubs
from zhiyin.controllers.this_machine import USUAL_CONTEXT, fit_of
from zhiyin.ui.discover_values import BEST, CHOSEN, Fit, Offer, RepositoryRow
from zhiyin_models.hub.values import Repository
from zhiyin_models.library.verdict import judge

if TYPE_CHECKING:
    from zhiyin_models.hub.settings import HubSettings
    from zhiyin_models.library.catalogue import CatalogueFile, Entry
    from zhiyin_models.library.speed import Speed
    from zhiyin_models.library.verdict import Machine

BEST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Pick:
    """One of the catalogue with the file that suits this computer."""

    entry: Entry
    file: CatalogueFile
    fit: Fit
    best: bool = False


class Catalogue(QObject):
    """Read when it is first wanted; picked anew when the machine or the language changes."""

    changed = Signal()

    def __init__(self, hubs: Hubs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._hubs = hubs
        self._picks: tuple[Pick, ...] = ()
        self._wanted = False
        hubs.machine.changed.connect(self.retranslate)

    def load(self) -> None:
        """Read and judge it as soon as the machine is known; ``changed`` follows."""
        self._wanted = True
        self._hubs.machine.look_for_gpus()
        self.retranslate()

    def retranslate(self) -> None:
        """Pick anew: what is best depends on the language as well."""
        hubs = self._hubs
        machine, speed, language = hubs.machine.machine, hubs.machine.speed, i18n.language()
        if self._wanted and machine is not None:
            hubs.delivery.deliver(hubs.background.submit(picks, machine, speed, language), self._take)

    def _take(self, found: tuple[Pick, ...]) -> None:
        if found != self._picks:
            self._picks = found
            self.changed.emit()

    # ------------------------------------------------------------ shown

    def rows(self) -> tuple[RepositoryRow, ...]:
        """The list before any search."""
        installed = installed_repositories(self._hubs.installed)
        return tuple(
            RepositoryRow(
                repository_of(pick.entry),
                BEST if pick.best else CHOSEN,
                name_of(pick.entry),
                sentence_of(pick.entry),
                pick.file.quant,
                pick.file.size,
                pick.fit,
                bool(installed & {name.casefold() for name in (pick.entry.huggingface, pick.entry.modelscope) if name}),
            )
            for pick in self._picks
        )

    def offers(self) -> tuple[Offer, ...]:
        """For someone who has no model."""
        return tuple(
            Offer(pick.entry.id, name_of(pick.entry), sentence_of(pick.entry), pick.file.quant, pick.file.size, pick.fit)
            for pick in self._picks
            if pick.best
        )

    def pick(self, identity: str) -> Pick | None:
        """The entry of this id."""
        return next((pick for pick in self._picks if pick.entry.id == identity), None)

    def wanted(self, repository: Repository) -> Wanted | None:
        """The entry of a repository of the list, to be shown in detail."""
        pick = next((pick for pick in self._picks if pick.entry.huggingface == repository.id), None)
        if pick is None or repository.source:
            return None
        return Wanted(repository, name_of(pick.entry), sentence_of(pick.entry), places_of(pick.entry, self._hubs.settings))


def picks(machine: Machine, speed: Speed | None, language: str) -> tuple[Pick, ...]:
    """The best few, then the rest: what speaks the language first, what fits before what does not."""
    from zhiyin_models.library.catalogue import best_for, read_catalogue  # noqa: PLC0415 - on its thread, and not at every start

    entries = read_catalogue()
    fitting = {entry.id: Pick(entry, file, fit_of(judgement)) for entry, file, judgement in best_for(machine, speed, language)}
    best = [Pick(pick.entry, pick.file, pick.fit, best=True) for pick in list(fitting.values())[:BEST_SHOWN]]
    top = {pick.entry.id for pick in best}
    rest = []
    for entry in entries:
        if entry.id not in top:
            smallest = entry.variants[0]
            judgement = judge(smallest.size, entry.shape, USUAL_CONTEXT, machine, speed)
            rest.append(fitting.get(entry.id) or Pick(entry, smallest, fit_of(judgement)))
    spoken = language.partition("_")[0]
    rest.sort(key=lambda pick: (pick.fit.verdict == "no", spoken not in pick.entry.languages))
    return (*best, *rest)


def repository_of(entry: Entry) -> Repository:
    """An entry as a repository of no source in particular."""
    return Repository(
        "", entry.huggingface, "gguf", licence=entry.licence, languages=entry.languages, parameters=entry.parameters,
        trained_context=entry.shape.trained_context,
    )  # fmt: skip


def name_of(entry: Entry) -> str:
    """What people call it, in the language of the moment."""
    return entry.name.of(i18n.language())


def sentence_of(entry: Entry) -> str:
    """What it is good for."""
    return entry.good_for.of(i18n.language())


def places_of(entry: Entry, settings: HubSettings) -> tuple[tuple[str, str], ...]:
    """Where it can be asked for, the first source of each kind in the order of the settings: (source, its id there)."""
    found: dict[str, tuple[str, str]] = {}
    for source in settings.sources:
        identity = entry.repository(source.kind)
        if source.enabled and identity and source.kind not in found:
            found[source.kind] = (source.name, identity)
    return tuple(found.values()) or (("", entry.huggingface),)
