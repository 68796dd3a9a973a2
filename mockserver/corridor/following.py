"""What one of many engines sees of all of them when somebody looks: journals, uses, costs.

Nothing of it is asked for on the way of a request. A journal is followed: it repeats what was entered since
it was looked at last. What is counted is asked for anew each time.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from mockserver.base.jsontext import loads
from mockserver.corridor.engine import Engine
from mockserver.meter.quotas import REFUSALS
from mockserver.state import codec
from mockserver.state.journal import Entry, Journal
from mockserver.state.redis.link import Link
from mockserver.state.redis.rows import events, pairs
from mockserver.state.worlds import Ledger

_TURN = 200
"""So many events of a journal are asked for at once."""


class _Followed:
    """A journal of this process, which repeats that of the engine as far as somebody looks at it."""

    def __init__(self, name: str, journal: Journal, most: int) -> None:
        self.name = name
        self.journal = journal
        self.revision = 0
        self.most = most
        self._entries: OrderedDict[str, Entry] = OrderedDict()

    def forget(self) -> None:
        """Begins anew."""
        self.journal.reset()
        self.revision = self.journal.revision = 0
        self._entries.clear()

    def take(self, engine: Engine, revision: int, event: Mapping[bytes, bytes]) -> None:
        """Repeats one event."""
        self.revision, journal = revision, self.journal
        kind, key = event[b"kind"], event[b"key"].decode()
        if kind == b"reset":
            journal.reset(engine.worlds.of(key) if key else None)
            self._entries.clear()
        elif kind == b"entered":
            entry, sent = codec.entry_of(event[b"payload"], event[b"body"], engine.worlds.of(key))
            journal.stand(int(event[b"number"]) - 1)
            journal.add(entry)
            if sent is not None:
                journal.ended(entry, sent)
            entry.changed = revision
            self._entries[entry.request_id] = entry
            while len(self._entries) > self.most:
                self._entries.popitem(last=False)
        elif kind == b"withdrawn":
            withdrawn = journal.withdraw(int(event[b"number"]))
            if withdrawn is not None:
                self._entries.pop(withdrawn.request_id, None)
        else:
            told = loads(event[b"payload"])
            ended = self._entries.get(told["id"])
            if ended is not None:
                ended.finished, ended.findings = told["finished"], codec.read(told["findings"])
                if told["sent"] is not None:
                    journal.ended(ended, codec.sent_of(told["sent"], event[b"body"]))
                ended.changed = revision
        journal.revision = revision


class Following:
    """What one of many engines sees of all; `now` gives the time, None leaves it to the engine of the state.

    `used` is what each key used of each model that has a quota, as it was looked at last.
    """

    def __init__(self, engine: Engine, link: Link, *, now: Callable[[], float] | None = None) -> None:
        self._engine = engine
        self._link = link
        self._now = now
        most = engine.settings.journal
        self._followed = [_Followed("journal", engine.journal, most), _Followed("calls", engine.calls, most)]
        self.used: list[dict[str, Any]] = []

    def forget(self) -> None:
        """Begins anew: the state was emptied."""
        for followed in self._followed:
            followed.forget()

    async def refresh(self, path: str) -> None:
        """Has what a call of the control API looks at here. Raises `GoneError`."""
        for begins, looks in _LOOKED_AT.items():
            if path.startswith(begins):
                for look in looks:
                    await look(self)

    def _time(self) -> str | float:
        return "" if self._now is None else self._now()

    async def look_at_journals(self) -> None:
        """Has what was entered in the journals."""
        for followed in self._followed:
            more = True
            while more:
                epoch, told = await self._link.ask("journal", followed.name, str(followed.revision), _TURN)
                more = len(told) == _TURN
                followed.journal.epoch = int(epoch)
                for revision, event in events(told):
                    if revision > followed.revision:  # somebody else may look at it as well
                        followed.take(self._engine, revision, event)

    async def _of_worlds(self, what: str) -> Iterator[tuple[str, dict[str, int]]]:
        found = await self._link.ask("worlds", what, self._time())
        return (
            (key.decode(), {name.decode(): int(number) for name, number in pairs(rows)})
            for key, rows in found
        )

    async def look_at_uses(self) -> None:
        """Has how often scripts and faults were used."""
        worlds = dict(await self._of_worlds("uses"))
        for script in self._engine.scripts:
            if script.source is None:
                script.used = worlds.get(script.match.key or "", {}).get(script.id, 0)
                continue
            script.used = 0
            for key, uses in worlds.items():
                script.used += uses.get(script.counter, 0)
                script.uses.put(key, uses.get(script.counter, 0))
        for fault in self._engine.faults:
            fault.used = worlds.get(fault.match.key or "", {}).get(fault.id, 0)

    async def look_at_ledger(self) -> None:
        """Has what every world cost."""
        for key, rows in await self._of_worlds("ledger"):
            ledger = self._engine.worlds.of(key).ledger
            ledger.clear()
            for name, number in rows.items():
                field, _, model = name.partition(":")
                setattr(ledger.setdefault(model, Ledger()), field, number)

    async def look_at_quotas(self) -> None:
        """Has what is used of the quotas."""
        rows = await self._link.ask("worlds", "meter", self._time())
        self.used = [
            {
                "key": key.decode(),
                "model": model.decode(),
                **dict(zip(REFUSALS, map(int, used), strict=True)),
            }
            for key, model, *used in rows
        ]


_LOOKED_AT: Mapping[str, Sequence[Callable[[Following], Awaitable[None]]]] = {
    "/_mock/requests": (Following.look_at_journals, Following.look_at_uses),
    "/_mock/verify": (Following.look_at_journals,),
    "/_mock/changes": (Following.look_at_journals,),
    "/_mock/metrics": (Following.look_at_journals, Following.look_at_ledger),
    "/_mock/replies": (Following.look_at_uses,),
    "/_mock/faults": (Following.look_at_uses,),
    "/_mock/usage": (Following.look_at_ledger,),
    "/_mock/quotas": (Following.look_at_quotas,),
}
"""What the calls of the control API look at, by how their paths begin."""
