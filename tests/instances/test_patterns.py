"""Texts that match a pattern."""

import re
from collections.abc import Iterator
from itertools import count, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.instances.patterns import LONGEST, UnreadablePatternError, texts


def numbers(seed: int = 0) -> Iterator[int]:
    return ((seed + 31 * index * index) % 256 for index in count())


def matching(pattern: str, *, least: int = 0, most: int | None = None, seed: int = 0) -> str:
    """The first candidate that matches and has an allowed length."""
    for text in texts(pattern, numbers(seed), least=least, most=most):
        if re.search(pattern, text) and least <= len(text) <= (LONGEST if most is None else most):
            return text
    pytest.fail(f"no candidate matches {pattern}")


@pytest.mark.parametrize(
    ("pattern", "least", "most"),
    [
        ("^[a-z]+$", 0, None),
        ("^[a-z]+$", 30, 30),
        ("^a{3}b?c*?$", 0, None),
        (r"^(foo|ba[rz])-\d{2,4}$", 0, None),
        (r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$", 10, 20),
        (r"^(?=.*[A-Z])(?=.*\d)[A-Za-z\d]{8,}$", 0, 12),
        (r"^(?!foo)\w{3}$", 0, None),
        (r"(?<!x)b(?<=b)$", 0, None),
        (r"^(\w)-\1$", 0, None),
        (r"^(?P<year>\d{4})\b-\1$", 0, None),
        ("^[\u4e00-\u9fa5]{2,4}$", 0, None),
        ("^(a|bb|ccc)$", 3, 3),
        ("^(a|bbbb)$", 2, 4),
        ("", 0, 3),
        ("abc", 7, 9),
        ("c$", 4, 4),
        ("^$", 0, None),
        ("^.*$", 4, 9),
        (r"[\]\-a\d]{4}", 0, None),
        (r"^[^a-zA-Z\W]+$", 0, None),
        (r"^\D\S\W$", 0, None),
        (r"^\x41\u0042\t\n\.\/$", 0, None),
        (r"^[\x41-\u0043][+-]$", 0, None),
        ("^(?:ab){2}(?:cd)+$", 9, None),
        ("^(|x){3}$", 2, 2),
        ("^(){5}a$", 0, None),
        ("^(){0}a$", 0, None),
        ("^a{2,}$", 6, 6),
        ("^a{x}$", 0, None),
        ("^[ -~]{5}$", 0, None),
    ],
)
def test_a_candidate_matches(pattern: str, least: int, most: int | None) -> None:
    for seed in range(5):
        matching(pattern, least=least, most=most, seed=seed)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"^\p{Lu}\p{Nd}\p{Script=Han}\pL$", r"^[A-Z][0-9][一-鿿][A-Za-z]$"),
        (r"^\P{L}$", r"^[^A-Za-z]$"),
        (r"^(?<year>\d{4})-\k<year>$", r"^(\d{4})-\1$"),
        (r"^\u{41}\cA$", "^A\x01$"),
        (r"^\k<none>a\9$", "^a$"),
        (r"^\uZ$", "^uZ$"),
    ],
)
def test_what_only_ecma_knows_is_understood(pattern: str, expected: str) -> None:
    assert re.search(expected, next(texts(pattern, numbers())))


@pytest.mark.parametrize(
    "pattern",
    [
        r"^(?=.*\d)(?=.*[a-z])(?=.*[A-Z])(?=.*[!@#$]).{8,64}$",
        r"^(?=.{3,10}$)[a-z]+(-[a-z]+)*$",
        r"^a(?=\s)(.*?)(x|y)$",
        r"^(?!-)(?!.*--)[A-Za-z0-9-]{1,63}(?<!-)$",
        r"^((?!foo).)*$",
        r"^(?=[^a]*a[^a]*$)\w{4}$",
        r"^(?=.*\d)[a-z]\w*$",
    ],
)
def test_what_a_lookaround_asks_for_is_there(pattern: str) -> None:
    for seed in range(5):
        matching(pattern, seed=seed)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"^.{5}$", "^[a-z]{5}$"),
        (r"^[^,]{5}$", "^[a-z]{5}$"),
        (r"^\S\s\S$", "^[a-z] [a-z]$"),
        (r"^[_-][A-Z_]$", "^[_-][A-Z]$"),
        (r"^\W[^ -~]$", "^ [^ -~]$"),
        ("^[\t\n]$", "^[\t\n]$"),
    ],
)
def test_plain_letters_come_first_and_any_letters_when_asked(pattern: str, expected: str) -> None:
    for seed in range(9):
        assert re.search(expected, next(texts(pattern, numbers(seed))))
        assert re.search(pattern, next(texts(pattern, numbers(seed), plain=False)))
    assert not all(
        re.search(expected, next(texts("^.{5}$", numbers(seed), plain=False))) for seed in range(9)
    )


PIECES = st.recursive(
    st.sampled_from(["a", "[b-f]", r"\d", r"\w", "[^x]", "-", r"\."]),
    lambda below: st.one_of(
        st.lists(below, min_size=1, max_size=3).map("".join),
        st.lists(below, min_size=1, max_size=3).map(lambda options: f"({'|'.join(options)})"),
        st.tuples(below, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{2,}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=6,
)


@given(PIECES, st.integers(0, 255))
def test_every_text_of_a_plain_pattern_matches(piece: str, seed: int) -> None:
    pattern = f"^{piece}$"
    for text in islice(texts(pattern, numbers(seed)), 5):
        assert re.search(pattern, text), text


@given(st.text(alphabet="ab^$.*+?{}()[]|\\-,12dwpPuxk<>=!:c", max_size=20))
def test_any_pattern_is_read_or_refused(pattern: str) -> None:
    found: list[str] = []
    reason = ""
    try:
        found = list(islice(texts(pattern, numbers()), 3))
    except UnreadablePatternError as error:
        reason = str(error)
    assert len(found) == (0 if reason else 3)


@pytest.mark.parametrize(
    "pattern", ["((a*)*)*" * 10, "(((a{1,100}){1,100}){1,100}){1,100}", "(a?){1000000}", "(){100000}"]
)
def test_a_greedy_pattern_ends(pattern: str) -> None:
    assert all(len(text) <= LONGEST for text in texts(pattern, numbers()))


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(" * 70 + "a" + ")" * 70, "nested deeper than 60"),
        ("a{99999999}", "longer than 20000"),
        ("(a", "ends too early"),
        ("(a]", "ends too early"),
        ("a)", "a bracket closes"),
        ("[a", "ends too early"),
        ("a\\", "ends too early"),
        ("(?#x)", "group (?# is unknown"),
        (r"[^\s\S]", "matches no printable character"),
        ("[]", "matches no printable character"),
    ],
)
def test_an_unreadable_pattern_says_why(pattern: str, reason: str) -> None:
    with pytest.raises(UnreadablePatternError, match=re.escape(reason)):
        next(texts(pattern, numbers()))
