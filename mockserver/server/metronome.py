"""What writes the pieces of answers at their moments, all of them from one timer of the loop.

A task that wakes for each event of a stream, and sends it by ASGI, takes as long again as the system does to
send it, and a timer for each a quarter of that; with a thousand paced streams that is more than a core has.
"""

import asyncio
from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Protocol

_EARLY = 0.0005
"""A timer may ring so many seconds early: loops round to milliseconds."""

_FEW = 64
"""So many stopped pieces may be kept in any case."""


class Outlet(Protocol):
    """Where pieces go."""

    def write_next(self, data: bytes, /) -> bool:
        """Writes bytes; False, and they are not written, while earlier ones are unsent."""


class Piece:
    """What is played on one connection: `pieces` in order, each `due` in seconds after `start`.

    `at` says how many of them went. `ended` is called when all have, and as soon as the client takes no more.
    """

    __slots__ = ("_due", "_ended", "_outlet", "_pieces", "_start", "at")

    def __init__(
        self,
        outlet: Outlet,
        pieces: Sequence[bytes],
        due: Sequence[float],
        *,
        start: float,
        ended: Callable[[], None],
    ) -> None:
        self.at = 0
        self._outlet = outlet
        self._pieces, self._due = pieces, due
        self._start = start
        self._ended: Callable[[], None] | None = ended

    @property
    def stopped(self) -> bool:
        """Whether no more of it is played."""
        return self._ended is None

    def stop(self) -> None:
        """No more of it is played, and nobody waits for its end."""
        self._pieces, self._ended = (), None

    def go(self, now: float) -> float | None:
        """Writes what is due by now; when the next one is, or None when there is none."""
        if self._ended is None:
            return None
        at, due, start = self.at, self._due, self._start
        end = at
        # The same sum that the metronome waits for: a difference may be a little less.
        while end < len(due) and start + due[end] <= now:
            end += 1
        if end > at:
            data = self._pieces[at] if end - at == 1 else b"".join(self._pieces[at:end])
            if not self._outlet.write_next(data):
                self._ended()
                return None
            self.at = end
        if end == len(due):
            self._ended()
            return None
        return start + due[end]


class Clock(Protocol):
    """A loop, as far as it tells and keeps the time."""

    def time(self) -> float:
        """The time, in seconds."""

    def call_at(self, when: float, callback: Callable[[], object], /) -> "Timer":
        """Has something called then."""


class Timer(Protocol):
    """A call that is to come."""

    def cancel(self) -> None:
        """It does not come."""


class Metronome:
    """Plays pieces on an absolute schedule each, so that lateness never adds up."""

    def __init__(self, *, clock: Callable[[], Clock] = asyncio.get_running_loop) -> None:
        self._clock = clock
        self._next: list[tuple[float, int, Piece]] = []
        self._numbers = count()
        self._stopped = 0
        self._timer: Timer | None = None

    def __len__(self) -> int:
        """How many pieces are kept, those among them that were stopped and not yet let go."""
        return len(self._next)

    def play(self, piece: Piece) -> None:
        """Begins to play a piece; what is due of it by now is written at once."""
        clock = self._clock()
        when = piece.go(clock.time() + _EARLY)
        if when is None:
            return
        sooner = not self._next or when < self._next[0][0]
        heappush(self._next, (when, next(self._numbers), piece))
        if sooner:
            self._set(clock)

    def stop(self, piece: Piece) -> None:
        """Stops a piece, whether it has ended or not; the stopped are let go when they are half of all."""
        piece.stop()
        self._stopped += 1
        if self._stopped > _FEW and self._stopped * 2 > len(self._next):
            self._stopped = 0
            self._next[:] = [each for each in self._next if not each[-1].stopped]
            heapify(self._next)

    def _set(self, clock: Clock) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = clock.call_at(self._next[0][0], self._ring) if self._next else None

    def _ring(self) -> None:
        """Plays on what is due, each piece once: whatever comes of it, the loop goes on."""
        clock, heap = self._clock(), self._next
        now = clock.time() + _EARLY
        self._timer = None
        due = []
        while heap and heap[0][0] <= now:
            due.append(heappop(heap))
        left = iter(due)
        try:
            for _, number, piece in left:
                when = piece.go(now)
                if when is not None:
                    heappush(heap, (when, number, piece))
        finally:
            for each in left:
                heappush(heap, each)
            self._set(clock)
