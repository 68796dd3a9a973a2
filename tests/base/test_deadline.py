"""Deadlines, by a clock that is turned by hand."""

import gc
import time

from mockserver.base.deadline import Deadline, working_time


def test_a_deadline_nears_and_is_over() -> None:
    now = [100.0]
    deadline = Deadline(8, timer=lambda: now[0])
    assert (deadline.left, deadline.near, deadline.over) == (8, False, False)
    now[0] = 104.5
    assert (deadline.left, deadline.near, deadline.over) == (3.5, True, False)
    now[0] = 108
    assert (deadline.left, deadline.near, deadline.over) == (0, True, True)
    now[0] = 200
    assert (deadline.left, deadline.over) == (0, True)


def test_a_share_ends_earlier_by_the_same_clock() -> None:
    now = [0.0]
    deadline = Deadline(8, timer=lambda: now[0])
    now[0] = 4
    share = deadline.share(0.5)
    assert share.left == 2
    now[0] = 6
    assert (share.over, deadline.over) == (True, False)


def test_an_earlier_one_has_less_time_but_never_less_than_none() -> None:
    deadline = Deadline(8, timer=lambda: 0.0)
    assert [deadline.earlier(seconds).left for seconds in (0, 3, 9)] == [8, 5, 0]
    assert deadline.earlier(9).over


def test_a_hasty_one_is_never_near_and_nor_is_its_share() -> None:
    now = [0.0]
    deadline = Deadline(8, timer=lambda: now[0], hasty=True)
    now[0] = 7
    assert not any((deadline.near, deadline.share(1).near, deadline.over))
    assert deadline.share(1).hasty


def test_without_a_clock_it_is_the_machines() -> None:
    assert 0 < Deadline(60).left <= 60
    assert Deadline(0).over


def test_the_collector_of_garbage_is_nobodys_work() -> None:
    crowd = [[number] for number in range(400_000)]
    thread, working = time.thread_time(), working_time()
    gc.collect()
    took = time.thread_time() - thread
    assert working_time() - working < took / 2
    assert len(crowd) == 400_000
    before = working_time()
    sum(range(400_000))
    assert working_time() > before
