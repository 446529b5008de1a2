"""The order in which an engine takes up what it is asked."""

from zhiyin_models.engine.protocol import Forget, Generate, Load, Queued, Unload
from zhiyin_models.engine.request_queue import RequestQueue, Work


def nothing() -> None:
    """No stop to be cleared."""


def order(queue: RequestQueue, count: int) -> list[int]:
    taken = []
    for _ in range(count):
        entry = queue.take(nothing)
        assert entry is not None
        taken.append(entry.request.id)
    return taken


def generate(number: int, priority: int = 0) -> Generate:
    return Generate(id=number, session="", messages=(), priority=priority)


def filled(*requests: Work) -> tuple[RequestQueue, list[Queued]]:
    said: list[Queued] = []
    queue = RequestQueue(said.append)
    for request in requests:
        queue.add(request)
    return queue, said


def test_higher_priority_first_then_in_order_of_arrival() -> None:
    queue, _ = filled(generate(1), generate(2, 5), generate(3), generate(4, 5), generate(5, -1))
    assert order(queue, 5) == [2, 4, 1, 3, 5]


def test_nothing_overtakes_a_load_or_an_unload() -> None:
    queue, _ = filled(
        generate(1), Load(id=2, path="a"), generate(3), generate(4, 9), Unload(id=5), generate(6, 99), Forget(id=7, session="x")
    )
    assert order(queue, 7) == [1, 2, 4, 3, 5, 6, 7]


def test_those_who_wait_are_told_how_many_are_ahead_whenever_that_changes() -> None:
    queue, said = filled(generate(1))
    assert order(queue, 1) == [1]
    for request in (generate(2), generate(3), generate(4, 5)):
        queue.add(request)
    assert [(event.id, event.ahead) for event in said] == [(2, 1), (3, 2), (4, 1), (2, 2), (3, 3)]
    said.clear()
    assert queue.stop(4, nothing)
    assert [(event.id, event.ahead) for event in said] == [(2, 1), (3, 2)]


def test_a_stop_hits_the_running_request_or_removes_a_waiting_one_and_nothing_else() -> None:
    interrupts: list[bool] = []
    queue, _ = filled(generate(1), generate(2), generate(3))
    assert order(queue, 1) == [1]
    assert not queue.stop(1, lambda: interrupts.append(True))
    assert interrupts == [True]
    assert queue.stop(2, lambda: interrupts.append(True))
    assert not queue.stop(2, lambda: interrupts.append(True))
    assert not queue.stop(77, lambda: interrupts.append(True))
    assert interrupts == [True]
    assert order(queue, 1) == [3]
    queue.close()
    assert queue.take(nothing) is None
