"""Expressions of users are compiled in silence, or refused as Python refuses them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.expressions import compiled


@pytest.mark.parametrize("pattern", ["[[a]", "[a||b]", "[a&&b]", "[a~~b]"])
def test_what_python_may_read_otherwise_one_day_warns_nobody(pattern: str) -> None:
    """Python 3.7 and later: `FutureWarning: Possible nested set` and its like."""
    assert compiled(pattern).pattern == pattern


@given(st.text(max_size=12))
def test_an_expression_is_compiled_or_refused(pattern: str) -> None:
    try:
        found = compiled(pattern)
    except (re.error, OverflowError, RecursionError):
        return
    assert found.pattern == pattern
