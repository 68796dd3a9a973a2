"""What of an exchange others meet as well: what was used, what was let in, what is entered into the journal.

The corridor asks for all of it here. `Keeping` is an engine by itself: everything lies in its own memory and
is there at once. `Sharing` (`mockserver.corridor.sharing`) is many engines that are one server.
"""

from asyncio import Future
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

from mockserver.corridor.answers import Answer
from mockserver.corridor.booking import Booking, Standing
from mockserver.corridor.searching import searched
from mockserver.corridor.threads import Thread
from mockserver.corridor.work import Steps
from mockserver.meter.caches import PrefixCache
from mockserver.meter.quotas import Admission, Quotas
from mockserver.rules.past import Trail
from mockserver.scripts.desk import Desk, Entered
from mockserver.scripts.script import Script, Scripts
from mockserver.state.journal import Entry, Journal
from mockserver.state.memory import Session
from mockserver.state.worlds import Ledger, World
from mockserver.talk.fault import Fault
from mockserver.talk.request import ChatRequest
from mockserver.wire.template import Compiled

Taken: TypeAlias = tuple[Script, int]
"""A script whose turn it is, and how often it answered before, as far as its world counts."""


class Keeping:
    """What one engine keeps, by itself."""

    shared = False
    """Whether others meet it: then a request asks for what is current, and some things are not kept."""

    board = 0
    """How often others changed what is defined, as far as it was made here."""

    processes: Mapping[str, Ledger] = MappingProxyType({})
    """What each of many processes did, by its name, as it was looked at last; one by itself has no name."""

    begun: str | None = None
    """What tells this server from one before it; None is a name of each process."""

    def __init__(
        self, scripts: Scripts, faults: Desk, quotas: Quotas, journal: Journal, calls: Journal
    ) -> None:
        self._scripts = scripts
        self._faults = faults
        self._quotas = quotas
        self._journal = journal
        self._calls = calls

    def current(self) -> Steps[None]:
        """Sees to it that scripts, faults, quotas and rules are those that there are by now."""
        yield from ()

    def admitted(self, key: str, model: str, *, now: float) -> Steps[Admission | None]:
        """Lets a request in that its quotas allow. Raises `QuotaExceededError`."""
        yield from ()
        return self._quotas.admit(key, model, now=now)

    def drawn(self, entry: Entry, request: ChatRequest, matching: Iterable[Entered]) -> Steps[Fault | None]:
        """The fault that strikes a request, counted. Raises `Refused`."""
        yield from ()
        return self._faults.draw(entry.world, request, matching)

    def named(self, entry: Entry, headers: Mapping[str, str]) -> Steps[Fault | None]:
        """The fault that the header of a request names, or else its key, counted. Raises `Refused`."""
        yield from ()
        return self._faults.named(entry.world, headers)

    def taken(self, entry: Entry, request: ChatRequest, *, large: bool) -> Steps[Taken | None]:
        """The script that answers a request, counted; a large one is looked for aside."""
        key = entry.world.key
        if large:
            script = yield from searched(self._scripts, key, request)
        else:
            script = self._scripts.find(key, request)
        return None if script is None else (script, script.count(key))

    def thread(self, thread: Thread) -> Thread:
        """What a request goes on from, as far as that is kept. Raises `Refused`."""
        return thread

    def session(self, world: World, name: str) -> Session:
        """A conversation that a character model remembers. Raises `Refused`."""
        return world.session(name)

    def cache(self, world: World, model: str) -> PrefixCache:
        """What a world's requests to a model left in the context cache."""
        return world.cache(model)

    def remember(self, world: World, trail: Trail, said: Iterable[int]) -> None:
        """Keeps what is heard of an answer, to hold histories against it."""
        world.past.remember(trail, said)

    def counters(self, world: World) -> dict[str, int]:
        """What a template counts with."""
        return world.counters

    def enter(self, entry: Entry, model: str | None, answer: Answer | None = None) -> None:  # noqa: ARG002
        """Enters an exchange into the journal; `model` is the one that its ledger names.

        Others are told of the `answer` as well, where all of it leaves at once.
        """
        (self._calls if entry.endpoint else self._journal).add(entry)

    def standing(
        self,
        entry: Entry,  # noqa: ARG002 - others are told
        script: Script | None,  # noqa: ARG002
        template: Compiled,  # noqa: ARG002
    ) -> Standing | None:
        """What stays the same of an exchange that is booked; None where it is not to be said by rote.

        The `template` is what others are told of it, with holes.
        """
        return None

    def book(self, standing: Standing, payload: bytes, body: bytes, went: bytes) -> Booking | None:  # noqa: ARG002
        """Has an exchange by rote booked, if nothing was changed; None where it has to go its whole way.

        `payload` and `body` are told to others; what `went` out is a part of the latter.
        """
        return None

    def begins(self, entry: Entry) -> Callable[[], None] | None:  # noqa: ARG002 - others are told
        """What is to be done right before the first byte of an answer leaves; None for nothing."""
        return None

    def lost(self, entry: Entry) -> None:
        """An answer never leaves."""

    def ended(self, entry: Entry, answer: Answer) -> None:
        """An exchange is over: the bytes of its answer went out."""
        self._journal.ended(entry, answer.went())

    def unsettled(self) -> Sequence[Future[Any]]:
        """What was entered and may not be there yet: whoever is told answers for it."""
        return ()

    async def settled(self) -> None:
        """Waits until all that was entered so far is there. Raises `GoneError`."""
        for each in self.unsettled():
            await each

    async def refresh(self, path: str) -> None:
        """Has what a call of the control API looks at here."""

    def used(self, *, now: float) -> list[dict[str, Any]]:
        """What each key used of each model that has a quota."""
        return self._quotas.used(now=now)

    async def change(
        self,
        name: str,  # noqa: ARG002 - others are told
        document: Mapping[str, Any],  # noqa: ARG002
        apply: Callable[[], Any],
    ) -> Any:
        """Has a change of the control API made: what it comes to. `apply` makes it here."""
        return apply()
