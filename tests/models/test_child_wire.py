"""The lines of the protocol: bounded, decoded strictly, and free of surrogates."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from zhiyin_models.child.wire import UNDECODABLE, Decoder, Overlong, Ping, encode, id_of, read_lines, without_surrogates
from zhiyin_models.engine.protocol import JOINED_TOKENS, Count, LoadProgress, Prefill, Request, Text, Tokenize, TokenProbability


@given(st.binary(max_size=200), st.integers(1, 50), st.integers(1, 30))
def test_lines_are_those_of_the_whole_however_they_arrive(data: bytes, piece: int, limit: int) -> None:
    stream = io.BytesIO(data)
    lines = list(read_lines(lambda _: stream.read(piece), limit))
    complete = data.split(b"\n")
    expected = [line if len(line) <= limit else None for line in complete[:-1] if line] + ([None] if len(complete[-1]) > limit else [])
    assert [None if isinstance(line, Overlong) else line for line in lines] == expected


def test_an_overlong_line_keeps_its_beginning() -> None:
    stream = io.BytesIO(b'{"type":"count","id":12,"texts":["' + b"x" * 5000 + b'"]}\n{"type":"ping","id":13}\n')
    overlong, ping = read_lines(lambda size: stream.read(min(size, 100)), 1000)
    assert isinstance(overlong, Overlong)
    assert id_of(overlong.head) == 12
    assert ping == b'{"type":"ping","id":13}'


@given(st.text(st.characters(codec=None)))
def test_surrogates_never_survive(text: str) -> None:
    clean = without_surrogates(text)
    assert clean.encode() is not None
    if text.isascii():
        assert clean == text


def test_surrogates_are_normalised_in_both_directions() -> None:
    line = encode(Tokenize(id=1, text="a\ud800b\ud83d\ude00"))
    assert Decoder(Request).decode(line) == Tokenize(id=1, text="a\ufffdb😀")
    assert Decoder(Request).decode(b'{"type":"tokenize","id":1,"text":"a\\ud800b\\ud83d\\ude00"}') == Tokenize(id=1, text="a\ufffdb😀")
    assert Decoder(Request).decode(b'{"type":"tokenize","id":1,"text":"a\xffb"}') == Tokenize(id=1, text="a\ufffdb")


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"[]",
        b"{}",
        b'{"type":"pinf","id":1}',
        b'{"type":"ping"}',
        b'{"type":"ping","id":"1"}',
        b'{"type":"ping","id":1',
        b"[" * 200_000,
        b'{"type":"tokenize","id":1,"text":"\\ud800"' + b"[" * 200_000,
        "琴".encode("utf-16"),
        b'{"type":"count","id":1,"texts":["\xff",7]}',
    ],
)
def test_what_is_no_request_is_refused(line: bytes) -> None:
    with pytest.raises(UNDECODABLE):
        Decoder(Request).decode(line)


def test_a_union_without_ping_can_be_extended_by_it() -> None:
    class Work(Struct, frozen=True, tag="work"):
        id: int

    assert Decoder(Work, Ping).decode(b'{"type":"ping","id":2}') == Ping(2)
    assert Decoder(Work, Ping).decode(b'{"type":"work","id":3}') == Work(3)


def test_the_id_of_a_line() -> None:
    assert id_of(encode(Count(id=7, texts=('"id":9',)))) == 7
    assert id_of(b"nonsense") == 0


pieces = st.builds(
    Text,
    id=st.integers(1, 2),
    text=st.text(max_size=5),
    tokens=st.integers(1, 100),
    index=st.integers(0, 1),
    probabilities=st.lists(
        st.lists(st.builds(TokenProbability, st.integers(0, 9), st.just("t"), st.just(0.5)), max_size=2).map(tuple), max_size=2
    ).map(tuple),
)


@given(pieces, pieces)
def test_joined_text_loses_nothing_and_is_bounded(first: Text, second: Text) -> None:
    joined = first.join(second)
    if (first.id, first.index) != (second.id, second.index) or first.tokens + second.tokens > JOINED_TOKENS:
        assert joined is None
    else:
        assert joined == Text(
            first.id, first.text + second.text, first.tokens + second.tokens, first.index, first.probabilities + second.probabilities
        )


def test_progress_is_superseded_within_a_request_only() -> None:
    assert LoadProgress(1, 0.1).join(LoadProgress(1, 0.2)) == LoadProgress(1, 0.2)
    assert LoadProgress(1, 0.1).join(LoadProgress(2, 0.2)) is None
    assert Prefill(1, 1, 9, 0).join(Prefill(1, 2, 9, 0)) == Prefill(1, 2, 9, 0)
    assert Prefill(1, 1, 9, 0).join(Text(1, "x")) is None
