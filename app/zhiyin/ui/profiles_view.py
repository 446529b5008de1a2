"""Who the user is: the profiles."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QStandardPaths, QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QHideEvent, QShowEvent

    from zhiyin.ui.profile_values import ProfileItem
    from zhiyin.ui.profiles_content import ProfilesContent

SAVE_MS = 600  # after the last key


class ProfilesView(QWidget):
    """Builds itself when it is first shown."""

    opened = Signal()
    changed = Signal(object)  # ProfileItem: its name, description or picture is another now
    default_wanted = Signal(int)  # 0 = none
    new_requested = Signal()
    delete_requested = Signal(int)
    picture_chosen = Signal(int, str)  # a profile, the path of an image

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: tuple[ProfileItem, ...] = ()
        self._chosen = 0
        self._unsaved: ProfileItem | None = None
        self._notice = ("", "error")
        self._content: ProfilesContent | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(SAVE_MS)
        self._pause.timeout.connect(self.flush)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def content(self) -> ProfilesContent:
        """The widgets, built when first asked for."""
        if self._content is None:
            from zhiyin.ui.profiles_content import ProfilesContent  # noqa: PLC0415 - not needed for the first frame

            self._content = content = ProfilesContent(self)
            self._layout.addWidget(content)
            content.new_button.clicked.connect(self.new_requested)
            content.list.chosen.connect(self._choose)
            content.list.delete_pressed.connect(self._delete)
            content.form.edited.connect(self._edited)
            content.form.default_wanted.connect(lambda on: self.default_wanted.emit(self._chosen if on else 0))
            content.form.picture_requested.connect(self.choose_picture)
            content.form.seal_requested.connect(lambda: self.set_picture(self._chosen, ""))
            content.form.delete_requested.connect(self._delete)
            content.notice.set_text(*self._notice)
            self._refresh()
        return self._content

    # ------------------------------------------------------------ values

    def items(self) -> tuple[ProfileItem, ...]:
        """The profiles."""
        return self._items

    def set_items(self, items: Sequence[ProfileItem]) -> None:
        """The profiles; what was just typed is newer than what is given."""
        unsaved = self._unsaved
        kept = [
            dataclasses.replace(item, name=unsaved.name, description=unsaved.description, picture=unsaved.picture)
            if unsaved is not None and item.ident == unsaved.ident
            else item
            for item in items
        ]
        self._items = tuple(kept)
        self._refresh()

    def chosen_profile(self) -> int:
        """The profile in the form, or 0."""
        return self._chosen

    def choose(self, ident: int, *, edit: bool = False) -> None:
        """Show a profile; with ``edit`` its name is to be typed."""
        self.flush()
        self._chosen = ident
        self._refresh()
        if edit and self._content is not None:
            self._content.form.name.setFocus()
            self._content.form.name.selectAll()

    def set_picture(self, ident: int, picture: str) -> None:
        """Another picture for a profile; "" for its seal."""
        item = next((item for item in self._items if item.ident == ident), None)
        if item is not None:
            self._put(dataclasses.replace(item, picture=picture))
            self.flush()

    def set_notice(self, text: str, kind: str = "error") -> None:
        """A sentence above the list; "" for none."""
        self._notice = (text, kind)
        if self._content is not None:
            self._content.notice.set_text(text, kind)

    def notice(self) -> str:
        """The sentence above the list."""
        return self._notice[0]

    def flush(self) -> None:
        """Announce now what would be announced soon."""
        self._pause.stop()
        unsaved, self._unsaved = self._unsaved, None
        if unsaved is not None:
            self.changed.emit(unsaved)

    # ------------------------------------------------------------ inner

    def _refresh(self) -> None:
        content = self._content
        known = {item.ident: item for item in self._items}
        if self._chosen not in known:
            self._chosen = self._items[0].ident if self._items else 0
        if content is not None:
            content.list.set_items(self._items, self._chosen)
            content.form.set_item(known.get(self._chosen))
            content.fold()

    def _choose(self, ident: int) -> None:
        if ident != self._chosen:
            self.choose(ident)

    def _edited(self, name: str, description: str) -> None:
        item = next((item for item in self._items if item.ident == self._chosen), None)
        if item is not None:
            self._put(dataclasses.replace(item, name=name, description=description))
            self._pause.start()

    def _put(self, fresh: ProfileItem) -> None:
        """Show another value of a profile, and have it announced."""
        if self._unsaved is not None and self._unsaved.ident != fresh.ident:
            self.flush()
        self._unsaved = fresh
        self._items = tuple(fresh if item.ident == fresh.ident else item for item in self._items)
        self._refresh()

    def _delete(self) -> None:
        self.flush()
        if self._chosen:
            self.delete_requested.emit(self._chosen)

    def choose_picture(self) -> None:
        """Ask for an image."""
        from PySide6.QtWidgets import QFileDialog  # noqa: PLC0415 - not needed for the first frame

        dialog = QFileDialog(self.window(), self.tr("Choose a picture"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("Pictures (*.png *.jpg *.jpeg *.webp *.gif *.bmp)"), self.tr("All files (*)")])
        dialog.setDirectory(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation))
        dialog.fileSelected.connect(lambda path, ident=self._chosen: self.picture_chosen.emit(ident, path))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def showEvent(self, event: QShowEvent) -> None:
        """Built now, if it was not."""
        super().showEvent(event)
        content = self.content()
        if self.focusWidget() is None:
            content.list.setFocus()
        self.opened.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """What was typed is kept."""
        super().hideEvent(event)
        self.flush()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh()
