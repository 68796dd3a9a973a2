"""A run as a document: the state of each requirement, and what a file keeps of a conversation."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.base.version import __version__
from mockserver.contract import Failure, Verdict, requirements
from mockserver.contract.protocol import VERSION
from mockserver.contract.report import Result, State
from tests.contract.report.results import BROKEN, CASES, RULE, SHOULD, held, outcome, result, run, transcript

ORDER = (State.FAILED, State.MISSING, State.UNCLEAR, State.PASSED, State.UNCHECKED)
"""States, the worst first; `unchecked` is that of what nobody looked at."""

OUTCOMES = [
    outcome("turns.single", Verdict.PASSED),
    outcome("text.emoji", Verdict.FAILED, BROKEN),
    outcome("options.zero", Verdict.FAILED, SHOULD),
    outcome("partial.turn", Verdict.MISSING),
    outcome("stream.stall", Verdict.DRIVER),
    outcome("turns.single", Verdict.KIT),
]


def test_a_requirement_is_as_good_as_its_worst_conversation() -> None:
    states = result().states()
    assert list(states) == list(requirements())
    assert states["history.text"] is State.FAILED
    assert states["report.text"] is State.PASSED
    assert states["partial.sent"] is State.MISSING
    assert states["stream.stall"] is State.UNCLEAR
    assert states["session.header"] is State.UNCHECKED


def test_gaps_stand_apart_where_that_is_asked_for() -> None:
    made = run(
        outcome("turns.whitespace", Verdict.PASSED),
        outcome("text.lines", Verdict.MISSING),
        outcome("partial.turn", Verdict.MISSING),
    )
    assert made.states()["history.system"] is State.MISSING
    apart = made.states(gaps=False)
    assert (apart["history.system"], apart["partial.sent"]) == (State.PASSED, State.MISSING)
    assert apart["session.header"] is State.UNCHECKED
    assert (made.tried("history.system"), made.tried("partial.sent")) == ((1, 2), (0, 1))
    counts = list(apart.values())
    assert made.score() == (counts.count(State.PASSED),) * 2 + (counts.count(State.MISSING),)


@given(st.lists(st.sampled_from(OUTCOMES)), st.sampled_from(OUTCOMES))
def test_no_conversation_makes_a_requirement_better(outcomes: list[Any], more: Any) -> None:
    before, after = run(*outcomes).states(), run(*outcomes, more).states()
    for name, state in after.items():
        assert ORDER.index(state) <= ORDER.index(before[name])
    assert run(*outcomes, more).states() == run(more, *outcomes).states()


def test_what_comes_behind_a_break_is_not_shown() -> None:
    broken = run(outcome("turns.single", Verdict.FAILED, BROKEN)).states()
    assert broken["history.text"] is State.FAILED
    assert {name for name, state in broken.items() if state is State.PASSED} == set()
    lenient = run(outcome("turns.single", Verdict.FAILED, SHOULD)).states()
    assert lenient["options.unasked"] is State.FAILED
    passed = {name for name, state in lenient.items() if state is State.PASSED}
    assert passed == set(CASES["turns.single"].requires) - {"options.unasked"} != set()


def test_what_is_broken_is_failed_though_its_case_is_not_for_it() -> None:
    assert "history.text" not in CASES["partial.turn"].requires
    assert run(outcome("partial.turn", Verdict.FAILED, BROKEN)).states()["history.text"] is State.FAILED


def test_only_what_a_client_should_do_is_lenient() -> None:
    assert [one.lenient for one in result().held] == [True, False, False, True, False, False]
    assert not held("turns.single", Verdict.FAILED, SHOULD, BROKEN).lenient


def test_a_failure_is_kept_with_its_severity_and_its_source() -> None:
    kept = held("turns.single", Verdict.FAILED, RULE, Failure("usage.plain", "none"))
    assert kept.failures[0] == {
        "requirement": "request.valid",
        "message": "it is refused",
        "request": 1,
        "place": "n",
        "rule": "some.rule",
        "source": "the vendor's docs",
        "severity": "MUST",
    }
    assert kept.failures[1]["severity"] == "SHOULD"
    assert kept.failures[1]["source"] == requirements()["usage.plain"].source


def test_of_what_passed_neither_the_transcript_nor_the_case_is_kept() -> None:
    passed = held("turns.single", Verdict.PASSED, told=transcript())
    assert (passed.transcript, passed.case) == ((), {})
    failed = held("turns.single", Verdict.FAILED, BROKEN, told=transcript())
    assert failed.transcript == tuple(transcript().lines)
    assert failed.case == CASES["turns.single"].json()
    assert (failed.id, failed.title) == ("turns.single/compat/plain", CASES["turns.single"].title)


def test_a_run_is_counted_by_its_verdicts() -> None:
    assert result().count() == {
        Verdict.PASSED: 1,
        Verdict.FAILED: 3,
        Verdict.MISSING: 1,
        Verdict.DRIVER: 1,
        Verdict.KIT: 0,
    }


def test_the_document_says_which_kit_held_whom() -> None:
    document = result().document()
    assert list(document) == [
        "kit",
        "protocol",
        "client",
        "seed",
        "verdicts",
        "requirements",
        "conversations",
    ]
    known = {name: document[name] for name in ("kit", "protocol", "client", "seed")}
    assert known == {"kit": __version__, "protocol": VERSION, "client": "client|<1>", "seed": 7}
    assert document["verdicts"] == {"passed": 1, "failed": 3, "missing": 1, "driver": 1, "kit": 0}
    assert document["requirements"]["history.text"] == "failed"


@settings(max_examples=30)
@given(st.lists(st.sampled_from(OUTCOMES), max_size=4), st.none() | st.integers(), st.text())
def test_a_run_is_read_again_from_its_document(outcomes: list[Any], seed: int | None, client: str) -> None:
    made = run(*outcomes, client=client)
    made.seed = seed
    text = json.dumps(made.document())
    again = Result.read(json.loads(text))
    assert json.dumps(again.document()) == text
    assert (again.client, again.seed, again.states()) == (client, seed, made.states())


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"client": "x"}, "the conversations of the run is null, where a list belongs"),
        (
            {"client": "x", "conversations": [{}]},
            r"the id of conversations\[0\] is null, where a text belongs",
        ),
        ({"client": "x", "conversations": 3}, "the conversations of the run is 3, where a list belongs"),
        ([], r"the run is \[\], where an object belongs"),
    ],
)
def test_what_is_no_run_says_why(document: Any, told: str) -> None:
    with pytest.raises(ValueError, match=f"this is no result of conform: {told}; "):
        Result.read(document)


def test_a_verdict_that_there_is_not_is_no_run() -> None:
    document = result().document()
    document["conversations"][0]["verdict"] = "tea"
    with pytest.raises(
        ValueError, match=r'the verdict of conversations\[0\] is "tea", where one of passed, .* belongs'
    ):
        Result.read(document)
