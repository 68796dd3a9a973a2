"""Verifying: so many requests that match, in order or not, and none besides."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.jsontext import dumps
from mockserver.corridor.engine import Engine
from mockserver.corridor.verify import Asked, Expectation, problems, reread
from mockserver.dialects.compat.surface import COMPAT
from tests.conftest import NOW, make_headers
from tests.scenario.playing import fresh


def ask(engine: Engine, *texts: str) -> list[Asked]:
    """A journal of these questions, read again."""
    for text in texts:
        body = dumps({"model": "qwen-plus", "messages": [{"role": "user", "content": text}]})
        engine.chat(COMPAT, make_headers({"X-Tea": text}), body, arrived=NOW)
    return [Asked(entry, reread(entry, engine.door)) for entry in engine.journal]


def wanting(text: Any, count: Any = None) -> Expectation:
    """So many requests with this last user message."""
    spec: dict[str, Any] = {"match": {"last_user": text}}
    return Expectation.read(spec if count is None else {**spec, "count": count})


def told(
    asked: list[Asked], *expected: Expectation, ordered: bool = False, nothing_else: bool = False
) -> list[str]:
    """What is not as expected."""
    return problems(expected, asked, ordered=ordered, nothing_else=nothing_else)


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (None, None),
        (2, None),
        (2.0, None),
        ({"at_least": 2}, None),
        ({"at_most": 2}, None),
        ({"at_least": 1, "at_most": 3}, None),
        (1, "requests[0]: 1 should match, 2 did"),
        (0, "requests[0]: 0 should match, 2 did"),
        ({"at_most": 1}, "requests[0]: 0 to 1 should match, 2 did"),
        ({"at_least": 3}, "requests[0]: at least 3 should match, 2 did"),
    ],
)
def test_so_many_must_match(engine: Engine, count: Any, words: str | None) -> None:
    found = told(ask(engine, "green", "black", "green"), wanting("green", count))
    assert found == ([] if words is None else [found[0]])
    assert words is None or found[0].startswith(words)


def test_what_was_missed_shows_the_nearest_request(engine: Engine) -> None:
    (problem,) = told(ask(engine, "Good night", "green"), wanting("greed"))
    assert problem == (
        "requests[0]: at least 1 should match, 0 did\nnearest: request 2, 0 of 1 conditions hold\n"
        'failed: last_user\n  expected  "greed"\n  actual    "green"\n  diff      gree[-d-][+n+]'
    )
    assert told([], wanting("green")) == ["requests[0]: at least 1 should match, 0 did"]


def test_headers_can_be_verified(engine: Engine) -> None:
    asked = ask(engine, "green")
    assert told(asked, Expectation.read({"match": {"header": {"x-tea": "green"}}})) == []
    assert told(asked, Expectation.read({"match": {"header": {"x-tea": "black"}}})) != []


def test_order_counts_when_it_is_asked_for(engine: Engine) -> None:
    asked = ask(engine, "a", "b", "a", "c")
    assert told(asked, wanting("a"), wanting("b"), wanting("c"), ordered=True) == []
    assert told(asked, wanting("a", 1), wanting("a", 1), ordered=True) == []
    assert told(asked, wanting("b"), wanting("a"), wanting("c"), ordered=True) == []
    (problem,) = told(asked, wanting("c"), wanting("b"), ordered=True)
    assert problem.startswith("requests[1]: at least 1 should match after request 4, 0 did")
    assert told(asked, wanting("c"), wanting("b")) == []
    assert told(asked, wanting("d"), ordered=True) != []


def test_nothing_else_may_have_been_when_that_is_asked_for(engine: Engine) -> None:
    asked = ask(engine, "a", "b")
    assert told(asked, wanting("a"), nothing_else=True) == ["request 2 was not expected: 'b'"]
    assert told(asked, wanting("a"), wanting("b"), nothing_else=True) == []


def test_a_request_that_could_not_be_read_matches_only_what_asks_for_nothing(engine: Engine) -> None:
    for body in (b"tea", b'{"model":"qwen-plus"}', b"[]"):
        engine.chat(COMPAT, make_headers(), body, arrived=NOW)
    asked = ask(engine)
    assert [each.request for each in asked] == [None, None, None]
    assert told(asked, Expectation.read({"count": 3}), nothing_else=True) == []
    assert told(asked, wanting("a", 0), nothing_else=True) == [
        f"request {number} was not expected: 'it could not be read'" for number in (1, 2, 3)
    ]
    assert told(asked, wanting("a")) == ["requests[0]: at least 1 should match, 0 did"]


@given(st.lists(st.sampled_from("abc"), max_size=6), st.lists(st.sampled_from("abc"), max_size=4))
def test_in_order_means_what_a_subsequence_is(said: list[str], wanted: list[str]) -> None:
    asked = ask(fresh(), *said)
    rest = iter(said)
    is_subsequence = all(text in rest for text in wanted)
    found = told(asked, *(wanting(text, 1) for text in wanted), ordered=True)
    assert (found == []) is is_subsequence
