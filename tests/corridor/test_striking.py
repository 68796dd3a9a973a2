"""A fault meets an exchange: it is noted, refuses at once, or plans how the answer is spoilt."""

import pytest

from mockserver.catalogue import errors as error_catalogue
from mockserver.corridor.answers import Answer
from mockserver.corridor.striking import spoil, strike
from mockserver.faults.reading import read_fault
from mockserver.state.journal import Entry
from mockserver.state.worlds import World
from mockserver.talk.refused import Refused
from mockserver.talk.reply import Usage
from tests.asking import ask
from tests.conftest import NOW

ERRORS = error_catalogue.load()


def entry() -> Entry:
    """An exchange that has just arrived."""
    return Entry("id-1", World("sk-test", "test"), "compat", False, b"{}", NOW, started=NOW)


def test_no_fault_leaves_an_exchange_alone() -> None:
    asked = entry()
    strike(ask("Which tea?"), asked, None)
    assert asked.fault is None


def test_an_error_at_once_is_a_refusal_and_is_noted() -> None:
    asked, fault = entry(), read_fault("error=InternalError", ERRORS)
    with pytest.raises(Refused) as refused:
        strike(ask("Which tea?"), asked, fault)
    assert refused.value.refusal is fault.refusal
    assert asked.fault is fault


def test_a_slow_answer_is_planned_and_begins_later() -> None:
    asked, fault = entry(), read_fault("slow;ms=250", ERRORS)
    answer = Answer(200, [(b"content-type", b"application/json")], b'{"tea":1}', delay=0.5)
    strike(ask("Which tea?"), asked, fault)
    spoil(answer, asked, fault, ask("Which tea?"), Usage(3, 4))
    assert answer.plan is not None
    assert answer.plan.head_at == 0.75
    assert b"".join(piece.data for piece in answer.plan.pieces) == answer.body
    assert asked.started == NOW + 0.25


def test_an_answer_that_never_begins_is_not_later() -> None:
    asked = entry()
    answer = Answer(200, [], b"{}", delay=0.5)
    spoil(answer, asked, read_fault("reset-before-headers", ERRORS), ask("Which tea?"), Usage(3, 4))
    assert answer.plan is not None
    assert answer.plan.head_at is None
    assert asked.started == NOW
