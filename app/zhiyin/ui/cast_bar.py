"""The thin row above the composer: who takes part, whose turn it is, and a click that lets somebody speak."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLayout, QMenu, QWidget

from zhiyin.ui.cast_chip import HEIGHT, CastChip
from zhiyin.ui.cast_values import CastView, MemberView, PictureOf
from zhiyin.ui.foreign_text import isolated
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.theme import STEP, ui_font

GAP = STEP + 2


class CastBar(QWidget):
    """Hidden where no persona takes part. Names give way to pictures where it is narrow, and then to a menu."""

    speak_requested = Signal(int)  # persona: it is to speak now
    mute_changed = Signal(int, bool)
    remove_requested = Signal(int)
    open_requested = Signal(int)  # persona: its page
    add_requested = Signal()

    def __init__(self, picture_of: PictureOf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture_of = picture_of
        self._view = CastView()
        self.chips: list[CastChip] = []
        self.question = QLabel(self)
        self.question.setTextFormat(Qt.TextFormat.PlainText)
        self.question.setProperty("tone", "error")
        self.question.setFont(ui_font(9.5))
        self.more = IconButton("dots-three", self, size=16)
        self.more.clicked.connect(self._open_rest)
        self.add_button = IconButton("plus", self, size=16)
        self.add_button.clicked.connect(self.add_requested)
        self._row = QHBoxLayout(self)
        self._row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # what does not fit is hidden
        self._row.setContentsMargins(0, STEP, 0, 0)
        self._row.setSpacing(GAP)
        self._row.addWidget(self.question)
        self._row.addWidget(self.more)
        self._row.addWidget(self.add_button)
        self._row.addStretch(1)
        self.setVisible(False)
        self.retranslateUi()

    def minimumSizeHint(self) -> QSize:
        """It gives way to any width."""
        return QSize(HEIGHT, HEIGHT + STEP)

    def set_cast(self, view: CastView) -> None:
        """Show who takes part."""
        before = [chip.member.persona for chip in self.chips]
        self._view = view
        if before != [member.persona for member in view.members]:
            self._build()
        for chip, member in zip(self.chips, view.members, strict=True):
            following = member.persona == view.following or (view.asking and not member.muted)
            chip.show_member(member, following=following, speaking=member.persona == view.speaking)
        self.retranslateUi()
        self._fit()
        self.setVisible(bool(view.members))

    def refresh_pictures(self) -> None:
        """A picture has arrived."""
        for chip in self.chips:
            chip.update()

    def menu_for(self, member: MemberView, parent: QWidget) -> QMenu:
        """What can be done with somebody."""
        menu = QMenu(parent)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        speak = menu.addAction(self.tr("Let speak now"))
        speak.triggered.connect(lambda: self.speak_requested.emit(member.persona))
        mute = menu.addAction(self.tr("Let speak again in turn") if member.muted else self.tr("Mute"))
        mute.triggered.connect(lambda: self.mute_changed.emit(member.persona, not member.muted))
        menu.addAction(self.tr("Open")).triggered.connect(lambda: self.open_requested.emit(member.persona))
        menu.addSeparator()
        menu.addAction(self.tr("Remove from this conversation")).triggered.connect(lambda: self.remove_requested.emit(member.persona))
        return menu

    def _build(self) -> None:
        for chip in self.chips:
            self._row.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self.chips = [CastChip(member, self._picture_of, self) for member in self._view.members]
        for place, chip in enumerate(self.chips, 1):
            self._row.insertWidget(place, chip)
            chip.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            chip.clicked.connect(lambda _=False, chip=chip: self.speak_requested.emit(chip.member.persona))
            chip.customContextMenuRequested.connect(lambda point, chip=chip: self._open_menu(chip, point))

    def _open_menu(self, chip: CastChip, point: QPoint) -> None:
        self.menu_for(chip.member, chip).popup(chip.mapToGlobal(point))

    def _open_rest(self) -> None:
        menu = QMenu(self.more)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for chip in self.chips:
            if not chip.isVisibleTo(self):
                action = menu.addAction(chip.name.replace("&", "&&"))
                action.triggered.connect(lambda _=False, chip=chip: self.speak_requested.emit(chip.member.persona))
        menu.popup(self.more.mapToGlobal(QPoint(0, self.more.height())))

    def _fit(self) -> None:
        """Names as long as they fit, then pictures, then a menu for the rest."""
        room = self.width() - self.add_button.width() - GAP
        question = self.question.sizeHint().width() + GAP
        asked = self._view.asking and question + len(self.chips) * (HEIGHT + GAP) <= room
        room -= question if asked else 0
        compact = sum(chip.width_with(name=True) + GAP for chip in self.chips) > room
        count = len(self.chips)
        if compact and count * (HEIGHT + GAP) > room:
            count = max(0, (room - self.more.width() - GAP) // (HEIGHT + GAP))
        for place, chip in enumerate(self.chips):
            chip.set_compact(compact)
            chip.setVisible(place < count)
        self.more.setVisible(count < len(self.chips))
        self.question.setVisible(asked)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or fewer names."""
        super().resizeEvent(event)
        self._fit()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.question.setText(self.tr("Who speaks next?"))
        self.add_button.set_hint(self.tr("Add a persona"))
        self.more.set_hint(self.tr("More who take part"))
        for chip in self.chips:
            name = isolated(chip.name)
            if chip.speaking:
                state = self.tr("{name} is speaking").format(name=name)
            elif chip.following and not self._view.asking:
                state = self.tr("{name} speaks next").format(name=name)
            elif chip.member.muted:
                state = self.tr("{name} is muted").format(name=name)
            else:
                state = name
            hint = self.tr("Click to let this one speak now.")
            chip.set_words(state, "\n".join((self.question.text(), state, hint) if self._view.asking else (state, hint)))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()
            self._fit()
