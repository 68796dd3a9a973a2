"""What the connections of a server do together, at the end of a turn of its loop.

Of sixteen requests all are read, then all go the first stretch of their way, then all the next one, and at
last all answers are written. Each time the processor has at hand what the request before it needed, and has
learnt how it goes; and a client that is sent its answer last does not take the processor from those that
still wait. To go the whole way with one request after the other costs half as much again
(`benchmarks/cost.py`).
"""

import asyncio
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any, TypeAlias, TypeVar

Deed = Callable[[], None]

Result = TypeVar("Result")

Pauses: TypeAlias = Generator["asyncio.Future[Any] | None", None, Result]
"""Where it yields it waits: until the others have come as far, or until a future is done that it yields."""

Way: TypeAlias = Iterator["asyncio.Future[Any] | None"]
"""What is done in stretches."""

TOGETHER = 16
"""So many requests go together; with more the first one would wait for its answer to leave."""


class Turn:
    """What is to be done at the end of this turn: to answer, then to hand over what was written."""

    def __init__(self) -> None:
        self._answers: list[Way] = []
        self._writes: list[Deed] = []
        self._ends = False

    def answer(self, way: Way) -> None:
        """Has the way to an answer gone when all that came in this turn is read."""
        self._answers.append(way)
        self._await_end()

    def hand_over(self, deed: Deed) -> None:
        """Has what was written handed over when what goes with it is written as well."""
        self._writes.append(deed)
        self._await_end()

    def goes_on(self, way: Way) -> bool:
        """Goes the next stretch of a way; whether another one follows now.

        One that waits for a future goes on at the end of the turn in which that is done.
        """
        try:
            waited = next(way)
        except StopIteration:
            return False
        except Exception as error:  # noqa: BLE001 - the loop's handler keeps the log
            _tell(error)
            return False
        if waited is None:
            return True
        waited.add_done_callback(partial(self._waited, way))
        return False

    def _waited(self, way: Way, _: "asyncio.Future[Any]") -> None:
        self.answer(way)

    def _await_end(self) -> None:
        if not self._ends:
            self._ends = True
            asyncio.get_running_loop().call_soon(self._end)

    def _end(self) -> None:
        """Does all of it; what comes of it, as a request that stood behind another, is of the next turn."""
        answers, self._answers = self._answers, []
        for start in range(0, len(answers), TOGETHER):
            left = answers[start : start + TOGETHER]
            while left:
                left = [way for way in left if self.goes_on(way)]
            self._write()
        self._write()
        self._ends = False
        if self._answers or self._writes:
            self._await_end()

    def _write(self) -> None:
        writes, self._writes = self._writes, []
        for write in writes:
            try:
                write()
            except Exception as error:  # noqa: BLE001 - the loop's handler keeps the log
                _tell(error)


def _tell(error: Exception) -> None:
    """Tells the loop of what failed; the others are done all the same."""
    told = {"message": "something failed at the end of a turn", "exception": error}
    asyncio.get_running_loop().call_exception_handler(told)
