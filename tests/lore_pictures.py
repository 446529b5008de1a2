"""Pictures of lorebooks and profiles: a world as somebody has written it down, tried on a conversation; wide and narrow."""

import json
from collections.abc import Callable
from pathlib import Path

from zhiyin.application import Zhiyin
from zhiyin.store.store import Store

CHANGAN = {
    "name": "长安旧事",
    "description": "天宝年间的长安：地方、人物、规矩。",
    "token_budget": 120,
    "recursive_scanning": True,
    "extensions": {},
    "entries": [
        {"name": "长安城", "keys": ["长安", "西京", "帝都"], "insertion_order": 10, "priority": 50,
         "content": "长安有一百零八坊，朱雀大街把它分成东西两半。入夜坊门关闭，金吾卫巡街，只有上元节前后三夜不禁。"},
        {"name": "明月", "keys": ["明月", "月亮", "moon"], "secondary_keys": ["酒", "wine"], "selective": True, "insertion_order": 20,
         "content": "@@depth 2\n在他的诗里，月是故人：一同饮酒，一同归去。"},
        {"name": "胡姬酒肆", "keys": ["酒肆", "取酒"], "insertion_order": 30, "priority": 10,
         "content": "西市有胡姬当垆的酒肆，葡萄酒来自凉州，琵琶声常到三更。掌柜的认得每一个赊账的诗人，也认得他们的驴。"},
        {"name": "规矩", "keys": [], "constant": True, "insertion_order": 1, "content": "说话半文半白，不提唐以后的人和事。"},
        {"name": "年份", "keys": ["/天宝[元一二三四五]/", "74[2-6]年"], "use_regex": True, "insertion_order": 40,
         "content": "天宝元年（742）奉诏入京，三年春赐金放还。"},
        {"name": "", "keys": ["汪伦", "桃花潭"], "insertion_order": 100, "content": "桃花潭水深千尺，不及汪伦送我情。"},
        {"name": "贺知章", "keys": ["贺监", "贺知章", "金龟"], "insertion_order": 100, "enabled": False,
         "content": "一见便呼“谪仙人”，解下金龟换酒。", "extensions": {"probability": 60, "useProbability": True}},
    ],
}  # fmt: skip
HARBOUR = {
    "name": "The harbour of Vell",
    "extensions": {},
    "entries": [{"name": f"Pier {number}", "keys": [f"pier {number}"], "content": "Salt and rope."} for number in range(1, 43)],
}
TURNS = [
    ("user", "子美", "今夜的月亮真圆。三年不见，你在长安还好么？"),
    ("assistant", "李白", "好！天宝三载春，赐金放还，从此天子呼来不上船。来，取酒，明月正好。"),
]


def fill_lore(data_dir: Path) -> None:
    """Two books and two profiles."""
    with Store.open(data_dir) as store:
        for book in (CHANGAN, HARBOUR):
            store.books.add(str(book["name"]), json.dumps(book, ensure_ascii=False), len(book["entries"])).result()
        store.profiles.add("子美", "襄阳人，二十七岁，刚落第，背着琴东游。敬李白如兄，说话老实。").result()
        store.profiles.add("Ann", "A translator from Bristol who is learning Chinese.").result()


def lore_pictures(zhiyin: Zhiyin, tag: str, take: Callable[[str], None], wait: Callable[[int], None]) -> None:
    """The editor with what would fire, its form unfolded, the settings of a book; profiles; at every width."""
    window = zhiyin.window
    books = window.personas_page.books
    assert zhiyin.session is not None
    zhiyin.session.books.set_recent(lambda: TURNS)
    window.resize(1180, 860)
    window.show_personas("books")
    chosen = next(item.ident for item in books.items() if item.entries == len(CHANGAN["entries"])) if books.items() else 0
    while not chosen:
        wait(50)
        chosen = next((item.ident for item in books.items() if item.entries == len(CHANGAN["entries"])), 0)
    books.content().list.chosen.emit(chosen)
    editor = books.editor
    while len(editor.entries()) != len(CHANGAN["entries"]):
        wait(50)
    if not editor.live.is_open():
        editor.live.fold.click()
    wait(600)
    take(f"{tag}-lore")
    editor.open_entry(2)
    for fold in (editor.form.place_fold, editor.form.match_fold, editor.form.recursion_fold):
        fold.setChecked(True)
    editor.live.fold.click()
    take(f"{tag}-lore-form")
    editor.form.verticalScrollBar().setValue(10_000)
    take(f"{tag}-lore-form-below")
    for fold in (editor.form.place_fold, editor.form.match_fold, editor.form.recursion_fold):
        fold.setChecked(False)
    editor.open_entry(5)
    editor.form.keys.editor.setText("天宝(")
    editor.form.keys.commit()
    editor.form.help_fold.setChecked(True)
    wait(300)
    take(f"{tag}-lore-pattern")
    editor.form.keys.remove(2)
    editor.form.help_fold.setChecked(False)
    editor.settings_button.click()
    take(f"{tag}-lore-settings")
    editor.show_list()
    for width in (640, 430):
        window.resize(width, 800)
        editor.show_list()
        take(f"{tag}-lore-{width}")
        editor.open_entry(2)
        take(f"{tag}-lore-{width}-form")
        editor.live.fold.click()
        wait(400)
        take(f"{tag}-lore-{width}-live")
        editor.live.fold.click()
    window.resize(1180, 860)
    persona = next((row.id for row in zhiyin.session.store.personas.all().result()), 0)
    if persona:
        zhiyin.session.books.edit_card_book(persona)
        wait(300)
        take(f"{tag}-lore-card")
        books.content().card_back.click()
        wait(200)
    window.show_personas("profiles")
    wait(300)
    take(f"{tag}-profiles")
    for width in (640, 430):
        window.resize(width, 800)
        take(f"{tag}-profiles-{width}")
    window.resize(1180, 860)
