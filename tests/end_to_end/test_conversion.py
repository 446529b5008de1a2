"""From the folder of a checkpoint to a chat with it, in the window; and what is left when it is cancelled, killed or closed."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QInputMethodEvent
from PySide6.QtWidgets import QApplication
from tests.end_to_end.conftest import Driver
from tests.models.convert.starter_checkpoint import linked

from zhiyin.controllers.leaving import LeavingController
from zhiyin.services.engine import EngineState
from zhiyin.ui.job_card import CANCEL, CHAT, DISCARD, RESUME, JobCard
from zhiyin_models.jobs.protocol import Status

Open = Callable[..., Driver]
LIBAI = Path(__file__).resolve().parents[1] / "models" / "convert" / "data" / "lora-libai"


@pytest.fixture(scope="module")
def checkpoint(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return linked(checkpoint, tmp_path_factory.mktemp("checkpoints") / "我的模型 1.0")


class Converting:
    """What a person does on the page."""

    def __init__(self, app: Driver) -> None:
        self.app = app
        self.page = app.window.conversion_page
        app.until(lambda: app.session is not None)
        app.window.show_conversion()

    @property
    def form(self):
        return self.page.content().form

    def message(self) -> str:
        return self.page.content().message.text()

    def drop(self, *folders: Path) -> None:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(folder)) for folder in folders])
        where, action, button, none = QPointF(300, 300), Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(where.toPoint(), action, data, button, none)
        QApplication.sendEvent(self.app.window, enter)
        assert enter.isAccepted()
        QApplication.sendEvent(self.app.window, QDropEvent(where, action, data, button, none))

    def inspect(self, *folders: Path) -> None:
        self.drop(*folders)
        self.app.until(lambda: self.page.state().inspection is not None and not self.page.state().looking)

    def choose(self, *types: str) -> None:
        self.app.qtbot.waitUntil(lambda: len(self.form.table.rows()) == 15)
        for row in self.form.table.rows():
            row.setChecked(row.estimate.type in types)

    def convert(self, *types: str, name: str = "") -> JobCard:
        if name:
            self.form.name.selectAll()
            typed = QInputMethodEvent()
            typed.setCommitString(name)
            QApplication.sendEvent(self.form.name, typed)
        self.choose(*types)
        self.form.evaluate.setChecked(False)  # takes a minute
        before = self.cards().keys()
        self.app.until(self.form.convert_button.isEnabled)
        self.form.convert_button.click()
        self.app.until(lambda: self.cards().keys() - before)
        (new,) = self.cards().keys() - before
        return self.cards()[new]

    def cards(self) -> dict[str, JobCard]:
        return self.page.content().jobs.cards()

    def until_under_way(self, card: JobCard) -> None:
        """Wait until some of the file is written."""
        self.app.until(lambda: (progress := card.view().progress) is not None and progress.done > 0 and progress.stage == "convert")

    def until_status(self, card: JobCard, status: Status) -> None:
        self.app.until(lambda: card.view().status == status)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def job_processes() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "job" in " ".join(child.cmdline())]


def test_a_dropped_checkpoint_with_its_adapter_becomes_a_model_to_chat_with(open_app: Open, data_dir: Path, checkpoint: Path) -> None:
    app = open_app(data_dir)
    converting = Converting(app)
    converting.drop(LIBAI)
    app.until(converting.message)
    assert "SmolLM2-135M-Instruct" in converting.message()  # the base that the adapter asks for
    converting.inspect(checkpoint)
    (row,) = converting.form.adapters.rows()
    assert "rank 8" in row.detail.text()
    found = converting.page.state().inspection
    assert (found.architecture, found.layers, found.template) == ("LlamaForCausalLM", 30, "tokenizer_config.json")
    card = converting.convert("Q4_K_M", name="小李")
    assert card.title.text() == "小李 → Q4_K_M"
    assert not converting.form.isVisible()
    app.window.show_settings()
    converting.until_status(card, Status.FINISHED)
    app.until(app.window.banner.texts)
    assert app.window.banner.texts() == ["小李 → Q4_K_M: the model is ready."]
    app.window.banner.messages()[0].buttons[0].click()
    assert card.isVisible()
    assert files(data_dir / "models") == ["小李-Q4_K_M.gguf"]
    assert card.view().prompt == "Who are you?"
    assert "Li Bai" in card.view().answer
    card.buttons[CHAT].click()
    app.until(lambda: app.session.engine.state is EngineState.READY)
    assert app.window.pages.currentWidget() is app.window.chat
    assert app.session.models.current == app.chat.model == "小李"
    assert app.short(4).ask("Hello")


@pytest.mark.qt_log_ignore("systemTrayWindowChanged", extend=True)  # the platform of these tests has no tray
def test_cancelling_is_seen_at_once_and_leaves_nothing(open_app: Open, data_dir: Path, checkpoint: Path) -> None:
    app = open_app(data_dir)
    converting = Converting(app)
    converting.inspect(checkpoint)
    card = converting.convert("F16")
    converting.until_under_way(card)
    assert app.window.sidebar.conversion_button.text().startswith("Convert · ")
    assert files(data_dir / "models")
    app.window.close()
    assert app.window.isVisible()
    (question,) = app.window.banner.messages()
    assert "Quit anyway" in question.label.text()
    question.buttons[1].click()
    assert app.window.banner.texts() == []
    leaving = LeavingController(app.window, app.session.conversion, has_tray=lambda: True)
    app.window.close()
    assert leaving.in_tray
    assert not app.window.isVisible()
    leaving.show_action.trigger()
    assert app.window.isVisible()
    assert not leaving.in_tray
    card.buttons[CANCEL].click()
    assert card.state.text() == "Cancelling…"
    assert not card.buttons[CANCEL].isEnabled()
    app.until(lambda: not converting.cards())
    assert app.window.sidebar.conversion_button.text() == "Convert"
    assert files(data_dir / "models") == []
    app.until(lambda: files(data_dir / "jobs") == [])
    app.window.close()
    assert not app.window.isVisible()


def test_a_killed_job_goes_on_and_so_does_one_that_was_quit(open_app: Open, data_dir: Path, checkpoint: Path, qapp: QApplication) -> None:
    app = open_app(data_dir)
    converting = Converting(app)
    converting.inspect(checkpoint)
    card = converting.convert("F16", name="二")
    converting.until_under_way(card)
    (process,) = job_processes()
    os.kill(process.pid, signal.SIGKILL)
    converting.until_status(card, Status.INTERRUPTED)
    assert card.buttons[RESUME].isVisible()
    card.buttons[RESUME].click()
    assert card.view().status == Status.RUNNING
    converting.until_under_way(card)
    app.window.close()
    (question,) = app.window.banner.messages()
    QTimer.singleShot(0, question.buttons[0].click)
    assert qapp.exec() == 0  # until the app ends itself
    assert not app.window.isVisible()
    assert not job_processes()

    app = open_app(data_dir)
    app.says("二 → F16", "interrupted")
    again = Converting(app)
    assert app.window.banner.texts() == []  # seen
    (card,) = again.cards().values()
    assert card.view().status == Status.INTERRUPTED
    assert files(data_dir / "models")
    card.buttons[RESUME].click()
    again.until_under_way(card)
    again.app.zhiyin.close()

    third = Converting(open_app(data_dir))
    third.app.until(third.cards)
    (card,) = third.cards().values()
    card.buttons[DISCARD].click()
    assert not third.cards()
    third.app.until(lambda: files(data_dir / "jobs") == [])
    assert files(data_dir / "models") == []


def test_what_is_no_checkpoint_is_refused_in_one_sentence(open_app: Open, data_dir: Path, tmp_path: Path) -> None:
    converting = Converting(open_app(data_dir, language="zh_CN"))
    converting.drop(tmp_path)
    converting.app.until(converting.message)
    assert "不是 Hugging Face 检查点" in converting.message()
    (tmp_path / "config.json").write_text('{"architectures": ["MambaForCausalLM"]}')
    (tmp_path / "model.safetensors").write_bytes(b"\2\0\0\0\0\0\0\0{}")
    converting.drop(tmp_path)
    converting.app.until(lambda: "MambaForCausalLM" in converting.message() or "model.safetensors" in converting.message())
    assert converting.page.content().drop_area.isVisible()
