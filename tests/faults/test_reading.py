"""Faults as values: text and object, what they refuse, which request of a sequence they strike."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.catalogue import errors as error_catalogue
from mockserver.catalogue.errors import Errors
from mockserver.faults.kinds import kinds
from mockserver.faults.reading import BadFaultError, read_fault, read_faults
from mockserver.rules.schemas import violations
from mockserver.talk.fault import Fault

CODES = ["Throttling.RateQuota", "limit_requests", "InternalError", "throttling.burst-rate"]


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("reset-mid-chunk", {"kind": "reset-mid-chunk"}),
        ("reset-mid-chunk=7", {"kind": "reset-mid-chunk", "after": 7}),
        ("Throttling.RateQuota;times=2", {"kind": "error", "code": "Throttling.RateQuota", "times": 2}),
        ("error=InternalError;after=5", {"kind": "error", "code": "InternalError", "after": 5}),
        (" error = InternalError ; after = 5 ", {"kind": "error", "code": "InternalError", "after": 5}),
        ("stall=800ms;at=answer", {"kind": "stall", "ms": 800, "at": "answer"}),
        ("slow=1.5s", {"kind": "slow", "ms": 1500.0}),
        ("slow=20", {"kind": "slow", "ms": 20}),
        ("garbage;seed=3;probability=0.25", {"kind": "garbage", "seed": 3, "probability": 0.25}),
        ("empty;times=1;again", {"kind": "empty", "times": 1, "again": True}),
        ("throttling.burst-rate", {"kind": "error", "code": "throttling.burst-rate"}),
        ("blocked-midway", {"kind": "error", "code": "DataInspectionFailed", "after": 5}),
    ],
)
def test_text_and_object_say_the_same(text: str, spec: dict[str, Any], errors: Errors) -> None:
    assert violations("fault", spec) == []
    assert violations("fault", text) == []
    assert read_fault(text, errors) == read_fault(spec, errors)
    assert read_fault(str(read_fault(text, errors)), errors) == read_fault(text, errors)


def test_defaults_come_from_the_table(errors: Errors) -> None:
    fault = read_fault("stall", errors)
    assert (fault.ms, fault.at, fault.after, fault.times, fault.probability) == (
        3000,
        "answer",
        None,
        None,
        1,
    )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("reset-midchunk", "there is no fault 'reset-midchunk'; the nearest known one is 'reset-mid-chunk'"),
        (
            "Throttling.RateQuote",
            "no fault 'Throttling.RateQuote'; the nearest known one is 'Throttling.Rate",
        ),
        ("error=InternalEror", "there is no fault 'InternalEror'; the nearest known one is 'InternalError"),
        ("error", "the fault 'error' needs a code: error=InternalError"),
        ("empty=3", "the fault 'empty' takes no value; write 'empty' alone"),
        ("slow;mss=3", "the fault 'slow' has no option 'mss'; the nearest known one is 'ms'"),
        ("slow=3;ms=4", "'ms' stands twice in 'slow=3;ms=4'; once is enough"),
        ("slow=soon", 'ms: "soon" is not of type "number"'),
        ("slow=11h", 'ms: "11h" is not of type "number"'),
        ("slow=-1", "ms: -1 is less than the minimum of 0"),
        ("slow=601s", "ms: 601000 is greater than the maximum of 600000"),
        ("error=InternalError;after=2ms", 'after: "2ms" is not of type "integer"'),
        ("stall;at=noon", 'at: "noon" is not one of "first", "answer" or "end"'),
        ("empty;times=0", "times: 0 is less than the minimum of 1"),
        ("empty;probability=2", "probability: 2 is greater than the maximum of 1"),
        ("empty;probability=nan", 'probability: "nan" is not of type "number"'),
        ("", "there is no fault ''"),
        ({"code": "InternalError"}, '"kind" is a required property'),
        ({"kind": "slwo"}, "there is no fault 'slwo'; the nearest known one is 'slow'"),
        ({"kind": 7}, 'kind: 7 is not of type "string"'),
        ({"kind": "slow", "ms": "3s"}, 'ms: "3s" is not of type "number"'),
        ({"kind": "slow", "code": "x"}, "the fault 'slow' has no option 'code'"),
        ("empty;again,slow", "again belongs to the last fault of a sequence"),
        (["empty"] * 101, "a sequence of 101 faults: it may have 100"),
        ("slow;" * 101, "a fault of 505 characters: it may have 500"),
    ],
)
def test_what_cannot_be_understood_is_explained(spec: Any, message: str, errors: Errors) -> None:
    with pytest.raises(BadFaultError) as caught:
        read_faults(spec, errors)
    assert message in str(caught.value)


def struck(spec: str | list[Any], requests: int, errors: Errors) -> list[str]:
    """The kinds that strike so many requests, `-` for an answer that goes out well."""
    faults = read_faults(spec, errors)
    found = [faults.at(use) for use in range(requests)]
    return ["-" if fault is None else fault.code or fault.kind.name for fault in found]


@pytest.mark.parametrize(
    ("spec", "kinds_struck"),
    [
        ("empty", "empty empty empty empty empty"),
        ("empty;times=2", "empty empty - - -"),
        ("InternalError, empty", "InternalError empty - - -"),
        ("empty;times=2,ok,garbage", "empty empty - garbage -"),
        (
            "throttled-twice",
            "Throttling.RateQuota Throttling.RateQuota - Throttling.RateQuota Throttling.RateQuota",
        ),
        ("empty;times=1;again", "empty empty empty empty empty"),
        ("ok", "- - - - -"),
        (["empty", {"kind": "garbage", "times": 2}], "empty garbage garbage - -"),
        ("empty;probability=0", "- - - - -"),
    ],
)
def test_a_sequence_strikes_one_request_after_the_other(
    spec: str | list[Any], kinds_struck: str, errors: Errors
) -> None:
    assert struck(spec, 5, errors) == kinds_struck.split()


def test_a_share_is_drawn_alike_for_the_same_seed_and_otherwise_for_another(errors: Errors) -> None:
    first, again, other = (struck(f"empty;probability=0.5;seed={seed}", 200, errors) for seed in (1, 1, 2))
    assert first == again != other
    assert 70 < first.count("empty") < 130


def test_a_split_without_a_place_moves_on_with_each_request(errors: Errors) -> None:
    faults = read_faults("split", errors)
    assert [fault.after for fault in map(faults.at, range(3)) if fault] == [1, 2, 3]
    fixed = read_faults("split=9", errors).at(4)
    assert fixed is not None
    assert fixed.after == 9


def test_an_error_in_the_middle_of_what_is_no_stream_takes_its_whole_place(errors: Errors) -> None:
    at_once, midway = read_fault("InternalError", errors), read_fault("InternalError;after=2", errors)
    assert at_once.instead(stream=True) == at_once.instead(stream=False) == midway.instead(stream=False)
    assert midway.instead(stream=True) is None
    assert read_fault("empty", errors).instead(stream=False) is None


VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "code": st.sampled_from(CODES),
    "ms": st.integers(0, 600_000) | st.integers(0, 599_999).map(lambda ms: ms + 0.25),
    "after": st.integers(0, 1_000_000),
    "at": st.sampled_from(["first", "answer", "end"]),
    "times": st.integers(1, 1_000_000),
    "probability": st.sampled_from([0, 0.00001, 0.25, 0.5, 1]),
    "seed": st.integers(0, 1_000_000_000),
    "again": st.booleans(),
}


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    """An object of any kind with any options that it may have."""
    kind = kinds()[draw(st.sampled_from(sorted(kinds())))]
    names = [name for name in [*kind.options, "times", "probability", "seed", "again"] if draw(st.booleans())]
    if kind.name == "error":
        names.append("code")
    return {"kind": kind.name, **{name: draw(VALUES[name]) for name in names}}


@given(specs())
def test_every_fault_survives_its_text_form(spec: dict[str, Any]) -> None:
    errors = error_catalogue.load()
    assert violations("fault", spec) == []
    fault = read_fault(spec, errors)
    assert read_fault(str(fault), errors) == fault


@given(st.lists(specs().map(lambda spec: {**spec, "again": False}), min_size=1, max_size=4))
def test_every_sequence_survives_its_text_form(spec: list[dict[str, Any]]) -> None:
    errors = error_catalogue.load()
    faults = read_faults(spec, errors)
    if len(str(faults)) <= 500:
        assert read_faults(str(faults), errors) == faults


@given(
    st.text(max_size=60) | st.lists(st.sampled_from(["slow", "=", ";", ",", "3", "ms", "again"])).map("".join)
)
def test_any_text_is_read_or_refused_with_words(text: str) -> None:
    try:
        faults = read_faults(text, error_catalogue.load())
    except BadFaultError:
        # Anything else that is raised fails this test.
        return
    assert all(isinstance(step, Fault) for step in faults.steps)
    assert read_faults(str(faults), error_catalogue.load()) == faults
