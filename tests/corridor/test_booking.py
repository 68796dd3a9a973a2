"""What one of many says by rote: what it would have said anyway, and booked as that would have been."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis as Client

from mockserver.corridor import rote
from mockserver.corridor.booking import Standing
from mockserver.corridor.changes import changed
from mockserver.corridor.engine import Engine
from mockserver.corridor.known import Known
from mockserver.corridor.leasing import Leasing
from mockserver.corridor.settings import Settings
from mockserver.corridor.sharing import Sharing
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.server.app import App
from mockserver.state.journal import Entry
from mockserver.state.marks import BYTES, Marks
from mockserver.state.ports import GoneError
from mockserver.state.redis.address import read_address
from mockserver.state.redis.link import Link
from mockserver.talk.refused import Refused
from mockserver.talk.reply import Usage
from mockserver.wire.ids import Ids
from mockserver.wire.template import Compiled
from tests.conftest import NOW, SHARED
from tests.corridor.test_rote import ANEW, ASKED, BY_ROTE, KEY, TOLD
from tests.server.wires import Wire, connected, quiet
from tests.state.engines import Engine as Redis

PREFIXES = count()
CHAT = BY_ROTE["chat"]
LEARNT = 5
"""So often a request is answered until it is known by rote."""


class Numbers(Ids):
    """The ids of requests are their numbers, however often they are asked for."""

    number = 0

    def request_id(self) -> str:
        return f"{self.number:08x}-1111-9222-8333-444444444444"


class Process:
    """One of many, with one connection; its clock stands still."""

    def __init__(self, url: str, tokenizer: LazyTokenizer, *, by_rote: bool = True) -> None:
        self.link = Link(read_address(url), deadline=20)
        self.ids = Numbers(1)
        engine = Engine(Settings(), tokenizer=tokenizer, clock=lambda: NOW, ids=self.ids)
        self.memory = memoryview(bytearray(BYTES))
        self.keeping = Sharing(engine, self.link, now=lambda: NOW, marks=Marks(self.memory))
        self.keeping.join()
        if not by_rote:
            engine.known = Known(most=0)
        self.engine, self.app = engine, App(engine)
        self.heard = asyncio.Event()
        self.wire = self._connected()

    def _connected(self) -> Wire:
        (wire,) = connected(self.app)
        write = wire.write

        def heard(data: Any) -> None:
            write(data)
            self.heard.set()

        wire.write = heard  # type: ignore[method-assign]
        return wire

    async def asked(self, said: bytes) -> bytes:
        """What is heard."""
        if self.wire.closed:
            self.wire = self._connected()
        self.ids.number += 1
        self.wire.written.clear()
        self.heard.clear()
        self.wire.line.data_received(said)
        async with asyncio.timeout(60):
            await self.heard.wait()
        await self.idle()
        return b"".join(self.wire.written)

    async def idle(self) -> None:
        """Until nothing is asked of the engine, and nothing is to be done."""
        busy = True
        while busy:
            await quiet(self.wire.line)
            await self.link.rest()
            await asyncio.sleep(0)  # who is answered in this turn hears of it in the next
            busy = self.link.busy

    async def left(self) -> Any:
        """What there is to be seen of all that was asked, wherever."""
        for path in ("/_mock/requests", "/_mock/replies", "/_mock/usage"):
            await self.keeping.refresh(path)
        engine = self.engine
        journal = [entry.shown() for entry in engine.journal]
        sent = [None if entry.sent is None else entry.sent.shown() for entry in engine.journal]
        used = [(script.id, script.used, script.used_by(KEY)) for script in engine.scripts]
        ledger = {world.key: dict(world.ledger) for world in engine.worlds if world.ledger}
        return journal, sent, used, ledger, [fault.used for fault in engine.faults]

    async def end(self) -> None:
        """It ends in good order."""
        if not self.wire.closed:
            self.wire.line.connection_lost(None)
        await self.link.close()
        await asyncio.sleep(0)


Step = tuple[str, int, Any]
asks = st.tuples(
    st.just("ask"), st.integers(0, 1), st.tuples(st.sampled_from(sorted(ASKED)), st.integers(1, 6))
)
tells = st.tuples(st.just("tell"), st.integers(0, 1), st.sampled_from(sorted(TOLD)))


async def played(redis: Redis, tokenizer: LazyTokenizer, steps: list[Step], *, by_rote: bool) -> list[Any]:
    """What is heard of two processes, and what there is to be seen of both in the end."""
    url = f"{redis.url}?prefix=booking-{next(PREFIXES)}"
    processes = [Process(url, tokenizer, by_rote=by_rote) for _ in range(2)]
    seen: list[Any] = []
    try:
        for kind, at, what in steps:
            if kind == "ask":
                name, times = what
                seen += [await processes[at].asked(ASKED[name]) for _ in range(times)]
            else:
                try:
                    await changed(processes[at].engine, *TOLD[what])
                except Refused as refused:  # what one server can change, but not many together
                    seen.append(refused.refusal.id)
        seen += [await process.left() for process in processes]
    finally:
        for process in processes:
            await process.end()
    return seen


def both(redis: Redis, tokenizer: LazyTokenizer, steps: list[Step]) -> tuple[list[Any], list[Any]]:
    """What comes of steps by rote, and the whole way."""
    known, new = (asyncio.run(played(redis, tokenizer, steps, by_rote=by_rote)) for by_rote in (True, False))
    return known, new


@SHARED
@given(steps=st.lists(st.one_of(asks, asks, tells), min_size=1, max_size=8))
def test_by_rote_is_as_the_whole_way_whatever_comes_between(
    redis: Redis, lazy_tokenizer: LazyTokenizer, steps: list[Step]
) -> None:
    known, new = both(redis, lazy_tokenizer, steps)
    assert known == new


@pytest.mark.parametrize("first", [None, "a script", "a sequence"])
@pytest.mark.parametrize("told", TOLD)
def test_what_another_process_is_told_counts_from_the_next_request_on(
    redis: Redis, lazy_tokenizer: LazyTokenizer, told: str, first: str | None
) -> None:
    steps: list[Step] = [("ask", 0, ("chat", 7)), ("tell", 1, told), ("ask", 0, ("chat", 2))]
    known, new = both(redis, lazy_tokenizer, steps if first is None else [("tell", 1, first), *steps])
    assert known == new


Does = Callable[[Process], Awaitable[Any]]


def by_one(redis: Redis, tokenizer: LazyTokenizer, does: Does, *told: str, said: bytes = CHAT) -> Any:
    """What comes of what is done with a process that knows a request by rote."""

    async def done() -> Any:
        process = Process(f"{redis.url}?prefix=booking-{next(PREFIXES)}", tokenizer)
        try:
            for each in told:
                await changed(process.engine, *TOLD[each])
            for _ in range(LEARNT):
                await process.asked(said)
            return await does(process)
        finally:
            await process.end()

    return asyncio.run(done())


@pytest.mark.parametrize("name", BY_ROTE)
def test_what_is_known_needs_one_question_and_nothing_of_the_whole_way(
    redis: Redis, lazy_tokenizer: LazyTokenizer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    asked: list[str] = []
    put = Link._put

    def noted(link: Link, question: Any) -> None:
        asked.append(question.name)
        put(link, question)

    async def again(process: Process) -> bytes:
        monkeypatch.setattr(process.engine, "steps", pytest.fail)
        monkeypatch.setattr(Link, "_put", noted)
        return await process.asked(BY_ROTE[name])

    heard = by_one(redis, lazy_tokenizer, again, said=BY_ROTE[name])
    assert heard.startswith(b"HTTP/1.1 200 OK\r\n")
    assert asked == ["enter"]


@pytest.mark.parametrize("name", ANEW)
def test_what_has_more_of_its_own_goes_the_whole_way(
    redis: Redis, lazy_tokenizer: LazyTokenizer, name: str
) -> None:
    async def known(process: Process) -> int:
        return len(process.engine.known.lessons)

    assert by_one(redis, lazy_tokenizer, known, said=ANEW[name]) == 0


@pytest.mark.parametrize("told", ["a sequence", "a template", "one that is used up", "a fault", "a quota"])
def test_what_is_counted_for_its_answer_goes_the_whole_way(
    redis: Redis, lazy_tokenizer: LazyTokenizer, told: str
) -> None:
    async def known(process: Process) -> list[bool]:
        for _ in range(LEARNT):
            await process.asked(CHAT)
        return [lesson.standing is not None for lesson in process.engine.known.lessons.values()]

    assert not any(by_one(redis, lazy_tokenizer, known, told))


def test_an_answer_that_is_too_large_to_be_shown_goes_the_whole_way(
    redis: Redis, lazy_tokenizer: LazyTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rote, "SHOWN", 10)

    async def known(process: Process) -> list[Any]:
        return [lesson.standing for lesson in process.engine.known.lessons.values()]

    assert by_one(redis, lazy_tokenizer, known) == [None]


def requests(left: Any) -> tuple[int, int, list[int]]:
    """How many exchanges are in the journal, what the ledger says, and how often scripts were used."""
    journal, _, used, ledger, _ = left
    return len(journal), ledger[KEY]["qwen-plus"].requests, [times for _, times, _ in used]


def fails(process: Process, monkeypatch: pytest.MonkeyPatch, *, executed: bool) -> None:
    """From now on nothing that is entered is confirmed."""
    gather = process.link.gather

    def lost(*arguments: Any, **more: Any) -> "asyncio.Future[Any]":
        if executed:
            gather(*arguments, **more)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        answer.set_exception(GoneError("it did not answer in time"))
        return answer

    monkeypatch.setattr(process.link, "gather", lost)


@pytest.mark.parametrize("executed", [True, False])
@pytest.mark.parametrize("name", ["chat", "stream", "native", "anthropic"])
def test_what_the_engine_did_not_confirm_is_a_503_and_goes_back(
    redis: Redis, lazy_tokenizer: LazyTokenizer, monkeypatch: pytest.MonkeyPatch, name: str, *, executed: bool
) -> None:
    async def lost(process: Process) -> Any:
        with monkeypatch.context() as patched:
            fails(process, patched, executed=executed)
            heard = await process.asked(BY_ROTE[name])
        assert heard.startswith(b"HTTP/1.1 503 ")
        assert b"the shared state of this mock server cannot be used" in heard
        await process.keeping.catch_up()
        before = requests(await process.left())
        assert (await process.asked(BY_ROTE[name])).startswith(b"HTTP/1.1 200 OK\r\n")
        return before, requests(await process.left()), process.keeping.processes

    before, after, _ = by_one(redis, lazy_tokenizer, lost, "a script", said=BY_ROTE[name])
    assert before == (LEARNT, LEARNT, [LEARNT])
    assert after == (LEARNT + 1, LEARNT + 1, [LEARNT + 1])


def test_what_was_decided_before_a_change_is_not_learnt_behind_it(
    redis: Redis, lazy_tokenizer: LazyTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def changes(process: Process) -> list[bytes]:
        process.engine.known.lessons.clear()
        waits: list[tuple[Any, asyncio.Future[Any]]] = []
        entered, gather = asyncio.Event(), process.link.gather

        def held(*arguments: Any, **more: Any) -> "asyncio.Future[Any]":
            waits.append((gather(*arguments, **more), asyncio.get_running_loop().create_future()))
            entered.set()
            return waits[-1][1]

        with monkeypatch.context() as patched:
            patched.setattr(process.link, "gather", held)
            asked = asyncio.create_task(process.asked(CHAT))
            await entered.wait()
        await changed(process.engine, *TOLD["another one in its place"])
        ((confirmed, waiting),) = waits
        waiting.set_result(await confirmed)
        return [await asked, *[await process.asked(CHAT) for _ in range(2 * LEARNT)]]

    before, *after = by_one(redis, lazy_tokenizer, changes, "a script")
    assert b"Oolong." in before
    assert all(b"Mate." in heard for heard in after)


@pytest.mark.parametrize("marked", [True, False])
def test_of_one_that_was_killed_what_nobody_saw_goes_back(
    redis: Redis, lazy_tokenizer: LazyTokenizer, *, marked: bool
) -> None:
    async def killed(process: Process) -> Any:
        booking = process.app.rote.book(CHAT)
        assert booking is not None
        await booking.done
        begins = booking.begins()
        assert begins is not None
        if marked:
            begins()
        process.keeping._leasing = Leasing(process.link, Marks(process.memory), life=60)
        await process.keeping.catch_up()
        return requests(await process.left())

    times = LEARNT + marked
    assert by_one(redis, lazy_tokenizer, killed, "a script") == (times, times, [times])


def test_what_is_over_leaves_nothing_behind(redis: Redis, lazy_tokenizer: LazyTokenizer) -> None:
    async def over(process: Process) -> tuple[int, int]:
        free = len(process.keeping._leasing._marks._free)
        for _ in range(3):
            await process.asked(CHAT)
        with Client(port=redis.port) as client:
            leases = list(client.scan_iter(f"{process.link.address.prefix}:leases:*"))
        return len(leases), free - len(process.keeping._leasing._marks._free)

    assert by_one(redis, lazy_tokenizer, over, "a script") == (0, 0)


def test_what_was_changed_leaves_nothing_behind(redis: Redis, lazy_tokenizer: LazyTokenizer) -> None:
    async def changes(process: Process) -> Any:
        leasing, known = process.keeping._leasing, process.keeping._version
        await process.link.ask("change", "rules", b'{"key":null,"mode":"strict"}', "", 0, 0, 60)
        booking = process.app.rote.book(CHAT)
        assert booking is not None
        free = len(leasing._marks._free)
        await booking.done
        assert not booking.holds()
        assert len(leasing._marks._free) == free + 1
        assert process.keeping._version == known
        return requests(await process.left())

    assert by_one(redis, lazy_tokenizer, changes, "a script") == (LEARNT, LEARNT, [LEARNT])


def test_one_that_has_to_tell_something_first_goes_the_whole_way(
    redis: Redis, lazy_tokenizer: LazyTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def untold(process: Process) -> bool:
        leasing = process.keeping._leasing
        leasing.give_up(leasing.draw("", "reply-1"))
        assert process.app.rote.book(CHAT) is None
        await process.keeping.catch_up()
        assert process.app.rote.book(CHAT) is not None
        monkeypatch.setattr(leasing._marks, "place", lambda: None)
        return process.app.rote.book(CHAT) is None

    assert by_one(redis, lazy_tokenizer, untold, "a script")


def test_one_by_itself_books_nothing(lazy_tokenizer: LazyTokenizer) -> None:
    engine = Engine(tokenizer=lazy_tokenizer)
    entry = Entry("id", engine.worlds.of(KEY), "compat", False, b"", NOW, usage=Usage(1, 1))
    assert engine.keeping.standing(entry, None, Compiled((b"",), ())) is None
    standing = Standing(0, KEY, None, "qwen-plus", Usage(1, 1), "1 1 1 0 0", Compiled((b"",), ()))
    assert engine.keeping.book(standing, b"", b"", b"") is None
