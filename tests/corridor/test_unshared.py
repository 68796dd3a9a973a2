"""What is not shared: refused in words that say what to do, in both languages."""

import pytest

from mockserver.corridor.unshared import ALONE, COUNTERS, GONE, NoCounters, alone, gone, is_gone
from mockserver.scripts.sandbox import TemplateError
from mockserver.state.journal import Entry
from mockserver.state.worlds import World
from tests.conftest import NOW


def entry() -> Entry:
    return Entry("id-1", World("sk-a"), "compat", False, b"{}", NOW)


@pytest.mark.parametrize("what", ALONE)
def test_whatever_is_not_shared_says_so(what: str) -> None:
    refusal = alone(what).refusal
    assert refusal.status == 501
    for words in refusal.words.values():
        assert ALONE[what] in words.message
        assert "without --state" in words.message
        assert "不带 --state" in words.message


def test_an_engine_that_is_gone_is_told_with_its_reason() -> None:
    refusal = gone("it did not answer in time").refusal
    assert (refusal.status, refusal.id) == (503, GONE)
    assert "it did not answer in time" in refusal.words["compat"].message
    assert "共享状态" in refusal.words["native"].message


def test_only_what_was_refused_for_that_was() -> None:
    lost, other = entry(), entry()
    lost.refusal, other.refusal = gone("x").refusal, alone("apps").refusal
    assert [is_gone(each) for each in (lost, other, entry(), None)] == [True, False, False, False]


def test_there_are_no_counters() -> None:
    with pytest.raises(TemplateError) as refused:
        NoCounters().get("a", 0)
    assert ALONE[COUNTERS] in str(refused.value)
