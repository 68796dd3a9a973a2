"""Quotas: sliding windows, what they let in, how they are read, and what a reset leaves."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.catalogue.errors import Errors
from mockserver.meter import quotas as module
from mockserver.meter.quotas import (
    LIMITS,
    REFUSALS,
    Quota,
    QuotaError,
    QuotaExceededError,
    Quotas,
    Window,
    read_quota,
)

KEY, OTHER, MODEL = "sk-one", "sk-two", "qwen-plus"
steps = st.lists(st.floats(0, 90, allow_nan=False).map(lambda step: round(step, 3)), max_size=40)


def admitted(quotas: Quotas, now: float, *, key: str = KEY, model: str = MODEL) -> bool:
    """Whether a request is let in; its place is given back at once."""
    try:
        admission = quotas.admit(key, model, now=now)
    except QuotaExceededError:
        return False
    if admission is not None:
        admission.free()
    return True


def exceeded(quotas: Quotas, now: float) -> str:
    """Which limit keeps a request out."""
    with pytest.raises(QuotaExceededError) as caught:
        quotas.admit(KEY, MODEL, now=now)
    assert caught.value.refusal == REFUSALS[caught.value.limit]
    return caught.value.limit


@given(st.lists(st.tuples(st.integers(0, 90_000), st.integers(0, 1000)), max_size=50))
def test_a_window_holds_what_came_in_its_last_seconds(entries: list[tuple[int, int]]) -> None:
    window, now, seen = Window(60_000), 0, list[tuple[int, int]]()
    for step, amount in entries:
        now += step
        window.add(amount, now=now)
        seen.append((now, amount))
        assert window.total(now=now) == sum(part for at, part in seen if now - at < 60_000)


@given(steps, st.integers(1, 5))
def test_no_sixty_seconds_let_in_more_than_rpm_and_nobody_is_kept_out_without_need(
    gaps: list[float], rpm: int
) -> None:
    quotas, now, let_in = Quotas([Quota(rpm=rpm)]), 1000.0, list[float]()
    for gap in gaps:
        now += gap
        lately = sum(now - at < 60 for at in let_in)
        assert admitted(quotas, now) is (lately < rpm)
        if lately < rpm:
            let_in.append(now)
    for first, beyond in zip(let_in, let_in[rpm:], strict=False):
        assert beyond - first >= 60


@given(steps, st.integers(1, 3))
def test_no_second_lets_in_more_than_the_burst(gaps: list[float], burst: int) -> None:
    quotas, now, let_in = Quotas([Quota(burst=burst)]), 1000.0, list[float]()
    for gap in gaps:
        now += gap / 60
        if admitted(quotas, now):
            let_in.append(now)
    for first, beyond in zip(let_in, let_in[burst:], strict=False):
        assert beyond - first >= 1


def test_tokens_are_counted_when_they_are_spent_and_forgotten_after_a_minute() -> None:
    quotas = Quotas([Quota(tpm=100)])
    for now, tokens in ((0.0, 60), (10.0, 60)):
        admission = quotas.admit(KEY, MODEL, now=now)
        assert admission is not None
        admission.spend(tokens, now=now)
    assert exceeded(quotas, 10.0) == "tpm"
    assert exceeded(quotas, 59.9) == "tpm"
    assert admitted(quotas, 60.0)


def test_a_place_is_held_until_it_is_freed_and_only_once() -> None:
    quotas = Quotas([Quota(concurrency=2)])
    first, second = (quotas.admit(KEY, MODEL, now=0.0) for _ in range(2))
    assert first is not None
    assert second is not None
    assert exceeded(quotas, 0.0) == "concurrency"
    first.free()
    first.free()
    third = quotas.admit(KEY, MODEL, now=0.0)
    assert third is not None
    assert exceeded(quotas, 1000.0) == "concurrency"


def test_each_limit_has_a_refusal_of_the_catalogue(errors: Errors) -> None:
    assert set(REFUSALS) == set(LIMITS)
    codes = {limit: errors[entry].words["native"].code for limit, entry in REFUSALS.items()}
    assert codes == {
        "rpm": "Throttling.RateQuota",
        "tpm": "Throttling.AllocationQuota",
        "burst": "Throttling.BurstRate",
        "concurrency": "Throttling",
    }
    assert {errors[entry].status for entry in REFUSALS.values()} == {429}


def test_the_first_limit_in_the_order_of_the_refusals_is_named() -> None:
    for tighter, looser in pairwise(REFUSALS):
        both = [read_quota(f"*={looser}:0,{tighter}:0")]
        assert exceeded(Quotas(both), 0.0) == tighter


def test_a_refused_request_counts_for_nothing() -> None:
    quotas = Quotas([Quota(rpm=1)])
    assert [admitted(quotas, now) for now in (0.0, 30.0, 59.0, 60.0)] == [True, False, False, True]


def test_a_clock_that_is_set_back_gives_nothing_back() -> None:
    quotas = Quotas([Quota(rpm=1)])
    assert [admitted(quotas, now) for now in (100.0, 0.0, 159.0, 160.0)] == [True, False, False, True]


def test_keys_and_models_are_counted_each_by_itself() -> None:
    quotas = Quotas([Quota(model="qwen-*", rpm=1)])
    assert admitted(quotas, 0.0)
    assert admitted(quotas, 0.0, key=OTHER)
    assert admitted(quotas, 0.0, model="qwen-max")
    assert not admitted(quotas, 0.0)
    assert [admitted(quotas, 0.0, model="glm-4.5") for _ in range(3)] == [True] * 3


def test_of_several_quotas_the_tightest_holds() -> None:
    quotas = Quotas([Quota(rpm=3), Quota(key=KEY, model=MODEL, rpm=1)])
    assert [admitted(quotas, 0.0) for _ in range(2)] == [True, False]
    assert [admitted(quotas, 0.0, key=OTHER) for _ in range(4)] == [True, True, True, False]


def test_none_are_false_and_a_quota_takes_the_place_of_its_like() -> None:
    quotas = Quotas()
    assert not quotas
    quotas.put(Quota(rpm=1))
    quotas.put(Quota(rpm=2))
    assert quotas
    assert list(quotas) == [Quota(rpm=2)]


def test_quotas_are_removed_by_key_by_glob_or_all() -> None:
    def filled() -> Quotas:
        return Quotas([Quota(rpm=1), Quota(key=KEY, rpm=1), Quota(key=KEY, model="qwen-*", rpm=1)])

    for removed, left in (({"key": KEY}, 1), ({"model": "*"}, 1), ({"key": KEY, "model": "*"}, 2), ({}, 0)):
        quotas = filled()
        assert quotas.remove(**removed) == 3 - left
        assert len(list(quotas)) == left


def test_a_reset_brings_back_what_was_given_at_the_start() -> None:
    quotas = Quotas([Quota(rpm=1)])
    assert admitted(quotas, 0.0)
    quotas.put(Quota(key=KEY, rpm=0))
    quotas.reset()
    assert list(quotas) == [Quota(rpm=1)]
    assert admitted(quotas, 0.0)


def test_a_reset_of_a_key_leaves_the_others_alone() -> None:
    given_one = Quota(key=KEY, model=MODEL, rpm=1)
    quotas = Quotas([Quota(rpm=1), given_one])
    assert admitted(quotas, 0.0)
    assert admitted(quotas, 0.0, key=OTHER)
    quotas.put(Quota(key=KEY, rpm=0))
    quotas.reset(KEY)
    assert list(quotas) == [Quota(rpm=1), given_one]
    assert admitted(quotas, 0.0)
    assert not admitted(quotas, 0.0, key=OTHER)


def test_what_is_used_is_told() -> None:
    quotas = Quotas([Quota(tpm=1000)])
    admission = quotas.admit(KEY, MODEL, now=0.0)
    assert admission is not None
    admission.spend(7, now=0.0)
    row = {"key": KEY, "model": MODEL, "rpm": 1, "tpm": 7, "burst": 0, "concurrency": 1}
    assert quotas.used(now=1.0) == [row]


def test_the_oldest_meters_go_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_METERS", 2)
    quotas = Quotas([Quota(rpm=1)])
    assert all(admitted(quotas, 0.0, key=key) for key in ("sk-1", "sk-2", "sk-3", "sk-1"))
    assert [row["key"] for row in quotas.used(now=0.0)] == ["sk-3", "sk-1"]


@pytest.mark.parametrize(
    ("text", "quota"),
    [
        ("qwen-plus=rpm:60", Quota(model="qwen-plus", rpm=60)),
        ("*=tpm:100000,burst:5", Quota(tpm=100_000, burst=5)),
        ("sk-a:b=c:qwen-*=concurrency:2", Quota(key="sk-a:b=c", model="qwen-*", concurrency=2)),
        ("org/m:1=rpm:0", Quota(model="org/m:1", rpm=0)),
    ],
)
def test_a_quota_is_read_from_the_command_line(text: str, quota: Quota) -> None:
    assert read_quota(text) == quota


@given(st.text())
def test_any_text_is_a_quota_or_explained(text: str) -> None:
    try:
        quota = read_quota(text)
    except QuotaError as error:
        assert str(error)  # noqa: PT017 - whichever it is
    else:
        assert quota.limits


@pytest.mark.parametrize(
    "text",
    ["", "=rpm:1", "qwen-plus", "qwen-plus=", "m=rpm", "m=rpm:-1", "m=rpm:x", "m=tea:1", "m=rpm:" + 30 * "9"],
)
def test_what_is_no_quota_is_explained(text: str) -> None:
    with pytest.raises(QuotaError, match=r"write \[KEY:\]MODEL=rpm:60,tpm:100000"):
        read_quota(text)


def test_a_key_is_not_shown_with_its_fault() -> None:
    for text in ("sk-secret:m=tea:1", "sk-secret=rpm:1", "sk-secret:m"):
        with pytest.raises(QuotaError) as caught:
            read_quota(text)
        assert "secret" not in str(caught.value)
    assert "secret" not in repr(Quota(key="sk-secret", rpm=1))


def test_a_quota_out_of_range_or_empty_is_explained() -> None:
    with pytest.raises(
        QuotaError, match=r"the quota of \* limits nothing: give rpm, tpm, burst or concurrency"
    ):
        Quota()
    with pytest.raises(QuotaError, match="rpm of m is -1: it must lie in 0 to 1000000000"):
        Quota(model="m", rpm=-1)
