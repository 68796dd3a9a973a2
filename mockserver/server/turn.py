"""What the connections of a server do together, at the end of a turn of its loop.

Who reads sixteen requests, then answers sixteen and then writes sixteen answers has at hand each time what
the one before needed; and a client that is sent its answer last does not take the processor from those whose
requests still wait. To do all three for one request after the other costs half as much again
(`benchmarks/cost.py`).
"""

import asyncio
from collections.abc import Callable, Iterable

Deed = Callable[[], None]

TOGETHER = 16
"""So many requests are answered before their answers leave; more would keep the first one waiting."""


class Turn:
    """What is to be done at the end of this turn: to answer, then to hand over what was written."""

    def __init__(self) -> None:
        self._answers: list[Deed] = []
        self._writes: list[Deed] = []
        self._ends = False

    def answer(self, deed: Deed) -> None:
        """Has a request answered when all that came in this turn is read."""
        self._answers.append(deed)
        self._await_end()

    def hand_over(self, deed: Deed) -> None:
        """Has what was written handed over when what goes with it is written as well."""
        self._writes.append(deed)
        self._await_end()

    def _await_end(self) -> None:
        if not self._ends:
            self._ends = True
            asyncio.get_running_loop().call_soon(self._end)

    def _end(self) -> None:
        """Does all of it; what comes of it, as a request that stood behind another, is of the next turn."""
        answers, self._answers = self._answers, []
        for start in range(0, len(answers), TOGETHER):
            _do(answers[start : start + TOGETHER])
            self._write()
        self._write()
        self._ends = False
        if self._answers or self._writes:
            self._await_end()

    def _write(self) -> None:
        writes, self._writes = self._writes, []
        _do(writes)


def _do(deeds: Iterable[Deed]) -> None:
    """Does one after the other; the loop is told of what fails, and the others are done all the same."""
    for deed in deeds:
        try:
            deed()
        except Exception as error:  # noqa: BLE001 - the loop's handler keeps the log
            told = {"message": "something failed at the end of a turn", "exception": error}
            asyncio.get_running_loop().call_exception_handler(told)
