"""The standalone lorebooks, and the editor of one."""

from PySide6.QtWidgets import QWidget


class BooksView(QWidget):
    """Builds itself when it is first shown."""
