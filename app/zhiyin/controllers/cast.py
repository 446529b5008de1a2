"""Who takes part in conversations: personas, lorebooks and profiles, fetched once and kept until they change."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal

from zhiyin.i18n import language
from zhiyin.prompt.builtin import built_in
from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.errors import CardError
from zhiyin.prompt.groups import one_line
from zhiyin.prompt.scene import Actor, Player
from zhiyin.roles import Member, Setup
from zhiyin.services.delivery import Delivery
from zhiyin.store.errors import StoreError
from zhiyin.store.records import Book, Persona, Profile
from zhiyin.store.store import Store
from zhiyin_models.engine.protocol import Sampling


class Look(msgspec.Struct, frozen=True):
    """How a persona appears beside what it says."""

    name: str = ""
    seal: str = ""
    color: str = ""
    picture: str = ""


class Cast(msgspec.Struct, frozen=True):
    """Everybody and everything of one setup."""

    actors: tuple[Actor, ...] = ()
    names: tuple[str, ...] = ()  # beside the actors: what each is called in the chat
    player: Player = Player()
    books: tuple[dict[str, Any], ...] = ()


class _Known(msgspec.Struct, frozen=True):
    look: Look
    card: dict[str, Any]
    sampling: Sampling | None = None


class CastController(QObject):
    """Answers at once from what it knows, and fetches the rest."""

    outdated = Signal()  # something that is known has changed, and has to be fetched anew
    arrived = Signal()  # what was not known before is known now, or is another
    trouble = Signal(object)  # an exception, to be put into words

    def __init__(self, *, store: Store, background: Executor, delivery: Delivery, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._background = background
        self._delivery = delivery
        self._personas: dict[int, _Known] = {}
        self._stale: set[int] = set()  # known as they were: shown until they are fetched anew
        self._books: dict[int, dict[str, Any]] = {}
        self._profiles: dict[int, Profile] = {}
        self._default: Profile | None = None
        self._profiles_known = False

    # ------------------------------------------------------------ at once

    def look(self, persona: int | None) -> Look | None:
        """How a persona appears; None while it is not known."""
        known = self._personas.get(persona) if persona is not None else None
        return known.look if known is not None else None

    def profile_look(self, name: str) -> Look | None:
        """How the user appears under the name of a profile; None where none has it, or it has no picture."""
        found = next((profile for profile in self._profiles.values() if name and one_line(profile.name) == name), None)
        return Look(name, picture=found.picture) if found is not None and found.picture else None

    def sampling(self, persona: int | None) -> Sampling | None:
        """The sampler settings that a persona brings along."""
        known = self._personas.get(persona) if persona is not None else None
        return known.sampling if known is not None else None

    def card(self, persona: int) -> dict[str, Any] | None:
        """A persona's whole card; None while it is not known."""
        known = self._personas.get(persona)
        return known.card if known is not None else None

    def player(self, setup: Setup) -> Player:
        """Who the user is, as far as it is known."""
        profile = self._profiles.get(setup.profile, self._default) if setup.profile is not None else self._default
        return Player(one_line(profile.name), profile.description) if profile is not None else Player()

    def profiles(self) -> list[Profile]:
        """All that are known."""
        return list(self._profiles.values())

    # ------------------------------------------------------------ fetching

    def gather(
        self, setup: Setup, then: Callable[[Cast], None], otherwise: Callable[[BaseException], None] | None = None, also: Iterable[int] = ()
    ) -> None:
        """Call ``then`` with everything of a setup; before this returns when all of it is known. ``also`` names more personas to fetch."""
        wanted = [*dict.fromkeys([*(member.persona for member in setup.members), *also])]
        missing = [persona for persona in wanted if persona not in self._personas or persona in self._stale]
        books = [book for book in setup.books if book not in self._books]
        fail = otherwise or self.trouble.emit
        if not missing and not books and self._profiles_known:
            then(self._cast(setup, wanted))
            return

        def fetched(found: "tuple[dict[int, _Known], dict[int, dict[str, Any]]]") -> None:
            self._personas.update(found[0])
            self._stale.difference_update(found[0])
            self._books.update(found[1])
            self.arrived.emit()
            then(self._cast(setup, wanted))

        def profiled(profiles: list[Profile]) -> None:
            self._take_profiles(profiles)
            asked = self._store.personas.get_many(missing)
            shelved = self._store.books.get_many(books)
            self._delivery.deliver(self._background.submit(_read, asked, shelved, language()), fetched, fail)

        if self._profiles_known:
            profiled(list(self._profiles.values()))
        else:
            self._delivery.deliver(self._store.profiles.all(), profiled, fail)

    def _take_profiles(self, profiles: Sequence[Profile]) -> None:
        self._profiles = {profile.id: profile for profile in profiles}
        self._default = next((profile for profile in profiles if profile.default), None)
        self._profiles_known = True

    def _cast(self, setup: Setup, personas: Sequence[int]) -> Cast:
        """The members, and who else was asked for."""
        members = {member.persona: member for member in setup.members}
        asked = [members.get(persona, Member(persona, muted=True)) for persona in personas]
        there = [(member, known) for member in asked if (known := self._personas.get(member.persona)) is not None]
        return Cast(
            actors=tuple(Actor(member.persona, known.card, member.muted) for member, known in there),
            names=tuple(known.look.name for _, known in there),
            player=self.player(setup),
            books=tuple(self._books[book] for book in setup.books if book in self._books),
        )

    # ------------------------------------------------------------ what changed

    def forget_personas(self, personas: Iterable[int]) -> None:
        """Fetch these anew when they are next needed."""
        changed = self._personas.keys() & set(personas)
        if changed:
            self._stale |= changed
            self.outdated.emit()

    def forget_books(self) -> None:
        """Fetch lorebooks anew when they are next needed."""
        self._books.clear()

    def read_profiles(self) -> None:
        """Fetch who the user is."""

        def read(profiles: list[Profile]) -> None:
            self._take_profiles(profiles)
            self.arrived.emit()

        self._delivery.deliver(self._store.profiles.all(), read, self.trouble.emit)

    def retranslate(self) -> None:
        """Built-in personas speak the language of the moment."""
        self._stale = set(self._personas)
        self.outdated.emit()


def _read(
    personas: "Future[list[Persona]]", books: "Future[list[Book]]", spoken: str
) -> tuple[dict[int, _Known], dict[int, dict[str, Any]]]:
    """Read cards and books, off the window's thread; one that cannot be read is as good as empty."""
    natives = built_in("zh" if spoken == "zh_CN" else "en")
    known: dict[int, _Known] = {}
    for persona in personas.result():
        row = persona.row
        native = natives.get(row.builtin)
        if not row.own and native is not None:
            look = Look(one_line(native.card.display_name), native.seal, native.color, native.picture)
            known[row.id] = _Known(look, native.card.raw, _sampling(native.card))
            continue
        card = _card(persona)
        known[row.id] = _Known(Look(one_line(card.display_name or row.name), row.seal, row.color, row.picture), card.raw, _sampling(card))
    return known, {book.row.id: _object(book.book) for book in books.result()}


def _card(persona: Persona) -> Card:
    try:
        return Card.from_json(persona.card)
    except (CardError, StoreError):
        return Card.blank(persona.row.name)


def _sampling(card: Card) -> Sampling | None:
    """What a card says of samplers, unless it is no such thing."""
    try:
        return msgspec.convert(card.sampling, Sampling) if card.sampling else None
    except msgspec.ValidationError:
        return None


def _object(text: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
