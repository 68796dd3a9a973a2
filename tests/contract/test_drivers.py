"""Drivers side by side: each leads one conversation at a time, and all end with whoever asked for them."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from threading import Barrier, Event, current_thread
from typing import cast

import pytest

from mockserver.contract import Case, Hello, Outcome, ProtocolError, Report, Stage, Turn, Verdict
from mockserver.contract.drivers import Drivers
from mockserver.contract.protocol import Command

HELLO = Hello(client="c", surfaces=("compat",), features=("stream",))
CASES = [Case(id=str(number), turns=(Turn(say="Hi"),)) for number in range(12)]
CONVERSATIONS = [(case, "compat", "plain") for case in CASES]
NOWHERE = cast("Stage", None)
PATIENCE = 30.0
"""How long a test waits for what comes at once, in seconds."""


class Driver:
    """A driver that says nothing, and counts how many of its kind there are."""

    hello = HELLO

    def __init__(self, made: "list[Driver]") -> None:
        self.closed = Event()
        self.led = 0
        made.append(self)

    def send(self, command: Command) -> Report:  # noqa: ARG002 - as the kit asks
        """Never asked: the tests lead by hand."""
        raise AssertionError

    def close(self) -> None:
        """Is noted."""
        self.closed.set()


Hold = Callable[[Driver, Case], Verdict]


@pytest.fixture
def made() -> list[Driver]:
    return []


@pytest.fixture
def holding(monkeypatch: pytest.MonkeyPatch) -> Callable[[Hold], None]:
    """Sets how a conversation is held."""

    def set_to(way: Hold) -> None:
        def hold(_: Stage, client: Driver, case: Case, surface: str, mode: str) -> Outcome:
            assert client.led == 0, "two conversations at once"
            client.led += 1
            try:
                return Outcome(case, surface, mode, way(client, case))
            finally:
                client.led -= 1

        monkeypatch.setattr("mockserver.contract.drivers.hold", hold)

    return set_to


@pytest.fixture
def drivers(made: list[Driver]) -> Iterator[Callable[[int], Drivers]]:
    running: list[Drivers] = []

    def start(jobs: int) -> Drivers:
        running.append(Drivers(lambda: Driver(made), jobs=jobs))
        return running[-1]

    yield start
    for one in running:
        one.close()
    assert all(driver.closed.is_set() for driver in made)


def test_several_hold_conversations_at_one_time_and_none_two(
    made: list[Driver], holding: Callable[[Hold], None], drivers: Callable[[int], Drivers]
) -> None:
    together = Barrier(3)

    def with_others(_driver: Driver, _case: Case) -> Verdict:
        together.wait(PATIENCE)
        return Verdict.PASSED

    holding(with_others)
    outcomes = list(drivers(3).lead(NOWHERE, CONVERSATIONS))
    assert sorted(at for at, _ in outcomes) == list(range(12))
    assert all(outcome.case is CASES[at] for at, outcome in outcomes)
    assert len(made) == 3


def test_one_leads_all_in_order_and_in_the_callers_thread(
    made: list[Driver], holding: Callable[[Hold], None], drivers: Callable[[int], Drivers]
) -> None:
    threads = []

    def noted(_driver: Driver, _case: Case) -> Verdict:
        threads.append(current_thread())
        return Verdict.PASSED

    holding(noted)
    outcomes = list(drivers(1).lead(NOWHERE, CONVERSATIONS))
    assert [at for at, _ in outcomes] == list(range(12))
    assert set(threads) == {current_thread()}
    assert len(made) == 1


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_driver_at_fault_is_ended_and_another_goes_on(
    jobs: int, made: list[Driver], holding: Callable[[Hold], None], drivers: Callable[[int], Drivers]
) -> None:
    holding(lambda _, case: Verdict.DRIVER if case is CASES[4] else Verdict.PASSED)
    leading = drivers(jobs)
    verdicts = {at: outcome.verdict for at, outcome in leading.lead(NOWHERE, CONVERSATIONS)}
    assert [at for at, verdict in verdicts.items() if verdict is not Verdict.PASSED] == [4]
    assert len(verdicts) == 12
    assert [driver.closed.is_set() for driver in made].count(True) == 1
    with leading.one() as client:
        assert not cast("Driver", client).closed.is_set()


@pytest.mark.parametrize("jobs", [1, 3])
def test_a_client_whose_drivers_are_all_at_fault_is_given_up(
    jobs: int, made: list[Driver], holding: Callable[[Hold], None], drivers: Callable[[int], Drivers]
) -> None:
    """One that hangs costs its patience each time; the suite has two thousand conversations."""
    holding(lambda _driver, case: Verdict.MISSING if case is CASES[7] else Verdict.DRIVER)
    outcomes = [outcome for _, outcome in drivers(jobs).lead(NOWHERE, CONVERSATIONS * 3)]
    untried = [
        outcome for outcome in outcomes if "not held: the driver was at fault in 12" in outcome.message
    ]
    assert len(outcomes) == 36
    assert 36 - 13 - jobs < len(untried) <= 36 - 13
    assert {outcome.verdict for outcome in untried} == {Verdict.DRIVER}
    assert len(made) < 13 + jobs


def test_a_driver_that_holds_a_conversation_now_and_then_is_not_given_up(
    holding: Callable[[Hold], None], drivers: Callable[[int], Drivers]
) -> None:
    holding(lambda _driver, case: Verdict.FAILED if case is CASES[11] else Verdict.DRIVER)
    outcomes = [outcome for _, outcome in drivers(1).lead(NOWHERE, CONVERSATIONS * 3)]
    assert [outcome.message for outcome in outcomes] == [""] * 36


def test_whoever_listens_no_more_ends_those_that_are_led(
    made: list[Driver], holding: Callable[[Hold], None], drivers: Callable[[int], Drivers]
) -> None:
    """As Ctrl-C does: a conversation that hangs holds up nobody."""

    def hangs(driver: Driver, case: Case) -> Verdict:
        if case is CASES[0]:
            return Verdict.PASSED
        assert driver.closed.wait(PATIENCE)
        return Verdict.DRIVER

    holding(hangs)
    outcomes = drivers(2).lead(NOWHERE, CONVERSATIONS)
    assert next(outcomes)[0] == 0
    cast("Generator[object]", outcomes).close()
    assert all(driver.closed.is_set() for driver in made)
    assert len(made) <= 2


def refusing(made: list[Driver], *, after: int) -> Callable[[], Driver]:
    """Starts drivers, and then none."""

    def connect() -> Driver:
        if len(made) == after:
            msg = "the driver ended in the middle"
            raise ProtocolError(msg)
        return Driver(made)

    return connect


def test_where_no_driver_starts_it_is_said_as_it_is(made: list[Driver]) -> None:
    with pytest.raises(ProtocolError, match=r"^the driver ended in the middle$"):
        Drivers(refusing(made, after=0), jobs=4)


def test_a_driver_that_starts_only_by_itself_is_told_how(
    made: list[Driver], holding: Callable[[Hold], None]
) -> None:
    """Such as one that listens on a port of its own."""

    def waits(driver: Driver, _: Case) -> Verdict:
        assert driver.closed.wait(PATIENCE)
        return Verdict.DRIVER

    holding(waits)
    with (
        closing(Drivers(refusing(made, after=1), jobs=2)) as leading,
        pytest.raises(ProtocolError, match=r"^beside 1 of its kind, the driver .*; --jobs 1 drives one"),
    ):
        list(leading.lead(NOWHERE, CONVERSATIONS))
    assert [driver.closed.is_set() for driver in made] == [True]


def test_a_driver_that_starts_too_late_is_ended(made: list[Driver], holding: Callable[[Hold], None]) -> None:
    holding(lambda _driver, _case: Verdict.PASSED)
    leading = Drivers(lambda: Driver(made))
    with leading.one():
        leading.close()
        with pytest.raises(ProtocolError, match="all drivers were ended"):
            list(leading.lead(NOWHERE, CONVERSATIONS))
    assert [driver.closed.is_set() for driver in made] == [True, True]
