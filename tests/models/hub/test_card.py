"""Model cards: the metadata before the text, in the shapes that people write and in those that nobody should."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyin_models.hub.card import MAX_TEXT, read_card


@pytest.mark.parametrize(
    ("written", "text", "metadata"),
    [
        (b"# Title\n", "# Title\n", {}),
        (b"---\nlicense: mit\n---\n# Title\n", "# Title\n", {"license": ("mit",)}),
        (b"\xef\xbb\xbf---\r\nlicense: mit\r\n---\r\n\r\n# Title", "# Title", {"license": ("mit",)}),
        (b"---\nlanguage:\n- zh\n- 'en'\n  - fr\n---\n", "", {"language": ("zh", "en", "fr")}),
        (b'---\nlanguage: [zh, "en"]  \nx: # none\n---\n', "", {"language": ("zh", "en"), "x": ()}),
        (b"---\nbase_model: a/b  # why\ntags: &x\n---\ny", "y", {"base_model": ("a/b",), "tags": ()}),
        (
            "---\nname: 通义\nnested:\n  deep: 1\nlicense: other\n---\n".encode(),
            "",
            {"name": ("通义",), "nested": (), "license": ("other",)},
        ),
        (b"---\nnever: closed\n# Title", "---\nnever: closed\n# Title", {}),
        (b"--- \nno: metadata\n", "--- \nno: metadata\n", {}),
        (b"---\n---\ntext", "text", {}),
        (b"\xff\xfe", "\ufffd\ufffd", {}),
    ],
)
def test_what_a_card_says(written: bytes, text: str, metadata: dict[str, tuple[str, ...]]) -> None:
    card = read_card(written)
    assert (card.text, card.metadata) == (text, metadata)
    assert card.one("license") == (metadata.get("license") or ("",))[0]


@pytest.mark.parametrize(
    "endless", [b"---\n" + b"a: b\n" * 2_000_000, b"---\nx:\n" + b"- y\n" * 10_000 + b"---\n", b"x" * 10_000_000, b"---\n" * 500_000]
)
def test_endless_ones_are_cut(endless: bytes) -> None:
    card = read_card(endless)
    assert len(card.text) <= MAX_TEXT
    assert sum(len(values) for values in card.metadata.values()) <= 200


@given(st.binary(max_size=300) | st.text(alphabet="-\n: []#'\"ab|>{&*!", max_size=120).map(lambda text: f"---\n{text}\n---\n".encode()))
def test_anything_is_read(content: bytes) -> None:
    card = read_card(content)
    assert all(len(value) <= 200 for values in card.metadata.values() for value in values)
