"""The page of personas: who can answer, what they know, and who the user is."""

from typing import Literal

from PySide6.QtWidgets import QWidget

from zhiyin.ui.books_view import BooksView
from zhiyin.ui.persona_view import PersonaView
from zhiyin.ui.profiles_view import ProfilesView
from zhiyin.ui.tabbed_page import TabbedPage

PersonasTab = Literal["personas", "books", "profiles"]


class PersonasPage(TabbedPage[PersonasTab]):
    """Three views under one bar: ``personas``, ``books``, ``profiles``. Each builds itself when it is first shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.personas = PersonaView(self)
        self.books = BooksView(self)
        self.profiles = ProfilesView(self)
        self.set_views({"personas": self.personas, "books": self.books, "profiles": self.profiles})

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.back_button.set_hint(self.tr("Back"), "Esc")
        self.heading.setText(self.tr("Personas"))
        self.tabs["personas"].setText(self.tr("Who answers"))
        self.tabs["books"].setText(self.tr("Lorebooks"))
        self.tabs["profiles"].setText(self.tr("Who you are"))
