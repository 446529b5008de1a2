"""The gallery of personas, and the editor of one."""

from PySide6.QtWidgets import QWidget


class PersonaView(QWidget):
    """Builds itself when it is first shown."""
