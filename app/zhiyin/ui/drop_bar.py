"""A quiet question over the page: what is to be done with model files that were dropped. Enter uses them where they lie."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.form_controls import Switch
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.long_lines import break_long_words
from zhiyin.ui.theme import STEP

WIDTH = 520
MARGIN = 4 * STEP


class DropBar(QFrame):
    """Lies over its parent, centred near the top; the page behind it can be used meanwhile."""

    chosen = Signal(list, bool, bool)  # paths, whether to copy, whether that is to be remembered

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self._paths: list[str] = []
        self._before: QWidget | None = None  # had the focus
        self.setProperty("card", True)
        self.label = QLabel(self)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setWordWrap(True)
        self.close_button = IconButton("x", self, size=14)
        self.place_button = QPushButton(self)
        self.place_button.setProperty("kind", "primary")
        self.copy_button = QPushButton(self)
        for button in (self.place_button, self.copy_button):
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.setAutoDefault(True)  # Enter presses it
        self.remember = Switch(self)
        self.remember_label = QLabel(self)
        self.remember_label.setProperty("tone", "soft")
        self.remember_label.setBuddy(self.remember)
        self._buttons = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._buttons.setSpacing(2 * STEP)
        self._buttons.addWidget(self.place_button)
        self._buttons.addWidget(self.copy_button)
        self._buttons.addStretch(1)
        top = QHBoxLayout()
        top.setSpacing(2 * STEP)
        top.addWidget(self.label, 1)
        top.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4 * STEP, 3 * STEP, 3 * STEP, 3 * STEP)
        layout.setSpacing(3 * STEP)
        layout.addLayout(top)
        layout.addLayout(self._buttons)
        row = QHBoxLayout()
        row.setSpacing(2 * STEP)
        row.addWidget(self.remember)
        row.addWidget(self.remember_label, 1)
        layout.addLayout(row)
        self.place_button.clicked.connect(lambda: self._answer(copy=False))
        self.copy_button.clicked.connect(lambda: self._answer(copy=True))
        self.close_button.clicked.connect(self.close_bar)
        parent.installEventFilter(self)
        self.hide()
        self.retranslateUi()

    def offer(self, paths: Sequence[str]) -> None:
        """Ask about these, and about those that are asked about already."""
        if not self.isVisible():
            self._paths = []
            self._before = self.window().focusWidget()
            self.remember.setChecked(False)
        self._paths = list(dict.fromkeys([*self._paths, *paths]))
        self.retranslateUi()
        self.show()
        self.raise_()
        self.place_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def paths(self) -> list[str]:
        """What is asked about; empty when nothing is."""
        return list(self._paths) if self.isVisible() else []

    def close_bar(self) -> None:
        """Do nothing with them."""
        if not self.isVisible():
            return
        focused = self.window().focusWidget()
        inside = focused is not None and self.isAncestorOf(focused)
        self.hide()
        if inside and self._before is not None and self._before.isVisible():
            self._before.setFocus()

    def _answer(self, *, copy: bool) -> None:
        paths, remember = self._paths, self.remember.isChecked()
        self.close_bar()
        self.chosen.emit(paths, copy, remember)

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        if len(self._paths) == 1:
            name = self._paths[0].replace("\\", "/").rsplit("/", 1)[-1]
            said = self.tr("What is to be done with “{name}”?").format(name=break_long_words(name[:120]))
        else:
            said = self.tr("What is to be done with these {count} models?").format(count=len(self._paths))
        self.label.setText(said)
        self.setAccessibleName(said)
        self.place_button.setText(self.tr("Use in place"))
        self.copy_button.setText(self.tr("Copy into the models folder"))
        self.remember_label.setText(self.tr("Do this from now on"))
        self.remember.setAccessibleName(self.tr("Do this from now on"))
        self.close_button.set_hint(self.tr("Do nothing"), "Esc")
        self._place()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc does nothing with them; Enter uses them in place, whatever has the focus here."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._answer(copy=False)
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in place when the window's size changes."""
        if watched is self._over and event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        width = min(WIDTH, self._over.width() - 2 * MARGIN)
        both = self.place_button.sizeHint().width() + self.copy_button.sizeHint().width() + 10 * STEP
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._buttons.setDirection(across if both <= width else down)
        self.setFixedWidth(width)
        layout = self.layout()
        height = max(self.sizeHint().height(), layout.heightForWidth(width) if layout is not None else 0)
        self.setGeometry((self._over.width() - width) // 2, 15 * STEP, width, height)
