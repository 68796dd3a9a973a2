"""The trees of regular expressions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.instances.regexes import LONGEST, UnreadablePatternError, parsed


@pytest.mark.parametrize(
    ("pattern", "least", "most"),
    [
        ("^$", 0, 0),
        ("abc", 3, 3),
        ("a?b", 1, 2),
        ("a{2,5}", 2, 5),
        ("(a|bcd)", 1, 3),
        ("(ab)+", 2, LONGEST),
        (r"(ab)\1", 4, 4),
        (r"^(?=.*\d)(?!x)\w{3}$", 3, 3),
        (r"\bword\b", 4, 4),
    ],
)
def test_a_tree_knows_its_shortest_and_longest_text(pattern: str, least: int, most: int) -> None:
    tree = parsed(pattern)
    assert (tree.least, tree.most) == (least, most)


def test_a_positive_lookaround_is_kept_and_a_negative_one_is_not() -> None:
    kinds = [
        [part.kind for part in parsed(pattern).parts]
        for pattern in ("(?=a)b", "(?<=a)b", "(?!a)b", "(?<!a)b")
    ]
    assert kinds == [["look", "letter"], ["look", "letter"], ["row", "letter"], ["row", "letter"]]


@given(st.text(alphabet="ab^$.*+?{}()[]|\\-,12dwpPuxk<>=!:c", max_size=20))
def test_any_pattern_is_read_or_refused(pattern: str) -> None:
    try:
        tree = parsed(pattern)
    except UnreadablePatternError:
        return
    assert 0 <= tree.least <= tree.most <= LONGEST
