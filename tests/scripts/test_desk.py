"""Who may ask for a fault: header, control API, key; in which order, and how often."""

from typing import Any

import pytest

from mockserver.base.masking import mask
from mockserver.catalogue.errors import Errors
from mockserver.faults.reading import BadFaultError
from mockserver.scripts.desk import HEADER, Desk
from mockserver.scripts.match import MatchError
from mockserver.state.worlds import World
from mockserver.talk.refused import Refused
from tests.asking import ask


def world(key: str = "sk-test") -> World:
    """A new world."""
    return World(key, mask(key))


def drawn(desk: Desk, place: World, *, header: str | None = None, **asked: Any) -> str | None:
    """The fault that strikes a request, in its text form."""
    request = ask("Tea?", headers={} if header is None else {HEADER: header}, **asked)
    assert desk.asked(place.key, request.headers) or (header is None and not list(desk))
    fault = desk.draw(place, request, desk.matching(place.key, request))
    return None if fault is None else str(fault)


@pytest.fixture
def desk(errors: Errors) -> Desk:
    return Desk(errors)


def test_most_requests_ask_for_nothing(desk: Desk) -> None:
    assert not desk.asked("sk-test", {})
    assert drawn(desk, world()) is None


def test_a_header_asks_for_a_fault(desk: Desk) -> None:
    assert desk.asked("sk-test", {HEADER: "empty"})
    assert drawn(desk, world(), header="stall=800ms;at=end") == "stall=800ms;at=end"


def test_a_header_counts_in_its_own_world(desk: Desk) -> None:
    mine, other = world(), world("sk-other")
    text = "Throttling.RateQuota;times=2"
    assert [drawn(desk, mine, header=text) is None for _ in range(3)] == [False, False, True]
    assert drawn(desk, other, header=text) is not None
    assert drawn(desk, mine, header="empty;times=1") == "empty;times=1"


@pytest.mark.parametrize(
    ("key", "faults"),
    [
        ("sk-mock-throttled", ["error=Throttling.RateQuota"] * 3),
        ("sk-mock-throttled@ci-7", ["error=Throttling.RateQuota"] * 3),
        ("sk-mock-throttled-twice", ["error=Throttling.RateQuota;times=2"] * 2 + [None]),
        ("sk-mock-slow", ["slow"] * 3),
        ("sk-mock-reset-mid-chunk=3", ["reset-mid-chunk=3"] * 3),
        ("sk-mock-error=InternalError;after=5@me", ["error=InternalError;after=5"] * 3),
        ("sk-mock-ok", [None] * 3),
    ],
)
def test_a_key_names_a_fault(desk: Desk, key: str, faults: list[str | None]) -> None:
    place = world(key)
    for _ in range(2):
        assert [drawn(desk, place) for _ in range(3)] == faults


@pytest.mark.parametrize(
    ("key", "near"), [("sk-mock-trottled", "throttled"), ("sk-mock-slow;mss=3", "slow"), ("sk-mock-", "")]
)
def test_a_key_that_names_none_is_refused_and_not_repeated(desk: Desk, key: str, near: str) -> None:
    with pytest.raises(Refused) as caught:
        drawn(desk, world(key))
    refusal = caught.value.refusal
    assert (refusal.status, refusal.words["native"].code, refusal.words["compat"].code) == (
        400,
        "InvalidFault",
        "invalid_fault",
    )
    assert f"the nearest known one is sk-mock-{near}" in refusal.words["native"].message
    assert "trottled" not in refusal.words["native"].message


def test_a_header_that_names_none_is_refused(desk: Desk) -> None:
    with pytest.raises(Refused) as caught:
        drawn(desk, world(), header="heartbeats")
    assert caught.value.refusal.words["compat"].message == (
        "x-mock-fault: there is no fault 'heartbeats'; the nearest known one is 'heartbeat'"
    )


def test_a_fault_of_the_control_api_takes_the_requests_that_match(desk: Desk) -> None:
    entered = desk.add({"match": {"stream": True}, "fault": "empty", "times": 2})
    assert drawn(desk, world()) is None
    assert [drawn(desk, world(), stream=True) for _ in range(3)] == ["empty", "empty", None]
    assert (entered.id, entered.used, entered.spent) == ("fault-1", 2, True)


def test_a_sequence_of_the_control_api_ends_and_the_next_fault_follows(desk: Desk) -> None:
    desk.add({"fault": ["empty", "ok", "heartbeat"]})
    desk.add({"fault": {"kind": "crlf"}})
    assert [drawn(desk, world()) for _ in range(5)] == ["empty", None, "heartbeat", "crlf", "crlf"]


def test_the_header_goes_first_then_the_control_api_then_the_key(desk: Desk) -> None:
    place = world("sk-mock-slow")
    desk.add({"fault": "empty", "times": 1})
    assert drawn(desk, place, header="crlf") == "crlf"
    assert drawn(desk, place) == "empty"
    assert drawn(desk, place) == "slow"


def test_a_fault_is_taken_out_or_forgotten_with_its_world(desk: Desk) -> None:
    for key in ("sk-a", "sk-b"):
        desk.add({"match": {"key": key}, "fault": "empty"})
    desk.add({"fault": "crlf"})
    assert drawn(desk, world("sk-b")) == "empty"
    assert drawn(desk, world("sk-c")) == "crlf"
    desk.clear("sk-a")
    assert [entered.id for entered in desk] == ["fault-2", "fault-3"]
    assert desk.remove("fault-2")
    assert not desk.remove("fault-2")
    desk.clear()
    assert list(desk) == []
    assert desk.add({"fault": "empty"}).id == "fault-4"


def test_what_cannot_be_understood_is_not_entered(desk: Desk) -> None:
    with pytest.raises(BadFaultError, match="nearest known one is 'empty'"):
        desk.add({"fault": "emtpy"})
    with pytest.raises(MatchError):
        desk.add({"fault": "empty", "match": {"system": {"regex": "("}}})
    assert list(desk) == []


def test_a_world_remembers_only_so_many_faults(desk: Desk) -> None:
    place = world()
    for after in range(1001):
        drawn(desk, place, header=f"split={after};times=1")
    assert len(place.fault_uses) == 1000
    assert drawn(desk, place, header="split=1000;times=1") is None
    assert drawn(desk, place, header="split=0;times=1") == "split=0;times=1"


def test_it_is_known_whether_any_fault_was_entered(desk: Desk) -> None:
    assert not desk
    entered = desk.add({"fault": "empty"})
    assert desk
    desk.remove(entered.id)
    assert not desk
