"""An answer by rote where many engines are one server: it leaves when its exchange is booked.

A request that goes its whole way asks what was changed before anything is decided. One by rote is decided by
what is known, and booked on the condition that this is still all there is: one question in the place of two.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mockserver.base.values import value
from mockserver.corridor.leasing import Lease, Leasing
from mockserver.corridor.processes import Process
from mockserver.talk.reply import Usage
from mockserver.wire.template import Compiled

if TYPE_CHECKING:
    from asyncio import Future


@value
class Standing:
    """What is the same each time an exchange by rote is booked, as long as nothing is changed.

    It was learnt when so much was made of what is defined, the `board`. `takes` is what is taken with it, by
    world and name, None for nothing; `template` is what the others are told, with holes.
    """

    board: int
    key: str
    takes: tuple[str, str] | None
    model: str
    usage: Usage
    counts: str
    template: Compiled

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return self.template.size


CHANGED = -1
"""What the engine says where something was changed, and nothing is booked."""


class Booking:
    """All bytes of an answer, which leave when its booking is `done` and holds; and what it holds so long."""

    __slots__ = ("_lease", "_leasing", "_process", "_usage", "done", "went")

    def __init__(
        self,
        went: bytes,
        done: "Future[Any]",
        usage: Usage,
        *,
        leasing: Leasing,
        lease: Lease | None,
        process: Process,
    ) -> None:
        self.went = went
        self.done = done
        self._usage = usage
        self._leasing, self._lease = leasing, lease
        self._process = process

    def holds(self) -> bool:
        """Whether it was booked, as nothing was changed. Raises `GoneError`: what it took goes back."""
        failed = self.done.exception()
        if failed is not None:
            if self._lease is not None:
                self._leasing.give_up(self._lease)
            raise failed
        if self.done.result() == CHANGED:
            if self._lease is not None:
                self._leasing.let_go(self._lease)
            return False
        self._process.booked(self._usage)
        return True

    def begins(self) -> Callable[[], None] | None:
        """What is to be done right before the first byte leaves; None for nothing."""
        return None if self._lease is None else self._leasing.mark(self._lease)

    def ended(self) -> None:
        """All of it leaves within this turn."""
        if self._lease is not None:
            self._leasing.end(self._lease)
