"""A set of bytes as ranges, against a plain set of numbers."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from zhiyin_models.hub.claims import Claims
from zhiyin_models.hub.ranges import Ranges

RANGE = st.tuples(st.integers(0, 40), st.integers(0, 12)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(RANGE, max_size=30), st.integers(0, 60))
def test_ranges_are_what_a_set_of_bytes_is(added: list[tuple[int, int]], size: int) -> None:
    ranges, plain = Ranges(), set[int]()
    for begin, end in added:
        ranges.add(begin, end)
        plain |= set(range(begin, end))
        assert {byte for first, last in ranges for byte in range(first, last)} == plain
        assert ranges.total == len(plain)
        assert list(ranges) == sorted(ranges)
        assert all(last < following for (_, last), (following, _) in pairwise(ranges))
    assert ranges.frontier == next(number for number in range(100) if number not in plain)
    missing = {byte for begin, end in ranges.gaps(size) for byte in range(begin, end)}
    assert missing == set(range(size)) - plain
    assert ranges.missing(5, size) == [(max(begin, 5), end) for begin, end in ranges.gaps(size) if end > 5]


MIB = 1 << 20


@given(st.lists(RANGE, max_size=10), st.integers(1, 8), st.integers(0, 400))
def test_claims_never_overlap_and_leave_nothing_out(there: list[tuple[int, int]], connections: int, speed: int) -> None:
    size = 60 * MIB
    written = Ranges((begin * MIB, end * MIB) for begin, end in there)
    claims = Claims()
    claims.speed = speed * MIB
    active = []
    while len(active) < connections and (claim := claims.take(written.gaps(size), connections)) is not None:
        active.append(claim)
        spans = sorted((one.at, one.end) for one in claims.active)
        assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))
        assert all(begin < end for begin, end in spans)
    while claims.active:  # each is done in turn, and the next one is taken
        done = claims.active.pop(0)
        written.add(done.at, done.end)
        claims.take(written.gaps(size), connections)
    assert written.total == size
