"""Deadlines: how long a piece of work may take, by a clock that is given."""

import gc
import threading
import time
from collections.abc import Callable
from math import inf
from typing import Any

Timer = Callable[[], float]
"""Gives seconds that only ever grow."""


class _Collected(threading.local):
    """How long the collector of garbage has worked in a thread, in seconds of its processor time."""

    begun = 0.0
    seconds = 0.0


_COLLECTED = _Collected()


def _collects(phase: str, _: dict[str, Any]) -> None:
    """Is told when a collection begins and when it is over, in the thread that it fell to."""
    if phase == "start":
        _COLLECTED.begun = time.thread_time()
    else:
        _COLLECTED.seconds += time.thread_time() - _COLLECTED.begun


gc.callbacks.append(_collects)


def working_time() -> float:
    """The processor time that this thread has worked, in seconds.

    Without that of the collector of garbage: whoever makes the next object pays for what all have left, a
    tenth of a second where a process holds much.
    """
    return time.thread_time() - _COLLECTED.seconds


class Deadline:
    """The end of the time that a piece of work has, so many `seconds` from now.

    A `hasty` one is set by who would rather do the work elsewhere than have less of it: nothing is left out
    for its sake. Its time runs from when it is first looked at: most of that work is done before, and reading
    the clock of a thread is a call of the kernel.
    """

    def __init__(self, seconds: float, *, timer: Timer = time.monotonic, hasty: bool = False) -> None:
        self.hasty = hasty
        self._timer = timer
        self._seconds = seconds
        self._end = inf if hasty else timer() + seconds

    def _now(self) -> float:
        """The time, from which that of a hasty one runs the first time."""
        now = self._timer()
        if self._end == inf:
            self._end = now + self._seconds
        return now

    @property
    def left(self) -> float:
        """How many seconds are left; none when it is over."""
        now = self._now()
        return max(self._end - now, 0.0)

    @property
    def near(self) -> bool:
        """Whether more than half of the time is gone, so that less should be done; never of a hasty one."""
        return not self.hasty and 2 * self.left < self._seconds

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        now = self._now()
        return now >= self._end

    def earlier(self, seconds: float) -> "Deadline":
        """The same, so many seconds earlier."""
        return Deadline(max(self.left - seconds, 0.0), timer=self._timer, hasty=self.hasty)

    def share(self, part: float) -> "Deadline":
        """A deadline after that part of what is left."""
        return Deadline(self.left * part, timer=self._timer, hasty=self.hasty)
