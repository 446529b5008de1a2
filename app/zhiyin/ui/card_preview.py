"""Cards before they are taken in: one is shown whole, of many the progress and what was refused. Nothing foreign is rendered or fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QTextLayout, QTextOption
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QScrollArea, QVBoxLayout, QWidget

from zhiyin.markup.cards import card_text
from zhiyin.ui.amounts import count_text, size_text, time_left_text
from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.fact_rows import FactRows
from zhiyin.ui.foreign_text import isolated, one_line
from zhiyin.ui.form_row import soft_label
from zhiyin.ui.long_lines import break_long_words
from zhiyin.ui.model_card import ModelCard
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.persona_fields import AvatarButton
from zhiyin.ui.persona_values import CANCEL, CHAT, IMPORT, REPLACE, CardOnShow, ImportState
from zhiyin.ui.reading_column import fill_reading_column, reading_column
from zhiyin.ui.theme import STEP, ui_font
from zhiyin.ui.tooltip import plain_tooltip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QResizeEvent

    from zhiyin.ui.persona_values import Refused

PICTURE = 36 * STEP
MOST_REFUSED = 200  # of which the reasons are shown
LONGEST_NOTES = 20_000
LONGEST_EXCERPT = 1_500
TITLE_LINES = 3


class CardPreview(QWidget):
    """Shows a ``CardOnShow``, an ``ImportState``, or that a file is being read."""

    answered = Signal(str)  # IMPORT, REPLACE, CHAT or CANCEL
    cancel_requested = Signal()  # of an import that runs
    closed = Signal()  # what was refused is read

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._card: CardOnShow | None = None
        self._state: ImportState | None = None
        self._reading = ""
        self.heading = ElidedLabel(parent=self)
        self.heading.setFont(ui_font(11.5))
        self.one = _OneCard(self)
        self.many = _ManyCards(self)
        self.buttons: dict[str, QPushButton] = {}
        for action in (CANCEL, REPLACE, CHAT, IMPORT):
            self.buttons[action] = button = QPushButton(self)
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.setAutoDefault(True)
            button.clicked.connect(lambda _checked=False, action=action: self._answer(action))
        self.buttons[CANCEL].setProperty("kind", "quiet")
        self.buttons[IMPORT].setProperty("kind", "primary")
        self._lay_out()
        self.retranslateUi()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(5 * STEP, 2 * STEP, 4 * STEP, 2 * STEP)
        top.setSpacing(2 * STEP)
        top.addWidget(self.heading, 1)
        inside = QWidget(self)
        both = QWidget(inside)
        held = QVBoxLayout(both)
        held.setContentsMargins(0, 2 * STEP, 0, 8 * STEP)
        held.addWidget(self.one)
        held.addWidget(self.many)
        held.addStretch(1)
        centred = reading_column(inset=STEP)
        fill_reading_column(centred, both, inset=STEP)
        inside.setLayout(centred)
        self.area = QScrollArea(self)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(inside)
        line = QFrame(self)
        line.setProperty("line", True)
        line.setFixedHeight(1)
        foot = QHBoxLayout()
        foot.setContentsMargins(5 * STEP, 2 * STEP, 5 * STEP, 2 * STEP)
        foot.setSpacing(2 * STEP)
        foot.addStretch(1)
        for button in self.buttons.values():
            foot.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.area, 1)
        layout.addWidget(line)
        layout.addLayout(foot)

    # ------------------------------------------------------------ values

    def show_reading(self, path: str) -> None:
        """A file is being read."""
        self._card, self._state, self._reading = None, None, path
        self.retranslateUi()

    def show_card(self, card: CardOnShow) -> None:
        """A card to be taken in, or not."""
        same = self._card is not None and self._card.path == card.path
        self._card, self._state, self._reading = card, None, ""
        self.retranslateUi()
        if not same:
            self.area.verticalScrollBar().setValue(0)
            self.buttons[IMPORT].setFocus()

    def show_import(self, state: ImportState) -> None:
        """Many cards: how far they have come, and at the end what was refused."""
        self._card, self._state, self._reading = None, state, ""
        self.retranslateUi()

    def card(self) -> CardOnShow | None:
        """What is shown."""
        return self._card

    def state(self) -> ImportState | None:
        """What is said of many."""
        return self._state

    def leave(self) -> None:
        """Esc or the arrow: cancel what runs, take nothing in."""
        if self._state is not None and not self._state.running:
            self.closed.emit()
        elif self._state is not None:
            self.cancel_requested.emit()
        else:
            self.answered.emit(CANCEL)

    def _answer(self, action: str) -> None:
        if action == CANCEL:
            self.leave()
        elif self._card is not None:
            self.answered.emit(action)

    # ------------------------------------------------------------ words

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        card, state = self._card, self._state
        self.one.setVisible(card is not None)
        self.many.setVisible(card is None)
        if card is not None:
            self.heading.setText(self.tr("Import a card"))
            self.one.show_card(card)
        else:
            self.heading.setText(self.tr("Import cards") if state is not None else self.tr("Reading the file…"))
            self.many.show_state(state, self._reading)
        again = card is not None and (card.there or bool(card.namesake))
        self.buttons[IMPORT].setText(self.tr("Import as another") if again else self.tr("Import"))
        self.buttons[REPLACE].setText(self.tr("Replace"))
        self.buttons[CHAT].setText(self.tr("Chat now"))
        over = state is not None and not state.running
        self.buttons[CANCEL].setText(self.tr("Done") if over else self.tr("Cancel"))
        for action, shown in ((IMPORT, card is not None), (CHAT, card is not None and not again), (REPLACE, again), (CANCEL, True)):
            self.buttons[action].setVisible(shown)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


class _OneCard(QWidget):
    """Everything that there is to know of a card."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.picture = AvatarButton(self, side=PICTURE)
        self.picture.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.picture.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.name = _Title(self)
        self.maker, self.tags = soft_label(self), soft_label(self)
        self.facts = FactRows(self, name_width=28 * STEP)
        self.known = NoticeLabel("", self, kind="warning")
        self.mended = NoticeLabel("", self, kind="info")
        self.notes_title, self.about_title, self.greeting_title = (QLabel(self) for _ in range(3))
        for title in (self.notes_title, self.about_title, self.greeting_title):
            title.setProperty("tone", "section")
        self.notes = ModelCard(self)
        self.about, self.greeting = _plain(self), _plain(self)
        words = QVBoxLayout()
        words.setSpacing(STEP)
        words.addWidget(self.name)
        words.addWidget(self.maker)
        words.addWidget(self.tags)
        words.addSpacing(2 * STEP)
        words.addWidget(self.facts)
        words.addStretch(1)
        head = QHBoxLayout()
        head.setSpacing(6 * STEP)
        head.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4 * STEP)
        layout.addLayout(head)
        layout.addWidget(self.known)
        layout.addWidget(self.mended)
        for title, text in ((self.notes_title, self.notes), (self.about_title, self.about), (self.greeting_title, self.greeting)):
            held = QVBoxLayout()
            held.setSpacing(STEP)
            held.addWidget(title)
            held.addWidget(text)
            layout.addLayout(held)

    def show_card(self, card: CardOnShow) -> None:
        """Put it into words of the language of the moment."""
        self.picture.set_picture(card.picture, card.seal, card.color)
        self.name.set_title(one_line(card.name, 200) or self.tr("Unnamed"))
        version = (
            self.tr("version {version}").format(version=isolated(one_line(card.character_version, 40))) if card.character_version else ""
        )
        by = self.tr("by {creator}").format(creator=isolated(one_line(card.creator, 100))) if card.creator else ""
        maker = " · ".join(part for part in (by, version) if part)
        self.maker.setText(break_long_words(maker))
        self.maker.setVisible(bool(maker))
        tags = " · ".join(isolated(one_line(tag, 40)) for tag in card.tags[:30])
        self.tags.setText(break_long_words(tags))
        self.tags.setVisible(bool(tags))
        self.facts.set_rows(
            (
                (self.tr("First messages"), count_text(card.greetings)),
                (self.tr("Lore entries"), count_text(card.lore_entries) if card.lore_entries else ""),
                (self.tr("Brings along"), ", ".join(isolated(one_line(asset, 80)) for asset in card.assets[:20])),
                (
                    self.tr("Format"),
                    " · ".join(
                        part for part in (isolated(one_line(card.version, 40)), card.container.upper(), size_text(card.size)) if part
                    ),
                ),
                (self.tr("File"), one_line(card.path.replace("\\", "/").rsplit("/", 1)[-1], 200)),
            )
        )
        self.known.set_text(self._known(card))
        self.mended.set_text("\n".join(card.mended))
        notes = card_text(card.notes[:LONGEST_NOTES]) if card.notes else ""
        self.notes_title.setText(self.tr("Creator's notes"))
        self.about_title.setText(self.tr("Description"))
        self.greeting_title.setText(self.tr("First message"))
        for title, text, said in (
            (self.notes_title, self.notes, notes),
            (self.about_title, self.about, _excerpt(card.description)),
            (self.greeting_title, self.greeting, _excerpt(card.first_message)),
        ):
            title.setVisible(bool(said))
            text.setVisible(bool(said))
            if isinstance(text, ModelCard):
                text.set_text(said)
            else:
                text.setText(break_long_words(said))

    def _known(self, card: CardOnShow) -> str:
        if card.there:
            return self.tr("This very card is here already.")
        if card.namesake:
            return self.tr("A persona named “{name}” is here already. Replacing it keeps its conversations.").format(
                name=isolated(one_line(card.namesake, 60))
            )
        return ""


class _Title(QLabel):
    """A name in at most three lines; the tooltip has what is cut off."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._whole = ""
        self.setProperty("tone", "title")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)

    def set_title(self, text: str) -> None:
        """The whole name."""
        self._whole = text
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or less of it has room."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """The font may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        """Break it by hand, as a label cannot be told how many lines it may have."""
        layout = QTextLayout(break_long_words(self._whole), self.font())
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        room, lines, text = max(1, self.contentsRect().width()), [], layout.text()
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(room)
            lines.append(text[line.textStart() : line.textStart() + line.textLength()])
            if len(lines) > TITLE_LINES:
                break
        layout.endLayout()
        shown = text
        if len(lines) > TITLE_LINES:
            last = "".join(lines[TITLE_LINES - 1 :])
            cut = QFontMetricsF(self.font()).elidedText(last, Qt.TextElideMode.ElideRight, room - 2)
            shown = "\n".join([*(each.rstrip() for each in lines[: TITLE_LINES - 1]), cut])
        self.setToolTip(plain_tooltip(self._whole) if shown != text else "")
        if self.text() != shown:
            self.setText(shown)


class _ManyCards(QWidget):
    """How far an import has come, in one line and a bar; and what was refused, with why."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.label = QLabel(self)
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.left = soft_label(self)
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.title = QLabel(self)
        self.title.setProperty("tone", "section")
        self.refused = _plain(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4 * STEP, 0, 0)
        layout.setSpacing(2 * STEP)
        for widget in (self.label, self.bar, self.left):
            layout.addWidget(widget)
        layout.addSpacing(2 * STEP)
        layout.addWidget(self.title)
        layout.addWidget(self.refused)

    def show_state(self, state: ImportState | None, path: str) -> None:
        """Put it into words of the language of the moment."""
        self.bar.setVisible(state is None or state.running)
        self.bar.setRange(0, state.total if state is not None else 0)
        self.bar.setValue(state.done if state is not None else 0)
        if state is None:
            self.label.setText(break_long_words(one_line(path.replace("\\", "/").rsplit("/", 1)[-1], 200)))
            self.left.setText("")
        else:
            self.label.setText(self._progress(state))
            self.left.setText(time_left_text(state.seconds_left) if state.running else "")
        self.left.setVisible(bool(self.left.text()))
        if state is None:
            self._show_refused((), 0)
        else:
            self._show_refused(state.refused, max(state.refused_count, len(state.refused)))

    def _progress(self, state: ImportState) -> str:
        if state.running:
            if not state.total:
                return self.tr("Looking for cards…")
            return self.tr("{done} of {total} files read").format(done=count_text(state.done), total=count_text(state.total))
        parts = [self.tr("Personas taken in: {count}.").format(count=count_text(state.taken))]
        if state.known:
            parts.append(self.tr("Already here: {count}.").format(count=count_text(state.known)))
        if state.books:
            parts.append(self.tr("Lorebooks: {count}.").format(count=count_text(state.books)))
        if state.cancelled:
            parts.append(self.tr("Cancelled; what was taken in stays."))
        return " ".join(parts)

    def _show_refused(self, rows: Sequence[Refused], count: int) -> None:
        self.title.setText(self.tr("Refused: {count}").format(count=count_text(count)))
        self.title.setVisible(bool(rows))
        lines = [one_line(each.why, 400) for each in rows[:MOST_REFUSED]]
        if count > len(lines):
            lines.append("…")
        self.refused.setText(break_long_words("\n".join(lines)))
        self.refused.setVisible(bool(rows))


def _plain(parent: QWidget) -> QLabel:
    """A label for foreign text: letter by letter, to be selected and copied."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _excerpt(text: str) -> str:
    text = text.strip()
    return text if len(text) <= LONGEST_EXCERPT else f"{text[:LONGEST_EXCERPT].rstrip()}…"
