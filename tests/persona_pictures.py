"""Pictures of the personas: the gallery, the form, a card before it is taken in, many of them, what is refused and what is deleted."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter

from zhiyin.application import Zhiyin
from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.cards.writing import write_png
from zhiyin.store.records import NewPersona
from zhiyin.ui.persona_values import DELETE, EDIT, IMPORT, JSON1

OWN = (
    ("苏轼", "豁达的词人，被贬到哪里都能吃好喝好。他会陪你喝酒，谈人生起落，也会教你做一道肉。", ("历史", "诗词", "美食"), "苏", "ink"),
    ("Ada", "A patient tutor who explains a proof three ways, and waits until you have found the last step.", ("maths",), "A", "jade"),
    ("老周", "退休刑警，开了一家面馆，喜欢从一碗面推断来客的心事。", ("悬疑", "都市"), "周", "slate"),
    ("Mira of the Salt Coast", "Smuggler, cartographer, terrible singer. Knows every cove.", ("adventure", "sea"), "M", "ochre"),
    ("小满", "住在山里的节气精灵，会告诉你今天该种什么、吃什么。", ("治愈", "日常"), "满", "#6B4C7A"),
)
NIGHT = {
    "spec": "chara_card_v3",
    "spec_version": "3.1",
    "data": {
        "name": "夜行的邮差",
        "description": "一个只在夜里出现的邮差，送的都是没有写完的信。" * 6,
        "first_mes": "“这封信，是给你的。”他把帽檐压低了一点，“不过写信的人还没有写完。”",
        "creator": "山月",
        "character_version": "1.2",
        "tags": ["夜", "信", "治愈"],
        "alternate_greetings": ["雨停了。", "你也睡不着？"],
        "creator_notes": "## 怎么聊\n\n**请用**较高的温度。\n\n- 适合长谈\n- 世界书里有十二封信\n\n<script>alert(1)</script><img src='http://x/y.png'>",
        "creator_notes_multilingual": {
            "en": "## How to talk\n\n**Use** a higher temperature.\n\n- Made for long talks\n- Twelve letters in the lorebook"
        },
        "character_book": {"entries": [{"keys": ["信"], "content": "x"}] * 12},
    },
}


def drawn(side: int = 512) -> bytes:
    """A moon over a road, as a card's picture."""
    image = QImage(side * 2 // 3, side, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    night = QLinearGradient(0, 0, 0, side)
    night.setColorAt(0, QColor("#1B2440"))
    night.setColorAt(1, QColor("#5A4A62"))
    painter.fillRect(image.rect(), night)
    painter.setBrush(QColor("#F3E9C8"))
    painter.drawEllipse(side // 4, side // 5, side // 5, side // 5)
    painter.end()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "moon.png"
        image.save(str(path))
        return path.read_bytes()


def fill_personas(zhiyin: Zhiyin) -> None:
    """The user's own, beside those that come with the app."""
    made = []
    for name, description, tags, seal, color in OWN:
        card = Card.blank(name).changed(
            description=description, tags=list(tags), first_mes=f"（{name}）……", alternate_greetings=["…", "？"]
        )
        made.append(NewPersona(card.to_json(), name, tags, "", description, seal, color))
    assert zhiyin.session is not None
    zhiyin.session.store.personas.add_many(made).result()


def persona_pictures(zhiyin: Zhiyin, tag: str, take: Callable[[str], None], wait: Callable[[int], None]) -> None:
    """The gallery at three widths, the form, a card with a picture, the same again, a folder, what is said and what is deleted."""
    window = zhiyin.window
    view = window.personas_page.personas
    window.resize(1180, 860)
    fill_personas(zhiyin)
    window.show_personas("personas")
    while len(view.items()) < len(OWN):
        wait(50)
    wait(300)
    own = [item.id for item in view.items() if not item.builtin]
    view.choose(own[:1])
    take(f"{tag}-personas")
    for width in (640, 430):
        window.resize(width, 800)
        take(f"{tag}-personas-{width}")
    window.resize(1180, 860)
    view.gallery().search.setText("长安 1024")
    take(f"{tag}-personas-nothing-fits")
    view.gallery().search.clear()
    view.export_wanted.emit(JSON1, own[:1])
    while not view.notice():
        wait(20)
    take(f"{tag}-personas-export")
    view.acted.emit(EDIT, own[:1])
    while not view.editing:
        wait(20)
    take(f"{tag}-persona-form")
    editor = view.editor()
    for fold in editor.folds.values():
        fold.setChecked(True)
    wait(200)
    editor.area.verticalScrollBar().setValue(620)
    take(f"{tag}-persona-form-more")
    editor.area.verticalScrollBar().setValue(10_000)
    take(f"{tag}-persona-form-end")
    for width in (640, 430):
        window.resize(width, 800)
        editor.area.verticalScrollBar().setValue(0)
        take(f"{tag}-persona-form-{width}")
    window.resize(1180, 860)
    view.show_gallery()
    with tempfile.TemporaryDirectory() as folder:
        _cards(zhiyin, Path(folder), tag, take, wait)
    view.choose(own[:3])
    view.gallery().acted.emit(DELETE)
    wait(500)
    take(f"{tag}-personas-deleted")
    window.toast.button.click()


def _cards(zhiyin: Zhiyin, folder: Path, tag: str, take: Callable[[str], None], wait: Callable[[int], None]) -> None:
    window = zhiyin.window
    view = window.personas_page.personas
    file = folder / "夜行的邮差.png"
    file.write_bytes(write_png(Card(NIGHT), drawn()))
    for number, name in enumerate(("card", "card-again")):
        window.cards_dropped.emit([str(file)])
        while not view.previewing or view.preview().card() is None:
            wait(20)
        wait(500)
        take(f"{tag}-{name}")
        if number == 0:
            for width in (640, 430):
                window.resize(width, 800)
                take(f"{tag}-{name}-{width}")
            window.resize(1180, 860)
            view.preview().buttons[IMPORT].click()
        else:
            view.preview().leave()
        while view.previewing:
            wait(20)
    wait(300)
    take(f"{tag}-personas-imported")
    many = folder / "many"
    many.mkdir()
    for number in range(8):
        (many / f"{number}.json").write_text(json.dumps({"name": f"路人 {number}", "description": "x", "first_mes": "…"}), encoding="utf-8")
    (many / "broken.json").write_text("{", encoding="utf-8")
    (many / "empty.charx").write_bytes(b"")
    window.cards_dropped.emit([str(many)])
    while not view.previewing or (state := view.preview().state()) is None or state.running:
        wait(20)
    take(f"{tag}-cards-many")
    view.preview().leave()
