"""What lists are asked with: whole numbers, days and seconds, and their pages."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.corridor.engine import Engine
from mockserver.endpoints.paging import day, page, whole
from mockserver.talk.refused import Refused
from tests.endpoints.calls import call


def test_a_number_that_is_not_sent_is_the_usual_one_and_the_last_one_counts(engine: Engine) -> None:
    assert whole(engine, call(engine), "page_no", 7) == 7
    assert whole(engine, call(engine, query={"page_no": ["2", "3"]}), "page_no", 7) == 3


@pytest.mark.parametrize("value", ["", "0", "-1", "1.5", "two", "²", "9" * 30])
def test_what_is_no_number_from_one_is_refused(engine: Engine, value: str) -> None:
    with pytest.raises(Refused, match="schema"):
        whole(engine, call(engine, query={"page_no": value}), "page_no", 7)


@pytest.mark.parametrize(
    ("value", "time"), [("20260202", 1_769_961_600.0), ("20260202104000", 1_770_000_000.0)]
)
def test_a_time_is_a_day_or_a_second_of_it(engine: Engine, value: str, time: float) -> None:
    assert day(engine, call(engine, query={"since": value}), "since") == time
    assert day(engine, call(engine), "since") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=15) | st.from_regex(r"[0-9]{8}|[0-9]{14}", fullmatch=True))
def test_any_text_is_a_time_or_refused(engine: Engine, value: str) -> None:
    try:
        found = day(engine, call(engine, query={"since": value}), "since")
    except Refused as refused:
        found = refused.refusal.status
    assert found is not None


@given(st.lists(st.integers(), max_size=30), st.integers(1, 9))
def test_the_pages_together_are_the_whole(things: list[int], size: int) -> None:
    pages = [page(things, number, size) for number in range(1, 32)]
    assert [thing for each in pages for thing in each] == things
    assert all(len(each) <= size for each in pages)
