"""Work aside: in a thread, one piece at once, and none of it is waited for that nobody wants any more."""

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from mockserver.corridor.work import Steps, aside, pause
from mockserver.server import aside as module
from mockserver.server.aside import Aside

PATIENCE = 20.0


def test_work_is_done_in_another_thread_and_its_result_comes_back() -> None:
    assert asyncio.run(Aside().run(threading.get_ident)) != threading.get_ident()


def test_what_work_raises_comes_back_too() -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(Aside().run(lambda: 1 / 0))
    with pytest.raises(RuntimeError, match="StopIteration"):
        asyncio.run(Aside().run(lambda: next(iter(()))))


def test_no_thread_stays_behind_its_work() -> None:
    asyncio.run(Aside().run(int))
    for thread in threading.enumerate():
        if thread.name == "aside":
            thread.join(PATIENCE)
    assert "aside" not in {thread.name for thread in threading.enumerate()}


class Kettle:
    """Work that waits until it is let go, and counts how much of it runs at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.begun = threading.Semaphore(0)
        self.go = threading.Event()
        self.boiling = self.most = 0
        self.boiled: list[int] = []

    async def begins(self) -> None:
        """Waits until one more cup boils."""
        assert await asyncio.to_thread(self.begun.acquire, timeout=PATIENCE)

    def boil(self, cup: int) -> Callable[[], None]:
        def work() -> None:
            with self.lock:
                self.boiling += 1
                self.most = max(self.most, self.boiling)
            self.begun.release()
            assert self.go.wait(PATIENCE)
            with self.lock:
                self.boiling -= 1
                self.boiled.append(cup)

        return work


def kettle(check: Callable[[Kettle], Coroutine[Any, Any, None]]) -> Kettle:
    own = Kettle()
    asyncio.run(check(own))
    return own


def test_one_piece_runs_at_once_and_the_loop_goes_on_meanwhile() -> None:
    async def check(own: Kettle) -> None:
        pool = Aside()
        tasks = [asyncio.create_task(pool.run(own.boil(cup))) for cup in range(20)]
        await own.begins()
        own.go.set()
        await asyncio.gather(*tasks)

    done = kettle(check)
    assert done.most == 1
    assert done.boiled == list(range(20))


def test_a_way_that_took_long_waits_for_those_that_did_not() -> None:
    """A clock that goes on by as many seconds as the work says; the thread waits for what comes next."""
    now = 0.0
    told: list[str] = []

    def work(name: str, seconds: float) -> None:
        nonlocal now
        now += seconds
        told.append(name)

    def way(name: str, *steps: float) -> Steps[None]:
        for seconds in steps:
            yield from aside(work, name, seconds)

    async def check(own: Kettle) -> None:
        pool = Aside(timer=lambda: now, turn=PATIENCE)
        before = asyncio.create_task(pool.run(own.boil(0)))  # while it boils, all ways begin
        ways = (way("large", 5.0, 5.0, 5.0), way("small", 1.0, 1.0, 1.0), way("other", 2.0, 2.0))
        tasks = [asyncio.create_task(pool.through(each)) for each in ways]
        await own.begins()
        own.go.set()
        await asyncio.gather(before, *tasks)

    kettle(check)
    assert told == ["large", "small", "other", "small", "other", "small", "large", "large"]


def test_work_that_nobody_waits_for_is_not_begun() -> None:
    async def check(own: Kettle) -> None:
        pool = Aside()
        running = asyncio.create_task(pool.run(own.boil(0)))
        waiting = asyncio.create_task(pool.run(own.boil(1)))
        await own.begins()
        waiting.cancel()
        await asyncio.sleep(0)
        own.go.set()
        await running
        await pool.run(int)

    assert kettle(check).boiled == [0]


def test_work_whose_loop_has_ended_harms_nobody() -> None:
    own = Kettle()
    pool = Aside()

    async def leave() -> None:
        task = asyncio.create_task(pool.run(own.boil(0)))
        await own.begins()
        task.cancel()

    asyncio.run(leave())
    own.go.set()
    asyncio.run(pool.run(int))
    assert own.boiled == [0]


def test_a_way_is_gone_with_its_work_aside() -> None:
    def way() -> Steps[tuple[int, str]]:
        where = yield from aside(threading.get_ident)
        try:
            yield from aside(int, "tea")
        except ValueError as error:
            return where, str(error)[:15]
        return where, ""

    where, error = asyncio.run(Aside().through(way()))
    assert where != threading.get_ident()
    assert error == "invalid literal"


def test_a_way_that_pauses_needs_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def way() -> Steps[object]:
        return (yield pause)

    monkeypatch.setattr(threading, "Thread", pytest.fail)
    assert asyncio.run(Aside().through(way())) is None


def test_a_way_whose_client_left_is_closed() -> None:
    closed: list[bool] = []

    def way() -> Steps[None]:
        try:
            yield from aside(own.boil(0))
        finally:
            closed.append(True)

    own = Kettle()

    async def leave() -> None:
        task = asyncio.create_task(Aside().through(way()))
        await own.begins()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(leave())
    own.go.set()
    assert closed == [True]


class Leaf:
    """What failed work had at hand."""


def test_what_failed_work_had_at_hand_goes_with_its_error() -> None:
    # A body that is refused would else stay until the collector comes by.
    held: list[weakref.ref[Leaf]] = []

    def fail() -> None:
        leaf = Leaf()
        held.append(weakref.ref(leaf))
        raise ValueError

    async def ask() -> None:
        try:
            await Aside().run(fail)
        except ValueError:
            return

    gc.disable()
    try:
        asyncio.run(ask())
        for thread in threading.enumerate():
            if thread.name == "aside":
                thread.join(PATIENCE)
        assert [each() for each in held] == [None]
    finally:
        gc.enable()


class Forge:
    """A clock that only work moves, and what was forgotten so far."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.forgotten: list[float] = []
        self.forgot = threading.Event()
        monkeypatch.setattr(module, "forget_all", self.forget)
        self.aside = Aside(timer=lambda: self.now)

    def forget(self) -> None:
        self.forgotten.append(self.now)
        self.forgot.set()

    def takes(self, seconds: float) -> Callable[[], None]:
        def work() -> None:
            self.now += seconds

        return work


def test_what_was_remembered_is_forgotten_behind_much_work(monkeypatch: pytest.MonkeyPatch) -> None:
    forge = Forge(monkeypatch)
    asyncio.run(forge.aside.run(forge.takes(module.HEAVY_S / 4)))
    assert forge.forgotten == []
    asyncio.run(forge.aside.run(forge.takes(module.HEAVY_S * 2)))
    assert forge.forgot.wait(PATIENCE)
    assert forge.forgotten == [module.HEAVY_S * 2.25]


def test_what_was_remembered_is_forgotten_although_there_is_always_more_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forge = Forge(monkeypatch)

    queued = threading.Event()

    def first() -> None:
        queued.wait(PATIENCE)  # what waits behind it is there

    async def always() -> None:
        works = [first, *[forge.takes(module.HEAVY_S * 15)] * 4]
        asked = [asyncio.create_task(forge.aside.run(work)) for work in works]
        await asyncio.sleep(0)
        assert len(forge.aside._waiting) >= 4
        queued.set()
        await asyncio.gather(*asked)

    asyncio.run(always())
    assert forge.forgotten[:1] == [module.HEAVY_S * 30]
