"""Pictures of who takes part in a conversation: the bar above the composer, and the form in the panel at the right."""

from collections.abc import Callable

from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QVBoxLayout, QWidget

from zhiyin.roles import AuthorNote, Member, Setup
from zhiyin.ui.cast_bar import CastBar
from zhiyin.ui.cast_values import CastKnown, CastView, MemberView, Named
from zhiyin.ui.conversation_panel import ConversationPanel, PanelDefaults
from zhiyin.ui.pictures import Pictures
from zhiyin.ui.tokens import PANEL_WIDTH

MEMBERS = (
    MemberView(1, "李白", "", "李", "slate"),
    MemberView(2, "杜甫", "", "杜", "jade", muted=True),
    MemberView(3, "Sherlock Holmes & Co.", "", "S", "#6a4f8a"),
    MemberView(4, "说书人", "", "说", "ochre"),
)
SETUP = Setup(
    members=tuple(Member(member.persona, member.muted) for member in MEMBERS),
    speaking="mention",
    note=AuthorNote("雨下个不停，大家都有些心事。"),
    books=(1,),
    summarize=True,
)
KNOWN = CastKnown(MEMBERS, (Named(1, "安"), Named(2, "Ann")), "安", (Named(1, "长安城"), Named(2, "The town of Millbrook")))


def cast_pictures(tag: str, take: Callable[[QWidget, str], None]) -> None:
    """The bar at three widths and in its three states, and the panel for a group, for one persona and for none."""
    pictures = Pictures()

    def picture_of(picture: str, size: int, seal: str, color: str) -> QPixmap:
        return pictures.pixmap(picture, size, seal=seal, color=color)

    stack = QWidget()
    column = QVBoxLayout(stack)
    views = (CastView(MEMBERS, following=3), CastView(MEMBERS, speaking=1), CastView(MEMBERS, asking=True), CastView(MEMBERS[:1]))
    for width in (680, 420, 200, 90):
        for view in views:
            bar = CastBar(picture_of, stack)
            bar.setFixedWidth(width)
            column.addWidget(bar)
            bar.set_cast(view)
    take(stack, f"cast-bar-{tag}")
    one = Setup(members=(Member(1),))
    for name, setup, known in (("group", SETUP, KNOWN), ("one", one, KNOWN), ("none", Setup(), CastKnown())):
        panel = ConversationPanel()
        panel.set_picture_of(picture_of)
        panel.set_values(None, PanelDefaults(), None)
        panel.set_cast(setup, known)
        panel.resize(PANEL_WIDTH, 1300 if name == "group" else 900)
        take(panel, f"cast-panel-{name}-{tag}")
