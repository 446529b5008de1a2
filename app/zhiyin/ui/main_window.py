"""The window: puts the widgets together, folds the sides, knows the keys. What the widgets emit is connected by controllers."""

import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QByteArray, QEvent, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QWidget

from zhiyin.ui.banner import Banner
from zhiyin.ui.chat_page import ChatPage
from zhiyin.ui.conversation_panel import ConversationPanel
from zhiyin.ui.conversion_page import ConversionPage
from zhiyin.ui.drop_bar import DropBar
from zhiyin.ui.first_run_page import FirstRunPage
from zhiyin.ui.folding_sides import FoldingSides
from zhiyin.ui.models_page import FOOT_HEIGHT, ModelsPage, Tab
from zhiyin.ui.notebook_page import NotebookPage
from zhiyin.ui.personas_page import PersonasPage, PersonasTab
from zhiyin.ui.seal import app_icon
from zhiyin.ui.settings_page import SettingsPage
from zhiyin.ui.sidebar import Sidebar
from zhiyin.ui.tasks_page import TasksPage
from zhiyin.ui.toast import UndoToast

DropPlace = Literal["", "conversion", "personas", "tasks"]
STATE_VERSION = 1
UNDO_SECONDS = 8.0
PART_OF_CHECKPOINT = re.compile(r"\.(?:safetensors|bin)$|(?:^|[\\/])(?:adapter_)?config\.json$", re.IGNORECASE)
CARD_FILE = re.compile(r"\.(?:png|apng|charx|json)$", re.IGNORECASE)
OTHER_FILE = re.compile(r"\.[a-z]{2,5}$", re.IGNORECASE)  # told by its name alone: the disk is not asked while something is dragged


class MainWindow(QMainWindow):
    """Its parts are attributes.

    ``conversations``, ``header``, ``transcript``, ``composer``, ``footer``, ``panel``, ``banner``, ``toast``, ``drop_bar``,
    ``settings_page``, ``conversion_page``, ``models_page``, ``personas_page``, ``tasks_page``, ``notebook_page``, ``first_run`` and the
    stack ``pages`` that holds them.
    """

    closing = Signal()
    models_dropped = Signal(object)  # list[str]: all model files that were dropped at once
    files_dropped = Signal(object, str)  # list[str]: all else that was dropped at once; the name of the page (``DropPlace``)
    folders_dropped = Signal(object)  # list[str]: of these, what may be a checkpoint or an adapter
    cards_dropped = Signal(object)  # list[str]: of these, what may be cards or books, and folders of them

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(420, 400)
        self.resize(1080, 720)
        self.setAcceptDrops(True)
        self.setWindowIcon(app_icon())
        self.sidebar = Sidebar()
        self.chat = ChatPage()
        self.panel = ConversationPanel()
        self.settings_page = SettingsPage()
        self.conversion_page = ConversionPage()
        self.models_page = ModelsPage()
        self.personas_page = PersonasPage()
        self.tasks_page = TasksPage()
        self.notebook_page = NotebookPage()
        self.first_run = FirstRunPage()
        self.pages = QStackedWidget()
        self._others = (
            self.settings_page,
            self.conversion_page,
            self.models_page,
            self.personas_page,
            self.tasks_page,
            self.notebook_page,
        )
        for page in (self.chat, self.first_run, *self._others):
            self.pages.addWidget(page)
        self.sides = FoldingSides(self.sidebar, self.pages, self.panel)
        self.setCentralWidget(self.sides)
        self.toast = UndoToast(self.pages)
        self.drop_bar = DropBar(self.pages)
        self.conversations = self.sidebar.conversations
        self.header = self.chat.header
        self.banner = Banner()
        self.chat.banner_slot.take(self.banner)
        self.transcript, self.empty_state = self.chat.transcript, self.chat.empty_state
        self.composer, self.footer = self.chat.composer, self.chat.footer
        self._home: QWidget = self.chat
        self._may_leave: Callable[[bool], bool] | None = None
        self._quitting = False
        self._deleted: list[int] = []  # what the toast can bring back
        self._actions = self._make_actions()
        self._connect()
        self.retranslateUi()
        self.composer.setFocus()

    def _make_actions(self) -> dict[str, QAction]:
        def go(by: int) -> None:
            self.conversations.step(by)

        actions = {}
        for name, keys, does in (
            ("new", "Ctrl+N", self.conversations.new_requested.emit),
            ("sidebar", "Ctrl+B", self.toggle_sidebar),
            ("panel", "Ctrl+.", self.toggle_panel),
            ("settings", "Ctrl+,", self.show_settings),
            ("models", "Ctrl+M", self.show_models),
            ("personas", "Ctrl+P", self.show_personas),
            ("tasks", "Ctrl+T", self.show_tasks),
            ("notebook", "Ctrl+J", self.show_notebook),
            ("composer", "Ctrl+L", self.focus_composer),
            ("rename", "F2", self._rename),
            ("previous", "Ctrl+Up", lambda: go(-1)),
            ("next", "Ctrl+Down", lambda: go(1)),
            ("quit", "Ctrl+Q", self.quit),
        ):
            action = QAction(self)
            action.setShortcut(QKeySequence(keys))
            action.triggered.connect(lambda _checked=False, act=does: act())
            self.addAction(action)
            actions[name] = action
        return actions

    def _connect(self) -> None:
        self.pages.currentChanged.connect(self._raise_overlays)
        self.header.sidebar_toggled.connect(self.toggle_sidebar)
        self.first_run.sidebar_toggled.connect(self.toggle_sidebar)
        self.header.panel_toggled.connect(self.toggle_panel)
        self.panel.close_requested.connect(self.toggle_panel)
        self.sidebar.settings_requested.connect(self.show_settings)
        self.sidebar.conversion_requested.connect(self.show_conversion)
        self.header.model_chooser.conversion_requested.connect(self.show_conversion)
        self.sidebar.models_requested.connect(self.show_models)
        self.sidebar.personas_requested.connect(self.show_personas)
        self.sidebar.tasks_requested.connect(self.show_tasks)
        self.sidebar.notebook_requested.connect(self.show_notebook)
        for page in self._others:
            page.back_requested.connect(self.show_home)
        self.conversations.selected.connect(self._go_home)
        self.conversations.new_requested.connect(self._go_home)
        self.conversations.delete.connect(self._offer_undo)
        self.pages.currentChanged.connect(self._page_changed)
        self.toast.action.connect(self._undo)
        self.toast.expired.connect(self._deleted.clear)

    # ------------------------------------------------------------ pages

    def set_first_run(self, needed: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """Whether there is no model yet: then the first-run page stands where the chat would."""
        was_home = self.pages.currentWidget() is self._home
        self._home = self.first_run if needed else self.chat
        if was_home:
            self.show_home()

    def show_empty(self, empty: bool) -> None:  # noqa: FBT001 - the same
        """Whether the conversation has no turns."""
        self.chat.show_empty(empty)

    def show_home(self) -> None:
        """The chat, or the first-run page while there is no model."""
        self.pages.setCurrentWidget(self._home)
        if self._home is self.chat:
            self.focus_composer()
        else:
            self.first_run.focus_offer()

    def show_settings(self) -> None:
        """The settings."""
        self.sides.close_overlay()
        self.pages.setCurrentWidget(self.settings_page)

    def show_conversion(self) -> None:
        """The page where checkpoints become models."""
        self.sides.close_overlay()
        self.pages.setCurrentWidget(self.conversion_page)

    def show_models(self, tab: Tab | None = None) -> None:
        """The page of models, at one of its views."""
        self.sides.close_overlay()
        if tab is not None:
            self.models_page.show_tab(tab)
        self.pages.setCurrentWidget(self.models_page)

    def show_personas(self, tab: PersonasTab | None = None) -> None:
        """The page of personas, at one of its views."""
        self.sides.close_overlay()
        if tab is not None:
            self.personas_page.show_tab(tab)
        self.pages.setCurrentWidget(self.personas_page)

    def show_tasks(self) -> None:
        """The page of tasks."""
        self.sides.close_overlay()
        self.pages.setCurrentWidget(self.tasks_page)

    def show_notebook(self) -> None:
        """The page where plain text is continued."""
        self.sides.close_overlay()
        self.pages.setCurrentWidget(self.notebook_page)

    def focus_composer(self) -> None:
        """Write."""
        if self.pages.currentWidget() is not self._home:
            self.pages.setCurrentWidget(self._home)
        self.composer.setFocus()

    def toggle_sidebar(self) -> None:
        """Fold or unfold the list of conversations."""
        self.sides.show_left(not self.sides.left_shown())

    def toggle_panel(self) -> None:
        """Fold or unfold the conversation's settings."""
        if self.pages.currentWidget() is not self.chat:
            return
        self.sides.show_right(not self.sides.right_shown())

    # ------------------------------------------------------------ state

    def save_state(self) -> bytes:
        """Place, size and folded sides, for ``restore_state``."""
        left, right = self.sides.state()
        geometry = self.saveGeometry().data()
        return bytes([STATE_VERSION, left, right]) + zlib.crc32(geometry).to_bytes(4, "big") + geometry

    def restore_state(self, state: bytes) -> bool:
        """As ``save_state`` gave it; anything else changes nothing and gives False."""
        check, geometry = state[3:7], state[7:]
        if not geometry or state[0] != STATE_VERSION or zlib.crc32(geometry).to_bytes(4, "big") != check:
            return False  # Qt itself takes half a state for a whole one
        if not self.restoreGeometry(QByteArray(geometry)):
            return False
        self.sides.set_state(bool(state[1]), bool(state[2]))
        return True

    # ------------------------------------------------------------ events

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.setWindowTitle(self.tr("Zhiyin"))
        names = {
            "new": self.tr("New conversation"),
            "sidebar": self.tr("Conversations"),
            "panel": self.tr("Settings of this conversation"),
            "settings": self.tr("Settings"),
            "models": self.tr("Models"),
            "personas": self.tr("Personas"),
            "tasks": self.tr("Tasks"),
            "notebook": self.tr("Notebook"),
            "composer": self.tr("Write"),
            "rename": self.tr("Rename"),
            "previous": self.tr("Previous conversation"),
            "next": self.tr("Next conversation"),
            "quit": self.tr("Quit"),
        }
        for name, text in names.items():
            self._actions[name].setText(text)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "_actions"):
            self.retranslateUi()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves what is open, and otherwise stops the reply."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.sides.close_overlay():
            self.composer.setFocus()
        elif self.pages.currentWidget() in self._others:
            self.show_home()
        else:
            self.composer.stop()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A model file, a checkpoint, a card or a task may be dropped anywhere."""
        others = self._dropped_others(event)
        if others or _dropped_models(event):
            event.acceptProposedAction()
            self.conversion_page.set_hovered(bool(others))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """It goes elsewhere."""
        self.conversion_page.set_hovered(False)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Model files go by their names; what the others are is for a controller to find out: the disk is not asked here."""
        self.conversion_page.set_hovered(False)
        models, others = _dropped_models(event), self._dropped_others(event)
        if models or others:
            event.acceptProposedAction()
        if others:
            self.files_dropped.emit(others, self._drop_place())
        if models:
            self.models_dropped.emit(models)

    def closeEvent(self, event: QCloseEvent) -> None:
        """What is still waiting to be saved is announced first."""
        self.composer.flush_draft()
        self.panel.flush()
        self.settings_page.flush()
        if self._may_leave is not None and not self._may_leave(self._quitting):
            event.ignore()
            return
        self.closing.emit()
        super().closeEvent(event)

    def set_leave_check(self, may_leave: Callable[[bool], bool] | None) -> None:
        """``may_leave`` says whether the window may be closed now; its argument is whether the whole app is to be ended."""
        self._may_leave = may_leave

    def quit(self) -> None:
        """End the app, unless something speaks against it."""
        self._quitting = True
        self.close()
        self._quitting = False

    # ------------------------------------------------------------ inner

    def _rename(self) -> None:
        if self.pages.currentWidget() is self.models_page:
            if self.models_page.tab == "library":
                self.models_page.library.rename_chosen()
            return
        chosen = self.conversations.chosen()
        if chosen and self.sides.left_shown():
            self.conversations.edit_title(chosen)
        else:
            self.header.edit_title()

    def _raise_overlays(self) -> None:
        """A page built on first use comes to lie above them."""
        self.toast.raise_()
        self.drop_bar.raise_()

    def _page_changed(self) -> None:
        page = self.pages.currentWidget()
        if isinstance(page, ChatPage | FirstRunPage) or page in self._others:
            page.banner_slot.take(self.banner)
        on_chat = page is self.chat
        self.sides.allow_right(on_chat)
        self.toast.set_clearance(self.chat.bottom_height() if on_chat else FOOT_HEIGHT if page is self.models_page else 0)

    def _dropped_others(self, event: QDropEvent) -> list[str]:
        """What is being dragged and may be a checkpoint, an adapter, a card, a book, a task, or a folder of them."""
        models = set(_dropped_models(event))
        paths = [path for url in event.mimeData().urls() if (path := url.toLocalFile()) and path not in models]
        if self.pages.currentWidget() is self.conversion_page:
            return paths
        return [path for path in paths if PART_OF_CHECKPOINT.search(path) or CARD_FILE.search(path) or not OTHER_FILE.search(path)]

    def _drop_place(self) -> DropPlace:
        page = self.pages.currentWidget()
        if page is self.conversion_page:
            return "conversion"
        return "personas" if page is self.personas_page else "tasks" if page is self.tasks_page else ""

    def _go_home(self, _conversation: int = 0) -> None:
        self.sides.close_overlay()
        self.show_home()

    def _offer_undo(self, conversation: int) -> None:
        deleted = [*self._deleted, conversation]
        self._page_changed()
        self.toast.show_message(lambda: self._deleted_words(len(deleted)), lambda: self.tr("Undo"), UNDO_SECONDS)
        self._deleted[:] = deleted

    def _deleted_words(self, count: int) -> str:
        return self.tr("Conversation deleted") if count == 1 else self.tr("Conversations deleted: {count}").format(count=count)

    def _undo(self) -> None:
        deleted = list(self._deleted)
        self._deleted.clear()
        for conversation in reversed(deleted):
            self.conversations.undo_delete.emit(conversation)


def _dropped_models(event: QDropEvent) -> list[str]:
    """The local .gguf files that are being dragged."""
    paths = (url.toLocalFile() for url in event.mimeData().urls())
    return [path for path in paths if path and Path(path).suffix.lower() == ".gguf"]
