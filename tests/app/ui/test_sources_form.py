"""The settings of sources and downloads: what is changed is announced as a whole, and a token is never shown again."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from zhiyin import i18n
from zhiyin.ui.settings_page import SettingsPage
from zhiyin.ui.source_list import Health
from zhiyin.ui.sources_form import MOST_SOURCES, OWN, SourcesContent, SourcesForm, is_address
from zhiyin_models.hub.settings import SOURCES, HubSettings, Source

MIRROR = Source("mirror.example", "huggingface", "https://mirror.example")


@pytest.fixture
def form(qtbot: QtBot) -> SourcesForm:
    made = SourcesForm()
    qtbot.addWidget(made)
    made.resize(600, 900)
    made.show()
    return made


@pytest.fixture
def content(form: SourcesForm, qtbot: QtBot) -> SourcesContent:
    found = form.content()
    qtbot.waitUntil(found.isVisible)
    return found


def heard(form: SourcesForm) -> list[HubSettings]:
    changes: list[HubSettings] = []
    form.changed.connect(changes.append)
    return changes


def names(settings: HubSettings) -> list[str]:
    return [source.name for source in settings.sources]


def test_it_is_built_when_the_settings_are_seen(qtbot: QtBot) -> None:
    page = SettingsPage()
    qtbot.addWidget(page)
    page.sources.set_settings(HubSettings(concurrency=5))
    assert page.sources.findChildren(QLineEdit) == []
    with qtbot.waitSignal(page.sources.opened):
        page.show()
    assert page.sources.content().concurrency.value() == 5
    page.resize(600, 500)
    page.show_sources()
    qtbot.waitUntil(lambda: page.sources.visibleRegion().boundingRect().height() > 300)


def test_sources_are_put_into_another_order_and_switched_off(form: SourcesForm, content: SourcesContent) -> None:
    changes = heard(form)
    rows = content.sources.rows()
    assert list(rows) == [source.name for source in SOURCES]
    assert not rows["Hugging Face"].up_button.isEnabled()
    assert not rows["ModelScope"].down_button.isEnabled()
    rows["ModelScope"].up_button.click()
    assert names(changes[-1]) == list(content.sources.rows()) == ["Hugging Face", "ModelScope", "HF-Mirror"]
    rows["Hugging Face"].switch.click()
    assert [source.enabled for source in changes[-1].sources] == [False, True, True]
    assert changes[-1].sources[0].official
    assert len(changes) == 2
    form.set_settings(HubSettings())
    assert len(changes) == 2
    assert list(content.sources.rows()) == [source.name for source in SOURCES]
    assert rows["Hugging Face"].switch.isChecked()


def test_a_mirror_is_added_and_taken_out(form: SourcesForm, content: SourcesContent, qtbot: QtBot) -> None:
    changes = heard(form)
    content.address.setText(" mirror.example/ ")
    qtbot.keyClick(content.address, Qt.Key.Key_Return)
    assert changes[-1].sources[-1] == MIRROR
    assert content.address.text() == ""
    row = content.sources.rows()["mirror.example"]
    assert not row.remove_button.isHidden()
    assert row.token_button.parentWidget().isHidden()  # a mirror never gets a token
    assert not content.sources.rows()["HF-Mirror"].remove_button.isVisible()
    row.remove_button.click()
    assert names(changes[-1]) == [source.name for source in SOURCES]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "begins with"),
        ("ftp://x", "begins with"),
        ("https://", "begins with"),
        ("https://user:secret@mirror.example", "no name or password"),
        ("https://mirror.example/a b", "begins with"),
        ("https://mirror.example:99999", "begins with"),
        ("https://[::1", "begins with"),
        ("HTTPS://HF-mirror.com/", "in the list already"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused(form: SourcesForm, content: SourcesContent, typed: str, words: str) -> None:
    changes = heard(form)
    content.address.setText(typed)
    content.add_button.click()
    assert words in content.address_note.text()
    assert changes == []


def test_there_is_an_end_to_sources_and_two_of_a_host_have_two_names(form: SourcesForm, content: SourcesContent) -> None:
    form.set_settings(HubSettings(sources=(MIRROR,)))
    for number in range(MOST_SOURCES + 3):
        content.address.setText(f"https://mirror.example/{number}")
        content.add_button.click()
    found = form.settings().sources
    assert len(found) == len({source.name for source in found}) == MOST_SOURCES
    assert "too many" in content.address_note.text()


def test_a_token_is_typed_unseen_and_never_shown_again(form: SourcesForm, content: SourcesContent, qtbot: QtBot) -> None:
    given: list[tuple[str, str]] = []
    form.token_given.connect(lambda source, token: given.append((source, token)))
    row = content.sources.rows()["Hugging Face"]
    assert row.token_state.text() == "No token"
    row.token_button.click()
    assert row.token.hasFocus()
    assert row.token.echoMode() == QLineEdit.EchoMode.Password
    qtbot.keyClicks(row.token, " hf_secret ")
    qtbot.keyClick(row.token, Qt.Key.Key_Return)
    assert given == [("Hugging Face", "hf_secret")]
    assert row.token.text() == ""
    form.set_tokens(["Hugging Face"])
    assert row.token_state.text() == "A token is kept"
    row.forget_button.click()
    assert given[-1] == ("Hugging Face", "")
    row.token_button.click()
    row.token_button.click()  # nothing was typed: nothing is given
    assert len(given) == 2
    form.set_notice("This system has no keyring.")
    assert content.notice.isVisible()


def test_health_is_shown_with_words(form: SourcesForm, content: SourcesContent, qtbot: QtBot) -> None:
    with qtbot.waitSignal(form.check_requested):
        content.check_button.click()
    form.set_health({source.name: Health() for source in SOURCES}, checking=True)
    rows = content.sources.rows()
    assert not content.check_button.isEnabled()
    assert rows["ModelScope"].dot.words() == "…"
    form.set_health({"Hugging Face": Health(1234.4), "ModelScope": Health(0.0, "It cannot be reached.")})
    assert rows["Hugging Face"].dot.accessibleName() == "1,234 ms"
    assert rows["ModelScope"].dot.words() == "no answer"
    assert rows["ModelScope"].trouble.text() == "It cannot be reached."
    assert not rows["HF-Mirror"].dot.isVisible()
    assert content.check_button.isEnabled()


def test_the_proxy_is_the_systems_none_or_an_address(form: SourcesForm, content: SourcesContent, qtbot: QtBot) -> None:
    changes = heard(form)
    content.proxy.setCurrentIndex(content.proxy.findData("none"))
    assert changes[-1].proxy == ""
    content.proxy.setCurrentIndex(content.proxy.findData(OWN))
    assert content.proxy_address.isVisible()
    assert len(changes) == 1  # no address yet
    qtbot.keyClicks(content.proxy_address, "127.0.0.1:7890")
    qtbot.keyClick(content.proxy_address, Qt.Key.Key_Return)
    assert "begins with" in content.proxy_note.text()
    content.proxy_address.setText("socks5://name:word@127.0.0.1:7890")
    qtbot.keyClick(content.proxy_address, Qt.Key.Key_Return)
    assert changes[-1].proxy == "socks5://name:word@127.0.0.1:7890"
    assert content.proxy_note.text() == ""
    content.proxy.setCurrentIndex(content.proxy.findData("system"))
    assert changes[-1].proxy == "system"
    assert not content.proxy_address.isVisible()


def test_numbers_and_switches_are_announced_once(form: SourcesForm, content: SourcesContent) -> None:
    changes = heard(form)
    content.offline.click()
    content.concurrency.setValue(3)
    content.connections.setValue(8)
    content.speed_limit.setValue(2.5)
    last = changes[-1]
    assert (last.offline, last.concurrency, last.connections, last.speed_limit) == (True, 3, 8, 5 << 19)
    assert len(changes) == 4
    form.set_settings(HubSettings())
    assert content.speed_limit.text() == "no limit"
    assert len(changes) == 4


def test_it_follows_the_language_and_fits_a_narrow_window(form: SourcesForm, content: SourcesContent, qapp: QApplication) -> None:
    form.set_settings(HubSettings(sources=(*SOURCES, MIRROR), proxy="http://127.0.0.1:1"))
    form.set_health({"ModelScope": Health(0.0, "x" * 200)})
    i18n.install(qapp, "zh_CN")
    QApplication.processEvents()
    assert content.rows["offline"].title.text() == "离线模式"
    assert content.proxy.currentText() == "指定地址"
    assert content.minimumSizeHint().width() <= 380
    for row in content.sources.rows().values():
        assert row.switch.accessibleName()
        assert row.up_button.accessibleName() != row.down_button.accessibleName()


def test_what_is_an_address() -> None:
    assert is_address("http://127.0.0.1:7890", ("http",))
    assert is_address("https://镜像.example/hf", ("https",))
    for bad in ("", "x", "http:///x", "http://x?y", "http://x#y", "http://x\n", "javascript:alert(1)"):
        assert not is_address(bad, ("http", "https"))
