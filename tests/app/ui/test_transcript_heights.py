"""Sums of heights, against plain addition."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from zhiyin.ui.transcript.heights import Heights

HEIGHTS = st.lists(st.integers(0, 400), max_size=60)


def check(heights: Heights, plain: list[int]) -> None:
    sums = [0, *accumulate(plain)]
    assert len(heights) == len(plain)
    assert heights.total == sums[-1]
    assert [heights.above(index) for index in range(len(plain) + 1)] == sums
    for place in {0, 1, 57, sums[-1] - 1, sums[-1], sums[-1] + 9, *sums}:
        index = heights.at(place)
        if not plain:
            assert index == -1
        elif 0 <= place < sums[-1]:
            assert sums[index] <= place < sums[index + 1]
        elif place >= sums[-1]:
            assert index == len(plain) - 1


@given(HEIGHTS)
def test_built_at_once(plain: list[int]) -> None:
    check(Heights(plain), plain)


@given(HEIGHTS, st.lists(st.tuples(st.sampled_from(["set", "append"]), st.integers(0, 59), st.integers(0, 400)), max_size=40))
def test_changed_step_by_step(plain: list[int], steps: list[tuple[str, int, int]]) -> None:
    plain = list(plain)
    heights = Heights(plain)
    for kind, index, height in steps:
        if kind == "append":
            heights.append(height)
            plain.append(height)
        elif plain:
            heights.set(index % len(plain), height)
            plain[index % len(plain)] = height
    check(heights, plain)
