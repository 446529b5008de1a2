"""Who the user is, connected."""

from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from zhiyin.errors import describe
from zhiyin.importing.protocol import CardFailed, PictureMade
from zhiyin.services.cards import CardService
from zhiyin.services.delivery import Delivery
from zhiyin.store.records import Profile
from zhiyin.store.store import Store
from zhiyin.ui.main_window import UNDO_SECONDS, MainWindow
from zhiyin.ui.profile_values import ProfileItem
from zhiyin.ui.wording import Wording, worded


class ProfilesController(QObject):
    """Fills the view of profiles."""

    changed = Signal()  # what there is, or what one says
    trouble = Signal(object)  # an exception, to be put into words

    def __init__(
        self, window: MainWindow, *, store: Store, background: Executor, delivery: Delivery, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._view = window.personas_page.profiles
        self._store = store
        self._background = background
        self._delivery = delivery
        self._cards: Callable[[], CardService] | None = None
        self._notice: Wording = ""
        self._profiles: list[Profile] = []
        self._ended = False
        self._asked = 0  # counts lists and writes: a list from before a write would put old words into the form
        view = self._view
        view.opened.connect(self._on_opened)
        view.changed.connect(self._keep)
        view.default_wanted.connect(self._set_default)
        view.new_requested.connect(self._add)
        view.delete_requested.connect(self._delete)
        view.picture_chosen.connect(self._take_picture)

    def set_cards(self, cards: Callable[[], CardService]) -> None:
        """What takes pictures in; asked for when it is first needed."""
        self._cards = cards

    def open(self) -> None:
        """List what there is."""
        self._list()

    def profiles(self) -> list[Profile]:
        """The profiles, the default one first."""
        return list(self._profiles)

    def retranslate(self) -> None:
        """Put everything into the language of the moment."""
        self._say(self._notice)

    def end(self) -> None:
        """Leave nothing unsaved."""
        self._view.flush()
        self._ended = True

    def _on_opened(self) -> None:
        if not self._ended:
            self._list()

    def _say(self, text: Wording) -> None:
        self._notice = text
        self._view.set_notice(worded(text))

    def _list(self, then: Callable[[], None] | None = None) -> None:
        self._asked += 1
        asked = self._asked

        def listed(profiles: list[Profile]) -> None:
            if asked != self._asked:
                if then is not None:
                    self._list(then)
                return
            self._profiles = profiles
            self._view.set_items([ProfileItem(each.id, each.name, each.description, each.picture, each.default) for each in profiles])
            if then is not None:
                then()

        self._delivery.deliver(self._store.profiles.all(), listed, self.trouble.emit)

    def _on_changed(self, _done: object = None) -> None:
        self._list()
        self.changed.emit()

    def _keep(self, item: ProfileItem) -> None:
        self._asked += 1
        kept = self._store.profiles.update(item.ident, item.name.strip(), item.description, item.picture)
        self._delivery.deliver(kept, self._on_changed, self.trouble.emit)

    def _set_default(self, ident: int) -> None:
        self._delivery.deliver(self._store.profiles.set_default(ident or None), self._on_changed, self.trouble.emit)

    def _add(self) -> None:
        self._say("")
        self._view.flush()

        def added(profile: Profile) -> None:
            self._list(lambda: self._view.choose(profile.id, edit=True))
            self.changed.emit()

        name = self.tr("Me") if not self._profiles else self.tr("New profile")
        self._delivery.deliver(self._store.profiles.add(name), added, self.trouble.emit)

    def _delete(self, ident: int) -> None:
        profile = next((each for each in self._profiles if each.id == ident), None)
        if profile is None:
            return
        self._say("")

        def undo() -> None:
            self._delivery.deliver(self._store.profiles.restore(ident), restored, self.trouble.emit)

        def restored(_profile: Profile) -> None:
            self._list(lambda: self._view.choose(ident))
            self.changed.emit()

        def gone(_done: None) -> None:
            words = partial(self._deleted_words, profile.name)
            self._window.toast.show_message(words, lambda: self.tr("Undo"), UNDO_SECONDS, act=undo)
            self._on_changed()

        self._delivery.deliver(self._store.profiles.delete(ident), gone, self.trouble.emit)

    def _deleted_words(self, name: str) -> str:
        return self.tr("“{name}” is deleted.").format(name=name[:40])

    def _take_picture(self, ident: int, path: str) -> None:
        self._say("")
        if self._cards is None:
            return

        def made(answer: PictureMade | CardFailed) -> None:
            if isinstance(answer, CardFailed):
                self._say(partial(describe, answer.failure.code, answer.failure.args))
            else:
                self._view.set_picture(ident, Path(answer.picture).stem)

        self._cards().make_picture(path, made)
