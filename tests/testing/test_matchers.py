"""Texts that a scripted reply waits for, as Python says them and as a request is held against them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.scripts.match import Match, MatchError
from mockserver.testing.matchers import contains, regex
from tests.asking import ask
from tests.wire.strategies import texts


def holds(wanted: object, said: str) -> bool:
    """Whether a request that says this is the one that is waited for."""
    return Match.read({"last_user": wanted}).holds("sk-a", ask(said))


@given(before=texts, part=texts, after=texts)
def test_any_text_that_holds_the_part_is_meant(before: str, part: str, after: str) -> None:
    assert contains(part) == {"contains": part}
    assert holds(contains(part), before + part + after)


@given(part=st.text("ab", min_size=1, max_size=3), said=st.text("ab", max_size=6))
def test_no_other_text_is_meant(part: str, said: str) -> None:
    assert holds(contains(part), said) is (part in said)
    assert holds(regex(part), said) is (re.search(part, said) is not None)


@pytest.mark.parametrize(
    ("pattern", "said", "meant"),
    [
        ("^Tea", "Tea?", True),
        ("^Tea", "No Tea?", False),
        ("[0-9]{2}", "in 10 minutes", True),
        ("tea", "Tea?", False),
        ("(?i)tea", "Tea?", True),
        ("", "", True),
    ],
)
def test_a_regular_expression_is_looked_for_anywhere(pattern: str, said: str, *, meant: bool) -> None:
    assert regex(pattern) == {"regex": pattern}
    assert holds(regex(pattern), said) is meant


def test_a_part_is_no_regular_expression() -> None:
    assert holds(contains("a.c"), "a.c")
    assert not holds(contains("a.c"), "abc")


def test_a_regular_expression_that_is_none_is_explained() -> None:
    with pytest.raises(MatchError, match=r"match\.last_user\.regex '\(' is not a regular expression"):
        holds(regex("("), "Tea?")
