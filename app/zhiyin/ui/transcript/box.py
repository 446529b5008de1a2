"""What all boxes share: a box shows one piece of a turn, guesses its height until it is laid out, and can let its layout go."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from zhiyin.ui.transcript.flow import Piece
from zhiyin.ui.transcript.reading import Reading


class Box:
    """A laid-out piece. Coordinates are logical pixels from the box's own top left corner; heights are whole pixels."""

    def __init__(self, piece: Piece, reading: Reading, *, on_wash: bool) -> None:
        self.piece = piece
        self.reading = reading
        self.on_wash = on_wash
        self.width = 0
        self.height = 0
        self.exact = False  # whether the height is measured, not guessed

    def set_width(self, width: int) -> None:
        """Take a new width of the column; the height is a guess again."""
        inner = max(width - self.piece.indent, 40)
        if inner != self.width:
            self.width = inner
            self.release()
            self.exact = False
            self.height = self.estimate()

    def estimate(self) -> int:
        """The height as far as one can tell without laying out."""
        raise NotImplementedError

    def lay_out(self) -> None:
        """Make the layout, if it is not there, and the height exact."""
        raise NotImplementedError

    def release(self) -> None:
        """Let the layout go; the height stays."""

    def cost(self) -> int:
        """Characters held in layouts, for the cache."""
        return 0

    def paint(self, painter: QPainter, origin: QPointF, clip: QRectF) -> None:
        """Paint at the origin what meets the clip (both in the viewport's coordinates)."""
        raise NotImplementedError

    def link_at(self, place: QPointF) -> str:  # noqa: ARG002 - for those that have links
        """The address of the link at a place, or nothing."""
        return ""

    @property
    def has_links(self) -> bool:
        """Whether there is a link in it."""
        return False

    def link_areas(self) -> list[tuple[str, list[QRectF]]]:
        """The links in their order, each with the areas it takes. Lays the box out."""
        return []

    def paint_scrollbar(self, painter: QPainter, origin: QPointF) -> None:
        """Paint the thin bar of a box that scrolls sideways."""
        track = self.scroll_track
        if track is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.reading.color("ink.faint"))
            part = track.width() / (track.width() + self.scroll_range)
            left = track.left() + track.width() * (1 - part) * self.scroll_x / max(self.scroll_range, 1)
            painter.drawRoundedRect(QRectF(left, track.top(), track.width() * part, track.height()).translated(origin), 2, 2)

    @property
    def scroll_range(self) -> int:
        """How far the content can be scrolled sideways."""
        return 0

    @property
    def scroll_x(self) -> int:
        """How far it is scrolled."""
        return 0

    def scroll_to(self, x: int) -> bool:  # noqa: ARG002 - for those that scroll
        """Scroll sideways; True when something moved."""
        return False

    @property
    def scroll_track(self) -> QRectF | None:
        """Where the sideways scroll bar lies, None while all fits."""
        return None

    @property
    def copy_text(self) -> str:
        """What a copy button on this box copies; nothing where there is no such button."""
        return ""
