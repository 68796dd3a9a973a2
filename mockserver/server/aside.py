"""Where work is done that may take long: in one thread, so that the loop has its turn in between.

The interpreter runs one thread at a time, and a library that works on a large body does not let go of it
until it is through. Two such threads would not be done sooner, but the loop would wait for both.
"""

import asyncio
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Any, TypeVar

from mockserver.base.deadline import Timer
from mockserver.corridor.work import Steps, Work
from mockserver.state.ports import Need

Result = TypeVar("Result")

TURN_S = 0.002
"""Seconds for which the thread waits, at most, for what may come before the next piece of work."""


@dataclass(order=True, slots=True)
class _Job:
    """A piece of work that waits; the one whose way has taken the fewest `seconds` goes first."""

    seconds: float
    number: int
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
        self._running = self._awaited = False

    async def run(self, work: Work) -> Any:
        """What the work returns; raises what it raises."""
        try:
            return await self._enter(work, 0.0).done
        finally:
            self._go_on()

    async def through(self, steps: Steps[Result], work: Work | None = None) -> Result:
        """Goes all steps: here, but for the work that may take long.

        Of steps that have begun, `work` is what they asked for.
        """
        seconds = 0.0
        try:
            work = work or next(steps)
            while True:
                try:
                    if isinstance(work, Need):
                        done = await work.ask()
                    else:
                        job = self._enter(work, seconds)
                        try:
                            done = await job.done
                        finally:
                            seconds = job.seconds
                except Exception as error:  # noqa: BLE001 - the steps decide what is done about it
                    work = steps.throw(error)
                else:
                    work = steps.send(done)
        except StopIteration as end:
            result: Result = end.value
            return result
        finally:
            steps.close()
            self._go_on()

    def _go_on(self) -> None:
        """A way is at its end: the thread need not wait for more of it."""
        with self._changed:
            self._awaited = False
            self._changed.notify()

    def _enter(self, work: Work, seconds: float) -> _Job:
        """Has work done, of a way that took so many seconds before; its future tells of the end."""
        job = _Job(seconds, next(self._numbers), work, asyncio.get_running_loop().create_future())
        with self._changed:
            heappush(self._waiting, job)
            self._awaited = False
            self._changed.notify()
            if not self._running:
                self._running = True
                threading.Thread(target=self._drain, name="aside", daemon=True).start()
        return job

    def _drain(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._running = False
                    return
                job = heappop(self._waiting)
            if job.done.cancelled():
                continue  # whoever asked has left
            result, error, begun = None, None, self._timer()
            try:
                result = job.work()
            except BaseException as raised:  # noqa: BLE001 - handed to whoever asked
                error = raised
            job.seconds += self._timer() - begun
            self._awaited = True
            with suppress(RuntimeError):  # the loop may have ended meanwhile
                job.done.get_loop().call_soon_threadsafe(_settle, job.done, result, error)
            del result, error
            with self._changed:
                if self._waiting:  # the next step of that way may come before them
                    self._changed.wait_for(lambda: not self._awaited, self._turn)


def _settle(done: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(result)
    elif isinstance(error, StopIteration):  # no future takes it
        done.set_exception(RuntimeError("the work raised StopIteration"))
    else:
        done.set_exception(error)
