"""Regular expressions of users: what they find, what is refused, and that none goes back without end."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.scripts.expressions import RegexError, found


@pytest.mark.parametrize(
    ("pattern", "text", "holds"),
    [
        ("tea", "green tea", True),
        ("^tea", "green tea", False),
        ("(?i)GREEN", "green", True),
        (r"\bte", "green tea", True),
        ("龙井|sencha", "一杯龙井", True),
        (r"^\p{Han}+$", "龙井", True),
        (r"^\w+$", "龙井", False),
        ("(?s)a.b", "a\nb", True),
        ("(?P<leaf>a)", "a", True),
        ("tea(?! pot)", "tea pot", False),
        ("tea(?! pot)", "tea cup", True),
        ("(?<=green )tea", "green tea", True),
        (r"(.)\1", "tee", True),
        (r"\{\"leaf\": ", '{"leaf": "sencha"}', True),
    ],
)
def test_what_is_found(pattern: str, text: str, holds: bool) -> None:  # noqa: FBT001 - a table
    assert found(pattern)(text) is holds


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("[", "'[' is not a regular expression: unterminated character set"),
        ("(tea", "missing ), unterminated subpattern"),
        ("{", "'{' is not a regular expression: only Python reads it: write { as \\{ and \\Z as $"),
        ("tea\\Z", "and \\Z as $"),
        ("(?:(?:a{1000}){1000}){1000}", "repeat no large repetitions"),
        ("(" * 3000 + ")" * 3000, "is not a regular expression"),
        ("a" * 10_001, "has 10001 characters; a regular expression may have 10000"),
        ("\ud83c", "is not a regular expression"),
    ],
)
def test_what_cannot_be_used_says_why(pattern: str, words: str) -> None:
    with pytest.raises(RegexError, match=re.escape(words)):
        found(pattern)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(a|a)*b", "(.*)*x", r"\s+$", "(?:.{0,30}){30}x"])
def test_what_python_would_go_back_on_for_ever_is_decided(pattern: str) -> None:
    assert found(pattern)("a" * 5000 + " " * 5000 + "b") is (pattern == "(a|a)*b")


def test_what_goes_back_without_end_is_told() -> None:
    test = found(r"^(?=a)(a|aa)+$(?!x)")
    assert test("a" * 20)
    with pytest.raises(RegexError, match="went back 20000 times on a text of 61 characters"):
        test("a" * 60 + "b")


@given(st.text("ab.*+?|^", max_size=8), st.text("ab", max_size=8))
def test_plain_expressions_are_those_of_python(pattern: str, text: str) -> None:
    try:
        compiled, test = re.compile(pattern), found(pattern)
    except (re.error, RegexError):
        return
    assert test(text) is bool(compiled.search(text))
