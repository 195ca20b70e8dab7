"""What a process does by itself every few hours: when it is due."""

from chassis.recurrence import Recurrence

FOUR_HOURS_S = 14_400.0


class Clock:
    """Seconds that a test sets."""

    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def due_seconds(interval_s: float, chance: float, until_s: int) -> list[int]:
    """At which seconds after the start it is due, looked at each second."""
    clock = Clock()
    recurrence = Recurrence(interval_s, clock=clock, chance=lambda: chance)
    due = []
    for second in range(until_s):
        clock.now_s = 1_000.0 + second
        if recurrence.is_due():
            due.append(second)
    return due


def test_it_is_due_a_minute_after_the_start_and_then_each_interval() -> None:
    assert due_seconds(FOUR_HOURS_S, 0, 30_000) == [60, 14_460, 28_860]


def test_processes_are_set_apart_by_up_to_a_tenth_of_the_interval() -> None:
    assert due_seconds(FOUR_HOURS_S, 1, 17_000) == [1_500, 15_900]


def test_a_short_interval_does_not_wait_for_a_minute() -> None:
    assert due_seconds(10, 0, 31) == [10, 20, 30]


def test_an_interval_of_0_is_never() -> None:
    assert due_seconds(0, 0, 100_000) == []
