"""What is waited for: by who can wait."""

import asyncio

import pytest

from mockserver.corridor.work import Steps, at_once
from mockserver.server.aside import Aside
from mockserver.state.ports import GoneError, Need


async def one() -> int:
    return 1


async def nobody() -> int:
    msg = "it is away"
    raise GoneError(msg)


def doubled(need: Need) -> Steps[int]:
    """Steps that ask for a number, and take none for 0."""
    try:
        number = yield need
    except GoneError:
        return 0
    return int(number) * 2


def test_a_need_is_waited_for_by_a_loop() -> None:
    assert asyncio.run(Aside().through(doubled(Need(one)))) == 2


def test_what_waiting_comes_to_is_told_to_the_steps() -> None:
    assert asyncio.run(Aside().through(doubled(Need(nobody)))) == 0


def test_steps_that_begun_are_gone_on_with() -> None:
    steps = doubled(Need(one))
    assert asyncio.run(Aside().through(steps, next(steps))) == 2


def test_who_does_all_steps_at_once_has_none() -> None:
    with pytest.raises(RuntimeError, match="where nobody waits"):
        at_once(doubled(Need(one)))
