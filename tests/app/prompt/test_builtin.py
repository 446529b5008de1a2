"""The personas that come with the app: whole in both languages, short enough for small models, and drawn."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from msgspec import convert

from zhiyin.prompt.assembly import assemble
from zhiyin.prompt.builtin import KEYS, BuiltIn, Language, built_in
from zhiyin.prompt.lore.activation import LoreSettings, ScannedMessage, activate
from zhiyin.prompt.lore.book import read_book
from zhiyin.prompt.macros import MacroValues, expand, replace_original
from zhiyin.prompt.scene import Actor, Scene, SceneTurn
from zhiyin.prompt.sentences import sentences
from zhiyin.resources import asset_path
from zhiyin.ui.tokens import LIGHT, TEXT_ROLES
from zhiyin_models.engine.protocol import Sampling

LANGUAGES: tuple[Language, ...] = ("zh", "en")
EVERYONE = [(language, key) for language in LANGUAGES for key in KEYS]
HAN = re.compile(r"[\u4e00-\u9fff]")
every = pytest.mark.parametrize(("language", "key"), EVERYONE, ids=[f"{key}-{language}" for language, key in EVERYONE])


def texts_of(built: BuiltIn) -> list[str]:
    card = built.card
    return [
        *(card.description, card.personality, card.scenario, card.first_message, *card.alternate_greetings, card.example_dialogue),
        *(card.system_prompt, card.post_history_instructions, card.creator_notes, *card.tags),
    ]


def test_there_are_enough_of_them_and_no_file_is_left_over() -> None:
    assert len(KEYS) >= 16
    folder = asset_path("personas")
    files = {path.name for path in folder.iterdir()}
    assert files == {f"{key}.{end}" for key in KEYS for end in ("zh.json", "en.json", "svg")}
    for language in LANGUAGES:
        assert tuple(built_in(language)) == KEYS
        assert len({built.seal for built in built_in(language).values()}) == len(KEYS)


@every
def test_a_built_in_persona_is_whole(language: Language, key: str) -> None:
    built = built_in(language)[key]
    card = built.card
    assert (built.key, built.picture) == (key, f"asset:personas/{key}.svg")
    assert card.version == 3
    assert len(built.seal) == 1
    assert HAN.fullmatch(built.seal)
    assert built.color in TEXT_ROLES
    for field in ("name", "description", "personality", "first_mes", "system_prompt", "creator_notes"):
        assert card.body[field].strip() == card.body[field] != ""
    assert len(card.alternate_greetings) == 2
    assert card.tags
    assert "\n" not in card.creator_notes
    convert(card.sampling or {}, Sampling)


@every
def test_its_texts_are_of_its_language_and_short(language: Language, key: str) -> None:
    built = built_in(language)[key]
    assert len(built.card.system_prompt) < (400 if language == "zh" else 1100)
    sent = "\n".join(texts_of(built))
    assert len(sent) < (2500 if language == "zh" else 6500)
    share = len(HAN.findall(built.card.description + built.card.system_prompt)) / len(built.card.description + built.card.system_prompt)
    assert share > 0.6 if language == "zh" else share == 0


@every
def test_its_macros_are_known(language: Language, key: str) -> None:
    for text in texts_of(built_in(language)[key]):
        assert "{{" not in replace_original(expand(text, MacroValues(char="x", user="y")), "")
    examples = built_in(language)[key].card.example_dialogue
    for example in examples.split("<START>\n")[1:]:
        assert example.startswith("{{user}}: ")
        assert "\n{{char}}: " in example
    assert not examples or examples.startswith("<START>\n")


@every
def test_the_user_s_own_system_prompt_stays_beside_its_prompt(language: Language, key: str) -> None:
    actor = Actor(1, built_in(language)[key].card.raw)
    asked = Scene(1, (SceneTurn(1, "user", "?"),), (actor,), 1, system_prompt="Speak Latin.", language=language)
    system = next(message.content for message in assemble(asked).layout.messages if message.section == "system")
    assert system.startswith("Speak Latin.")
    assert system.endswith(expand(built_in(language)[key].card.system_prompt, MacroValues("", sentences(language).user))[-20:])


def test_both_languages_are_the_same_persona() -> None:
    for key in KEYS:
        zh, en = built_in("zh")[key], built_in("en")[key]
        assert (zh.seal, zh.color, zh.card.sampling) == (en.seal, en.color, en.card.sampling)
        assert zh.card.body.keys() == en.card.body.keys()
        assert len(read_book(zh.card.book or {}).entries) == len(read_book(en.card.book or {}).entries)


POEMS = {
    "libai": {
        "你的故乡在哪里": "床前明月光，疑是地上霜。举头望明月，低头思故乡。",
        "讲讲你和Wang Lun的事": "桃花潭水深千尺，不及汪伦送我情。",
        "流放夜郎以后呢": "朝辞白帝彩云间，千里江陵一日还。两岸猿声啼不住，轻舟已过万重山。",
        "我最近很灰心": "长风破浪会有时，直挂云帆济沧海。",
        "你想念杜甫吗": "思君若汶水，浩荡寄南征。",
    },
    "dufu": {
        "安史之乱的时候": "国破山河在，城春草木深。感时花溅泪，恨别鸟惊心。烽火连三月，家书抵万金。白头搔更短，浑欲不胜簪。",
        "下雨了": "好雨知时节，当春乃发生。随风潜入夜，润物细无声。",
        "年轻时登过泰山吗": "会当凌绝顶，一览众山小。",
        "说说李白": "白也诗无敌，飘然思不群。",
        "你的草堂": "安得广厦千万间，大庇天下寒士俱欢颜，风雨不动安如山。",
    },
    "sushi": {
        "中秋你想谁": "明月几时有？把酒问青天。",
        "路上下雨了": "竹杖芒鞋轻胜马，谁怕？一蓑烟雨任平生。",
        "赤壁好看吗": "大江东去，浪淘尽，千古风流人物。",
        "我睡不着": "何夜无月？何处无竹柏？但少闲人如吾两人者耳。",
    },
}


@pytest.mark.parametrize("key", POEMS)
def test_the_poets_know_their_friends_and_their_lines(key: str) -> None:
    book = read_book(built_in("zh")[key].card.book or {})
    for said, line in POEMS[key].items():
        fired = activate([book], [ScannedMessage("user", "", said)], LoreSettings(), seed=1, turn=1, counts=len, values=MacroValues())
        assert any(line in one.text for one in fired.fired), said


def test_the_poets_books_answer_to_both_languages() -> None:
    for language, said, word in (("en", "Do you miss Du Fu?", "Zimei"), ("zh", "Tell me about Du Fu", "子美"), ("en", "杜甫好吗", "Zimei")):
        book = read_book(built_in(language)["libai"].card.book or {})  # type: ignore[index]
        fired = activate([book], [ScannedMessage("user", "", said)], LoreSettings(), seed=1, turn=1, counts=len, values=MacroValues())
        assert any(word in one.text for one in fired.fired)
        quiet = [ScannedMessage("user", "", "a showman on Kashuba street reads a warrant"), ScannedMessage("assistant", "", "你好")]
        assert not activate([book], quiet, LoreSettings(), seed=1, turn=1, counts=len, values=MacroValues()).fired


def test_every_poem_in_english_stands_in_the_chinese_book_too_or_is_by_the_same_hand() -> None:
    """What is quoted in Chinese characters in the English books is quoted in the Chinese ones."""
    for key in POEMS:
        chinese = "".join(entry.content for entry in read_book(built_in("zh")[key].card.book or {}).entries)
        for entry in read_book(built_in("en")[key].card.book or {}).entries:
            for line in re.findall(r"[\u4e00-\u9fff]{4,}", entry.content):
                assert line in chinese, line


@pytest.mark.parametrize("key", KEYS)
def test_its_picture_is_small_flat_and_harmless(key: str) -> None:
    path: Path = asset_path(f"personas/{key}.svg")
    source = path.read_text(encoding="utf-8")
    assert len(source.encode()) <= 4096
    tree = ET.fromstring(source)  # our own file
    assert tree.get("viewBox") == "0 0 256 256"
    names = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert names <= {"svg", "g", "path", "circle", "ellipse", "rect", "line", "polyline", "polygon"}
    colours = set(re.findall(r"#[0-9A-Fa-f]{3,8}\b", source))
    assert colours <= set(LIGHT.values()), colours - set(LIGHT.values())


def test_the_files_are_cards_that_other_programs_read() -> None:
    for language, key in EVERYONE:
        raw = json.loads(asset_path(f"personas/{key}.{language}.json").read_text(encoding="utf-8"))
        assert (raw["spec"], raw["spec_version"]) == ("chara_card_v3", "3.0")
        assert isinstance(raw["data"]["group_only_greetings"], list)


def test_nobody_else_is_built_in() -> None:
    with pytest.raises(KeyError):
        built_in("en")["nobody"]
    assert built_in("en")["libai"] is built_in("en")["libai"]
