"""Usage as one dialect recorded it, for the other."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.dialects.anthropic.surface import ANTHROPIC
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.dialects.table import SURFACES, dialect_of
from mockserver.recording.usage import counts_of, overrides_for
from mockserver.talk.reply import Usage
from mockserver.talk.surface import Surface
from tests.wire.strategies import json_values

COUNTS = st.integers(0, 10**9)
NATIVE = (NATIVE_TEXT, NATIVE_MULTIMODAL)


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}, Usage(9, 3)),
        ({"input_tokens": 9, "output_tokens": 3, "image_tokens": 4}, Usage(9, 3)),
        ({"prompt_tokens": 9, "total_tokens": 9}, Usage(9, 0)),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 3,
                "completion_tokens_details": {"reasoning_tokens": 2},
                "prompt_tokens_details": {"cached_tokens": 8},
            },
            Usage(9, 3, 2, 8),
        ),
        (
            {"input_tokens": 9, "output_tokens": 3, "output_tokens_details": {"reasoning_tokens": 0}},
            Usage(9, 3, 0),
        ),
        ({"input_tokens": 9, "output_tokens_details": None, "prompt_tokens_details": 5}, Usage(9, 0)),
    ],
)
def test_counts_are_read_in_the_words_of_either_dialect(usage: dict[str, Any], counts: Usage) -> None:
    assert counts_of(usage) == counts


@pytest.mark.parametrize(
    "usage", [{}, {"total_tokens": 5}, {"prompt_tokens": "9"}, {"prompt_tokens": None}, {"input_tokens": 9.5}]
)
def test_without_a_number_of_input_tokens_there_are_no_counts(usage: dict[str, Any]) -> None:
    assert counts_of(usage) is None


@pytest.mark.parametrize("surface", NATIVE)
def test_usage_of_its_own_dialect_is_kept_whole(surface: Surface) -> None:
    usage = {"input_tokens": 1, "output_tokens": 2, "plugins": {"search": {"count": 1}}}
    assert overrides_for(surface, usage, spoken="native") is usage


def test_usage_that_counts_nothing_overrides_nothing() -> None:
    for surface in SURFACES.values():
        assert overrides_for(surface, {"plugins": {}}, spoken="another") is None


@given(read=COUNTS, written=COUNTS)
def test_the_way_to_the_other_dialect_and_back_keeps_the_counts(read: int, written: int) -> None:
    compat = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    for surface in NATIVE:
        native = overrides_for(surface, compat, spoken="compat")
        assert native == {"input_tokens": read, "output_tokens": written, "total_tokens": read + written}
        assert native is not None
        assert overrides_for(COMPAT, native, spoken="native") == compat


@given(read=COUNTS, cached=COUNTS, created=COUNTS, written=COUNTS)
def test_what_anthropic_counts_apart_is_one_input_elsewhere(
    read: int, cached: int, created: int, written: int
) -> None:
    own = {
        "input_tokens": read,
        "output_tokens": written,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": created,
    }
    counts = counts_of(own)
    assert counts == Usage(read + cached + created, written, None, cached, created or None)
    assert overrides_for(ANTHROPIC, own, spoken="anthropic") is own
    told = overrides_for(COMPAT, own, spoken="anthropic")
    whole = read + cached + created
    assert told == {"prompt_tokens": whole, "completion_tokens": written, "total_tokens": whole + written}
    assert dialect_of(ANTHROPIC).counted(counts) == own


@given(value=json_values, name=st.sampled_from(["prompt_tokens", "input_tokens", "output_tokens_details"]))
def test_no_usage_is_too_odd_to_be_read(value: Any, name: str) -> None:
    counts = counts_of({"input_tokens": 1, name: value})
    assert counts is None or counts.output == 0
    counts_of({name: value})
