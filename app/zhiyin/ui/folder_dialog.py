"""Asks for a folder, or for a file that belongs to a conversion."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget


class FolderDialog(QFileDialog):
    """Opens without blocking; ``chosen`` carries the path. ``folder`` is where it begins: the last one that was chosen."""

    chosen = Signal(str)

    def __init__(self, title: str, parent: QWidget | None = None, *, folder: str = "", files: tuple[str, ...] = ()) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        if files:
            self.setFileMode(QFileDialog.FileMode.ExistingFile)
            self.setNameFilters([*files])
        else:
            self.setFileMode(QFileDialog.FileMode.Directory)
            self.setOption(QFileDialog.Option.ShowDirsOnly, on=True)
        if folder:
            self.setDirectory(folder)
        self.fileSelected.connect(self.chosen)
        self.finished.connect(self.deleteLater)
