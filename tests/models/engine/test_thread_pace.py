"""The number of threads follows what is faster now."""

from zhiyin_models.engine.thread_pace import FIRST_STAY, SAMPLE, ThreadPace


class Machine:
    """Decodes in the time that the threads and a neighbour make it."""

    def __init__(self, threads: int = 2) -> None:
        self.used = threads
        self.busy = False
        self.changes: list[int] = []
        self.pace = ThreadPace(threads, self.use)

    def use(self, threads: int) -> None:
        self.used = threads
        self.changes.append(threads)

    def decode(self, tokens: int) -> None:
        for _ in range(tokens):
            alone = 0.020 / self.used
            self.pace.note(0.4 if self.busy and self.used == 2 else alone)


def test_alone_all_threads_are_used_after_one_trial_of_fewer() -> None:
    machine = Machine()
    machine.decode(500)
    assert machine.changes == [1, 2]
    assert machine.pace.threads == 2


def test_a_neighbour_costs_a_thread_and_all_come_back_when_it_is_gone() -> None:
    machine = Machine()
    machine.decode(50)
    machine.busy = True
    machine.decode(2)
    assert machine.used == 1
    machine.decode(FIRST_STAY // 2)
    assert machine.used == 1
    machine.busy = False
    machine.decode(2 * FIRST_STAY)
    assert machine.used == 2


def test_a_neighbour_that_stays_is_asked_less_and_less_often() -> None:
    machine = Machine()
    machine.busy = True
    machine.decode(2 * SAMPLE)
    assert machine.used == 1
    machine.decode(1000)
    assert machine.changes.count(2) <= 5


def test_one_thread_is_never_changed() -> None:
    machine = Machine(1)
    machine.busy = True
    machine.decode(100)
    assert machine.changes == []
