"""How a process ends that was told to, whatever still runs in it."""

import logging
import os
import threading
from collections.abc import Callable
from typing import Any

log = logging.getLogger("mockserver")

_OVER = 0.7
"""Seconds behind the grace in which a server that is not held up has long ended."""

_KILLED = 128
"""What a shell adds to the number of the signal that ended a program."""


class LastCall:
    """Ends the process when it has not ended by itself: a request may hold the loop, or a library a thread.

    `grace` is how many seconds running answers get; `end` is what ends it, given the exit status.
    """

    def __init__(
        self,
        grace: float,
        *,
        end: Callable[[int], Any] = os._exit,
        timer: Callable[..., threading.Timer] = threading.Timer,
    ) -> None:
        self._seconds = grace + _OVER
        self._end = end
        self._timer = timer
        self._called = False

    def call(self, number: int) -> None:
        """The process was told to end by a signal of this number; only the first one counts."""
        if self._called:
            return
        self._called = True
        waiting = self._timer(self._seconds, self._over, [number])
        waiting.daemon = True  # a process that ends by itself waits for nothing
        waiting.start()

    def _over(self, number: int) -> None:
        log.warning("something still ran %.1f seconds after the signal; it was cut off", self._seconds)
        self._end(_KILLED + number)
