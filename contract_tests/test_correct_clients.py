"""Odd clients that do nothing wrong: neither the suite nor the machine blames one."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from contract_tests.gallery.correct import CORRECT, features_of, surfaces_of
from contract_tests.gallery.reference import Reference
from mockserver.contract import PythonClient, Stage, Verdict, built_in, client_under_test, run
from mockserver.contract.machine import Budget, explore

WHERE = ("compat", "native-text", "responses")
MODES = ("plain", "stream")
PLAYED = (
    "all.talk",
    "all.tools",
    "errors.then",
    "form.several-messages",
    "form.several-texts",
    "retry.rate",
    "session.memory",
    "native.cancel-call",
    "options.stop-text",
    "stream.cancel",
    "stream.cancel-call",
    "stream.cancel-prefix",
    "stream.cut",
    "stream.error",
    "threads.failed-tools",
    "tools.interrupted",
    "tools.interrupted-twice",
    "tools.parallel",
)
"""Cases in which these clients do what others do not."""


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(patience=3.0) as running:
        yield running


def client_of(kind: type[Reference]) -> PythonClient:
    return client_under_test(surfaces=surfaces_of(kind), features=features_of(kind), name=kind.__name__)(kind)


@pytest.mark.parametrize("kind", CORRECT)
def test_the_suite_blames_no_correct_client(kind: type[Reference], stage: Stage) -> None:
    cases = [
        replace(case, modes=tuple(mode for mode in case.modes if mode in MODES))
        for case in built_in()
        if case.id in PLAYED
    ]
    client = client_of(kind)
    spoken = [name for name in client.hello.surfaces if name in WHERE]
    outcomes = list(run(stage, lambda: client, cases, surfaces=spoken))
    judged = [outcome for outcome in outcomes if outcome.verdict is not Verdict.MISSING]
    assert [outcome.explanation for outcome in judged if outcome.verdict is not Verdict.PASSED] == []
    assert len(judged) > 10


@pytest.mark.parametrize("kind", CORRECT)
def test_the_machine_blames_no_correct_client(kind: type[Reference], stage: Stage) -> None:
    found = explore(stage, client_of(kind), budget=Budget(examples=15, seed=5))
    assert found is None, found.explanation
