"""Who the user is: the profiles."""

from PySide6.QtWidgets import QWidget


class ProfilesView(QWidget):
    """Builds itself when it is first shown."""
