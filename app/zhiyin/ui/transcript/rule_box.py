"""A thematic break: a short line."""

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from zhiyin.ui.transcript.box import Box


class RuleBox(Box):
    """A hairline over a third of the column."""

    def estimate(self) -> int:
        """One pixel."""
        return 1

    def lay_out(self) -> None:
        """Nothing to lay out."""
        self.exact = True

    def paint(self, painter: QPainter, origin: QPointF, clip: QRectF) -> None:  # noqa: ARG002 - too small to clip
        """Paint the line."""
        painter.fillRect(QRectF(origin.x(), origin.y(), self.width, 1), self.reading.color("line"))
