"""Values that a description lists, and those that a text means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.instances import members
from mockserver.instances.members import listed, nearest_members
from tests.wire.strategies import texts


@pytest.mark.parametrize(
    ("description", "members"),
    [
        ("Sort order, one of: asc, desc", ("asc", "desc")),
        ("The unit, either 'metric' or 'imperial'.", ("metric", "imperial")),
        ("'metric', 'imperial', or 'standard'", ("metric", "imperial", "standard")),
        ("可选值：高、低", ("高", "低")),
        ("The city, e.g. one of Paris or London", ()),
        ("The name of a city", ()),
        ("One of many", ()),
    ],
)
def test_a_description_lists_what_it_allows(description: str, members: tuple[str, ...]) -> None:
    assert listed(description) == members


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("it is on hold", ["on-hold"]),
        ("it is in progress", ["inProgress"]),
        ("of high priorty", ["priority"]),
        ("sorted descending", ["desc"]),
        ("Hello", []),
    ],
)
def test_a_member_is_taken_by_its_nearest_word(text: str, found: list[str]) -> None:
    assert nearest_members(["on-hold", "inProgress", "priority", "desc", 3, "高优先级", "x"], text) == found


@given(st.lists(texts, max_size=4), texts)
def test_only_members_are_meant(members: list[str], text: str) -> None:
    assert set(nearest_members(members, text)) <= set(members)


@given(texts)
def test_every_description_can_be_read(text: str) -> None:
    assert all(listed(text)) or listed(text) == ()


def test_what_all_members_have_tells_none_of_them() -> None:
    members = ["python_docs", "js_docs", "golang_docs"]
    assert nearest_members(members, "Why does this Python code not work?") == ["python_docs"]
    assert nearest_members(members, "Where are the docs?") == []


@pytest.mark.parametrize(
    "piece", ["\n", " ", "\n ", "either", "a|", "'a', ", "a or ", "one of ", "或", "a, or "]
)
@pytest.mark.parametrize("begins", ["", "one of ", "one of: [", "'a'"])
def test_a_description_is_read_in_time_that_grows_with_its_length(begins: str, piece: str) -> None:
    text = begins + piece * (200_000 // len(piece))
    for pattern in (members._LISTED, members._QUOTED_LIST, members._PARTED):
        assert len(list(pattern.finditer(text))) <= len(text)


def test_a_list_is_found_at_the_start_and_at_the_end_of_a_long_description() -> None:
    assert listed("One of: asc, desc." + " Tea." * 2_000) == ("asc", "desc")
    assert listed("Tea. " * 2_000 + "One of: asc, desc") == ("asc", "desc")


@pytest.mark.parametrize(
    ("description", "found"),
    [
        ("one of ( 高或低 )", ("高", "低")),
        ("one of: a   ,   b", ("a", "b")),
        ("Must be [ 'a' | 'b' ]", ("a", "b")),
        ("options: a\n,\nb or c", ("a", "b", "c")),
    ],
)
def test_signs_and_blanks_stand_around_what_is_listed(description: str, found: tuple[str, ...]) -> None:
    assert listed(description) == found
