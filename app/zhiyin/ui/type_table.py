"""The quantization types to choose from: file size, memory and loss of each, and whether it fits this machine."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from zhiyin.ui.amounts import DASH, percent_text, size_text
from zhiyin.ui.icons import icon, paint_icon
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font
from zhiyin_models.convert.inspection import CONTEXTS, TypeEstimate

RECOMMENDED = "Q4_K_M"
COMMON = frozenset({"BF16", "Q8_0", "Q6_K", "Q5_K_M", RECOMMENDED})
ROW_HEIGHT = 34
HEADER_HEIGHT = 40
BOX = 16  # of the tick
GAP = 3 * STEP
DOT = 8
FIT_CONTEXT = 1  # of CONTEXTS: what fits, fits with so many tokens
MB, GB = 1 << 20, 1 << 30
FROM_GB = int(999.95 * MB)  # bytes from which a column counts in GB
DROPPED_FIRST = ("memory0", "memory2", "hint", "loss")  # columns that leave a narrow table


@dataclass(frozen=True, slots=True)
class Fit:
    """What the free memory allows: a role of the theme, and how full the dot is (0 to 2)."""

    role: str
    dots: int


FITS, TIGHT, TOO_LARGE, UNKNOWN = Fit("jade", 2), Fit("ochre", 1), Fit("accent", 0), Fit("ink.faint", 0)


def fit_of(estimate: TypeEstimate, free: int) -> Fit:
    """Compare with the free memory (bytes; 0 while it is not known)."""
    if not free or not estimate.memory:
        return UNKNOWN
    if estimate.memory[min(FIT_CONTEXT, len(estimate.memory) - 1)] <= free:
        return FITS
    return TIGHT if estimate.memory[0] <= free else TOO_LARGE


def fit_words(fit: Fit) -> str:
    """In one word or two."""
    words = {
        FITS: QCoreApplication.translate("TypeTable", "fits"),
        TIGHT: QCoreApplication.translate("TypeTable", "tight"),
        TOO_LARGE: QCoreApplication.translate("TypeTable", "too large"),
    }
    return words.get(fit, "")


def column_size(size: int) -> str:
    """Bytes in a column: no more than three digits before the point, so that "1,012.1 MB" does not stand above "1.0 GB"."""
    return size_text(max(size, GB) if size >= FROM_GB else size)


class TypeTable(QWidget):
    """One tick box a type; several can be chosen. The common ones first, all of them on demand."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._free = 0
        self._all = False
        self._rows: list[_TypeRow] = []
        self.header = _Header(self)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._layout.addWidget(self.header)
        self.all_button = QPushButton(self)
        self.all_button.setProperty("kind", "fold")
        self.all_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self._layout.addWidget(self.all_button)
        self.all_button.clicked.connect(self._toggle_all)
        theme_signals().changed.connect(self._draw)
        self.retranslateUi()

    def set_types(self, types: Sequence[TypeEstimate], chosen: frozenset[str] = frozenset({RECOMMENDED})) -> None:
        """The estimates of an inspection, and what is ticked."""
        for row in self._rows:
            self._layout.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = [_TypeRow(estimate, self) for estimate in sorted(types, key=lambda one: -one.file)]
        for place, row in enumerate(self._rows):
            row.setChecked(row.estimate.type in chosen)
            row.toggled.connect(self._toggled)
            row.stepped.connect(self._step)
            self._layout.insertWidget(place + 1, row)
        self.retranslateUi()
        self._fold()
        self._arrange()

    def set_free_memory(self, free: int) -> None:
        """Bytes that a model could use now."""
        self._free = free
        self.retranslateUi()
        self._arrange()

    def chosen(self) -> list[TypeEstimate]:
        """What is ticked: first what to chat with, which is the recommended type or else the smallest; then the largest first."""
        ticked = [row.estimate for row in self._rows if row.isChecked()]
        first = next((estimate for estimate in ticked if estimate.type == RECOMMENDED), ticked[-1] if ticked else None)
        return sorted(ticked, key=lambda estimate: estimate is not first)

    def types(self) -> list[TypeEstimate]:
        """Everything that can be ticked, the largest first."""
        return [row.estimate for row in self._rows]

    def rows(self) -> list[QCheckBox]:
        """The tick boxes."""
        return [*self._rows]

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        for row in self._rows:
            row.say(fit_of(row.estimate, self._free))
        self.header.say()
        self.all_button.setText(self.tr("Show only the common types") if self._all else self.tr("Show all types"))
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()
            self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The columns follow the width."""
        super().resizeEvent(event)
        self._arrange()

    def _draw(self) -> None:
        self.all_button.setIcon(icon("caret-up" if self._all else "caret-down", 12))

    def _toggled(self) -> None:
        self._fold()
        self.changed.emit()

    def _toggle_all(self) -> None:
        self._all = not self._all
        self._fold()
        self.retranslateUi()

    def _fold(self) -> None:
        known = {row.estimate.type for row in self._rows}
        few = (known & COMMON) or known
        for row in self._rows:
            row.setVisible(self._all or row.estimate.type in few or row.isChecked())
        self.all_button.setVisible(known != few)

    def _step(self, row: QWidget, by: int) -> None:
        shown = [one for one in self._rows if not one.isHidden()]
        place = next((number for number, one in enumerate(shown) if one is row), 0) + by
        if 0 <= place < len(shown):
            shown[place].setFocus(Qt.FocusReason.TabFocusReason)

    def _arrange(self) -> None:
        """Give every column the width of its widest text; the rest goes to the type's name."""
        metrics = QFontMetrics(ui_font())
        small = QFontMetrics(ui_font(9.0))
        texts = [row.texts for row in self._rows]
        widths = {
            name: max(
                [small.horizontalAdvance(self.header.texts.get(name, "")), *(metrics.horizontalAdvance(text[name]) for text in texts)]
            )
            for name in ("type", "file", "memory0", "memory1", "memory2", "loss", "dot", "hint")
        }
        widths["dot"] = DOT if self._free else 0
        kept = [name for name in widths if widths[name]]
        room = self.width() - BOX - 6 * STEP
        for name in DROPPED_FIRST:
            if sum(widths[one] + GAP for one in kept) <= room:
                break
            if name in kept:
                kept.remove(name)
        spare = max(0, room - sum(widths[name] + GAP for name in kept))
        places: dict[str, tuple[float, float]] = {}
        left = 2.0 * STEP + BOX + 2 * STEP
        share = min(6 * STEP, spare // max(1, len(kept)))
        for name in kept:
            places[name] = (left, float(widths[name]))
            left += widths[name] + GAP + (share if name != "dot" else -STEP)
        self.header.places = places
        self.header.update()
        for row in self._rows:
            row.places = places
            row.update()


def _loss_text(loss: float) -> str:
    """A small loss is not rounded to none."""
    places = 0 if loss == 0 else 2 if abs(loss) < 0.001 else 1
    return percent_text(loss, places, signed=True)


class _Header(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEADER_HEIGHT)
        self.places: dict[str, tuple[float, float]] = {}
        self.texts: dict[str, str] = {}
        self.groups: tuple[str, ...] = ()
        theme_signals().changed.connect(self.update)

    def say(self) -> None:
        self.texts = {
            "type": QCoreApplication.translate("TypeTable", "Type"),
            "file": QCoreApplication.translate("TypeTable", "File"),
            "loss": QCoreApplication.translate("TypeTable", "Loss"),
            **{f"memory{number}": f"{context // 1024}k" for number, context in enumerate(CONTEXTS)},
        }
        self.groups = (
            QCoreApplication.translate("TypeTable", "Memory with a context of"),
            QCoreApplication.translate("TypeTable", "Memory"),
        )
        self.setToolTip(
            QCoreApplication.translate(
                "TypeTable", "Loss is how much perplexity grows over F16, as published for models of several billion parameters."
            )
        )
        self.update()

    def group(self) -> tuple[QRectF, str]:
        """The heading above the columns of memory, and where: never over another column; shorter, or none, where it has no room."""
        memory = [place for name, place in self.places.items() if name.startswith("memory")]
        if not memory:
            return QRectF(), ""
        right = max(left + width for left, width in memory)
        room = right - sum(self.places["file"]) - GAP
        metrics = QFontMetrics(ui_font(9.0))
        shown = next((text for text in self.groups if metrics.horizontalAdvance(text) <= room), "")
        return QRectF(right - room, 0, room, HEADER_HEIGHT / 2), shown

    def paintEvent(self, _event: QPaintEvent) -> None:
        look = theme()
        painter = QPainter(self)
        painter.setFont(ui_font(9.0))
        painter.setPen(look.color("ink.soft"))
        for name, (left, width) in self.places.items():
            align = Qt.AlignmentFlag.AlignLeft if name in ("type", "hint") else Qt.AlignmentFlag.AlignRight
            area = QRectF(left, HEADER_HEIGHT / 2 - 2, width, HEADER_HEIGHT / 2)
            painter.drawText(area, int(align | Qt.AlignmentFlag.AlignVCenter), self.texts.get(name, ""))
        area, group = self.group()
        painter.drawText(area, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), group)
        painter.fillRect(QRectF(0, HEADER_HEIGHT - 1, self.width(), 1), look.color("line"))
        painter.end()


class _TypeRow(QCheckBox):
    """The whole row is the tick box."""

    stepped = Signal(object, int)

    def __init__(self, estimate: TypeEstimate, parent: QWidget) -> None:
        super().__init__(parent)
        self.estimate = estimate
        self.places: dict[str, tuple[float, float]] = {}
        self.texts: dict[str, str] = {}
        self._fit = UNKNOWN
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        theme_signals().changed.connect(self.update)

    def say(self, fit: Fit) -> None:
        estimate, self._fit = self.estimate, fit
        recommended = QCoreApplication.translate("TypeTable", "recommended")
        hints = [words for words in (recommended if estimate.type == RECOMMENDED else "", fit_words(fit)) if words]
        shown = recommended if estimate.type == RECOMMENDED and fit in (FITS, UNKNOWN) else " · ".join(hints)
        loss = DASH if estimate.loss is None else _loss_text(estimate.loss)
        self.texts = {"type": estimate.type, "file": column_size(estimate.file), "loss": loss, "dot": "", "hint": shown}
        for number in range(len(CONTEXTS)):
            self.texts[f"memory{number}"] = column_size(estimate.memory[number]) if number < len(estimate.memory) else DASH
        said = [
            estimate.type,
            QCoreApplication.translate("TypeTable", "file {size}").format(size=self.texts["file"]),
            *(
                QCoreApplication.translate("TypeTable", "{memory} of memory with {context} tokens").format(
                    memory=self.texts[f"memory{number}"], context=context
                )
                for number, context in enumerate(CONTEXTS)
            ),
            QCoreApplication.translate("TypeTable", "loss {loss}").format(loss=loss),
            *hints,
        ]
        self.setAccessibleName(", ".join(said))
        self.setToolTip("\n".join(said))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, ROW_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, ROW_HEIGHT)

    def hitButton(self, pos: object) -> bool:  # noqa: N802, ARG002 - Qt's name; all of it is the button
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        by = steps.get(Qt.Key(event.key()))
        if by is None:
            super().keyPressEvent(event)
        else:
            self.stepped.emit(self, by)

    def paintEvent(self, _event: QPaintEvent) -> None:
        look = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0.5, 1.5, -0.5, -1.5)
        if self.underMouse() or self.hasFocus():
            painter.setPen(look.color("accent") if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(look.color("hover") if self.underMouse() else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area, STEP, STEP)
        self._paint_box(painter)
        painter.setPen(look.color("ink"))
        for name, (left, width) in self.places.items():
            strong = name == "type" and self.estimate.type == RECOMMENDED
            painter.setFont(ui_font(10.5, QFont.Weight.DemiBold if strong else QFont.Weight.Normal))
            painter.setPen(look.color("ink" if name in ("type", "file") else "ink.soft"))
            area = QRectF(left, 0, width, self.height())
            if name == "dot":
                self._paint_dot(painter, left)
            align = Qt.AlignmentFlag.AlignLeft if name in ("type", "hint") else Qt.AlignmentFlag.AlignRight
            flags = int(align | Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextDontClip)
            painter.drawText(area, flags, self.texts[name])
        painter.end()

    def _paint_box(self, painter: QPainter) -> None:
        look = theme()
        box = QRectF(2 * STEP, (self.height() - BOX) / 2, BOX, BOX)
        painter.setPen(look.color("ink" if self.isChecked() else "ink.faint"))
        painter.setBrush(look.color("ink") if self.isChecked() else look.color("raised"))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        if self.isChecked():
            paint_icon(painter, box.adjusted(2, 2, -2, -2), "check-bold", look.color("paper"))

    def _paint_dot(self, painter: QPainter, left: float) -> None:
        if self._fit is UNKNOWN:
            return
        look = theme()
        dot = QRectF(left, (self.height() - DOT) / 2, DOT, DOT)
        painter.setPen(look.color(self._fit.role))
        painter.setBrush(look.color(self._fit.role) if self._fit.dots == FITS.dots else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(dot)
        if self._fit.dots == TIGHT.dots:
            painter.setBrush(look.color(self._fit.role))
            painter.drawPie(dot, 90 * 16, 180 * 16)
