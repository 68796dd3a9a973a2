"""Where work is done that may take long: in one thread, so that the loop has its turn in between.

The interpreter runs one thread at a time, and a library that works on a large body does not let go of it
until it is through. Two such threads would not be done sooner, but the loop would wait for both.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Any, TypeVar

from starlette.types import Scope

from mockserver.base.deadline import Timer
from mockserver.base.forgetting import forget_all
from mockserver.corridor.work import INLINE, Steps, Work, pause
from mockserver.state.ports import Need

Result = TypeVar("Result")

TURN_S = 0.002
"""Seconds for which the thread waits, at most, for what may come before the next piece of work."""

HEAVY_S, _MOST = 0.25, 20
"""Behind so many seconds of work what was remembered in them is forgotten as soon as nothing waits; behind so
many times that, also while something does."""


@dataclass(slots=True)
class _Way:
    """Whoever has work done, one piece after another, and how long that took so far."""

    seconds: float = 0.0


@dataclass(order=True, slots=True)
class _Job:
    """A piece of work that waits; the one whose way has taken the fewest `seconds` goes first."""

    seconds: float
    number: int
    way: _Way = field(compare=False)
    work: Work = field(compare=False)
    done: "asyncio.Future[Any]" = field(compare=False)


class Aside:
    """A thread, there while there is work; as a daemon, so that a server that ends waits for none.

    A way of many steps that has taken long already waits for those that have not: a small request passes
    the large ones between two of their steps.
    """

    def __init__(self, *, timer: Timer = time.monotonic, turn: float = TURN_S) -> None:
        self._timer = timer
        self._turn = turn
        self._changed = threading.Condition()
        self._waiting: list[_Job] = []
        self._numbers = count()
        self._running = False
        self._awaited: _Way | None = None  # whose next piece the thread waits for
        self._spent = 0.0  # seconds since all was forgotten

    async def run(self, work: Work) -> Any:
        """What the work returns; raises what it raises."""
        way = _Way()
        try:
            return await self._enter(work, way)
        finally:
            self._ended(way)

    async def apart(self, scope: Scope, work: Callable[[], Result]) -> Result:
        """What the work returns, for a request that is read or answered by hand; raises what it raises.

        Where the caller cannot wait it is done in its place.
        """
        if INLINE in scope.get("extensions", {}):
            return work()
        done: Result = await self.run(work)
        return done

    async def through(self, steps: Steps[Result], work: Work | None = None) -> Result:
        """Goes all steps: here, but for the work that may take long.

        Of steps that have begun, `work` is what they asked for.
        """
        way = _Way()
        try:
            work = work or next(steps)
            while True:
                try:
                    if isinstance(work, Need):
                        done = await asyncio.shield(work.ask())  # others may wait for the same
                    else:
                        done = work() if work is pause else await self._enter(work, way)
                except Exception as error:  # noqa: BLE001 - the steps decide what is done about it
                    work = steps.throw(error)
                else:
                    work = steps.send(done)
        except StopIteration as end:
            result: Result = end.value
            return result
        finally:
            steps.close()
            self._ended(way)

    def _ended(self, way: _Way) -> None:
        """A way is at its end: the thread need not wait for more of it."""
        with self._changed:
            self._go_on(way)

    def _go_on(self, way: _Way) -> None:
        if self._awaited is way:
            self._awaited = None
            self._changed.notify()

    def _enter(self, work: Work, way: _Way) -> "asyncio.Future[Any]":
        """Has the next piece of a way's work done; the future tells of its end."""
        done = asyncio.get_running_loop().create_future()
        with self._changed:
            heappush(self._waiting, _Job(way.seconds, next(self._numbers), way, work, done))
            self._go_on(way)
            if not self._running:
                self._running = True
                threading.Thread(target=self._drain, name="aside", daemon=True).start()
        return done

    def _drain(self) -> None:
        while True:
            with self._changed:
                if not self._waiting and self._spent < HEAVY_S:
                    self._running = False
                    return
                job = heappop(self._waiting) if self._waiting else None
            if job is None or self._spent > _MOST * HEAVY_S:
                self._spent = 0.0
                forget_all()
            if job is None or job.done.cancelled():
                continue  # whoever asked has left
            result, error, begun = None, None, self._timer()
            try:
                result = job.work()
            except BaseException as raised:  # noqa: BLE001 - handed to whoever asked
                error = raised
            took = self._timer() - begun
            job.way.seconds += took
            self._spent += took
            self._awaited = job.way
            with suppress(RuntimeError):  # the loop may have ended meanwhile
                job.done.get_loop().call_soon_threadsafe(_settle, job.done, result, error)
            # An error holds this frame, which must not hold it: ten megabytes of a body that is refused would
            # stay until the collector comes by, which it hardly ever does.
            del job, result, error
            with self._changed:
                if self._waiting:  # the next step of that way may come before them
                    self._changed.wait_for(lambda: self._awaited is None, self._turn)


def _settle(done: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(result)
    elif isinstance(error, StopIteration):  # no future takes it
        done.set_exception(RuntimeError("the work raised StopIteration"))
    else:
        done.set_exception(error)
