"""Everything is said in Chinese, the compiled file is current, and the whole window changes its language at run time without jumping."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QLocale, QObject
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialogButtonBox, QLabel, QWidget
from pytestqt.qtbot import QtBot

from zhiyin import i18n
from zhiyin.resources import asset_path
from zhiyin.ui.adapter_list import AdapterItem
from zhiyin.ui.context_meter import ContextMeter
from zhiyin.ui.conversation_list import ConversationItem
from zhiyin.ui.conversion_form import Place
from zhiyin.ui.conversion_page import PageState
from zhiyin.ui.download_card import DownloadItem
from zhiyin.ui.download_history import PastItem
from zhiyin.ui.downloads_content import Summary
from zhiyin.ui.job_card import JobView
from zhiyin.ui.library_model import FoundItem, LibraryItem
from zhiyin.ui.main_window import MainWindow
from zhiyin.ui.source_list import Health
from zhiyin_models.convert.inspection import Inspection, TypeEstimate
from zhiyin_models.evaluate.report import Evaluation, TextScore
from zhiyin_models.jobs.protocol import Status
from zhiyin_models.library.installed import InstalledModel
from zhiyin_models.work import Progress, Stage

HAN = re.compile(r"[\u4e00-\u9fff]")
FOUND = Inspection("/c", "c", "A", "a", 1, "BF16", 1, 1, 1, 1, "BPE", "", "", types=(TypeEstimate("Q4_K_M", 1, (1, 1, 1)),))
MEASURED = Evaluation("/m", "/r", "Q4_K_M", 1, 2, (TextScore("zh", 1, 2.0, 1.0),), 2.0, 1.0, 0.1, 0.2, 0.9, 1.0, 1.0, (0.0, 0.1, 0.2))
LATIN_ON_PURPOSE = {"Top-p", "Top-k", "Min-p", "Typical-p"}


def entries() -> list[tuple[str, str]]:
    root = ET.parse(asset_path("translations/zhiyin_zh_CN.ts")).getroot()
    return [(message.findtext("source", ""), message.findtext("translation", "")) for message in root.iter("message")]


@pytest.fixture
def chinese(qapp: QApplication) -> Iterator[None]:
    assert i18n.install(qapp, "zh_CN") == "zh_CN"
    yield
    i18n.install(qapp, "en")


def test_every_string_has_a_finished_translation_and_the_compiled_file_is_current(root: Path) -> None:
    check = subprocess.run([sys.executable, "packaging/translations.py", "--check"], cwd=root, capture_output=True, text=True, check=False)
    assert (check.returncode, check.stdout) == (0, ""), check.stdout + check.stderr


def test_a_checksum_has_one_name() -> None:
    said = {translation for source, translation in entries() if "hecksum" in source or source == "Checking"}
    assert len(said) > 4
    assert all("校验" in words and "校验和" not in words for words in said), said


def test_translations_keep_every_placeholder_and_speak_chinese() -> None:
    found = entries()
    assert len(found) > 100
    for source, translation in found:
        assert sorted(re.findall(r"\{\w*\}", source)) == sorted(re.findall(r"\{\w*\}", translation)), source
        assert HAN.search(translation) or source in LATIN_ON_PURPOSE or not re.sub(r"\{\w*\}|[\W\d_]", "", translation), source


def test_chinese_punctuation_is_used_in_chinese() -> None:
    wrong = [
        translation
        for _, translation in entries()
        if re.search(r"[\u4e00-\u9fff]\s*[,;:!?]|[\u4e00-\u9fff]\.(?:\s|$)|\.\.\.|[^…]…$", translation)
    ]
    assert wrong == []


@pytest.mark.usefixtures("chinese")
def test_qt_speaks_chinese_too(qtbot: QtBot) -> None:
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    qtbot.addWidget(box)
    assert box.button(QDialogButtonBox.StandardButton.Cancel).text() == "取消"
    assert QLocale().language() == QLocale.Language.Chinese


def test_an_unknown_language_is_english(qapp: QApplication) -> None:
    assert i18n.install(qapp, "tlh") == "en" == i18n.language()
    assert i18n.resolve("system") in {"en", "zh_CN"}
    assert QCoreApplication.translate("Composer", "Send") == "Send"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [("zh_CN.UTF-8", "zh_CN"), ("zh_TW.UTF-8", "zh_CN"), ("en_US.UTF-8", "en"), ("de_DE.UTF-8", "en"), ("C.UTF-8", "en")],
)
def test_the_desktop_decides_when_nothing_is_chosen(root: Path, variables: str, expected: str) -> None:
    code = "from zhiyin import i18n; print(i18n.resolve('system'))"
    environment = {**os.environ, "LC_ALL": variables, "LANG": variables, "PYTHONPATH": str(root / "app")}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert ran.stdout.strip() == expected


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    made = MainWindow()
    qtbot.addWidget(made)
    made.resize(1300, 800)
    made.show()
    made.toggle_panel()
    made.settings_page.form()
    made.conversion_page.set_state(PageState(inspection=FOUND, adapters=(AdapterItem("/a", "a"),)))
    made.conversion_page.set_free_memory(1 << 30)
    jobs = [JobView(str(status), "x", status, tuple(Stage), Progress(Stage.CONVERT, 1, 2, 5), evaluations=(MEASURED,)) for status in Status]
    made.conversion_page.set_jobs(jobs)
    made.conversion_page.set_place(Place("/data", 1 << 40))
    downloads = made.models_page.downloads
    downloads.set_queue([DownloadItem(status, "x", "", "y", status) for status in Status], Summary(1, 1, 1, offline=True))
    downloads.set_past([PastItem(status, "x", status, actions=("chat", "show")) for status in Status])
    downloads.content()
    made.settings_page.sources.set_health({"HF-Mirror": Health(1.0)})
    made.models_page.library.set_items([LibraryItem(InstalledModel("x", "/x.gguf", missing=True))])
    made.models_page.library.set_found([FoundItem("Ollama", "/o", "o", 1), FoundItem("Ollama", "/p", "p", 1)])
    made.models_page.library.content()
    made.drop_bar.offer(["/x.gguf"])
    made.drop_bar.close_bar()
    made.header.model_chooser.open_popup()
    popup = made.header.model_chooser.popup()
    assert popup is not None
    popup.hide()
    made.conversations.set_conversations([ConversationItem(1, "", 0)])
    made.footer.set_context(10, 5, 100)
    made.banner.show_message("x")
    return made


def texts(window: QWidget) -> set[str]:
    found: set[str] = set()
    for widget in [window, *window.findChildren(QWidget)]:
        found |= {widget.toolTip(), widget.accessibleName()}
        if isinstance(widget, QLabel | QAbstractButton):
            found.add(widget.text())
        if isinstance(widget, ContextMeter):
            found.add(widget.words())
    return {re.sub(r"\s*\((?:Ctrl|Esc|Return|F\d).*\)$", "", text) for text in found if text}


def test_the_whole_window_changes_its_language_at_run_time(window: MainWindow, qapp: QApplication) -> None:
    english = {source for source, _ in entries()} - LATIN_ON_PURPOSE
    shown = texts(window) & english
    assert len(shown) > 50
    i18n.install(qapp, "zh_CN")
    qapp.processEvents()  # Qt posts the change to its windows
    left = texts(window) & english
    assert left == set()
    assert window.conversations.model.index(0).data() == "更早"
    i18n.install(qapp, "en")
    qapp.processEvents()
    assert texts(window) & english == shown


def test_the_layout_does_not_jump(window: MainWindow, qapp: QApplication) -> None:
    """What frames the window stays where it is, whatever the language."""
    still: list[QObject] = [window.sidebar, window.pages, window.panel, window.composer, window.footer, window.header, window.transcript]

    def places() -> list[object]:
        qapp.processEvents()
        return [widget.geometry() for widget in still if isinstance(widget, QWidget)]

    before = places()
    i18n.install(qapp, "zh_CN")
    assert places() == before
    i18n.install(qapp, "en")
    assert places() == before
