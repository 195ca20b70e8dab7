import threading

import pytest

from chassis.background import Background


class Loop:
    """Ends when it is stopped, or at once with what it was given."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.stopped = threading.Event()
        self.problem = problem

    def run(self) -> None:
        if self.problem:
            raise self.problem
        self.stopped.wait(60)

    def stop(self) -> None:
        self.stopped.set()


def test_what_is_stopped_ends_well() -> None:
    loops = [Loop(), Loop()]
    background = Background([("first", loops[0]), ("second", loops[1])])
    running = threading.Timer(0.1, background.stop)
    running.start()
    assert background.run() == 0
    assert all(loop.stopped.is_set() for loop in loops)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_part_that_ends_by_itself_ends_the_process_so_that_it_is_started_anew() -> None:
    other = Loop()
    assert Background([("fails", Loop(ValueError("anything"))), ("other", other)]).run() == 1
    assert other.stopped.is_set()


def test_what_was_stopped_before_it_began_does_not_begin() -> None:
    background = Background([("only", Loop())])
    background.stop()
    assert background.run() == 0
