"""What is picked for a conversion, in which order and how fast ever; and what is typed at the last moment."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from tests.end_to_end.conftest import Driver
from tests.end_to_end.test_conversion import LIBAI, Converting, files
from tests.models.convert.starter_checkpoint import linked

from zhiyin.controllers.conversion import ConversionController
from zhiyin.services.delivery import Delivery
from zhiyin.services.jobs import JobService
from zhiyin.ui.conversion_page import ConversionPage
from zhiyin.ui.job_card import CANCEL, DISCARD
from zhiyin_models.jobs.folder import JobFolder
from zhiyin_models.jobs.protocol import Convert, JobState, Output, Status

Open = Callable[..., Driver]


@pytest.fixture(scope="module")
def checkpoint(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return linked(checkpoint, tmp_path_factory.mktemp("checkpoints") / "one")


@pytest.fixture(scope="module")
def another(checkpoint: Path) -> Path:
    return linked(checkpoint, checkpoint.with_name("another"))


@pytest.fixture
def junk(tmp_path: Path) -> Path:
    folder = tmp_path / "junk"
    folder.mkdir()
    return folder


def adapters(converting: Converting) -> list[str]:
    return [item.name for item in converting.page.state().adapters]


def weights(data_dir: Path) -> list[float]:
    """The weights of the adapters in the one job that there is, as it was told."""
    (place,) = (data_dir / "jobs").iterdir()
    state = JobFolder(place).read()
    assert isinstance(state.task, Convert)
    return [choice.weight for choice in state.task.adapters]


class HeldFirst(ThreadPoolExecutor):
    """Does not begin with what it is given first until it may."""

    def __init__(self) -> None:
        super().__init__(2)
        self.may, self.delivered = threading.Event(), threading.Event()
        self.first: Future | None = None

    def submit(self, act: Callable, /, *values: object) -> Future:
        if self.first is not None:
            return super().submit(act, *values)
        self.first = super().submit(lambda: self.may.wait() and act(*values))
        return self.first


def test_a_weight_that_was_just_typed_is_used_and_closing_asks_at_once(open_app: Open, data_dir: Path, checkpoint: Path) -> None:
    app = open_app(data_dir)
    converting = Converting(app)
    converting.inspect(LIBAI, checkpoint)
    converting.choose("BF16")
    app.until(converting.form.convert_button.isEnabled)
    (row,) = converting.form.adapters.rows()
    row.weight.setFocus()
    row.weight.selectAll()
    QTest.keyClicks(row.weight, "0.5")
    assert row.weight.value() == 1.0
    converting.form.convert_button.click()
    app.window.close()  # before the process has answered
    assert app.window.isVisible()
    (question,) = app.window.banner.messages()
    question.buttons[1].click()
    app.until(converting.cards)
    (card,) = converting.cards().values()
    assert weights(data_dir) == [0.5]
    card.buttons[CANCEL].click()
    app.until(lambda: not converting.cards())
    assert app.session.conversion.running == 0
    assert files(data_dir / "models") == []


def test_a_weight_that_was_left_is_announced_at_once(open_app: Open, data_dir: Path, checkpoint: Path) -> None:
    app = open_app(data_dir)
    converting = Converting(app)
    converting.inspect(checkpoint, LIBAI)
    app.until(converting.form.convert_button.isEnabled)
    (row,) = converting.form.adapters.rows()
    row.weight.setFocus()
    row.weight.selectAll()
    QTest.keyClicks(row.weight, "0.25")
    converting.form.convert_button.setFocus(Qt.FocusReason.MouseFocusReason)
    (item,) = converting.page.state().adapters
    assert item.weight == 0.25


def test_what_is_half_typed_outlasts_a_second_look(open_app: Open, data_dir: Path, checkpoint: Path, junk: Path) -> None:
    app = open_app(data_dir)
    converting = Converting(app)
    converting.inspect(checkpoint, LIBAI)
    (row,) = converting.form.adapters.rows()
    row.weight.setFocus()
    row.weight.selectAll()
    QTest.keyClicks(row.weight, "0.")
    converting.drop(junk)
    app.until(converting.message)
    assert row.weight.lineEdit().text() == "0."


@pytest.mark.parametrize("name", ["adapter_config.json", "config.json"])
def test_a_pipe_is_no_configuration(open_app: Open, data_dir: Path, junk: Path, name: str) -> None:
    os.mkfifo(junk / name)
    converting = Converting(open_app(data_dir))
    converting.drop(junk)
    converting.app.until(converting.message)
    assert "is no Hugging Face checkpoint" in converting.message()
    assert not converting.page.state().looking


def test_what_is_found_late_does_not_take_the_place_of_a_newer_pick(
    open_app: Open, data_dir: Path, tmp_path: Path, checkpoint: Path, another: Path
) -> None:
    app = open_app(data_dir)
    app.until(lambda: app.session is not None)
    background, delivery, jobs, page = HeldFirst(), Delivery(), JobService(tmp_path / "jobs"), ConversionPage()
    app.qtbot.addWidget(page)
    conversion = ConversionController(
        page, jobs=jobs, models=app.session.models, background=background, delivery=delivery, folder=lambda: tmp_path
    )
    conversion.pick(str(another))
    background.first.add_done_callback(lambda _done: background.delivered.set())
    conversion.pick(str(checkpoint))
    app.until(lambda: page.state().looking == str(checkpoint))
    background.may.set()
    assert background.delivered.wait(60)
    later: list[None] = []
    delivery.deliver(background.submit(lambda: None), later.append)
    app.until(lambda: later)
    app.until(lambda: page.state().inspection is not None)
    assert (page.state().looking, page.state().inspection.path) == ("", str(checkpoint))
    conversion.end()
    background.shutdown()


def test_what_is_dropped_at_once_belongs_together(open_app: Open, data_dir: Path, checkpoint: Path, another: Path) -> None:
    app = open_app(data_dir)
    converting = Converting(app)
    converting.inspect(checkpoint)
    converting.drop(LIBAI, another / "config.json", another / "model.safetensors")
    app.until(lambda: (found := converting.page.state().inspection) is not None and found.path == str(another))
    assert adapters(converting) == [LIBAI.name]
    assert [report.path for report in converting.page.state().inspection.adapters] == [str(LIBAI)]
    assert converting.message() == ""


def test_a_job_of_another_process_is_offered_once_that_lets_it_go(open_app: Open, data_dir: Path) -> None:
    for number, name in enumerate(("left", "at-work")):
        task = Convert("/nowhere", (Output("F16", str(data_dir / "models" / f"{name}-F16.gguf")),))
        folder = JobFolder(data_dir / "jobs" / name)
        folder.write(JobState(name, task, Status.RUNNING, float(number)))
    assert folder.take()
    app = open_app(data_dir)
    converting = Converting(app)
    app.until(converting.cards)
    assert converting.cards().keys() == {"left"}
    assert app.session.conversion.running == 0
    converting.cards()["left"].buttons[DISCARD].click()
    folder.release()
    app.until(converting.cards)
    (card,) = converting.cards().values()
    assert (card.view().id, card.view().status) == ("at-work", Status.INTERRUPTED)


def test_a_refused_pick_leaves_what_is_in_hand_as_it_was(
    open_app: Open, data_dir: Path, checkpoint: Path, tmp_path: Path, junk: Path
) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 8}')
    app = open_app(data_dir)
    converting = Converting(app)
    converting.inspect(checkpoint)
    app.until(converting.form.convert_button.isEnabled)
    converting.drop(bad)
    app.until(lambda: converting.page.state().trouble)
    trouble = converting.page.state().trouble
    converting.drop(junk)
    app.until(converting.message)
    assert "is no Hugging Face checkpoint" in converting.message()
    assert converting.page.state().trouble == trouble
    assert not converting.form.convert_button.isEnabled()
