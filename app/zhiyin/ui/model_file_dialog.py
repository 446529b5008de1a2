"""Asks for a GGUF file."""

from PySide6.QtCore import QStandardPaths, Signal
from PySide6.QtWidgets import QFileDialog, QWidget


class ModelFileDialog(QFileDialog):
    """Opens without blocking; ``chosen`` carries the path, ``filesSelected`` those of several."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None, *, several: bool = False) -> None:
        super().__init__(parent)
        self.setFileMode(QFileDialog.FileMode.ExistingFiles if several else QFileDialog.FileMode.ExistingFile)
        self.setWindowTitle(self.tr("Open a GGUF model"))
        self.setNameFilters([self.tr("GGUF models (*.gguf)"), self.tr("All files (*)")])
        self.setDirectory(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation))
        self.fileSelected.connect(self.chosen)
        self.finished.connect(self.deleteLater)
