"""The machine: the same seed finds the same, and what it finds can be run again."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.errors import Flaky

from contract_tests.gallery.calls import ReversesResults
from contract_tests.gallery.histories import ForgetsSystem, TrimsUser
from contract_tests.gallery.reference import Reference
from mockserver.contract import (
    Begin,
    PythonClient,
    Report,
    Say,
    Stage,
    Verdict,
    client_under_test,
    machine,
    replay,
)
from mockserver.contract.cases import SURFACES, Case, Turn, document_of
from mockserver.contract.found import case_text, pytest_text
from mockserver.contract.machine import Budget, _unsteady, explore, explore_for, shortened
from mockserver.contract.requirements import Failure
from mockserver.contract.suite import Outcome, hold


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(patience=10.0) as running:
        yield running


def client_of(client: type[Reference]) -> PythonClient:
    return client_under_test(surfaces=SURFACES)(client)


def test_the_same_seed_finds_the_same_conversation(stage: Stage) -> None:
    found = [explore(stage, client_of(ForgetsSystem), budget=Budget(examples=60, seed=5)) for _ in range(2)]
    first, second = found
    assert first is not None
    assert second is not None
    assert first.case == second.case
    assert first.failures == second.failures
    assert len(first.case.turns) == 1


def test_what_was_found_is_a_file_and_a_test_that_fail_again(stage: Stage) -> None:
    # Hypothesis also draws the constants of the modules that are imported by then: a seed alone does not say
    # which example breaks the client. Enough of them that one does, whatever else runs in this process.
    found = explore(stage, client_of(ReversesResults), budget=Budget(examples=2000, seed=2))
    assert found is not None
    assert found.failures[0].requirement == "tools.order"
    again = replay(
        client_of(ReversesResults), json.loads(case_text(found)), surface=found.surface, mode=found.mode
    )
    assert again.verdict is Verdict.FAILED
    namespace: dict[str, object] = {}
    exec(pytest_text(found, name="it"), namespace)  # noqa: S102 - the text is ours
    test = namespace["test_it"]
    assert callable(test)
    test(client_of(Reference))
    with pytest.raises(AssertionError, match="the message here should be"):
        test(client_of(ReversesResults))


def test_what_was_found_before_is_tried_first(stage: Stage, tmp_path: Path) -> None:
    database = DirectoryBasedExampleDatabase(tmp_path)
    first = explore(stage, client_of(TrimsUser), budget=Budget(examples=60, seed=None, database=database))
    assert first is not None
    assert any(tmp_path.iterdir())
    again = explore(stage, client_of(TrimsUser), budget=Budget(examples=1, seed=None, database=database))
    assert again is not None
    assert again.case == first.case


def test_surfaces_and_features_limit_the_worlds(stage: Stage) -> None:
    few = client_under_test(surfaces=["compat", "native-text"], features=["stream"])(ForgetsSystem)
    assert explore(stage, few, surfaces=["compat"], budget=Budget(examples=30)) is None


class Dies(Reference):
    """A driver that fails, not a client."""

    def say(self, say: Say) -> Report:
        return say.text  # type: ignore[return-value]


def test_a_fault_of_the_driver_is_told_as_such(stage: Stage) -> None:
    found = explore(stage, client_of(Dies), budget=Budget(examples=5))
    assert found is not None
    assert found.verdict is Verdict.DRIVER
    assert "gave str" in found.message
    assert shortened(stage, client_of(Dies), found) is found


class DiesAtTheEnd(Reference):
    """A driver that fails when the conversation has failed already."""

    def opening(self) -> list[dict[str, object]]:
        return []

    def end(self) -> Report:
        return "no"  # type: ignore[return-value]


def test_the_first_fault_counts(stage: Stage) -> None:
    found = explore(stage, client_of(DiesAtTheEnd), budget=Budget(examples=20))
    assert found is not None


class Unsteady(Reference):
    """A client that forgets the system message the first time only."""

    forgot = False

    def __init__(self, begin: Begin) -> None:
        super().__init__(begin)
        if self.history and not Unsteady.forgot:
            Unsteady.forgot = True
            self.history.clear()


def test_a_client_that_is_not_the_same_twice_is_told_so(stage: Stage) -> None:
    found = explore(stage, client_of(Unsteady), budget=Budget(examples=60))
    assert found is not None
    assert "did not when the same was done again" in found.message
    assert _unsteady(Flaky("x")).verdict is Verdict.KIT


def test_turns_that_the_failure_does_without_are_left_out(stage: Stage) -> None:
    turns = tuple(Turn(say=text, replies=({"content": "Hi"},)) for text in ("one", " two", "three"))
    case = Case(id="found.long", turns=turns)
    outcome = hold(stage, client_of(TrimsUser), case, "compat", "plain")
    assert outcome.verdict is Verdict.FAILED
    short = shortened(stage, client_of(TrimsUser), outcome)
    assert [turn.say for turn in short.case.turns] == [" two", "three"]
    assert document_of([short.case])["cases"][0]["id"] == "found.long"
    steady = Outcome(case, "compat", "plain", Verdict.FAILED, outcome.failures)
    assert shortened(stage, client_of(Reference), steady) is steady


def test_what_is_known_to_be_broken_is_no_news(stage: Stage) -> None:
    known = frozenset({"history.system"})
    assert explore(stage, client_of(ForgetsSystem), budget=Budget(examples=20, seed=5, known=known)) is None


class BreaksTwoThings(ForgetsSystem, TrimsUser):
    """The system message is never sent, and neither are the blanks at the ends of what is said."""


def test_news_stand_before_what_is_known(stage: Stage) -> None:
    known = frozenset({"history.system"})
    found = explore(stage, client_of(BreaksTwoThings), budget=Budget(examples=500, seed=1, known=known))
    assert found is not None
    assert found.failures[0].requirement == "history.text"


def test_without_time_nothing_is_tried(stage: Stage) -> None:
    assert explore_for(0, stage, client_of(ForgetsSystem), budget=Budget()) is None
    assert explore(stage, client_of(ForgetsSystem), budget=Budget(examples=20, seconds=-1)) is None


def test_with_time_enough_it_finds_what_is_broken(stage: Stage) -> None:
    found = explore_for(600, stage, client_of(ForgetsSystem), budget=Budget(examples=3, seed=0))
    assert found is not None
    assert found.failures[0].requirement == "history.system"


def test_what_broke_once_only_is_not_told_in_the_time_that_there_is(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = [_unsteady(Flaky("it varies")), None, Outcome(Case(id="found.talk"), "", "", Verdict.FAILED)]
    seeds: list[int | None] = []

    def explored(*_: object, budget: Budget, **__: object) -> Outcome | None:
        seeds.append(budget.seed)
        return outcomes[len(seeds) - 1]

    monkeypatch.setattr(machine, "explore", explored)
    assert explore_for(600, stage, client_of(Reference), budget=Budget(seed=4)) is outcomes[2]
    assert seeds[0] == 4
    assert len(set(seeds)) == len(seeds) == 3


def test_the_clock_begins_anew_with_the_first_find(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    clock, endless = machine._Clock(5), machine._Clock(None)
    long, short = (
        Outcome(Case(id="a", turns=(Turn(),) * count), "", "", Verdict.FAILED, (Failure("report.text", "x"),))
        for count in (2, 1)
    )
    now[0] = 104.0
    assert not clock.over()
    assert clock.finds(long).outcome is long
    now[0] = 109.0
    assert not clock.over()
    assert clock.finds(short).outcome is short
    assert clock.finds(long).outcome is long
    now[0] = 109.5
    assert clock.over()
    assert clock.found is short
    assert not endless.over()
