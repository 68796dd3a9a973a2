"""Named texts of cases: what is filled in, and what stays as it is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.cases import read_cases
from mockserver.contract.texts import filled

TEXTS = {"odd": "no @ is @", "plain": "12345678"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("@odd 7", "no 7 is 7"),
        ("@plain 0 1/4", "12"),
        ("@plain 0 4/4", "78"),
        ("@plain 0 0/4", ""),
        ("@plain 0 1/0", "12345678"),
        ("@other 7", "@other 7"),
        ("@odd", "@odd"),
        ("say @odd 7", "say @odd 7"),
    ],
)
def test_a_name_stands_for_its_text(value: str, text: str) -> None:
    assert filled([{"say": value}, 1, None], TEXTS) == [{"say": text}, 1, None]


@given(st.integers(1, 9), st.text(max_size=40))
def test_the_parts_of_a_text_are_the_text(parts: int, text: str) -> None:
    named = [f"@it 5 {part}/{parts}" for part in range(1, parts + 1)]
    assert "".join(filled(named, {"it": text})) == text.replace("@", "5")


@given(
    st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_without_texts_nothing_changes(value: Any) -> None:
    assert filled(value, {}) == value


def test_a_file_of_cases_has_its_own_texts() -> None:
    turn = {"say": "@odd 1", "replies": [{"content": "@odd 2"}]}
    (case,) = read_cases({"texts": TEXTS, "cases": [{"id": "own", "turns": [turn]}]}, where="here")
    assert case.turns[0].json() == {"say": "no 1 is 1", "replies": ({"content": "no 2 is 2"},)}
