"""What is chosen in the window reaches the job, and what can be done about a job: real jobs, that are cancelled before they cost much."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from tests.end_to_end.conftest import Driver
from tests.end_to_end.test_conversion import Converting, files, job_processes

from zhiyin.ui.job_card import CANCEL, CHAT, RETRY, JobCard
from zhiyin_models.evaluate.report import Evaluation, TextScore
from zhiyin_models.jobs.folder import JobFolder
from zhiyin_models.jobs.protocol import AdapterChoice, Convert, JobState, Outcome, Output, Status

Open = Callable[..., Driver]
LIBAI = Path(__file__).resolve().parents[1] / "models" / "convert" / "data" / "lora-libai"
TEMPLATE = "{% for message in messages %}{{ message.content }}\n{% endfor %}"
DIVERGENCES = (
    0.00000554, 0.000249, 0.000782, 0.00174, 0.00299, 0.00477, 0.00619, 0.00807, 0.00978, 0.0113, 0.0128, 0.0141, 0.015, 0.0163, 0.0173,
    0.0184, 0.0191, 0.0199, 0.0208, 0.0216, 0.0225, 0.0233, 0.0242, 0.025, 0.026, 0.0265, 0.0271, 0.0278, 0.0284, 0.0291, 0.0299, 0.0309,
    0.0316, 0.0324, 0.0332, 0.0339, 0.0346, 0.0354, 0.0362, 0.0369, 0.0378, 0.0389, 0.0396, 0.0405, 0.0414, 0.0422, 0.0434, 0.0442,
    0.0453, 0.0461, 0.0469, 0.048, 0.0492, 0.0502, 0.0511, 0.052, 0.0535, 0.0548, 0.0556, 0.0569, 0.0581, 0.0594, 0.0609, 0.0627, 0.0642,
    0.0655, 0.0667, 0.0682, 0.0701, 0.0717, 0.0736, 0.075, 0.0761, 0.0784, 0.0808, 0.0828, 0.0847, 0.0877, 0.091, 0.0941, 0.0969, 0.1,
    0.104, 0.107, 0.111, 0.115, 0.12, 0.126, 0.134, 0.14, 0.148, 0.158, 0.169, 0.184, 0.201, 0.221, 0.238, 0.268, 0.326, 0.48, 1.4,
)  # fmt: skip
MEASURED = Evaluation(  # of the starter model's checkpoint, rounded
    "小-Q4_K_M.gguf", ".小-Q4_K_M.reference.gguf", "Q4_K_M", 105_453_824, 270_885_632,
    (TextScore("zh", 1785, 21.337, 20.519), TextScore("en", 1275, 21.041, 19.916)), 21.213, 20.265, 0.07264, 0.4796, 0.8242, 99.05, 55.62,
    DIVERGENCES,
)  # fmt: skip


def task_of(card: JobCard, data_dir: Path) -> Convert:
    """What the job was told, as it is on the disk."""
    state = JobFolder(data_dir / "jobs" / card.view().id).read()
    assert state is not None
    assert isinstance(state.task, Convert)
    return state.task


def cancel(converting: Converting, card: JobCard, data_dir: Path) -> None:
    card.buttons[CANCEL].click()
    converting.app.until(lambda: not converting.cards())
    converting.app.until(lambda: files(data_dir / "jobs") == [])


def tick(converting: Converting, *types: str) -> None:
    converting.choose(*types)
    converting.app.until(converting.form.convert_button.isEnabled)


def press_convert(converting: Converting) -> JobCard:
    """Convert, with everything as it is."""
    converting.form.convert_button.click()
    assert converting.form.note.text() == "Starting…"
    converting.app.until(converting.cards)
    (card,) = converting.cards().values()
    return card


def test_every_choice_reaches_the_job_and_the_next_begins_anew(open_app: Open, data_dir: Path, checkpoint: Path, tmp_path: Path) -> None:
    template, imatrix = tmp_path / "模板.jinja", tmp_path / "无.gguf"
    template.write_text(TEMPLATE)
    converting = Converting(open_app(data_dir))
    converting.inspect(checkpoint)
    converting.drop(LIBAI)
    converting.app.until(lambda: converting.page.state().adapters and not converting.page.state().looking)
    converting.form.adapters.rows()[0].weight.setValue(0.75)
    converting.app.until(lambda: converting.page.state().adapters[0].weight == 0.75)
    converting.form.template.choose(str(template))
    converting.form.imatrix.choose(str(imatrix))
    converting.form.name.clear()
    converting.form.name.insert("小李")
    tick(converting, "BF16", "Q8_0", "Q4_K_M")
    card = press_convert(converting)
    models = data_dir / "models"
    assert task_of(card, data_dir) == Convert(
        str(checkpoint),
        tuple(Output(kind, str(models / f"小李-{kind}.gguf")) for kind in ("Q4_K_M", "BF16", "Q8_0")),
        adapters=(AdapterChoice(str(LIBAI), 0.75),),
        template=str(template),
        imatrix=str(imatrix),
        evaluate=True,
        smoke="Who are you?",
    )
    converting.until_status(card, Status.FAILED)  # there is no such importance matrix
    assert imatrix.name in card.message.text()
    card.remove_button.click()
    converting.app.until(lambda: not converting.cards() and files(data_dir / "jobs") == [])

    converting.inspect(checkpoint)
    assert converting.form.adapters.rows() == []
    converting.form.evaluate.click()
    tick(converting, "Q8_0")
    card = press_convert(converting)
    task = task_of(card, data_dir)
    assert (task.adapters, task.template, task.imatrix, task.evaluate) == ((), "", "", False)
    assert [output.type for output in task.outputs] == ["Q8_0"]
    cancel(converting, card, data_dir)


def test_a_failed_job_is_tried_again_and_its_names_are_its_own(open_app: Open, data_dir: Path, checkpoint: Path, tmp_path: Path) -> None:
    template = tmp_path / "later.jinja"
    app = open_app(data_dir)
    converting = Converting(app)
    converting.inspect(checkpoint)
    converting.form.template.choose(str(template))
    converting.form.name.clear()
    converting.form.name.insert("二")
    tick(converting, "F16")
    card = press_convert(converting)
    converting.until_status(card, Status.FAILED)
    assert card.buttons[RETRY].isVisible()
    template.write_text(TEMPLATE)
    card.buttons[RETRY].click()
    assert card.view().status == Status.RUNNING
    converting.until_under_way(card)
    (process,) = job_processes()
    process.suspend()  # or it would be done before all is seen

    app.zhiyin.change_appearance(language="zh_CN")
    app.until(lambda: card.buttons[CANCEL].text() == "取消")
    assert card.bar.accessibleName() == "进度"
    app.zhiyin.change_appearance(language="en")
    app.until(lambda: card.buttons[CANCEL].text() == "Cancel")

    converting.inspect(checkpoint)
    converting.choose("F16")
    converting.form.name.clear()
    converting.form.name.insert("二")
    app.until(lambda: converting.form.note.text() == "二-F16.gguf is there already. Choose another name.")
    assert not (data_dir / "models" / "二-F16.gguf").exists()  # it is still being written
    assert not converting.form.convert_button.isEnabled()
    converting.form.name.insert("三")
    app.until(converting.form.convert_button.isEnabled)
    card.buttons[CANCEL].click()
    process.resume()
    app.until(lambda: not converting.cards())
    app.until(lambda: files(data_dir / "jobs") == [])
    converting.form.name.clear()
    converting.form.name.insert("二")
    app.until(converting.form.convert_button.isEnabled)  # free again


def test_a_start_that_fails_is_said(open_app: Open, data_dir: Path, checkpoint: Path) -> None:
    converting = Converting(open_app(data_dir))
    converting.inspect(checkpoint)
    tick(converting, "F16")
    shutil.rmtree(data_dir / "jobs")
    (data_dir / "jobs").write_text("")
    converting.form.convert_button.click()
    converting.app.until(lambda: converting.page.state().trouble)
    assert converting.form.note.text() == converting.page.state().trouble
    assert str(data_dir / "jobs") in converting.form.note.text()
    assert converting.cards() == {}
    assert converting.form.isVisible()


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_a_finished_job_shows_what_was_measured_until_it_is_taken_out(open_app: Open, data_dir: Path, language: str) -> None:
    outputs = (Output("Q4_K_M", str(data_dir / "models" / "小-Q4_K_M.gguf")),)
    (data_dir / "models").mkdir(parents=True)
    Path(outputs[0].path).write_bytes(b"GGUF")
    task = Convert("/checkpoints/小", outputs, evaluate=True, smoke="Who are you?")
    outcome = Outcome(outputs, evaluations=(MEASURED,), answer="I am small.")
    now = time.time()
    state = JobState("20260101-000000-aaaaaa", task, Status.FINISHED, now - 75, ended=now, outcome=outcome)
    JobFolder(data_dir / "jobs" / state.id).write(state)
    converting = Converting(open_app(data_dir, language=language))
    converting.app.until(converting.cards)
    (card,) = converting.cards().values()
    converting.app.until(card.buttons[CHAT].isVisible)
    (chart,) = card.charts()
    assert chart.isVisible()
    told = chart.accessibleDescription()
    for number in ("21.2", "20.3", "82.4%", "99.0", "0.0726", "0.480"):
        assert number in told
    words = {label.text() for label in card.findChildren(QLabel)}
    assert {"Who are you?", "I am small."} <= words
    card.remove_button.click()
    assert converting.cards() == {}
    converting.app.until(lambda: files(data_dir / "jobs") == [])
    assert files(data_dir / "models") == ["小-Q4_K_M.gguf"]  # what it made stays
