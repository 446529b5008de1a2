"""A field for plain text of any kind: what is pasted loses its looks, and a very long line does not stop the window."""

from PySide6.QtCore import QMimeData
from PySide6.QtWidgets import QPlainTextEdit

from zhiyin.ui.long_lines import break_long_lines, mend_long_lines

LONGEST_PLACEHOLDER = 2_000  # characters


class PlainTextField(QPlainTextEdit):
    """Breaks very long lines for display only: ``text`` and what is copied are as they were written."""

    def text(self) -> str:
        """What is written, as it is."""
        return mend_long_lines(self.toPlainText())

    def set_text(self, text: str) -> None:
        """Replace what is written."""
        self.setPlainText(break_long_lines(text))

    def set_placeholder(self, text: str) -> None:
        """What stands there while nothing is written; as much of it as can be seen."""
        self.setPlaceholderText(break_long_lines(text[:LONGEST_PLACEHOLDER]))

    def createMimeDataFromSelection(self) -> QMimeData:  # noqa: N802 - Qt's name
        """Copy what was written, without the breaks for display."""
        data = QMimeData()
        data.setText(mend_long_lines(self.textCursor().selection().toPlainText()))
        return data

    def insertFromMimeData(self, source: QMimeData) -> None:  # noqa: N802 - Qt's name
        """Paste as plain text."""
        if source.hasText():
            self.insertPlainText(break_long_lines(source.text()))
            self.ensureCursorVisible()
