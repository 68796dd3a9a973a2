"""Values that a description lists, and those that a text means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
