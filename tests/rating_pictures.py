"""Pictures of ratings: thumbs and a summary in the transcript, the order of alternatives, the export, the budget, and what was sent."""

from collections.abc import Callable

from PySide6.QtWidgets import QVBoxLayout, QWidget

from zhiyin.ui.budget_bar import BudgetBar
from zhiyin.ui.ranking_dialog import Alternative, RankingDialog
from zhiyin.ui.sent_dialog import SentDialog, SentPart
from zhiyin.ui.training_dialog import TrainingDialog
from zhiyin.ui.transcript.turn import TurnView
from zhiyin.ui.transcript.view import TranscriptView

SAID = ("燕山雪花大如席，片片吹落轩辕台。", "Snow as large as mats falls upon the terrace. " * 6, "长安一片月，万户捣衣声。" * 12)
TURNS = (
    TurnView(
        1,
        "assistant",
        "海上生明月，天涯共此时。",
        name="李白",
        seal="李",
        alternative=(1, 3),
        color="slate",
        rateable=True,
        thumb=1,
        rank=1,
    ),
    TurnView(2, "user", "再写一首，写长安的雪", name="你"),
    TurnView(3, "summary", "他们在长安的酒肆相遇，谈到明月与故乡；李白答应写一首关于雪的诗。", name="此前对话的摘要"),
    TurnView(
        4,
        "assistant",
        SAID[0],
        name="杜甫",
        seal="杜",
        alternative=(2, 3),
        caption="61 tok/s · 0.3 s · Qwen3-4B Q4_K_M",
        rateable=True,
        has_sent=True,
        thumb=-1,
        rank=2,
        remark="太夸张",
    ),
)
BUDGET = {"system": 180, "persona": 900, "lore": 640, "examples": 300, "summary": 210, "note": 40, "history": 2100, "template": 120}
PARTS = (
    SentPart("system", "persona", "You are Li Bai, a poet of the Tang who drinks with the moon. " * 20, 900),
    SentPart("system", "lore", "长安是唐朝的都城。", 12),
    SentPart("user", "history", "很久以前的一句话", 9, dropped=True),
    SentPart("assistant", "history", "举杯邀明月，对影成三人。", 14),
    SentPart("user", "history", "再写一首，写长安的雪", 11),
)
TEXT = "<|im_start|>system\nYou are Li Bai.<|im_end|>\n<|im_start|>user\n再写一首，写长安的雪<|im_end|>\n<|im_start|>assistant\n"


def rating_pictures(tag: str, take: Callable[[QWidget, str], None]) -> None:
    """Each at two widths; the dialogs with something in them."""
    for width in (1180, 430):
        view = TranscriptView()
        view.resize(width, 560)
        view.set_turns(TURNS)
        take(view, f"ratings-{tag}-{width}")
        view.act(3, "fold")
        take(view, f"ratings-summary-{tag}-{width}")
        view.clear()
        ranking = RankingDialog(
            [Alternative(number, number, text, thumb=2 - number, model="Qwen3-4B") for number, text in enumerate(SAID, 1)]
        )
        ranking.resize(min(width, 640), 560)
        take(ranking, f"ranking-{tag}-{width}")
        training = TrainingDialog()
        training.set_counts(1_204, 57, 88)
        training.resize(min(width, 480), 420)
        take(training, f"training-{tag}-{width}")
        take(_budgets(min(width, 720)), f"budget-{tag}-{width}")
        sent = SentDialog(TEXT, PARTS, prompt_tokens=4_490, limit=6_144, context=8_192)
        sent.resize(min(width, 720), 600)
        take(sent, f"sent-{tag}-{width}")
        sent.show_tab("text")
        take(sent, f"sent-text-{tag}-{width}")


def _budgets(width: int) -> QWidget:
    """A bar that has room, one from which something was left out, with its legend, and one that is too full."""
    stack = QWidget()
    stack.setProperty("ground", "paper")
    column = QVBoxLayout(stack)
    column.setSpacing(16)
    whole, left_out, full = (BudgetBar(stack) for _ in range(3))
    whole.set_budget(BUDGET, 6_144, 8_192, {}, "exact")
    left_out.set_budget({**BUDGET, "history": 3_600}, 6_144, 8_192, {"history": 12, "lore": 3, "examples": 1}, "estimate")
    left_out.set_expanded(True)
    full.set_budget({**BUDGET, "history": 6_600}, 6_144, 8_192, {}, "estimate")
    for bar in (whole, left_out, full):
        column.addWidget(bar)
    stack.setFixedWidth(width)
    return stack
