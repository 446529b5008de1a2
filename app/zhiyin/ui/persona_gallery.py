"""The widgets of the gallery: tools above, the personas, and what can be done with the chosen ones at the foot."""

from functools import partial

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QLineEdit, QMenu, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from zhiyin.ui.amounts import count_text
from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.foreign_text import one_line
from zhiyin.ui.form_controls import ChoiceBox
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.icons import icon
from zhiyin.ui.persona_list import PersonaList
from zhiyin.ui.persona_values import CHANGE, CHARX, CHAT, DELETE, DUPLICATE, EDIT, JOIN, JSON1, JSON2, JSON3, PNG, RESET, Order, PersonaItem
from zhiyin.ui.theme import STEP, theme_signals

ONE_LINE = 620  # at this width and above the tools stand in one line
WIDE_FOOT = 560
LONGEST_TAG = 30  # characters in the filter


class PersonaGallery(QWidget):
    """Filled and heard by ``PersonaView``."""

    acted = Signal(str)  # an action, for the chosen personas
    export_wanted = Signal(str)  # a format, for the chosen personas
    import_files_wanted = Signal()
    import_folder_wanted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._tags: list[str] = []
        self.search = QLineEdit(self)
        self.search.setClearButtonEnabled(True)
        self.tag = ChoiceBox(self)
        self.tag.setMaximumWidth(45 * STEP)
        self.sort = ChoiceBox(self)
        for order in Order:
            self.sort.addItem("", order)
        self.import_button = QPushButton(self)
        self.new_button = QPushButton(self)
        self.list = PersonaList(self)
        self.nothing = _Nothing(self)
        self.foot = _Foot(self)
        for button in (self.import_button, self.new_button):
            button.setCursor(Qt.CursorShape.PointingHandCursor)
        self._lay_out()
        self.import_button.clicked.connect(self._show_import_menu)
        self.foot.acted.connect(self.acted)
        self.foot.more_button.clicked.connect(self._show_foot_menu)
        self.list.menu_requested.connect(self.show_menu)
        self.retranslateUi()

    def _lay_out(self) -> None:
        self._first, self._second = QHBoxLayout(), QHBoxLayout()
        self._tools = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        for row in (self._first, self._second, self._tools):
            row.setSpacing(2 * STEP)
        self._first.addWidget(self.search, 1)
        self._second.addWidget(self.tag)
        self._second.addWidget(self.sort)
        self._second.addStretch(1)
        self._second.addWidget(self.import_button)
        self._second.addWidget(self.new_button)
        self._tools.addLayout(self._first, 1)
        self._tools.addLayout(self._second)
        above = QVBoxLayout()
        above.setContentsMargins(4 * STEP, STEP, 4 * STEP, 2 * STEP)
        above.addLayout(self._tools)
        body = QVBoxLayout()
        body.setContentsMargins(2 * STEP, 0, 0, 0)
        body.addWidget(self.list, 1)
        body.addWidget(self.nothing, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(above)
        layout.addLayout(body, 1)
        layout.addWidget(self.foot)

    # ------------------------------------------------------------ what is shown

    def show_state(self) -> None:
        """The chosen ones at the foot; a sentence where there is nothing to be seen."""
        rows, chosen = self.list.rows, self.list.chosen()
        shown = rows.rowCount() > 0
        if not shown and self.list.hasFocus():
            self.search.setFocus()  # Qt would give it to whatever is next
        self.list.setVisible(shown)
        self.nothing.setVisible(not shown)
        searched = self.search.text().strip() or self.chosen_tag()
        self.nothing.set_state(searched if rows.items() else "")
        first = rows.at(chosen[0]) if chosen else None
        self.foot.set_chosen(first, len(chosen))

    def show_tags(self) -> None:
        """The tags there are now, in the filter."""
        tags = self.list.rows.tags()
        if tags == self._tags:
            return
        chosen = self.chosen_tag()
        self._tags = tags
        blocked = self.tag.blockSignals(True)
        self.tag.clear()
        self.tag.addItem(self.tr("All tags"), "")
        for tag in tags:
            self.tag.addItem(tag if len(tag) <= LONGEST_TAG else f"{tag[:LONGEST_TAG]}…", tag)
        self.tag.setCurrentIndex(max(0, self.tag.findData(chosen)))
        self.tag.blockSignals(blocked)
        self.tag.setEnabled(bool(tags))
        if self.chosen_tag() != chosen:
            self.list.rows.set_tag("")

    def chosen_tag(self) -> str:
        """The tag that is filtered by, or ""."""
        return str(self.tag.currentData() or "")

    # ------------------------------------------------------------ menus

    def show_menu(self, at: QPoint) -> None:
        """What can be done with the chosen ones."""
        rows, chosen = self.list.rows, self.list.chosen()
        item = rows.at(chosen[0]) if chosen else None
        if item is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def add(into: QMenu, words: str, action: str) -> None:
            into.addAction(words, lambda: self.acted.emit(action))

        if len(chosen) == 1:
            add(menu, self.tr("Chat"), CHAT)
            add(menu, self.tr("Let it answer in this conversation from now on"), CHANGE)
        else:
            add(menu, self.tr("Chat as a group"), CHAT)
        add(menu, self.tr("Add to this conversation"), JOIN)
        menu.addSeparator()
        if len(chosen) == 1:
            add(menu, self.tr("Edit"), EDIT)
        add(menu, self.tr("Duplicate"), DUPLICATE)
        if any(known is not None and known.builtin and known.changed for known in map(rows.at, chosen)):
            add(menu, self.tr("Back to the original"), RESET)
        export = menu.addMenu(self.tr("Export"))
        for form, words in self._format_words():
            export.addAction(words, partial(self.export_wanted.emit, form))
        menu.addSeparator()
        add(menu, self.tr("Delete"), DELETE)
        menu.popup(at)

    def _format_words(self) -> tuple[tuple[str, str], ...]:
        return (
            (PNG, self.tr("Picture with the card in it (PNG)")),
            (CHARX, self.tr("Archive with everything (CHARX)")),
            (JSON3, self.tr("JSON, version 3")),
            (JSON2, self.tr("JSON, version 2")),
            (JSON1, self.tr("JSON, version 1")),
        )

    def _show_foot_menu(self) -> None:
        button = self.foot.more_button
        self.show_menu(button.mapToGlobal(QPoint(0, -STEP)))

    def _show_import_menu(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Cards or lorebooks…"), self.import_files_wanted.emit)
        menu.addAction(self.tr("A folder of cards…"), self.import_folder_wanted.emit)
        menu.popup(self.import_button.mapToGlobal(QPoint(0, self.import_button.height() + STEP)))

    # ------------------------------------------------------------ events

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In one line, or in two."""
        super().resizeEvent(event)
        across = self.width() >= ONE_LINE
        self._tools.setDirection(QBoxLayout.Direction.LeftToRight if across else QBoxLayout.Direction.TopToBottom)
        self.tag.setMaximumWidth((45 if across else 30) * STEP)

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.search.setPlaceholderText(self.tr("Search"))
        self.search.setAccessibleName(self.tr("Search personas"))
        self.tag.setAccessibleName(self.tr("Show only one tag"))
        if self.tag.count():
            self.tag.setItemText(0, self.tr("All tags"))
        else:
            self.tag.addItem(self.tr("All tags"), "")
            self.tag.setEnabled(False)
        self.sort.setAccessibleName(self.tr("Sort by"))
        names = {Order.USED: self.tr("Last used"), Order.NAME: self.tr("Name"), Order.NEW: self.tr("Newest")}
        for place, order in enumerate(Order):
            self.sort.setItemText(place, names[order])
        self.import_button.setText(self.tr("Import…"))
        self.import_button.setAccessibleName(self.tr("Import cards"))
        self.new_button.setText(self.tr("New"))
        self.new_button.setAccessibleName(self.tr("New persona"))
        self.show_state()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


class _Foot(QFrame):
    """Who is chosen, and what can be done with them."""

    acted = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._item: PersonaItem | None = None
        self._count = 0
        self._wide = False
        self.line = QFrame(self)
        self.line.setProperty("line", True)
        self.line.setFixedHeight(1)
        self.name = ElidedLabel(parent=self)
        self.buttons: dict[str, QPushButton] = {}
        for action in (CHAT, JOIN, EDIT):
            self.buttons[action] = button = QPushButton(self)
            button.setProperty("kind", "primary" if action == CHAT else "quiet")
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(lambda _checked=False, action=action: self.acted.emit(action))
        self.delete_button = IconButton("trash", self)
        self.delete_button.clicked.connect(lambda: self.acted.emit(DELETE))
        self.more_button = IconButton("dots-three", self)
        row = QHBoxLayout()
        row.setContentsMargins(5 * STEP, 2 * STEP, 4 * STEP, 2 * STEP)
        row.setSpacing(STEP)
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self.name, 10)
        row.addStretch(1)
        for action in (EDIT, JOIN):
            row.addWidget(self.buttons[action])
        row.addWidget(self.delete_button)
        row.addWidget(self.more_button)
        row.addSpacing(STEP)
        row.addWidget(self.buttons[CHAT])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.line)
        layout.addLayout(row)
        self.retranslateUi()

    def set_chosen(self, item: PersonaItem | None, count: int) -> None:
        """One, several, or none: then there is nothing to be done."""
        self._item, self._count = item, count
        self.retranslateUi()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        one = self._count == 1
        self.setVisible(self._item is not None)  # its first size comes with that
        wide = self._wide
        self.name.setText(
            self.tr("Chosen: {count}").format(count=count_text(self._count)) if not one or self._item is None else one_line(self._item.name)
        )
        self.name.setVisible(wide or not one)
        self.buttons[CHAT].setText(self.tr("Chat") if one else self.tr("Chat as a group"))
        self.buttons[JOIN].setText(self.tr("Add to this conversation") if wide else self.tr("Add"))
        self.buttons[JOIN].setAccessibleName(self.tr("Add to this conversation"))
        self.buttons[EDIT].setText(self.tr("Edit"))
        self.buttons[EDIT].setVisible(one)
        self.delete_button.set_hint(self.tr("Delete"), "Del")
        self.more_button.set_hint(self.tr("More"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, short words."""
        super().resizeEvent(event)
        wide = event.size().width() >= WIDE_FOOT
        if wide != self._wide:
            self._wide = wide
            self.retranslateUi()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


class _Nothing(QWidget):
    """What stands where the personas would, when there are none."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.label = QLabel(self)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setProperty("tone", "soft")
        self.label.setWordWrap(True)
        self.label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._sign = QLabel(self)
        self._sign.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8 * STEP, 8 * STEP, 8 * STEP, 8 * STEP)
        layout.setSpacing(4 * STEP)
        layout.addStretch(2)
        layout.addWidget(self._sign)
        layout.addWidget(self.label)
        layout.addStretch(3)
        theme_signals().changed.connect(self._draw)
        self._draw()

    def set_state(self, searched: str) -> None:
        """Nothing fits what is searched for, or there is nothing at all."""
        self.label.setText(
            self.tr("No persona fits “{text}”.").format(text=searched[:80])
            if searched
            else self.tr("No personas yet. Make one, or drop character cards anywhere on this window.")
        )

    def _draw(self) -> None:
        self._sign.setPixmap(icon("users-three", 40, "ink.faint").pixmap(40, 40))
