"""What exchanges took of what is counted once, and whose answer nobody has seen yet.

An exchange takes its steps, and its faults, on a lease: a number under the name of its process, which the
engine keeps until the answer is over. Where the answer never began to leave, all of it goes back: who asks
next gets the same step. A process gives back what it could not answer because the engine was gone. Of one
that died, the worker that takes its place gives back what was not marked as begun (`mockserver.state.marks`);
where none does, another host does so when the lease ends, and takes what stands in the journal for sent.

In doubt a step was given: never twice.
"""

import secrets
from asyncio import Future, Task, create_task, get_running_loop, shield
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from mockserver.state.journal import Entry
from mockserver.state.marks import Marks
from mockserver.state.ports import GoneError
from mockserver.state.redis.link import Link


@dataclass(slots=True)
class Lease:
    """What one exchange holds: a number, and the place of the mark that its answer begins to leave.

    `took`: whether there was something for it to take. `takes`: what it takes with its entry, by world and
    name, as the use of that is nobody's matter; empty for nothing.
    """

    number: int
    place: int
    took: bool = False
    takes: tuple[str, str] = "", ""

    @property
    def told(self) -> tuple[str, str, str, str]:
        """It as it is told when its exchange is entered."""
        return str(self.number), "1" if self.took else "", *self.takes


NOTHING = "", "", "", ""
"""What is told where nothing is held."""


class Leasing:
    """The leases of one process; `life` is for how many seconds the engine keeps what nobody uses."""

    def __init__(self, link: Link, marks: Marks, *, life: int) -> None:
        self._link = link
        self._marks = marks
        self._life = life
        self._name = secrets.randbits(63) + 1
        self._count = 0
        self._held: dict[str, Lease] = {}
        self._untold: dict[str, dict[int, Lease]] = {"over": {}, "these": {}}
        self._ending: list[Lease] = []
        self._telling: Task[None] | None = None

    @property
    def owner(self) -> str:
        """The name under which this process takes."""
        return str(self._name)

    def take(self, entry: Entry) -> int:
        """The number under which an exchange takes something. Raises `GoneError`."""
        lease = self._held.get(entry.request_id)
        if lease is None:
            lease = self._held[entry.request_id] = self._drawn()
        return lease.number

    def _drawn(self) -> Lease:
        place = self._marks.place()
        if place is None:
            msg = "too many answers wait for it"
            raise GoneError(msg)
        self._count += 1
        return Lease(self._count, place)

    def draw(self, world: str, name: str) -> Lease:
        """A lease under which an answer by rote takes something when it is entered. Raises `GoneError`."""
        lease = self._drawn()
        lease.takes = world, name
        return lease

    def took(self, entry: Entry) -> None:
        """An exchange took something."""
        self._held[entry.request_id].took = True

    def takes(self, entry: Entry, world: str, name: str) -> None:
        """An exchange takes something when it is entered: any use of it is as good. Raises `GoneError`."""
        self.take(entry)
        self._held[entry.request_id].takes = world, name

    def of(self, entry: Entry) -> tuple[str, str, str, str]:
        """What an exchange holds: the number of its lease, "1" if it took something, what it takes yet.

        All are empty when that is nothing.
        """
        lease = self._held.get(entry.request_id)
        return NOTHING if lease is None or not (lease.took or lease.takes[1]) else lease.told

    def begins(self, entry: Entry) -> Callable[[], None] | None:
        """What is to be done right before the first byte of an answer leaves; None for nothing."""
        lease = self._held.get(entry.request_id)
        return None if lease is None else self.mark(lease)

    def mark(self, lease: Lease) -> Callable[[], None]:
        """What is to be done right before the first byte leaves of an answer that holds a lease."""
        return partial(self._marks.mark, lease.place, lease.number)

    def entered(self, entry: Entry, done: "Future[Any]") -> None:
        """An exchange is being entered; where that fails, its answer never leaves."""
        if entry.request_id in self._held:
            done.add_done_callback(partial(self._entered, entry))

    def _entered(self, entry: Entry, done: "Future[Any]") -> None:
        if _failed(done):
            self.lost(entry)
        elif entry.endpoint:
            # What is answered beside chat is given with this; nobody tells of its end.
            lease = self._held.pop(entry.request_id, None)
            if lease is not None:
                self._marks.free((lease.place,))

    def lost(self, entry: Entry) -> None:
        """An answer never leaves: what it took goes back as soon as the engine is there."""
        lease = self._held.pop(entry.request_id, None)
        if lease is not None:
            self.give_up(lease)

    def give_up(self, lease: Lease) -> None:
        """What was taken under a lease goes back as soon as the engine is there, if it was taken."""
        self._untold["these"][lease.number] = lease

    def let_go(self, lease: Lease) -> None:
        """Nothing was taken under a lease, for sure."""
        self._marks.free((lease.place,))

    def over(self, entry: Entry, done: "Future[Any]") -> None:
        """An answer is over, which the engine is being told."""
        lease = self._held.pop(entry.request_id, None)
        if lease is not None:
            done.add_done_callback(partial(self._over, [lease]))

    def ends(self, entry: Entry) -> None:
        """An answer is over: the engine is told of all that end in this turn, and nobody waits for it."""
        lease = self._held.pop(entry.request_id, None)
        if lease is not None:
            self.end(lease)

    def end(self, lease: Lease) -> None:
        """The same of an answer that holds a lease."""
        if not self._ending:
            get_running_loop().call_soon(self._tell_ends)
        self._ending.append(lease)

    def _tell_ends(self) -> None:
        leases, self._ending = self._ending, []
        numbers = [lease.number for lease in leases]
        told = self._link.post("back", "over", self.owner, self._life, *numbers)
        told.add_done_callback(partial(self._over, leases))

    def _over(self, leases: Iterable[Lease], done: "Future[Any]") -> None:
        if _failed(done):
            self._untold["over"].update({lease.number: lease for lease in leases})
        else:
            self._marks.free(lease.place for lease in leases)

    @property
    def told(self) -> bool:
        """Whether the engine knows all that it has to know before anything more is taken."""
        nothing = self._telling is None and self._marks.name == self._name
        return nothing and not any(self._untold.values())

    async def settle(self) -> None:
        """Tells the engine what it has to know before anything more is taken. Raises `GoneError`."""
        if self.told:
            return
        if self._telling is None:
            self._telling = create_task(self._tell())
        await shield(self._telling)

    async def _tell(self) -> None:
        try:
            if self._marks.name != self._name:
                if self._marks.name:
                    await self.give_back(str(self._marks.name), "all", self._marks.numbers)
                self._marks.begin(self._name)
            for how, leases in self._untold.items():
                told = dict(leases)
                if told:
                    await self.give_back(self.owner, how, told)
                for number, lease in told.items():
                    del leases[number]
                    self._marks.free((lease.place,))
        finally:
            self._telling = None

    async def give_back(self, owner: str, how: str, numbers: Iterable[int] = ()) -> None:
        """Has the engine take back what an owner took (`back.lua` knows how). Raises `GoneError`."""
        await self._link.ask("back", how, owner, self._life, *numbers)


def _failed(done: "Future[Any]") -> bool:
    return done.cancelled() or done.exception() is not None
