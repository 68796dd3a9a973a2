"""How two texts differ: told shortly, whole whatever is compared, in little work."""

from difflib import SequenceMatcher

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.differing import MOST, changes, lines, marked, nearest_part, share
from tests.wire.strategies import texts

REPETITIVE = st.one_of(texts, st.text("ab \n", max_size=300))


@pytest.mark.parametrize(
    ("wanted", "got", "shown"),
    [
        ("tea", "tea", "tea"),
        ("", "", ""),
        ("green tea", "black tea", "[-green-][+black+] tea"),
        ("tea", "tea, please", "tea[+, please+]"),
        ("a cup of tea", "a pot of tea", "a [-cu-]p[+ot+] of tea"),
    ],
)
def test_what_differs_stands_in_brackets(wanted: str, got: str, shown: str) -> None:
    assert marked(changes(wanted, got), part=False) == shown


def test_what_stands_around_a_part_does_not_count() -> None:
    assert marked([("", "Please, "), ("tea", "tea"), ("", " now")], part=True) == "tea"


@given(REPETITIVE, REPETITIVE)
def test_changes_hold_all_of_both_texts(wanted: str, got: str) -> None:
    found = changes(wanted, got)
    assert "".join(ours for ours, _ in found) == wanted
    assert "".join(theirs for _, theirs in found) == got
    assert 0 <= share(found) <= 1
    assert (share(found) == 1) is (wanted == got != "")


@given(REPETITIVE, REPETITIVE)
def test_the_matcher_is_never_given_much(wanted: str, got: str) -> None:
    given: list[int] = []

    class Weighed(SequenceMatcher[str]):
        def __init__(self, junk: None, ours: list[str], theirs: list[str], *, autojunk: bool) -> None:
            given.extend((len(ours), len(theirs)))
            super().__init__(junk, ours, theirs, autojunk=autojunk)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mockserver.base.differing.SequenceMatcher", Weighed)
        changes(wanted * 5, got * 5)
    assert max(given, default=0) <= MOST


def test_lines_are_numbered_from_the_first_of_the_text() -> None:
    text = [f"line {number}" for number in range(200)]
    other = [*text[:150], "another", *text[151:]]
    assert lines(text, other, ("expected", "actual")) == [
        "--- expected",
        "+++ actual",
        "@@ -150,3 +150,3 @@",
        " line 149",
        "-line 150",
        "+another",
        " line 151",
    ]


@given(st.lists(st.sampled_from("ab"), max_size=150), st.lists(st.sampled_from("ab"), max_size=150))
def test_lines_that_are_the_same_have_no_diff(wanted: list[str], got: list[str]) -> None:
    rows = lines(wanted, got, ("expected", "actual"))
    assert (not rows) is (wanted == got)
    taken = sum(row.startswith("-") for row in rows[2:]), sum(row.startswith("+") for row in rows[2:])
    assert taken[1] - taken[0] == len(got) - len(wanted)


def test_behind_many_lines_all_count_as_changed() -> None:
    rows = lines([], ["tea"] * (MOST + 2), ("expected", "actual"))
    assert rows.count("+tea") == MOST + 2


@given(texts, texts, texts)
def test_the_nearest_part_of_a_text_holds_the_wanted_one(before: str, wanted: str, after: str) -> None:
    assert wanted in nearest_part(wanted, before + wanted + after)


def test_the_nearest_part_is_found_by_a_half_of_it() -> None:
    text = "x" * 500 + "Which tea would you take?" + "y" * 500
    assert "would you take" in nearest_part("What tea would you take!", text)
    assert nearest_part("nothing of it", "z" * 100) == "z" * 16
