"""Who takes part in a conversation and how it is played, as a section of the panel at the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from PySide6.QtCore import QEvent, QPoint, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from zhiyin.roles import AuthorNote, Member, Setup
from zhiyin.ui.author_note_form import AuthorNoteForm
from zhiyin.ui.cast_members import CastMembers
from zhiyin.ui.cast_values import CastKnown, MemberView, Named, PictureOf
from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.fold import Fold
from zhiyin.ui.foreign_text import isolated, one_line
from zhiyin.ui.form_controls import ChoiceBox, Switch
from zhiyin.ui.form_row import FormRow, soft_label
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.theme import STEP
from zhiyin.ui.tooltip import plain_tooltip

SPEAKING = ("order", "mention", "model", "user")
CARDS = ("separate", "joined")
PLACES = ("near_end", "as_card")
CHOICE_WIDTH = 37 * STEP


class CastForm(QWidget):
    """Shows a ``Setup`` with the names of what is in it; ``changed`` carries a whole new one."""

    changed = Signal(object)  # Setup
    add_requested = Signal()  # another persona is to be chosen
    open_requested = Signal(int)  # persona
    books_requested = Signal()  # the page with the lorebooks
    profiles_requested = Signal()

    def __init__(self, picture_of: PictureOf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._setup = self._given = Setup()
        self._waiting = False  # something was announced, and has not come back yet
        self._known = CastKnown()
        self._opened = False
        self.title = QLabel(self)
        self.title.setProperty("tone", "section")
        self.members = CastMembers(picture_of, self)
        self.add_button = _link(self)
        self.speaking, self.cards, self.profile, self.place = (ChoiceBox(self) for _ in range(4))
        self.summarize = Switch(self)
        self.fold = Fold(self)
        self.more = QWidget(self)
        self.note = AuthorNoteForm(self.more)
        self.books_title = QLabel(self.more)
        self.books_title.setProperty("tone", "section")
        self.books = _BookList(self.more)
        self.book_button, self.books_link, self.profiles_link = _link(self.more), _link(self.more), _link(self.more)
        controls: dict[str, QWidget] = {
            "speaking": self.speaking,
            "cards": self.cards,
            "profile": self.profile,
            "place": self.place,
            "summarize": self.summarize,
        }
        self.rows = {name: FormRow(control, self) for name, control in controls.items()}
        self.cards_hint, self.place_hint = soft_label(self), soft_label(self.more)
        for each in (self.speaking, self.cards, self.profile, self.place):
            each.setFixedWidth(CHOICE_WIDTH)
        for box, values in ((self.speaking, SPEAKING), (self.cards, CARDS), (self.place, PLACES)):
            for value in values:
                box.addItem("", value)
        self._lay_out()
        self._connect()
        self.retranslateUi()
        self._show()

    # ------------------------------------------------------------ values

    def setup(self) -> Setup:
        """What is shown."""
        return self._setup

    def set_values(self, setup: Setup, known: CastKnown) -> None:
        """Show a conversation's; nothing is announced. Before another conversation is shown, call ``flush``.

        What was given before, and given again after something was changed here, is older than what is shown, and changes nothing.
        """
        typing = self.note.values() != msgspec.structs.asdict(self._setup.note)
        self._waiting = self._waiting and setup == self._given
        self._given, self._known = setup, known
        if not self._waiting:
            self._setup = setup
        self._show(typing=typing)

    def flush(self) -> None:
        """Announce now what would be announced soon."""
        self.note.flush()
        self._waiting = False

    def refresh_pictures(self) -> None:
        """A picture has arrived."""
        self.members.refresh_pictures()

    # ------------------------------------------------------------ showing

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.title, 1)
        top.addWidget(self.add_button)
        more = QVBoxLayout(self.more)
        more.setContentsMargins(0, 0, 0, 0)
        more.setSpacing(2 * STEP)
        more.addWidget(self.rows["profile"])
        more.addWidget(self.profiles_link, 0, Qt.AlignmentFlag.AlignLeft)
        more.addSpacing(STEP)
        heading = QHBoxLayout()
        heading.addWidget(self.books_title, 1)
        heading.addWidget(self.book_button)
        more.addLayout(heading)
        more.addWidget(self.books)
        more.addWidget(self.books_link, 0, Qt.AlignmentFlag.AlignLeft)
        more.addSpacing(STEP)
        more.addWidget(self.note)
        more.addSpacing(STEP)
        more.addWidget(self.rows["summarize"])
        more.addWidget(self.rows["place"])
        more.addWidget(self.place_hint)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * STEP)
        layout.addLayout(top)
        layout.addWidget(self.members)
        layout.addWidget(self.rows["speaking"])
        layout.addWidget(self.rows["cards"])
        layout.addWidget(self.cards_hint)
        layout.addWidget(self.fold, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.more)
        self.more.setVisible(False)

    def _connect(self) -> None:
        self.add_button.clicked.connect(self.add_requested)
        self.members.open_requested.connect(self.open_requested)
        self.members.changed.connect(self._members_changed)
        self.speaking.currentIndexChanged.connect(lambda _place: self._set(speaking=self.speaking.currentData()))
        self.cards.currentIndexChanged.connect(lambda _place: self._set(cards=self.cards.currentData()))
        self.place.currentIndexChanged.connect(lambda _place: self._set(lore_place=self.place.currentData()))
        self.profile.currentIndexChanged.connect(lambda _place: self._set(profile=self.profile.currentData()))
        self.summarize.toggled.connect(lambda on: self._set(summarize=on))
        self.note.changed.connect(self._note_changed)
        self.books.removed.connect(lambda book: self._set(books=tuple(one for one in self._setup.books if one != book)))
        self.book_button.clicked.connect(self._choose_book)
        self.books_link.clicked.connect(self.books_requested)
        self.profiles_link.clicked.connect(self.profiles_requested)
        self.fold.clicked.connect(self._fold_clicked)
        self.fold.toggled.connect(self.more.setVisible)

    def _show(self, *, typing: bool = False) -> None:
        setup, known = self._setup, self._known
        views = {member.persona: member for member in known.members}
        shown = []
        for member in setup.members:
            view = views.get(member.persona, MemberView(member.persona, "…"))
            shown.append(MemberView(view.persona, view.name, view.picture, view.seal, view.color, member.muted))
        self.members.set_members(shown)
        blockers = [QSignalBlocker(each) for each in (self.speaking, self.cards, self.place, self.profile, self.summarize)]
        for box, value in ((self.speaking, setup.speaking), (self.cards, setup.cards), (self.place, setup.lore_place)):
            box.setCurrentIndex(box.findData(value))
        self._fill_profiles()
        self.summarize.setChecked(setup.summarize)
        del blockers
        if not typing:
            self.note.set_values(msgspec.structs.asdict(setup.note))
        names = {book.id: book.name for book in known.books}
        self.books.set_books([Named(book, names.get(book, "…")) for book in setup.books])
        if not self._opened:
            self.fold.setChecked(self._has_more())
        self._show_rows()

    def _has_more(self) -> bool:
        """Whether there is anything in what is folded away."""
        setup = self._setup
        plain = Setup(members=setup.members, speaking=setup.speaking, cards=setup.cards)
        return setup != plain

    def _show_rows(self) -> None:
        group = self._setup.group
        self.rows["speaking"].setVisible(group)
        self.rows["cards"].setVisible(group)
        self.cards_hint.setVisible(group)
        self.members.setVisible(bool(self._setup.members))
        self.book_button.setEnabled(any(book.id not in self._setup.books for book in self._known.books))
        self.books_link.setVisible(not self._known.books)
        self.book_button.setVisible(bool(self._known.books))
        self.profiles_link.setVisible(not self._known.profiles)
        fast = self._setup.lore_place == "near_end"
        self.place_hint.setText(
            self.tr("What comes and goes is put near the end: the model need not read everything again.")
            if fast
            else self.tr("Every entry where its card says, even if the model has to read the whole prompt again.")
        )

    def _fill_profiles(self) -> None:
        default = self._known.default_profile
        words = [self.tr("default ({name})").replace("{name}", isolated(one_line(default))) if default else self.tr("default")]
        values: list[int | None] = [None]
        words += [one_line(profile.name) for profile in self._known.profiles]
        values += [profile.id for profile in self._known.profiles]
        chosen = self._setup.profile
        if chosen is not None and chosen not in values:
            words.append("…")
            values.append(chosen)
        self.profile.clear()
        for word, value in zip(words, values, strict=True):
            self.profile.addItem(" ".join(word.split())[:80], value)
        self.profile.setCurrentIndex(values.index(chosen))

    # ------------------------------------------------------------ changing

    def _set(self, **fields: Any) -> None:
        self._take(msgspec.structs.replace(self._setup, **fields))

    def _take(self, setup: Setup) -> None:
        if setup == self._setup:
            return
        self._setup, self._waiting = setup, True
        names = {book.id: book.name for book in self._known.books}
        self.books.set_books([Named(book, names.get(book, "…")) for book in setup.books])
        self._show_rows()
        self.changed.emit(setup)

    def _members_changed(self, members: Sequence[MemberView]) -> None:
        self._set(members=tuple(Member(member.persona, member.muted) for member in members))

    def _note_changed(self, values: dict[str, Any]) -> None:
        self._set(note=AuthorNote(**values))

    def _fold_clicked(self) -> None:
        self._opened = True

    def book_menu(self) -> QMenu:
        """The lorebooks that are not in this conversation yet."""
        menu = QMenu(self.book_button)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for book in self._known.books:
            if book.id not in self._setup.books:
                action = menu.addAction(one_line(book.name, 80).replace("&", "&&"))
                action.triggered.connect(lambda _=False, book=book.id: self._set(books=(*self._setup.books, book)))
        return menu

    def _choose_book(self) -> None:
        self.book_menu().popup(self.book_button.mapToGlobal(QPoint(0, self.book_button.height())))

    # ------------------------------------------------------------ words

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.title.setText(self.tr("Who takes part"))
        self.add_button.setText(self.tr("Add a persona"))
        self.fold.set_text(self.tr("You, lore and notes"))
        self.books_title.setText(self.tr("Lorebooks"))
        self.book_button.setText(self.tr("Add a lorebook"))
        self.books_link.setText(self.tr("There are no lorebooks yet. Make one"))
        self.profiles_link.setText(self.tr("Say who you are"))
        words = {
            self.speaking: (self.tr("in order"), self.tr("as mentioned"), self.tr("model decides"), self.tr("you decide")),
            self.cards: (self.tr("separate"), self.tr("joined")),
            self.place: (self.tr("fast"), self.tr("to the letter")),
        }
        for box, texts in words.items():
            for place, text in enumerate(texts):
                box.setItemText(place, text)
        self.rows["speaking"].set_words(self.tr("Speaks next"), "")
        self.rows["cards"].set_words(self.tr("Cards"), "")
        self.cards_hint.setText(self.tr("Separate: each knows its own card. Joined: the model sees all of them."))
        self.rows["profile"].set_words(self.tr("You are"), "")
        self.rows["summarize"].set_words(self.tr("Summarise"), self.tr("Write down what no longer fits into the context."))
        self.rows["place"].set_words(self.tr("Lore goes"), "")

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()
            self.books.set_books([])
            self._show(typing=True)


class _BookList(QWidget):
    """The lorebooks of a conversation, each with a cross."""

    removed = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._books: list[Named] = []
        self.lines: list[QWidget] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self.setVisible(False)

    def set_books(self, books: list[Named]) -> None:
        if books == self._books:
            return
        self._books = books
        for line in self.lines:
            self._layout.removeWidget(line)
            line.hide()
            line.deleteLater()
        self.lines = [self._line(book) for book in books]
        self.setVisible(bool(books))

    def _line(self, book: Named) -> QWidget:
        line = QWidget(self)
        cross = IconButton("x", line, size=12)
        hint = self.tr("Take {name} out of this conversation").replace("{name}", isolated(one_line(book.name, 80)))
        cross.setAccessibleName(hint)
        cross.setToolTip(plain_tooltip(hint))
        cross.clicked.connect(lambda: self.removed.emit(book.id))
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(ElidedLabel(one_line(book.name), line), 1)
        row.addWidget(cross)
        self._layout.addWidget(line)
        return line


def _link(parent: QWidget) -> QPushButton:
    button = QPushButton(parent)
    button.setProperty("kind", "link")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    return button
