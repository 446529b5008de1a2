"""Above the transcript: who answers, the title, the model, the device, and the buttons that fold the sides away."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QSizePolicy, QToolButton, QWidget

from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.model_chooser import ModelChooser
from zhiyin.ui.pictures import pictures
from zhiyin.ui.theme import STEP, theme_signals, ui_font
from zhiyin.ui.tokens import HEADER_HEIGHT
from zhiyin.ui.tooltip import plain_tooltip

SEAL_SIZE = 24
DEVICE_FROM_WIDTH = 680


class ChatHeader(QWidget):
    """Emits what was asked for; titles and models change when the owner sets them."""

    title_edited = Signal(str)
    delete_requested = Signal()
    unload_requested = Signal()
    sidebar_toggled = Signal()
    panel_toggled = Signal()
    seal_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEADER_HEIGHT)
        self.sidebar_button = IconButton("list", self)
        self.panel_button = IconButton("sliders-horizontal", self)
        self.menu_button = IconButton("dots-three", self)
        self.seal = _Seal(self)
        self.seal.setFixedSize(SEAL_SIZE, SEAL_SIZE)
        self.title = ElidedLabel(parent=self)
        self.title.setFont(ui_font(11.5))
        self.title.setCursor(Qt.CursorShape.IBeamCursor)
        self.title_editor = _TitleEditor(self)
        self.title_editor.hide()
        self.model_chooser = ModelChooser(self)
        self.device = QLabel(self)
        self.device.setTextFormat(Qt.TextFormat.PlainText)
        self.device.setProperty("tone", "soft")
        self._character = ""
        self._seal_color = "accent"
        self._picture = ""
        self._conversation = False
        self._lay_out()
        self._build_menu()
        self.title.clicked.connect(self.edit_title)
        self.title_editor.accepted.connect(self._title_accepted)
        self.title_editor.editingFinished.connect(self._end_editing)
        self.sidebar_button.clicked.connect(self.sidebar_toggled)
        self.panel_button.clicked.connect(self.panel_toggled)
        self.seal.clicked.connect(self.seal_clicked)
        theme_signals().changed.connect(self._draw)
        pictures().arrived.connect(self._picture_arrived)
        self.set_title("", editable=False)
        self.retranslateUi()

    def _lay_out(self) -> None:
        self.title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * STEP, 0, 2 * STEP, 0)
        layout.setSpacing(2 * STEP)
        layout.addWidget(self.sidebar_button)
        layout.addWidget(self.seal)
        layout.addWidget(self.title, 3)
        layout.addWidget(self.title_editor, 3)
        layout.addWidget(self.model_chooser, 4)
        layout.addWidget(self.device)
        layout.addWidget(self.panel_button)
        layout.addWidget(self.menu_button)

    def _build_menu(self) -> None:
        menu = QMenu(self)
        self.rename_action = QAction(self)
        self.unload_action = QAction(self)
        self.delete_action = QAction(self)
        self.rename_action.triggered.connect(self.edit_title)
        self.unload_action.triggered.connect(self.unload_requested)
        self.delete_action.triggered.connect(self.delete_requested)
        menu.addActions([self.rename_action, self.unload_action])
        menu.addSeparator()
        menu.addAction(self.delete_action)
        self.menu_button.setMenu(menu)
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def set_title(self, title: str, *, editable: bool = True) -> None:
        """The conversation's title; not editable while there is no conversation to rename."""
        self._conversation = editable
        self.title.setText(title)
        self.title.setVisible(bool(title) and not self.title_editor.isVisible())
        self.rename_action.setEnabled(editable)
        self.delete_action.setEnabled(editable)
        self._show_seal()

    def set_seal(self, character: str, color: str = "accent", *, picture: str = "", name: str = "") -> None:
        """The persona's seal, or its picture; an empty character shows none."""
        self._character, self._seal_color, self._picture = character, color, picture
        self.seal.setToolTip(plain_tooltip(name))
        self.seal.setAccessibleName(name)
        self._draw()

    def set_device(self, text: str, tooltip: str = "") -> None:
        """Where the model's layers lie, for example "GPU 36/36"; an empty text hides it."""
        self.device.setText(text)
        self.device.setToolTip(plain_tooltip(tooltip))
        self._fit()

    def set_model_loaded(self, loaded: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """Whether there is a model to unload."""
        self.unload_action.setEnabled(loaded)

    def edit_title(self) -> None:
        """Turn the title into a field."""
        if not self._conversation:
            return
        self.title_editor.setText(self.title.text())
        self.title.hide()
        self.title_editor.show()
        self.title_editor.selectAll()
        self.title_editor.setFocus()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.sidebar_button.set_hint(self.tr("Conversations"), "Ctrl+B")
        self.panel_button.set_hint(self.tr("Settings of this conversation"), "Ctrl+.")
        self.menu_button.set_hint(self.tr("More"))
        self.rename_action.setText(self.tr("Rename"))
        self.rename_action.setShortcut("F2")
        self.rename_action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # shown here, handled by the window
        self.unload_action.setText(self.tr("Unload the model"))
        self.delete_action.setText(self.tr("Delete this conversation"))
        self.title_editor.setAccessibleName(self.tr("Title"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The device gives way first."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.device.setVisible(bool(self.device.text()) and self.width() >= DEVICE_FROM_WIDTH)

    def _draw(self) -> None:
        shown = bool(self._character)
        drawn = pictures().pixmap(self._picture, SEAL_SIZE, seal=self._character, color=self._seal_color) if shown else QPixmap()
        self.seal.setPixmap(drawn)
        self._show_seal()

    def _picture_arrived(self, picture: str) -> None:
        if picture == self._picture:
            self._draw()

    def _show_seal(self) -> None:
        self.seal.setVisible(bool(self._character))

    def _title_accepted(self) -> None:
        title = " ".join(self.title_editor.text().split())
        changed = bool(title) and title != self.title.text()
        self._end_editing()
        if changed:
            self.title_edited.emit(title)

    def _end_editing(self) -> None:
        self.title_editor.hide()
        self.title.setVisible(bool(self.title.text()))


class _Seal(QLabel):
    """Who answers; a click leads to the others."""

    clicked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()
        super().mouseReleaseEvent(event)


class _TitleEditor(QLineEdit):
    """Enter accepts, Esc and leaving do not."""

    accepted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setMaxLength(200)
        self.returnPressed.connect(self.accepted)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            self.editingFinished.emit()
        else:
            super().keyPressEvent(event)
