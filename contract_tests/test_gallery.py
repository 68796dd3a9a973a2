"""The proof of the kit: the reference passes, and every broken client is caught by what is named for it."""

import gc
import sys
from collections.abc import Iterator, Sequence

import pytest

from contract_tests.gallery import DEFECTS, Defect
from contract_tests.gallery.reference import Reference
from contract_tests.gallery.registry import ANTHROPIC, COMPLETIONS, RESPONSES, UNSEEN
from mockserver.contract import (
    ProcessClient,
    PythonClient,
    Stage,
    Verdict,
    built_in,
    client_under_test,
    requirements,
    run,
)
from mockserver.contract.cases import SURFACES
from mockserver.contract.machine import Budget, explore
from mockserver.contract.protocol import KNOWN_FEATURES

SAMPLE = ("forgets-system", "gives-all-results-one-id", "decodes-each-chunk", "takes-cuts-for-the-end")
"""Broken clients that the machine looks for in every run of the tests; scripts/gallery takes all."""


def client_of(defect: Defect, spoken: Sequence[str]) -> PythonClient:
    surfaces = [name for name in defect.surfaces if name in spoken]
    return client_under_test(surfaces=surfaces, features=KNOWN_FEATURES, name=defect.name)(defect.client)


@pytest.fixture(scope="module", autouse=True)
def _steady() -> Iterator[None]:
    """Takes what other tests left out of the collector's way: its pause would outlast a client's patience."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A stage for broken clients: it waits no longer than it must for those that never let go."""
    with Stage(patience=0.5) as running:
        yield running


@pytest.fixture(scope="module")
def patient() -> Iterator[Stage]:
    """A stage for those that are right: a busy machine may keep them from letting go at once."""
    with Stage(patience=10.0) as running:
        yield running


@pytest.fixture(scope="module")
def reference() -> PythonClient:
    return client_under_test(surfaces=SURFACES, features=KNOWN_FEATURES, name="reference")(Reference)


def test_the_reference_passes_everything(patient: Stage, reference: PythonClient) -> None:
    outcomes = list(run(patient, lambda: reference, built_in()))
    assert [outcome.explanation for outcome in outcomes if outcome.verdict is not Verdict.PASSED] == []
    assert len(outcomes) > 800


def test_the_reference_passes_as_a_process(patient: Stage) -> None:
    command = [sys.executable, "-m", "contract_tests.gallery.driver"]
    cases = [case for case in built_in() if case.id.startswith(("turns.", "tools.", "stream.", "errors."))]
    outcomes = list(run(patient, lambda: ProcessClient(command), cases))
    assert [outcome.explanation for outcome in outcomes if outcome.verdict is not Verdict.PASSED] == []


def test_the_gallery_is_large_and_aims_at_every_requirement() -> None:
    assert len(DEFECTS) >= 60
    assert len({defect.name for defect in DEFECTS}) == len(DEFECTS)
    assert {defect.requirement for defect in DEFECTS} == set(requirements())


@pytest.mark.parametrize(("spoken", "own"), [(ANTHROPIC, 20), (RESPONSES, 40)])
def test_the_gallery_of_each_dialect_is_large(spoken: Sequence[str], own: int) -> None:
    assert len(shown_in(spoken)) >= 100
    assert len([defect for defect in DEFECTS if defect.surfaces == spoken]) >= own


def test_what_is_not_shown_somewhere_is_shown_elsewhere() -> None:
    assert {defect.name for defect in DEFECTS} >= frozenset().union(*UNSEEN.values())


def shown_in(spoken: Sequence[str]) -> list[Defect]:
    return [defect for defect in DEFECTS if set(defect.surfaces) & set(spoken)]


@pytest.mark.parametrize(
    ("defect", "spoken"),
    [(defect, spoken) for spoken in (COMPLETIONS, ANTHROPIC, RESPONSES) for defect in shown_in(spoken)],
    ids=lambda value: value[-1] if isinstance(value, tuple) else str(value),
)
def test_the_suite_catches_it_by_the_requirement_named_for_it(
    defect: Defect, spoken: Sequence[str], stage: Stage
) -> None:
    cases = [case for case in built_in() if defect.requirement in case.requires]
    # What breaks on one surface only is mostly seen in the cases of that surface, which stand further behind.
    cases.sort(key=lambda case: case.surfaces != defect.surfaces)
    client = client_of(defect, spoken)
    for outcome in run(stage, lambda: client, cases):
        assert outcome.verdict in (Verdict.PASSED, Verdict.FAILED), outcome.message
        if any(failure.requirement == defect.requirement for failure in outcome.failures):
            return
    pytest.fail(f"{defect.requirement} did not catch it: {defect.title}", pytrace=False)


@pytest.mark.parametrize("seed", range(3))
def test_the_machine_finds_nothing_in_the_reference(
    seed: int, patient: Stage, reference: PythonClient
) -> None:
    found = explore(patient, reference, budget=Budget(examples=40, seed=seed))
    assert found is None, found.explanation


@pytest.mark.parametrize("defect", [one for one in DEFECTS if one.name in SAMPLE], ids=str)
def test_the_machine_finds_it_and_tells_it_shortly(defect: Defect, stage: Stage) -> None:
    others = frozenset(requirements()) - {defect.requirement}
    found = explore(stage, client_of(defect, COMPLETIONS), budget=Budget(examples=200, seed=1, known=others))
    assert found is not None
    assert found.verdict is Verdict.FAILED
    assert defect.requirement in {failure.requirement for failure in found.failures}
    assert len(found.case.turns) <= 4
