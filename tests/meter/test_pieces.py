"""The pieces that text-embedding-v3 counts by."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.meter import pieces


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("我喜欢喝茶", 3),  # 我 喜欢 喝 茶
        ("Hello, world!", 3),  # Hello , world !
        ("Tea", 1),
        ("t", 1),
    ],
)
def test_the_first_piece_is_not_billed_but_a_text_costs_one_token(text: str, tokens: int) -> None:
    count = pieces.counter()
    assert count is not None
    assert count(text) == tokens


@given(st.text(max_size=200))
def test_any_text_has_a_count(text: str) -> None:
    count = pieces.counter()
    assert count is not None
    assert 1 <= count(text) <= len(text.encode()) + 1


def test_without_bling_fire_there_is_no_counter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "blingfire", None)
    assert pieces.counter.__wrapped__() is None
