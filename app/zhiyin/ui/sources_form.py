"""The part of the settings for where models come from and how they are fetched: built when it is first shown."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from msgspec.structs import replace
from PySide6.QtCore import QEvent, QSignalBlocker, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.form_controls import ChoiceBox, CountBox, NumberBox, Switch
from zhiyin.ui.form_row import FormRow, soft_label
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.source_list import Health, SourceList
from zhiyin.ui.theme import STEP
from zhiyin_models.hub.settings import HubSettings, Source

CONTROL_WIDTH = 42 * STEP
MOST_AT_A_TIME = 8
MOST_CONNECTIONS = 16
MOST_SPEED = 100_000.0  # MB a second
MEGABYTE = 1 << 20
MOST_ADDRESS = 500  # characters
MOST_SOURCES = 20
SYSTEM, NONE, OWN = "system", "none", "own"


class SourcesForm(QWidget):
    """Shows ``HubSettings``; every change is announced at once as a whole new value."""

    opened = Signal()
    changed = Signal(object)  # HubSettings
    token_given = Signal(str, str)  # a source's name, its token
    check_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = HubSettings()
        self._content: SourcesContent | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def content(self) -> "SourcesContent":
        """The controls, built when first asked for."""
        if self._content is None:
            self._content = content = SourcesContent(self)
            self._layout.addWidget(content)
            content.show_settings(self._settings)
            content.changed.connect(self._take)
            content.sources.token_given.connect(self.token_given)
            content.check_button.clicked.connect(self.check_requested)
        return self._content

    def set_settings(self, settings: HubSettings) -> None:
        """Show these without announcing a change."""
        self._settings = settings
        if self._content is not None:
            self._content.show_settings(settings)

    def settings(self) -> HubSettings:
        """What is shown."""
        return self._settings

    def set_tokens(self, names: Sequence[str]) -> None:
        """Which sources have a token."""
        self.content().sources.set_tokens(names)

    def set_health(self, health: Mapping[str, Health], *, checking: bool = False) -> None:
        """How the sources answered; ``checking`` while they are being asked."""
        content = self.content()
        content.sources.set_health(health)
        content.check_button.setEnabled(not checking)

    def set_notice(self, text: str, kind: str = "info") -> None:
        """A sentence on a token, or on what could not be kept; "" for none."""
        self.content().notice.set_text(text, kind)

    def showEvent(self, event: QShowEvent) -> None:
        """Build what is shown."""
        self.content()
        super().showEvent(event)
        self.opened.emit()

    def _take(self, settings: HubSettings) -> None:
        self._settings = settings
        self.content().show_settings(settings)
        self.changed.emit(settings)


class SourcesContent(QWidget):
    """The controls and their words."""

    changed = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._settings = HubSettings()
        self.hint = soft_label(self)
        self.sources = SourceList(self)
        self.notice = NoticeLabel("", self)
        self.check_button = QPushButton(self)
        self.address = QLineEdit(self)
        self.address.setMaxLength(MOST_ADDRESS)
        self.add_button = QPushButton(self)
        self.address_note = NoticeLabel("", self, kind="error")
        self.proxy = ChoiceBox(self)
        self.proxy_address = QLineEdit(self)
        self.proxy_address.setMaxLength(MOST_ADDRESS)
        self.proxy_note = NoticeLabel("", self, kind="error")
        self.offline = Switch(self)
        self.concurrency = CountBox(1, MOST_AT_A_TIME, self)
        self.connections = CountBox(1, MOST_CONNECTIONS, self)
        self.speed_limit = NumberBox(self, decimals=2)
        self.speed_limit.setRange(0, MOST_SPEED)
        self.rows: dict[str, FormRow] = {}
        self._lay_out()
        self._connect()
        self.retranslateUi()

    def _lay_out(self) -> None:
        adding = QHBoxLayout()
        adding.setSpacing(2 * STEP)
        adding.addWidget(self.address, 1)
        adding.addWidget(self.add_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3 * STEP)
        column.addWidget(self.hint)
        column.addWidget(self.sources)
        column.addWidget(self.notice)
        column.addLayout(adding)
        column.addWidget(self.address_note)
        for name, control, width in (
            ("check", self.check_button, 0),
            ("proxy", self.proxy, CONTROL_WIDTH),
            ("offline", self.offline, 0),
            ("concurrency", self.concurrency, CONTROL_WIDTH),
            ("connections", self.connections, CONTROL_WIDTH),
            ("speed_limit", self.speed_limit, CONTROL_WIDTH),
        ):
            row = self.rows[name] = FormRow(control, self)
            if width:
                control.setFixedWidth(width)
            column.addWidget(row)
            if name == "proxy":
                column.addWidget(self.proxy_address)
                column.addWidget(self.proxy_note)

    def _connect(self) -> None:
        self.sources.changed.connect(lambda sources: self._set(sources=sources))
        self.add_button.clicked.connect(self._add)
        self.address.returnPressed.connect(self._add)
        self.address.textEdited.connect(lambda _text: self.address_note.set_text(""))
        self.proxy.currentIndexChanged.connect(lambda _index: self._choose_proxy())
        self.proxy_address.editingFinished.connect(self._choose_proxy)
        self.offline.toggled.connect(lambda on: self._set(offline=on))
        self.concurrency.valueChanged.connect(lambda count: self._set(concurrency=count))
        self.connections.valueChanged.connect(lambda count: self._set(connections=count))
        self.speed_limit.valueChanged.connect(lambda speed: self._set(speed_limit=round(speed * MEGABYTE)))

    def _set(self, **fields: object) -> None:
        settings = replace(self._settings, **fields)
        if settings != self._settings:
            self._settings = settings
            self.changed.emit(settings)

    def show_settings(self, settings: HubSettings) -> None:
        """Show these without announcing a change."""
        self._settings = settings
        self.sources.set_sources(settings.sources)
        kind = settings.proxy if settings.proxy == SYSTEM else OWN if settings.proxy else NONE
        boxes = (self.proxy, self.proxy_address, self.offline, self.concurrency, self.connections, self.speed_limit)
        blockers = [QSignalBlocker(box) for box in boxes]
        if not self.proxy_address.hasFocus():
            self.proxy.setCurrentIndex(self.proxy.findData(kind))
            if kind == OWN:
                self.proxy_address.setText(settings.proxy)
        self.proxy_address.setVisible(self.proxy.currentData() == OWN)
        self.offline.setChecked(settings.offline)
        self.concurrency.setValue(settings.concurrency)
        self.connections.setValue(settings.connections)
        if round(self.speed_limit.value() * MEGABYTE) != settings.speed_limit:
            self.speed_limit.setValue(settings.speed_limit / MEGABYTE)
        del blockers

    def _choose_proxy(self) -> None:
        kind = self.proxy.currentData()
        self.proxy_address.setVisible(kind == OWN)
        typed = self.proxy_address.text().strip()
        good = kind != OWN or not typed or is_address(typed, ("http", "https", "socks5", "socks5h"))
        self.proxy_note.set_text("" if good else self.tr("A proxy's address begins with http://, https:// or socks5://."), "error")
        if kind == SYSTEM:
            self._set(proxy=SYSTEM)
        elif kind == NONE:
            self._set(proxy="")
        elif typed and good:
            self._set(proxy=typed)
        else:
            self.proxy_address.setFocus()

    def _add(self) -> None:
        """Take a mirror in, behind the others."""
        typed = self.address.text().strip()
        typed = (typed if "://" in typed else f"https://{typed}").rstrip("/")
        trouble = self._trouble_with(typed)
        self.address_note.set_text(trouble, "error")
        if trouble:
            return
        taken = {source.name for source in self._settings.sources}
        host = urlsplit(typed).netloc
        name = next(name for name in (host, *(f"{host} {number}" for number in range(2, MOST_SOURCES + 2))) if name not in taken)
        self.address.clear()
        self._set(sources=(*self._settings.sources, Source(name, "huggingface", typed)))

    def _trouble_with(self, address: str) -> str:
        if not is_address(address, ("http", "https")):
            return self.tr("A mirror's address begins with http:// or https:// and has no name or password in it.")
        if any(source.address.rstrip("/").casefold() == address.casefold() for source in self._settings.sources):
            return self.tr("That source is in the list already.")
        return self.tr("There are too many sources. Take one out first.") if len(self._settings.sources) >= MOST_SOURCES else ""

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.hint.setText(
            self.tr("Models come from the first source that has them; when it fails, the next one of its kind stands in.")
            + "\n"
            + self.tr("A token is only ever sent to the hub that it is for.")
        )
        self.check_button.setText(self.tr("Check"))
        self.address.setPlaceholderText(self.tr("Address of a mirror of Hugging Face"))
        self.address.setAccessibleName(self.tr("Address of a mirror of Hugging Face"))
        self.add_button.setText(self.tr("Add"))
        self.add_button.setAccessibleName(self.tr("Add a mirror"))
        self.proxy_address.setPlaceholderText("http://127.0.0.1:7890")
        self.proxy_address.setAccessibleName(self.tr("Address of the proxy"))
        with QSignalBlocker(self.proxy):
            chosen = self.proxy.currentIndex()
            self.proxy.clear()
            for value, label in ((SYSTEM, self.tr("As the system")), (NONE, self.tr("None")), (OWN, self.tr("An address"))):
                self.proxy.addItem(label, value)
            self.proxy.setCurrentIndex(max(0, chosen))
        self.speed_limit.set_neutral(0, self.tr("no limit"))
        words = {
            "check": (self.tr("Health"), self.tr("Asks every source whether it answers.")),
            "proxy": (self.tr("Proxy"), ""),
            "offline": (self.tr("Offline mode"), self.tr("Nothing goes out: no search, no downloads.")),
            "concurrency": (self.tr("Downloads at a time"), ""),
            "connections": (self.tr("Connections for one file"), self.tr("Several are faster where a server limits each one.")),
            "speed_limit": (self.tr("Speed limit"), self.tr("In MB a second, for all downloads together.")),
        }
        for name, (title, hint) in words.items():
            self.rows[name].set_words(title, hint)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


def is_address(text: str, schemes: Sequence[str]) -> bool:
    """Whether it is an address with one of the schemes and a host, without anything that does not belong there."""
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    own_proxy = "socks5" in schemes  # a proxy may want a name and a password
    clean = not any(character.isspace() or ord(character) < 32 for character in text) and not parts.query and not parts.fragment
    return parts.scheme in schemes and has_host and clean and (own_proxy or parts.username is None)
