"""Progress and the time that is left."""

import pytest

from zhiyin_models.work import SETTLED, Pace, Progress, Stage, Stop, StoppedError


def test_what_was_done_before_is_no_measure_of_the_speed() -> None:
    told: list[Progress] = []
    pace = Pace(Stage.CONVERT, 100.0, told.append, start=90.0, interval=0.0)
    pace._recent[0] = (pace._recent[0][0] - 10 * SETTLED, 90.0)  # as if it had begun a while ago
    pace.at(95.0)
    assert told[-1].left == pytest.approx(10 * SETTLED, rel=0.1)


def test_the_first_and_the_last_are_always_told() -> None:
    told: list[Progress] = []
    pace = Pace(Stage.READ, 3.0, told.append, interval=3600.0)
    for done in (1.0, 2.0, 3.0):
        pace.at(done)
    assert [progress.done for progress in told] == [1.0, 3.0]
    assert told[0].left is None


def test_a_stop_is_heard() -> None:
    stop = Stop()
    stop.check()
    stop.ask()
    assert stop.asked
    with pytest.raises(StoppedError):
        stop.check()
