"""Who takes part, in the window: the row above the composer and the form in the panel, connected."""

import msgspec
from PySide6.QtCore import QObject

from zhiyin.controllers.answering import Answering, scene_turn
from zhiyin.controllers.cast import Cast, CastController
from zhiyin.controllers.chat import ChatController
from zhiyin.controllers.playing import PlayingController
from zhiyin.controllers.replies import ReplyRunner
from zhiyin.prompt.groups import next_speakers
from zhiyin.roles import Setup
from zhiyin.services.delivery import Delivery
from zhiyin.store.records import BookRow
from zhiyin.store.store import Store
from zhiyin.ui.cast_values import CastKnown, CastView, MemberView, Named
from zhiyin.ui.main_window import MainWindow
from zhiyin.ui.pictures import picture_of, pictures


class CastViews(QObject):
    """Shows who takes part in the open conversation, and changes it as the user says."""

    def __init__(
        self,
        window: MainWindow,
        *,
        store: Store,
        chat: ChatController,
        cast: CastController,
        answering: Answering,
        playing: PlayingController,
        replies: ReplyRunner,
        delivery: Delivery,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._store = store
        self._chat = chat
        self._cast = cast
        self._playing = playing
        self._replies = replies
        self._delivery = delivery
        self._answering = answering
        self._books: list[BookRow] = []
        window.panel.set_picture_of(picture_of)
        self._connect(answering)

    def _connect(self, answering: Answering) -> None:
        bar, panel = self._window.chat.cast, self._window.panel
        bar.speak_requested.connect(self._speak)
        bar.mute_changed.connect(self._mute)
        bar.remove_requested.connect(self._remove)
        bar.add_requested.connect(self._choose)
        panel.cast_changed.connect(self._set_setup)
        panel.persona_wanted.connect(self._choose)
        panel.books_wanted.connect(lambda: self._window.show_personas("books"))
        panel.profiles_wanted.connect(lambda: self._window.show_personas("profiles"))
        answering.speaker_wanted.connect(lambda _conversation: self._show_bar())
        answering.pending_changed.connect(self._show_bar)
        self._chat.opened.connect(self._opened)
        self._chat.turns_changed.connect(self.refresh)
        self._chat.changed.connect(lambda _conversation: self.refresh())
        self._cast.arrived.connect(self.refresh)
        self._replies.changed.connect(lambda _job: self._show_bar())
        self._replies.ended.connect(lambda _job, _turn: self._show_bar())
        for widget in (bar, panel):
            pictures().arrived.connect(widget.refresh_pictures)

    def read_books(self) -> None:
        """Fetch which lorebooks there are to choose from."""

        def read(books: list[BookRow]) -> None:
            self._books = books
            self._show_form()

        self._delivery.deliver(self._store.books.all(), read)

    # ------------------------------------------------------------ showing

    def refresh(self) -> None:
        """Show who takes part now."""
        self._show_form()
        self._show_bar()

    def _opened(self, _conversation: object) -> None:
        self.refresh()

    def _members(self, setup: Setup) -> tuple[MemberView, ...]:
        views = []
        for member in setup.members:
            look = self._cast.look(member.persona)
            if look is not None:
                seal = look.seal or look.name[:1]
                views.append(MemberView(member.persona, look.name, look.picture, seal, look.color, member.muted))
        return tuple(views)

    def _show_form(self) -> None:
        setup = self._chat.setup
        profiles = self._cast.profiles()
        known = CastKnown(
            members=self._members(setup),
            profiles=tuple(Named(one.id, one.name) for one in profiles),
            default_profile=next((one.name for one in profiles if one.default), ""),
            books=tuple(Named(one.id, one.name) for one in self._books),
        )
        self._window.panel.set_cast(setup, known)

    def _show_bar(self) -> None:
        setup = self._chat.setup
        running = self._replies.jobs_of(self._chat.id) if self._chat.id is not None else []
        turn = next((one for one in self._chat.turns if running and one.id == running[0].reply), None)
        view = CastView(
            members=self._members(setup),
            following=self._following(setup),
            speaking=turn.persona if turn is not None else None,
            asking=self._is_asking(setup),
        )
        self._window.chat.cast.set_cast(view)

    def _is_asking(self, setup: Setup) -> bool:
        """Whether nobody answers until the user says who does."""
        if self._chat.is_busy() or not setup.group:
            return False
        if self._answering.awaiting(self._chat.id) is not None:
            return True
        silent = setup.speaking == "user" or all(member.muted for member in setup.members)
        return silent and bool(self._chat.turns) and self._chat.turns[-1].role == "user"

    def _following(self, setup: Setup) -> int | None:
        """Whose turn it is, where that goes by order."""
        if not setup.group or setup.speaking != "order":
            return None
        found: list[int] = []

        def gathered(cast: Cast) -> None:
            choice = next_speakers(setup, cast.actors, [scene_turn(turn) for turn in self._chat.turns[-2 * len(cast.actors) :]], "")
            found.extend(choice if isinstance(choice, list) else [])

        if all(self._cast.look(member.persona) is not None for member in setup.members):
            self._cast.gather(msgspec.structs.replace(setup, books=()), gathered)
        return found[0] if found else None

    # ------------------------------------------------------------ what the user does

    def _set_setup(self, setup: Setup) -> None:
        self._playing.set_setup(setup)

    def _choose(self) -> None:
        self._window.show_personas("personas")

    def _speak(self, persona: int) -> None:
        self._chat.speak(persona)

    def _mute(self, persona: int, muted: bool) -> None:  # noqa: FBT001 - a signal's value
        setup = self._chat.setup
        members = tuple(msgspec.structs.replace(one, muted=muted) if one.persona == persona else one for one in setup.members)
        self._playing.set_setup(msgspec.structs.replace(setup, members=members))

    def _remove(self, persona: int) -> None:
        setup = self._chat.setup
        members = tuple(one for one in setup.members if one.persona != persona)
        self._playing.set_setup(msgspec.structs.replace(setup, members=members))
