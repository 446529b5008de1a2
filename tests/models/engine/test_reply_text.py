"""What may be shown of a reply: whole characters, and nothing of a stop string."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from zhiyin_models.engine.reply_text import ReplyText


def pieces(text: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[start:end] for start, end in itertools.pairwise(places)]


@given(st.text(alphabet="ab你🦙é\n", max_size=30), st.lists(st.integers(0, 200)))
def test_characters_are_never_broken(text: str, cuts: list[int]) -> None:
    reply = ReplyText()
    shown = [reply.push(piece) for piece in pieces(text.encode(), cuts)]
    assert "�" not in "".join(shown)
    assert "".join(shown) + reply.finish() == text


@given(
    st.text(alphabet="ab你c", max_size=30),
    st.lists(st.integers(0, 200)),
    st.lists(st.text(alphabet="ab你", min_size=1, max_size=4), min_size=1),
)
def test_nothing_of_a_stop_string_is_shown_and_nothing_else_is_lost(text: str, cuts: list[int], stop: list[str]) -> None:
    reply = ReplyText(stop)
    shown = ""
    for piece in pieces(text.encode(), cuts):
        shown += reply.push(piece)
        assert text.startswith(shown)
        if reply.stop_string:
            break
    shown += reply.finish()
    assert not any(string in shown for string in stop)
    if reply.stop_string:
        assert text.startswith(shown + reply.stop_string)
    else:
        assert shown == text


def test_an_unfinished_character_at_the_end_is_not_shown() -> None:
    reply = ReplyText(["never"])
    assert reply.push("好".encode()[:2]) == ""
    assert reply.finish() == ""


def test_bytes_that_are_no_text_do_not_end_the_reply() -> None:
    reply = ReplyText()
    assert reply.push(b"a\xff") + reply.push(b"b") == "a�b"
