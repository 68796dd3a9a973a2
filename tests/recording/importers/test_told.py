"""What importers hand on."""

from typing import Any

import pytest
from hypothesis import given

from mockserver.recording.importers.told import Mark, mark_of
from tests.wire.strategies import json_values


@pytest.mark.parametrize(
    ("held", "mark"),
    [
        ({"end": "cut", "kept": "rebuilt", "lost": "tea"}, Mark(end="cut", kept="rebuilt", lost="tea")),
        ({"kept": "missing"}, Mark(kept="missing")),
        ({"end": "tea", "kept": ["missing"], "lost": 5}, Mark()),
        (None, Mark()),
    ],
)
def test_a_mark_is_read_and_what_is_none_says_nothing(held: Any, mark: Mark) -> None:
    assert mark_of(held) == mark


@given(json_values)
def test_no_value_is_too_odd_for_a_mark(value: Any) -> None:
    assert isinstance(mark_of(value), Mark)
