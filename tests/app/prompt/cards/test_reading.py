"""Cards as strangers make them: read as far as is safe with a note on what was mended, or refused with a code."""

import base64
import json
import struct
import tracemalloc
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.app.prompt.cards.card_files import card, picture

from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.cards.mending import Mend
from zhiyin.prompt.cards.png_text import END, chunk, read_png, with_texts
from zhiyin.prompt.cards.reading import CardFile, read_card
from zhiyin.prompt.cards.writing import write_charx, write_json, write_png
from zhiyin.prompt.errors import CardCode, CardDetail, CardError

PICTURE = picture()
V1 = {"name": "李白", "description": "d", "personality": "p", "scenario": "s", "first_mes": "f", "mes_example": "m"}
HERE = Path("folder/李白.png")


def encoded(value: Any) -> bytes:
    return base64.b64encode(json.dumps(value, ensure_ascii=False).encode())


def v2(**fields: Any) -> dict[str, Any]:
    return {"spec": "chara_card_v2", "spec_version": "2.0", "data": {**Card(V1).as_version(2).body, **fields}}


def v3(**fields: Any) -> dict[str, Any]:
    return {"spec": "chara_card_v3", "spec_version": "3.0", "data": {**Card(V1).as_version(3).body, **fields}}


def png(*chunks: bytes) -> bytes:
    return PICTURE.removesuffix(END) + b"".join(chunks) + END


def text(keyword: str, content: bytes) -> bytes:
    return chunk(b"tEXt", keyword.encode() + b"\0" + content)


def packed(keyword: str, content: bytes) -> bytes:
    return chunk(b"zTXt", keyword.encode() + b"\0\0" + zlib.compress(content))


def international(keyword: str, content: bytes, *, pack: bool) -> bytes:
    head = keyword.encode() + b"\0" + bytes([pack]) + b"\0zh\0" + "人物".encode() + b"\0"
    return chunk(b"iTXt", head + (zlib.compress(content) if pack else content))


def mends(found: CardFile) -> dict[Mend, dict[str, Any]]:
    return {mended.code: mended.args for mended in found.mended}


def refused(data: bytes, path: Path = HERE) -> CardError:
    with pytest.raises(CardError) as caught:
        read_card(path, data)
    assert caught.value.failure.args["path"] == path.name
    return caught.value


# ------------------------------------------------------------------ what is sound


@pytest.mark.parametrize(
    "part",
    [
        text("ccv3", encoded(v3())),
        packed("ccv3", encoded(v3())),
        international("ccv3", encoded(v3()), pack=False),
        international("ccv3", encoded(v3()), pack=True),
        text("CCV3", encoded(v3())),
    ],
    ids=["tEXt", "zTXt", "iTXt", "iTXt packed", "capitals"],
)
def test_every_kind_of_text_chunk_is_read(part: bytes) -> None:
    found = read_card(HERE, png(part))
    assert found.card.raw == v3()
    assert (found.container, found.picture, found.mended) == ("png", PICTURE, ())


def test_an_animated_picture_keeps_its_frames_and_chunks_of_others_are_kept() -> None:
    frames = chunk(b"acTL", struct.pack(">II", 1, 0)) + text("parameters", b"steps: 20")
    animated = PICTURE[:33] + frames + PICTURE[33:]
    written = write_png(Card(v3()), animated)
    found = read_card(HERE, written)
    assert (found.container, found.picture) == ("apng", animated)
    assert [one.keyword for one in read_png(written).texts] == ["chara", "ccv3"]
    # a card that is replaced leaves nothing of the one before
    assert [one.keyword for one in read_png(write_png(Card(v3()), written, versions=(2,))).texts] == ["chara"]


def test_v1_v2_and_what_was_before_are_read() -> None:
    assert read_card(HERE, png(text("chara", encoded(V1)))).card.version == 1
    assert read_card(HERE, json.dumps(v2(tags=["a", 1])).encode()).card.tags == ("a",)
    old = {"char_name": "月", "char_persona": "d", "world_scenario": "s", "char_greeting": "你好", "example_dialogue": "e", "other": [1]}
    found = read_card(HERE, json.dumps(old).encode())
    assert (found.card.name, found.card.first_message, found.card.raw["other"]) == ("月", "你好", [1])
    assert Mend.OLD_FORMAT in mends(found)


def test_an_archive_brings_its_files_and_its_picture() -> None:
    icon = {"type": "icon", "uri": "embeded://assets/icon/images/main.png", "name": "main", "ext": "png"}
    mood = {"type": "emotion", "uri": "embeded://assets/e/joy.webp", "name": "joy", "ext": "webp"}
    side = {**icon, "uri": "embeded://side.png", "name": "side"}
    files = {"assets/icon/images/main.png": PICTURE, "assets/e/joy.webp": b"RIFF", "module.risum": b"\1", "side.png": b"side"}
    found = read_card(Path("a.charx"), write_charx(Card(v3(assets=[mood, side, icon])), b"", files))
    assert (found.container, found.picture, found.assets, found.mended) == ("charx", PICTURE, files, ())
    with_own_icon = read_card(Path("a.charx"), write_charx(card(), PICTURE, {}))
    assert with_own_icon.picture == PICTURE
    behind_a_jpeg = b"\xff\xd8\xff\xe0" + bytes(500) + write_charx(card(), PICTURE, {})
    assert read_card(Path("a.jpeg"), behind_a_jpeg).picture == PICTURE


def test_files_in_chunks_of_a_picture_are_read_and_written() -> None:
    files = {"0": b"RIFF", "assets/表情/joy.png": b"x"}
    found = read_card(HERE, write_png(Card(v3()), PICTURE, assets=files))
    assert (found.assets, found.picture) == (files, PICTURE)


def test_a_picture_in_the_text_is_found() -> None:
    uri = "data:image/png;base64," + base64.b64encode(PICTURE).decode()
    assert read_card(HERE, json.dumps(v3(assets=[{"type": "icon", "uri": uri, "name": "main"}])).encode()).picture == PICTURE


# ------------------------------------------------------------------ what is odd


def test_of_two_cards_in_a_file_the_newer_form_is_taken_and_the_difference_told() -> None:
    found = read_card(HERE, png(text("chara", encoded(v2(name="旧", tags=["x"]))), text("ccv3", encoded(v3(name="新")))))
    assert found.card.name == "新"
    assert mends(found)[Mend.DISAGREE] == {"fields": "name, tags"}
    same = read_card(HERE, png(text("chara", encoded(V1)), text("ccv3", encoded(v3(nickname="n")))))
    assert same.mended == ()
    broken = read_card(HERE, png(text("ccv3", b"e30"), text("chara", encoded(v2()))))
    assert (broken.card.version, list(mends(broken))) == (2, [Mend.SECOND_DAMAGED])
    twice = read_card(HERE, png(text("chara", encoded(v2(name="first"))), text("chara", encoded(v2(name="second")))))
    assert (twice.card.name, list(mends(twice))) == ("first", [Mend.SEVERAL])


def test_damage_to_the_picture_costs_no_card() -> None:
    whole = png(text("ccv3", encoded(v3())))
    behind = read_card(HERE, whole + b"garbage")
    assert (mends(behind), behind.picture) == ({Mend.TRAILING: {"size": 7}}, PICTURE)
    broken = read_card(HERE, whole.replace(text("ccv3", encoded(v3()))[-4:], b"\0\1\2\3"))
    assert (broken.card.raw, list(mends(broken)), broken.picture) == (v3(), [Mend.CHECKSUM], PICTURE)
    cut = read_card(HERE, whole[:-5])
    assert (list(mends(cut)), cut.picture) == ([Mend.TRUNCATED], PICTURE)
    lying = whole.removesuffix(END) + struct.pack(">I", 2**31) + b"IDAT" + b"x" * 50
    assert list(mends(read_card(HERE, lying))) == [Mend.TRUNCATED]


@pytest.mark.parametrize(
    ("name", "content", "note"),
    [
        ("lines", base64.encodebytes(json.dumps(v3()).encode()), None),
        ("urlsafe", base64.urlsafe_b64encode(json.dumps(v3(description="?>~ÿÿ")).encode()), None),
        ("unpadded", encoded(v3()).rstrip(b"="), None),
        ("junk", b"!" + encoded(v3()) + b"\x80", Mend.BASE64),
        ("bare", json.dumps(v3()).encode(), Mend.BASE64),
        ("mark", base64.b64encode(b"\xef\xbb\xbf" + json.dumps(v3()).encode()), None),
        ("utf-16", base64.b64encode(json.dumps(v3(), ensure_ascii=False).encode("utf-16")), Mend.ENCODING),
        ("extra", base64.b64encode(json.dumps(v3()).encode() + b"}}"), Mend.JSON_EXTRA),
    ],
)
def test_odd_encodings_are_read(name: str, content: bytes, note: Mend | None) -> None:
    found = read_card(HERE, png(text("ccv3", content)))
    assert found.card.name == "李白", name
    if note is not None:
        assert list(mends(found)) == [note]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "gb18030"])
def test_json_in_other_encodings_is_read(encoding: str) -> None:
    found = read_card(HERE, json.dumps(v3(description="床前明月光，疑是地上霜。"), ensure_ascii=False).encode(encoding))
    assert (found.card.name, found.card.description[:5]) == ("李白", "床前明月光")
    assert (Mend.ENCODING in mends(found)) == (encoding != "utf-8-sig")


def test_one_bad_byte_costs_one_character() -> None:
    data = json.dumps(v3(description="床前明月光" * 50), ensure_ascii=False).encode().replace("疑".encode(), b"")
    for bad in (b"\xff", b"\xe5", b"\xe5\xe5", b"\xe5\x8d"):
        found = read_card(HERE, data.replace("前".encode(), bad, 1))
        assert found.card.description.replace("\ufffd", "").startswith("床明月光床前")
        assert list(mends(found)) == [Mend.ENCODING]


def test_numbers_that_nobody_can_hold_are_replaced_and_all_others_stay() -> None:
    data = json.dumps(v3(a=1)).replace('"a": 1', '"a": [NaN, Infinity, -Infinity, 1e400, 1e999999, %s, 1E3]' % ("9" * 5000))
    found = read_card(HERE, data.encode())
    assert found.card.body["a"] == [None, None, None, 10**400, "1e999999", "9" * 5000, 1000.0]
    assert mends(found) == {Mend.NUMBERS: {"count": 5}}
    assert read_card(HERE, write_json(found.card, 3)).card == found.card


def test_half_letters_and_what_is_said_twice_are_told() -> None:
    data = json.dumps(v3(description="1", tags=["2"])).replace('"1"', '"a\\ud800b"').replace('"2"', '"\\ud83d\\ude00", "\\udc00"')
    found = read_card(HERE, data.encode())
    assert (found.card.description, found.card.tags) == ("a\ufffdb", ("😀", "\ufffd"))
    assert mends(found) == {Mend.LETTERS: {"count": 2}}
    whole = read_card(HERE, json.dumps(v3(description="😀\ufffd")).encode())
    assert (whole.card.description, whole.mended) == ("😀\ufffd", ())
    twice = read_card(HERE, json.dumps(v3()).replace('"name":', '"name": "first", "x": {"a": 1, "a": 2}, "name":').encode())
    assert (twice.card.name, twice.card.body["x"]) == ("李白", {"a": 2})
    assert mends(twice) == {Mend.KEYS_TWICE: {"name": "a", "count": 2}}


def test_newer_and_unknown_formats_are_read_with_a_warning() -> None:
    assert mends(read_card(HERE, json.dumps({**v3(), "spec_version": "3.4"}).encode())) == {Mend.NEWER_SPEC: {"name": "3.4"}}
    assert mends(read_card(HERE, json.dumps({**v3(), "spec": "chara_card_v12"}).encode())) == {Mend.NEWER_SPEC: {"name": "chara_card_v12"}}
    assert mends(read_card(HERE, json.dumps({**v3(), "spec": "else"}).encode())) == {Mend.UNKNOWN_SPEC: {"name": "else"}}
    for version in (None, 3, 3.0, [], "new", "9" * 400):
        read_card(HERE, json.dumps({**v3(), "spec_version": version}).encode())


def test_missing_and_wrong_fields_are_told_and_kept() -> None:
    raw = {"spec": "chara_card_v3", "data": {"first_mes": 5, "tags": "a", "assets": [1], "extensions": [], "name": None, "x": 1}}
    found = read_card(HERE, json.dumps(raw).encode())
    assert found.card.raw == {**raw, "data": {**raw["data"], "name": "李白"}}
    told = mends(found)
    assert told[Mend.NO_NAME] == {"name": "李白"}
    assert told[Mend.WRONG_TYPES] == {"fields": "first_mes, tags, assets, extensions"}
    assert str(told[Mend.MISSING_FIELDS]["fields"]).startswith("description, personality")


WRONG = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=2)
                     | st.dictionaries(st.text(max_size=3), inner, max_size=2), max_leaves=3)  # fmt: skip


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(st.dictionaries(st.sampled_from(sorted(v3()["data"])), WRONG), WRONG, WRONG)
def test_no_type_makes_the_view_raise(data: dict[str, Any], spec: Any, beside: Any) -> None:
    for raw in ({**data, "spec": spec, "data": beside}, {"spec": spec, "data": data, "assets": beside}):
        view = Card(raw)
        names = [name for name in dir(Card) if isinstance(getattr(Card, name), property) or name in ("version", "body")]
        assert all(getattr(view, name) is not NotImplemented for name in names)
        for version in (1, 2, 3):
            view.as_version(version).lost_in(1)
        view.changed(name="n", tags=["t"]).with_own(seal="印").with_own(seal=None).to_json()
        try:
            read_card(HERE, json.dumps(raw).encode())
        except CardError as error:
            assert error.code == CardCode.NONE


def test_html_and_script_are_text_like_any_other() -> None:
    bad = "<script>alert(1)</script><img src=x onerror=y>{{char}}"
    found = read_card(HERE, json.dumps(v3(name=bad, description=bad, creator_notes=bad, tags=[bad])).encode())
    assert (found.card.name, found.card.tags) == (bad, (bad,))


def test_what_the_first_version_has_no_place_for_is_named() -> None:
    beside = {"chat": "old", "fav": True, "empty": "", "name": "李白", "tags": ["poet"]}
    found = Card({**v3(tags=["poet"], nickname="白", odd=1), **beside})
    assert found.lost_in(1) == ("tags", "nickname", "chat", "fav")
    assert found.lost_in(2) == ("nickname",)
    assert "odd" in found.as_version(1).raw
    assert len(Card({**v3(), **{f"{number}" * 100: 1 for number in range(100)}}).lost_in(1)) == 30


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", CardCode.EMPTY),
        (b"GIF89a", CardCode.NONE),
        (bytes(100), CardCode.NONE),
        (PICTURE, CardCode.NONE),
        (b"\x89PNG\r\n\x1a\n", CardCode.NONE),
        (b"{", CardCode.DAMAGED),
        (b'{"name": "a", ', CardCode.DAMAGED),
        (b"[1, 2]", CardCode.NONE),
        (b'{"name": "package", "version": "1.0", "description": "no card"}', CardCode.NONE),
        (b'{"user_name": "u", "character_name": "c", "chat_metadata": {}}\n{"name": "c", "is_user": false, "mes": "hi"}\n', CardCode.NONE),
        (b'[{"id": 1, "mapping": {}}]', CardCode.NONE),
        (b'{"name": ' + b"[" * 100_000, CardCode.TOO_DEEP),
        (b'{"name": "a", "first_mes": ' + b"[" * 101 + b"]" * 101 + b"}", CardCode.TOO_DEEP),
        (b'{"first_mes": "' + b"x" * (9 << 20) + b'"}', CardCode.TOO_LARGE),
        (b'{"first_mes": [' + b"[]," * 210_000 + b"[]]}", CardCode.TOO_LARGE),
        (bytes(64 * 1024 * 1024 + 1), CardCode.TOO_LARGE),
        (png(text("ccv3", b"!!!!")), CardCode.DAMAGED),
        (png(text("chara", encoded(V1)[:40])), CardCode.DAMAGED),
        (png(chunk(b"zTXt", b"ccv3\0\0not zlib")), CardCode.DAMAGED),
        (png(packed("ccv3", b"QUJD" * (16 << 20))), CardCode.TOO_LARGE),
        (b"PK\3\4" + bytes(60), CardCode.DAMAGED),
    ],
    ids=range(21),
)
def test_what_is_no_card_is_refused(data: bytes, code: CardCode) -> None:
    assert refused(data).code == code


def test_a_picture_that_breaks_off_in_its_card_is_damaged_and_not_without_a_card() -> None:
    whole = png(text("chara", encoded(V1)))
    cut = whole[: whole.index(b"chara") + 60]
    lying = png(text("chara", encoded(V1)).replace(b"\0\0", b"\x7f\0", 1))
    for data in (cut, lying, whole[: len(PICTURE) // 2]):
        error = refused(data)
        assert (error.code, error.failure.args["detail"]) == (CardCode.DAMAGED, CardDetail.CUT)
    both = png(text("chara", encoded(V1)), text("ccv3", encoded(v3())))
    found = read_card(HERE, both[: both.index(b"ccv3") + 60])
    assert (found.card.version, list(mends(found))) == (1, [Mend.TRUNCATED])


def test_where_the_text_is_broken_is_told() -> None:
    error = refused(json.dumps(v3(), indent=1).replace('"personality": ', '"personality" ').encode())
    assert (error.code, error.failure.args["detail"], error.failure.args["line"]) == (CardCode.DAMAGED, CardDetail.JSON, 7)


def test_no_bomb_grows_beyond_its_bounds() -> None:
    bomb = zlib.compress(bytes(64 << 20))  # 64 MiB in 64 KB
    bombs = png(*[chunk(b"zTXt", b"chara\0\0" + bomb)] * 30, *[chunk(b"iTXt", b"ccv3\0\1\0\0\0" + bomb)] * 30)
    almost = png(*[chunk(b"zTXt", b"chara\0\0" + zlib.compress(b"A" * (10 << 20)))] * 20)
    tracemalloc.start()
    assert refused(bombs).code == CardCode.TOO_LARGE
    assert refused(almost).code == CardCode.DAMAGED
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60 << 20
    beside = png(chunk(b"zTXt", b"ccv3\0\0" + bomb), text("chara", encoded(V1)))
    assert list(mends(read_card(HERE, beside))) == [Mend.SECOND_DAMAGED]
    assert refused(PICTURE.removesuffix(END) + chunk(b"abCd", b"") * 100_001).code == CardCode.UNSAFE


def archive(files: list[tuple[str, bytes]], mode: int = 0, level: int | None = None) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16 if name != "card.json" else 0
            made.writestr(info, content, zipfile.ZIP_DEFLATED, level)
    return out.getvalue()


CARD_FILE = ("card.json", json.dumps(v3()).encode())


@pytest.mark.parametrize("name", ["../up", "/root", "a/../../b", "C:\\x", "a\\..\\b", "./x/./y", "n" * 600, "a\x01b"])
def test_names_that_lead_elsewhere_are_left_out(name: str) -> None:
    found = read_card(Path("a.charx"), archive([CARD_FILE, (name, b"x"), ("good", b"y")]))
    assert found.assets == {"good": b"y"}
    assert mends(found)[Mend.ASSET_DROPPED]["count"] == 1


def test_links_bombs_and_doubles_in_archives_are_left_out() -> None:
    assert read_card(Path("a.charx"), archive([CARD_FILE, ("link", b"/etc/passwd")], mode=0o120777)).assets == {}
    bomb = read_card(Path("a.charx"), archive([CARD_FILE, ("bomb", bytes(40 << 20)), ("good", b"y")]))
    assert (bomb.assets, mends(bomb)) == ({"good": b"y"}, {Mend.ASSET_DROPPED: {"name": "bomb", "count": 1}})
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = archive([("card.json", b"{}"), CARD_FILE])
    assert mends(read_card(Path("a.charx"), twice)) == {Mend.DUPLICATE: {"name": "card.json"}}
    crowd = read_card(Path("a.charx"), archive([CARD_FILE, *((f"{number}", b"") for number in range(1200))]))
    assert (len(crowd.assets), mends(crowd)[Mend.ASSET_DROPPED]["count"]) == (1000, 200)


def test_what_is_dropped_from_an_archive_is_paid_for() -> None:
    made = archive([CARD_FILE, ("says more", b"x")])
    place = made.rindex(b"says more") - 22  # the size in the list of names
    liar = made[:place] + struct.pack("<I", 40 << 20) + made[place + 4 :]
    assert read_card(Path("a.charx"), liar).assets == {}
    heavy = [(f"heavy {number}", bytes(30 << 20)) for number in range(9)]  # 270 MiB unpacked, and only the last of it sound
    bad = bytearray(archive([CARD_FILE, *heavy, ("good", b"y")], level=1))
    for name, _ in heavy[:-1]:
        bad[bad.rindex(name.encode()) - 30] ^= 0xFF  # its checksum
    found = read_card(Path("a.charx"), bytes(bad))
    assert mends(found) == {Mend.ASSET_DROPPED: {"name": "heavy 0", "count": 9}}
    assert found.assets == {"good": b"y"}


def test_archives_that_lie_are_refused() -> None:
    assert refused(archive([("other.json", b"{}")])).code == CardCode.NONE
    assert refused(archive([("card.json", b" " * (9 << 20))])).code == CardCode.TOO_LARGE
    assert refused(archive([CARD_FILE, *((f"{number:0300}", b"") for number in range(4000))])).code == CardCode.UNSAFE
    sound = archive([CARD_FILE])
    for place in range(0, len(sound), 7):  # no damage makes anything but a card or a refusal
        damaged = sound[:place] + bytes([sound[place] ^ 0xFF]) + sound[place + 1 :]
        try:
            assert read_card(HERE, damaged).card.version in (1, 2, 3)
        except CardError as error:
            assert error.code in (CardCode.DAMAGED, CardCode.NONE, CardCode.UNSAFE, CardCode.TOO_LARGE)
    locked = bytearray(sound)
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        locked[sound.index(mark) + offset] |= 1
    assert refused(bytes(locked)).code == CardCode.UNSAFE


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6), st.integers(0, 10**6))
def test_no_damage_gives_anything_but_a_card_or_a_refusal(flips: list[tuple[int, int]], cut: int) -> None:
    sound = bytearray(with_texts(PICTURE, [("chara", encoded(v2())), ("ccv3", encoded(v3()))]))
    for place, value in flips:
        sound[place % len(sound)] = value
    for data in (bytes(sound), bytes(sound[: cut % len(sound)])):
        try:
            assert isinstance(read_card(HERE, data).card.name, str)
        except CardError as error:
            assert error.code in (CardCode.DAMAGED, CardCode.NONE, CardCode.EMPTY)


# ------------------------------------------------------------------ books


@pytest.mark.parametrize(
    "book",
    [
        {"spec": "lorebook_v3", "data": {"entries": [], "extensions": {}}},
        {"entries": {"0": {"uid": 0, "key": ["月"], "content": "…", "disable": False}}, "name": "world"},
        {"name": "b", "extensions": {}, "entries": [{"keys": ["a"], "content": "b"}]},
    ],
)
def test_a_lorebook_is_handed_over_as_it_is(book: dict[str, Any]) -> None:
    found = read_card(Path("world.json"), json.dumps(book).encode())
    assert found.book == book
