"""The chart of an evaluation: every figure is told to a screen reader too, and it is painted whatever was measured."""

import itertools
import re

import pytest
from PySide6.QtGui import QTextDocumentFragment
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from zhiyin import i18n
from zhiyin.ui.evaluation_chart import EvaluationChart
from zhiyin.ui.theme import apply_theme
from zhiyin_models.evaluate.report import Evaluation, TextScore

GB = 1 << 30
TEXTS = (TextScore("zh", 3000, 18.93, 18.21), TextScore("en", 3000, 11.42, 11.1))
CURVE = tuple(0.3 * (number / 100) ** 6 for number in range(101))
WHOLE = Evaluation(
    "/m/x-Q4_K_M.gguf", "/m/ref.gguf", "Q4_K_M", GB, 3 * GB, TEXTS, 14.2, 13.81, 0.0312, 0.284, 0.912, 61.3, 24.1, CURVE,
)  # fmt: skip
ALONE = Evaluation("/m/x.gguf", "", "Q4_K_M", GB, 0, (TextScore("<b>诗</b>.txt", 900, 18.9),), 18.9, 0.0, 0.0, 0.0, 0.0, 61.3, 0.0)
NOTHING = Evaluation("", "", "Q8_0", 0, 0, (), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
HOSTILE = Evaluation(
    "", "", "Q8_0", 1, 1, tuple(TextScore("很长" * 99, 1, 1e30, 1e-30) for _ in range(9)), 1e30, 1e-30, 9e9, 1e9, 1.0, 1e9, 1e-9,
    (0.0, float("inf"), -1.0, 1e300),
)  # fmt: skip


def test_everything_is_told_as_text(qtbot: QtBot) -> None:
    chart = EvaluationChart(WHOLE)
    qtbot.addWidget(chart)
    told = chart.accessibleDescription()
    for words in (
        "Perplexity: 14.2 (13.8 before, +2.8%)",
        "Agreement: 91.2%",
        "Size: 1.0 GB (33% of 3.0 GB)",
        "61.3 tok/s (24.1 before)",
        "Chinese: perplexity 18.9 · 18.2 before",
        "English: perplexity 11.4",
        "0.0312 on average, 99 % of the tokens below 0.284",
    ):
        assert words in told
    assert chart.accessibleName() == "Evaluation of Q4_K_M"


def test_without_a_reference_nothing_is_compared(qtbot: QtBot) -> None:
    chart = EvaluationChart(ALONE)
    qtbot.addWidget(chart)
    told = chart.accessibleDescription()
    assert "Perplexity: 18.9\n" in told
    assert "before" not in told
    assert "Agreement" not in told
    assert "Divergence" not in told
    assert "<b>诗</b>.txt" in QTextDocumentFragment.fromHtml(chart.toolTip()).toPlainText()


@pytest.mark.parametrize("evaluation", [WHOLE, ALONE, NOTHING, HOSTILE])
def test_it_is_painted_in_every_theme_width_and_language(qtbot: QtBot, qapp: QApplication, evaluation: Evaluation) -> None:
    chart = EvaluationChart(evaluation)
    qtbot.addWidget(chart)
    chart.show()
    heights = set()
    for choice, language, width in itertools.product(("light", "dark", "contrast"), ("en", "zh_CN"), (200, 420, 700)):
        apply_theme(qapp, "light" if choice == "contrast" else choice, contrast=choice == "contrast")  # type: ignore[arg-type]
        i18n.install(qapp, language)
        qapp.processEvents()
        chart.resize(width, chart.height())
        assert not chart.grab().isNull()
        heights.add((width, chart.height()))
    assert len(heights) == 3  # by the width alone
    assert re.search(r"[\u4e00-\u9fff]", chart.accessibleName())
