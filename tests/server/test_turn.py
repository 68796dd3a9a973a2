"""All that came in one turn of the loop is answered, then all of it is handed over."""

import asyncio
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockserver.server.turn import TOGETHER, Turn, Way


class Noted(Turn):
    """A turn that notes what is done, and what the loop is told of."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []

    def ask(self, name: str, *, then: Callable[[], None] = lambda: None) -> None:
        """Has something answered, and its answer handed over."""

        def way() -> Way:
            self.done.append(f"read {name}")
            yield None
            self.done.append(f"answer {name}")
            self.hand_over(lambda: self.done.append(f"write {name}"))
            then()

        self.answer(way())

    def tell(self, _: Any, told: dict[str, Any]) -> None:
        """What the loop is told of."""
        self.done.append(str(told["exception"]))

    def turns(self, begin: Callable[[], None], count: int) -> list[list[str]]:
        """What is done at once, and within each of so many turns."""

        async def run() -> list[list[str]]:
            asyncio.get_running_loop().set_exception_handler(self.tell)
            seen = []
            begin()
            for _ in range(count + 1):
                seen.append(self.done)
                self.done = []
                await asyncio.sleep(0)
            return seen

        return asyncio.run(run())


@given(count=st.integers(0, 3 * TOGETHER + 1))
def test_at_the_end_of_a_turn_some_go_each_stretch_together_then_the_next(count: int) -> None:
    noted, names = Noted(), [str(number) for number in range(count)]
    expected: list[str] = []
    for start in range(0, count, TOGETHER):
        some = names[start : start + TOGETHER]
        expected += [f"{deed} {name}" for deed in ("read", "answer", "write") for name in some]

    def begin() -> None:
        for name in names:
            noted.ask(name)

    # What is done shows when whoever began goes on: one turn later.
    assert noted.turns(begin, 2) == [[], expected, []]


def test_what_comes_of_an_answer_is_of_the_next_turn() -> None:
    noted = Noted()
    told = noted.turns(lambda: noted.ask("a", then=lambda: noted.ask("b")), 2)
    assert told == [[], ["read a", "answer a", "write a"], ["read b", "answer b", "write b"]]


def test_one_that_ends_early_holds_nobody_up() -> None:
    noted = Noted()

    def begin() -> None:
        noted.answer(iter(()))
        noted.ask("a")

    assert noted.turns(begin, 1) == [[], ["read a", "answer a", "write a"]]


def test_what_comes_of_handing_over_is_of_the_next_turn() -> None:
    noted = Noted()

    def full() -> None:
        noted.done.append("full")
        noted.hand_over(lambda: noted.done.append("more"))

    assert noted.turns(lambda: noted.hand_over(full), 2) == [[], ["full"], ["more"]]


def test_what_fails_ends_nothing_else() -> None:
    noted = Noted()

    def fail() -> None:
        msg = "no tea"
        raise ValueError(msg)

    def begin() -> None:
        noted.ask("a", then=fail)
        noted.hand_over(fail)
        noted.ask("b")

    done = ["read a", "read b", "answer a", "no tea", "answer b", "no tea", "write a", "write b"]
    assert noted.turns(begin, 2) == [[], done, []]


def test_a_way_that_waits_goes_on_at_the_end_of_the_turn_in_which_that_is_there() -> None:
    noted = Noted()

    async def run() -> list[str]:
        there: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def way(name: str) -> Way:
            yield there
            noted.done.append(f"{name} has {there.result()}")
            yield None
            noted.done.append(f"{name} goes on")

        for name in "ab":
            noted.answer(way(name))
        noted.ask("c")
        for _ in range(5):
            await asyncio.sleep(0)
        noted.done.append("it is there")
        there.set_result("tea")
        for _ in range(5):
            await asyncio.sleep(0)
        return noted.done

    others = ["read c", "answer c", "write c"]
    waiting = ["a has tea", "b has tea", "a goes on", "b goes on"]
    assert asyncio.run(run()) == [*others, "it is there", *waiting]


def test_a_way_that_waited_in_vain_is_told_of_and_holds_nobody() -> None:
    noted = Noted()

    async def run() -> list[str]:
        asyncio.get_running_loop().set_exception_handler(noted.tell)
        there: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def way() -> Way:
            yield there
            there.result()

        noted.answer(way())
        await asyncio.sleep(0)
        there.set_exception(OSError("gone"))
        noted.ask("b")
        for _ in range(5):
            await asyncio.sleep(0)
        return noted.done

    assert sorted(asyncio.run(run())) == ["answer b", "gone", "read b", "write b"]
