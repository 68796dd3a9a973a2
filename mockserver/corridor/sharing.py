"""Many engines that are one server: what they count, let in and enter lies in Redis under one prefix.

What is defined (scripts, faults, quotas, rules, words, scenarios) is a log of changes, which every engine
makes in the same order; a request first asks whether there are new ones. What is used up is counted by one
script of the engine's in one step, on a lease (`mockserver.corridor.leasing`). An exchange is entered before
the first byte of its answer leaves.

What others entered and used is seen by who follows it (`mockserver.corridor.following`). Not everything is
shared: `mockserver.corridor.unshared` says what is refused, and what is not done.
"""

import secrets
from asyncio import Future, shield, sleep
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from mockserver.base.jsontext import dumps, loads
from mockserver.base.kept import Kept
from mockserver.corridor.answers import Answer
from mockserver.corridor.booking import Booking, Standing
from mockserver.corridor.changes import CHANGES
from mockserver.corridor.engine import Engine
from mockserver.corridor.following import Following
from mockserver.corridor.keeping import Keeping, Taken
from mockserver.corridor.leasing import NOTHING, Leasing
from mockserver.corridor.processes import Process, counts, ledgers
from mockserver.corridor.threads import Thread
from mockserver.corridor.unshared import CONVERSATIONS, MOVES, SESSIONS, NoCounters, alone, gone, is_gone
from mockserver.corridor.work import Steps, aside
from mockserver.meter.caches import PrefixCache
from mockserver.meter.quotas import REFUSALS, Admission, QuotaExceededError
from mockserver.rules.past import Trail
from mockserver.scripts.desk import Entered
from mockserver.scripts.script import Script, first
from mockserver.state import codec
from mockserver.state.journal import Entry
from mockserver.state.marks import Marks
from mockserver.state.memory import Session
from mockserver.state.ports import GoneError, Need
from mockserver.state.redis.link import FORMAT, Link
from mockserver.state.redis.rows import events
from mockserver.state.sent import SHOWN, Sent
from mockserver.state.worlds import Ledger, World
from mockserver.talk.fault import Fault
from mockserver.talk.request import ChatRequest
from mockserver.wire.template import Compiled

LIFE_S = 86_400
"""What nobody used for so many seconds is forgotten."""

LEASE_S = 60
"""For so many seconds an answer holds its place without its process saying so again."""

_METRICS = "/_mock/metrics"
_RESULTS = 1000
_FAULTS = {"fault": 1, "scenario": 1000, "reset": 1000}
"""How many ids of faults a change may give out: a scenario has some, and a reset enters them anew."""

_BYTES_KEPT = str(64 * 1024 * 1024)
"""So many bytes a journal may have in the engine."""

_LIFE = str(LIFE_S)


class SharedAdmission(Admission):
    """A request that was let in by the engine; its lease is renewed until it is freed."""

    __slots__ = ("_sharing", "key", "model", "name")

    def __init__(self, sharing: "Sharing", key: str, model: str, name: str) -> None:
        self._sharing = sharing
        self.key, self.model, self.name = key, model, name
        self._held = True
        sharing.leases[name] = self

    def spend(self, tokens: int, *, now: float) -> None:
        """Books what the answer cost."""
        self._sharing.spend(self, tokens, now=now)

    def free(self) -> None:
        """Gives the place back; once is enough, more does no harm."""
        if self._held:
            self._held = False
            self._sharing.free(self)


class Sharing(Keeping):
    """What one of many engines keeps together with the others.

    `now` gives the time in seconds since 1970; None leaves it to the engine, whose clock is the same for all.
    `marks` outlive this process, where others can be asked to take its place.
    """

    shared = True

    def __init__(
        self,
        engine: Engine,
        link: Link,
        *,
        now: Callable[[], float] | None = None,
        marks: Marks | None = None,
    ) -> None:
        super().__init__(engine.scripts, engine.faults, engine.quotas, engine.journal, engine.calls)
        self._engine = engine
        self._link = link
        self._now = now
        self._leasing = Leasing(link, marks or Marks(), life=LIFE_S)
        self._run, self._version, self._returned = "", 0, b"0"
        self.board = 0
        self._results: Kept[int, Any] = Kept(most=_RESULTS)
        self._unsettled: list[Future[Any]] = []
        self._following = Following(engine, link, now=now)
        self._process = Process()
        self.processes: dict[str, Ledger] = {}
        self._most_kept = str(2 * engine.settings.journal)
        self.leases: dict[str, SharedAdmission] = {}
        self._unfreed: list[tuple[str, str, str]] = []

    def join(self) -> None:
        """From now on the engine is one of many."""
        self._engine.keeping = self._engine.speaker.keeping = self

    # What a request asks on its way.

    def _ask(self, name: str, *arguments: Any) -> Steps[Any]:
        try:
            return (yield Need(partial(self._link.post, name, *arguments)))
        except GoneError as error:
            raise gone(error) from None

    def current(self) -> Steps[None]:
        """Sees to it that what is defined is what is defined by now. Raises `Refused`."""
        try:
            if not self._leasing.told:
                yield Need(self._leasing.settle)
            while self._make((yield Need(self._asked_current))):
                pass
        except GoneError as error:
            raise gone(error) from None

    def _asked_current(self) -> Future[Any]:
        """What was changed meanwhile, the same for all who ask before it is sent."""
        known = self._run or "-", str(self._version)
        return self._link.join("current", _run, *known, FORMAT)

    def admitted(self, key: str, model: str, *, now: float) -> Steps[Admission | None]:  # noqa: ARG002
        """Lets a request in that its quotas allow. Raises `QuotaExceededError` or `Refused`."""
        limits = self._quotas.limits_of(key, model)
        if not limits:
            return None
        self._free_again()
        name = secrets.token_hex(12)
        ordered = [part for limit in REFUSALS if limit in limits for part in (limit, limits[limit])]
        reached = yield from self._ask("admit", key, model, name, LEASE_S, self._time(), LIFE_S, *ordered)
        if reached:
            raise QuotaExceededError(reached.decode())
        return SharedAdmission(self, key, model, name)

    def _time(self) -> str | float:
        return "" if self._now is None else self._now()

    def spend(self, admission: SharedAdmission, tokens: int, *, now: float) -> None:  # noqa: ARG002
        """Books what an answer cost."""
        given = (admission.key, admission.model, admission.name, tokens, self._time(), LIFE_S)
        self._unsettled.append(self._link.post("spend", *given))

    def free(self, admission: SharedAdmission) -> None:
        """Gives the place of an answer back."""
        del self.leases[admission.name]
        self._free(admission.key, admission.model, admission.name)

    def _free(self, key: str, model: str, name: str) -> None:
        def told(done: Future[Any]) -> None:
            if done.exception() is not None:
                self._unfreed.append((key, model, name))  # the engine is told when it answers again

        self._link.post("free", key, model, name).add_done_callback(told)

    def _free_again(self) -> None:
        """Gives places back of which the engine did not hear; what is asked behind this finds them free."""
        unfreed, self._unfreed = self._unfreed, []
        for place in unfreed:
            self._free(*place)

    def _count(self, entry: Entry, counters: Sequence[tuple[str, str, int]]) -> Steps[tuple[int, int] | None]:
        """Which of some things, by world, name and limit, an exchange uses, and which use of it that is."""
        parts = [part for counter in counters for part in counter]
        try:
            lease = self._leasing.take(entry)
        except GoneError as error:
            raise gone(error) from None
        counted = yield from self._ask("count", LIFE_S, self._leasing.owner, lease, *parts)
        if not counted:
            return None
        self._leasing.took(entry)
        return int(counted[0]), int(counted[1])

    def drawn(self, entry: Entry, request: ChatRequest, matching: Iterable[Entered]) -> Steps[Fault | None]:
        """The fault that strikes a request, counted. Raises `Refused`."""
        entered: list[Entered] = []
        for each in matching:
            entered.append(each)
            if each.limit is None:
                break
        if entered:
            counters = [(each.match.key or "", each.id, _limit(each.limit)) for each in entered]
            counted = yield from self._count(entry, counters)
            for spent in entered[: counted[0] if counted else None]:
                spent.used = max(spent.used, spent.limit or 0)
            if counted is not None:
                at, use = counted
                entered[at].used = max(entered[at].used, use + 1)
                return entered[at].faults.at(use)
        return (yield from self.named(entry, request.headers))

    def named(self, entry: Entry, headers: Mapping[str, str]) -> Steps[Fault | None]:
        """The fault that the header of a request names, or else its key, counted. Raises `Refused`."""
        asked = self._faults.asked_by(entry.world, headers)
        if asked is None:
            return None
        name, faults = asked
        counted = yield from self._count(entry, [(entry.world.key, name, -1)])
        return None if counted is None else faults.at(counted[1])

    def taken(self, entry: Entry, request: ChatRequest, *, large: bool) -> Steps[Taken | None]:
        """The script that answers a request, counted; a large one is looked for aside. Raises `Refused`."""
        key = entry.world.key
        if large:
            scripts = yield from aside(_matching, tuple(self._scripts.seen_by(key)), key, request)
        else:
            scripts = list(self._scripts.matching(key, request))
        if not scripts:
            return None
        if scripts[0].constant:
            # Nobody waits to hear the use, which changes nothing.
            try:
                self._leasing.takes(entry, *_counter(scripts[0], key)[:2])
            except GoneError as error:
                raise gone(error) from None
            return scripts[0], 0
        counted = yield from self._count(entry, [_counter(script, key) for script in scripts])
        for spent in scripts[: counted[0] if counted else None]:
            spent.counted_to(key, spent.times or 0)
        if counted is None:
            return None
        script, use = scripts[counted[0]], counted[1]
        script.counted_to(key, use + 1)
        return script, use

    def thread(self, thread: Thread) -> Thread:
        """The same, and nothing of it is stored. Raises `Refused` for what goes on from something."""
        if thread.previous is not None or thread.conversation is not None:
            raise alone(CONVERSATIONS)
        thread.store = False
        return thread

    def session(self, world: World, name: str) -> Session:  # noqa: ARG002 - others have one
        """Raises `Refused`."""
        raise alone(SESSIONS)

    def cache(self, world: World, model: str) -> PrefixCache:  # noqa: ARG002 - others have one
        """An empty one: what a prompt finds must not depend on the process that it comes to."""
        return PrefixCache()

    def remember(self, world: World, trail: Trail, said: Iterable[int]) -> None:
        """Keeps nothing, for the same reason."""

    def counters(self, world: World) -> dict[str, int]:  # noqa: ARG002 - others have them
        """What a template counts with."""
        return NoCounters()

    # What is entered, and waited for before an answer leaves.

    def enter(self, entry: Entry, model: str | None, answer: Answer | None = None) -> None:
        """Enters an exchange into the journal of all, with its end where that is known."""
        if is_gone(entry):
            self._leasing.lost(entry)  # there is nowhere to enter it
            return
        sent = None
        if answer is not None and answer.at_once:
            entry.finished, sent = entry.started, _kept(answer)
        self._post(
            "entered",
            entry,
            *codec.entered(entry, sent),
            entry.model or model or "",
            self._process.count(entry),
        )

    def _post(
        self, kind: str, entry: Entry, payload: bytes, body: bytes, model: str = "", counts: str = ""
    ) -> None:
        given = kind, entry.world.key, payload, body, *self._leasing.of(entry), model, counts, ""
        size = len(payload) + len(body)
        done = self._link.gather("enter", self._head(entry.endpoint), *given, size=size)
        if kind == "entered":
            self._unsettled.append(done)
            self._leasing.entered(entry, done)
        else:
            self._leasing.over(entry, done)

    def standing(self, entry: Entry, script: Script | None, template: Compiled) -> Standing | None:
        """What stays the same of an exchange that is booked; None for one whose use is somebody's matter."""
        if entry.usage is None or not (script is None or script.constant):
            return None
        key = entry.world.key
        return Standing(
            board=self.board,
            key=key,
            takes=None if script is None else _counter(script, key)[:2],
            model=entry.model or "",
            usage=entry.usage,
            counts=counts(entry.usage),
            template=template,
        )

    def book(self, standing: Standing, payload: bytes, body: bytes, went: bytes) -> Booking | None:
        """Has an exchange by rote booked, if nothing was changed; None where it has to go its whole way."""
        leasing, takes = self._leasing, standing.takes
        if standing.board != self.board or not leasing.told:
            return None
        try:
            lease = None if takes is None else leasing.draw(*takes)
        except GoneError:
            return None
        holds = NOTHING if lease is None else lease.told
        given = "entered", standing.key, payload, body, *holds, standing.model, standing.counts, "1"
        done = self._link.gather("enter", self._head(""), *given, size=len(payload) + len(body))
        return Booking(went, done, standing.usage, leasing=leasing, lease=lease, process=self._process)

    def _head(self, endpoint: str) -> tuple[str, ...]:
        """How all begins that is entered into one journal, as long as nothing is changed."""
        journal = "calls" if endpoint else "journal"
        kept = journal, self._most_kept, _BYTES_KEPT
        return (_LIFE, self._leasing.owner, *kept, self._run, str(self._version))

    def begins(self, entry: Entry) -> Callable[[], None] | None:
        """What is to be done right before the first byte of an answer leaves."""
        return self._leasing.begins(entry)

    def lost(self, entry: Entry) -> None:
        """An answer never leaves: what its exchange took goes back."""
        self._leasing.lost(entry)

    def ended(self, entry: Entry, answer: Answer) -> None:
        """An exchange is over: the bytes of its answer went out."""
        if is_gone(entry):
            return
        if answer.at_once:
            self._leasing.ends(entry)  # the rest was entered before it began
            return
        sent = _kept(answer)
        went, data = (None, b"") if sent is None else codec.sent_parts(sent)
        told = {
            "id": entry.request_id,
            "finished": entry.finished,
            "findings": codec.plain(entry.findings),
            "sent": went,
        }
        self._post("ended", entry, dumps(told), data)

    def unsettled(self) -> Sequence[Future[Any]]:
        """What was entered and may not be there yet: whoever is told answers for it."""
        waiting, self._unsettled = self._unsettled, []
        return waiting

    # What the control API does.

    async def catch_up(self) -> None:
        """Makes the changes that others have made. Raises `GoneError`."""
        await self._leasing.settle()
        while self._make(await shield(self._asked_current())):
            pass

    def _make(self, answer: Sequence[Any]) -> bool:
        """Makes changes; whether there may be more."""
        name, returned, *found = answer
        run = name.decode()
        if run != self._run:
            if self._run:
                self._begin_anew()
            self.board += 1
            self._run, self.begun, self._version = run, run[:8], 0
        if returned != self._returned:
            self._returned = returned
            self._forget_uses()
        changes = found[0] if found else ()
        for version, event in events(changes):
            if version > self._version:
                self._version = version
                self.board += 1
                self._change(version, event)
        return bool(changes)

    def _forget_uses(self) -> None:
        """What was given back may be used again: nothing is known to be used up, until it is asked for."""
        for script in self._scripts:
            script.forget(None)
        for fault in self._faults:
            fault.used = 0

    def _begin_anew(self) -> None:
        """The engine was emptied: so is this one."""
        self._engine.reset()
        self._following.forget()

    def _change(self, version: int, event: Mapping[bytes, bytes]) -> None:
        engine, name, document = self._engine, event[b"name"].decode(), loads(event[b"document"])
        engine.scripts.number_from(int(event[b"replies"]))
        engine.faults.number_from(int(event[b"faults"]))
        self._results.put(version, CHANGES[name](engine, document))
        if name == "scenario":
            for number, script in enumerate(engine.scripts.playing(document["key"])):
                script.counter = f"{version}:{number}"

    async def change(self, name: str, document: Mapping[str, Any], apply: Callable[[], Any]) -> Any:  # noqa: ARG002
        """Has all make a change: what it comes to here. Raises `GoneError`; `Refused` for what none make."""
        if name == "reply-replaced":
            await self.catch_up()
            if self._moves(document):
                raise alone(MOVES)
        key = document.get("key") or (document.get("match") or {}).get("key") or ""
        given = (name, dumps(document), key, int(name == "reply"), _FAULTS.get(name, 0), LIFE_S)
        version = int(await self._link.ask("change", *given))
        await self.catch_up()
        return self._results.get(version)

    def _moves(self, document: Mapping[str, Any]) -> bool:
        """Whether a script would go to another key: what is counted and kept for one key stays there."""
        old = self._scripts.at(document["id"])
        return old is not None and old.match.key != (document["reply"].get("match") or {}).get("key")

    async def refresh(self, path: str) -> None:
        """Has what a call of the control API looks at here. Raises `GoneError`."""
        await self.settled()
        await self.catch_up()
        await self._following.refresh(path)
        if path.startswith(_METRICS):
            await self._tell()

    def used(self, *, now: float) -> list[dict[str, Any]]:  # noqa: ARG002 - as it was looked at
        """What each key used of each model that has a quota."""
        return self._following.used

    async def _tell(self) -> None:
        """Tells the others what this process did, and hears it of them. Raises `GoneError`."""
        told = await self._link.ask("processes", self._leasing.owner, self._process.told(), LIFE_S)
        self.processes = ledgers(told)

    async def renew(self) -> None:
        """Says that the answers on their way are still on it, and ends who did not. Raises `GoneError`."""
        held = [part for each in self.leases.values() for part in (each.key, each.model, each.name)]
        await self._leasing.settle()
        self._free_again()
        for late in await self._link.ask("renew", LEASE_S, LIFE_S, self._leasing.owner, *held):
            await self._leasing.give_back(late.decode(), "late")
        await self._tell()

    async def run(self) -> None:
        """Renews them for as long as the server runs; while the engine is gone there is nothing to renew."""
        while True:
            with suppress(GoneError):
                await self.renew()
            await sleep(LEASE_S / 4)


def _run() -> str:
    """A name for a state that begins now."""
    return secrets.token_hex(8)


def _kept(answer: Answer) -> Sent | None:
    """What went out of an answer, unless it is too large to be kept."""
    sent = answer.went()
    return sent if sent.size <= SHOWN else None


def _limit(limit: int | None) -> int:
    return -1 if limit is None else limit


def _counter(script: Script, key: str) -> tuple[str, str, int]:
    """Under what the uses of a script are counted, and how many there may be."""
    if script.source is None:
        return script.match.key or "", script.id, _limit(script.times)
    return key, script.counter, _limit(script.times)


def _matching(scripts: tuple[Script, ...], key: str, request: ChatRequest) -> list[Script]:
    """Those that may answer, up to the first that always may."""
    found: list[Script] = []
    while (at := first(scripts, key, request)) is not None:
        found.append(scripts[at])
        if scripts[at].times is None:
            break
        scripts = scripts[at + 1 :]
    return found
