"""The steps of a job in one line: the one that runs in ink, the others soft."""

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font
from zhiyin_models.work import Stage

POINTS = 9.5


def stage_text(stage: Stage) -> str:
    """A stage in a word or two."""
    return {
        Stage.READ: QCoreApplication.translate("StageLine", "Reading"),
        Stage.CONVERT: QCoreApplication.translate("StageLine", "Converting"),
        Stage.PROVE: QCoreApplication.translate("StageLine", "Proving the tokenizer"),
        Stage.CALIBRATE: QCoreApplication.translate("StageLine", "Calibrating"),
        Stage.EVALUATE: QCoreApplication.translate("StageLine", "Measuring"),
        Stage.DOWNLOAD: QCoreApplication.translate("StageLine", "Downloading"),
        Stage.WAIT: QCoreApplication.translate("StageLine", "Waiting for the network"),
        Stage.HASH: QCoreApplication.translate("StageLine", "Checking"),
        Stage.COPY: QCoreApplication.translate("StageLine", "Copying"),
        Stage.MEASURE: QCoreApplication.translate("StageLine", "Measuring the speed"),
        Stage.SMOKE: QCoreApplication.translate("StageLine", "Trying it out"),
    }.get(stage, str(stage))


class StageLine(QWidget):
    """Shows only the running step where there is no room for all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stages: list[Stage] = []
        self._current: Stage | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme_signals().changed.connect(self.update)

    def set_stages(self, stages: Sequence[Stage], current: Stage | None) -> None:
        """All steps in order, and the one that runs."""
        listed = list(stages)
        if current is not None and current not in listed:
            listed.append(current)
        if (listed, current) != (self._stages, self._current):
            self._stages, self._current = listed, current
            self.retranslateUi()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.setAccessibleName(stage_text(self._current) if self._current is not None else "")
        self.updateGeometry()
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(200, QFontMetrics(ui_font(POINTS)).height() + STEP)

    def minimumSizeHint(self) -> QSize:
        """The same height."""
        return QSize(40, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Words between small dots."""
        look = theme()
        painter = QPainter(self)
        strong, plain = ui_font(POINTS, QFont.Weight.DemiBold), ui_font(POINTS)
        shown = self._stages
        gap = 4 * STEP

        def width(stage: Stage) -> int:
            return QFontMetrics(strong if stage == self._current else plain).horizontalAdvance(stage_text(stage))

        if sum(width(stage) + gap for stage in shown) - gap > self.width():
            shown = [stage for stage in shown if stage == self._current]
        left = 0.0
        for number, stage in enumerate(shown):
            if number:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(look.color("ink.faint"))
                painter.drawEllipse(QRectF(left - gap / 2 - 1.5, self.height() / 2 - 1.5, 3, 3))
            painter.setFont(strong if stage == self._current else plain)
            painter.setPen(look.color("ink" if stage == self._current else "ink.soft"))
            text = painter.fontMetrics().elidedText(stage_text(stage), Qt.TextElideMode.ElideRight, int(self.width() - left))
            painter.drawText(QRectF(left, 0, self.width() - left, self.height()), int(Qt.AlignmentFlag.AlignVCenter), text)
            left += width(stage) + gap
        painter.end()
