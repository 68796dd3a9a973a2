"""Secrets that are said piece by piece: found where the pieces meet, taken out of every piece."""

import re
from copy import deepcopy
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.recording.lanes import grows, redact_lanes

MARK = "[x]"
SECRET = re.compile("s[0-9]{3}t")
"""What is secret here: five characters, so that a few pieces can share them."""


def spans(text: str) -> list[tuple[int, int]]:
    """Where secrets stand in a text."""
    return [match.span() for match in SECRET.finditer(text)]


def clean(*documents: Any) -> list[Any]:
    """The documents without their secrets."""
    copies = deepcopy(list(documents))
    redact_lanes(copies, spans, MARK)
    return copies


def delta(text: Any, *, index: int = 0, name: str = "content") -> dict[str, Any]:
    """A frame of a compatible stream that says this."""
    return {"choices": [{"index": index, "delta": {name: text}}]}


def texts_of(documents: list[Any]) -> list[Any]:
    """What each frame says in its first choice."""
    return [document["choices"][0]["delta"]["content"] for document in documents]


def test_a_secret_in_the_pieces_of_a_block_is_found_and_no_other_block_is_looked_at() -> None:
    def piece(text: str, index: int, kind: str = "text") -> dict[str, Any]:
        delta = {"type": f"{kind}_delta", kind: text}
        return {"type": "content_block_delta", "index": index, "delta": delta}

    told = clean(piece("a s1", 0), piece("0", 0, "thinking"), piece("00t b", 1), piece("00t c", 0))
    assert [document["delta"] for document in told] == [
        {"type": "text_delta", "text": "a [x]"},
        {"type": "thinking_delta", "thinking": "0"},
        {"type": "text_delta", "text": "00t b"},
        {"type": "text_delta", "text": " c"},
    ]


@pytest.mark.parametrize(
    ("pieces", "left"),
    [
        (["tea s123t tea"], ["tea [x] tea"]),
        (["tea s1", "23t tea"], ["tea [x]", " tea"]),
        (["s", "1", "2", "3", "t!"], ["[x]", "", "", "", "!"]),
        (["s123ts456t"], ["[x][x]"]),
        (["a s123", "t s4", "56t b"], ["a [x]", " [x]", " b"]),
        (["", "s123t", ""], ["", "[x]", ""]),
        (["s12", "not"], ["s12", "not"]),
    ],
)
def test_the_piece_in_which_a_secret_begins_carries_the_mark(pieces: list[str], left: list[str]) -> None:
    assert texts_of(clean(*map(delta, pieces))) == left


def test_a_stream_that_grows_is_cleaned_in_each_of_its_texts() -> None:
    said = ["tea", "tea s1", "tea s123t", "tea s123t and s45", "tea s123t and s456t."]
    assert texts_of(clean(*map(delta, said))) == [
        "tea",
        "tea [x]",
        "tea [x]",
        "tea [x] and [x]",
        "tea [x] and [x].",
    ]


def test_each_text_of_each_choice_is_a_lane_of_its_own() -> None:
    apart = [
        delta("s12"),
        delta("3t", index=1),
        delta("3t", name="reasoning_content"),
        {"output": {"text": "3t"}},
    ]
    assert clean(*apart) == apart
    told = clean(delta("s12"), delta("s45", index=1), delta("6t", index=1), delta("3t"))
    assert texts_of(told) == ["[x]", "[x]", "", ""]


def test_a_choice_without_an_index_has_that_of_its_place() -> None:
    first = {"choices": [{"delta": {"content": "s12"}}]}
    assert texts_of(clean(first, delta("3t"))) == ["[x]", ""]


@pytest.mark.parametrize(
    ("holder", "name"),
    [
        (lambda text: {"choices": [{"message": {"reasoning_content": text}}]}, "reasoning_content"),
        (lambda text: {"output": {"choices": [{"message": {"content": text}}]}}, "content"),
        (lambda text: {"output": {"choices": [{"message": {"content": [{"text": text}]}}]}}, "text"),
        (lambda text: {"output": {"text": text}}, "text"),
        (lambda text: {"choices": [{"delta": {"tool_calls": [call(text)]}}]}, "arguments"),
    ],
)
def test_both_dialects_and_all_their_texts_are_read(holder: Any, name: str) -> None:
    left = clean(holder("s12"), holder("3t tea"))
    assert left == [holder("[x]"), holder(" tea")]
    assert name in repr(left)


def call(arguments: str, index: int = 0) -> dict[str, Any]:
    """A piece of a function call."""
    return {"index": index, "function": {"arguments": arguments}}


def test_parallel_calls_are_told_apart_by_their_index() -> None:
    frames = [
        {"choices": [{"delta": {"tool_calls": [call("s12"), call("s4", 1)]}}]},
        {"choices": [{"delta": {"tool_calls": [call("56t", 1), call("3t")]}}]},
    ]
    first, second = clean(*frames)
    assert first["choices"][0]["delta"]["tool_calls"] == [call("[x]"), call("[x]", 1)]
    assert second["choices"][0]["delta"]["tool_calls"] == [call("", 1), call("")]


def test_log_probabilities_go_with_what_was_taken_out_and_stay_elsewhere() -> None:
    frames = [delta("s123t"), delta("tea")]
    for frame in frames:
        frame["choices"][0]["logprobs"] = {"content": [{"token": "?"}]}
    first, second = clean(*frames)
    assert first["choices"][0]["logprobs"] is None
    assert second == frames[1]


@pytest.mark.parametrize(
    ("texts", "growing"),
    [
        (["a", "ab", "abc"], True),
        (["", "a"], True),
        (["a", "a"], True),
        (["a", "b"], False),
        (["ab", "a"], False),
        (["a", ""], False),
        (["", ""], False),
        (["a"], False),
        ([], False),
    ],
)
def test_a_stream_grows_where_each_text_repeats_the_one_before(texts: list[str], *, growing: bool) -> None:
    assert grows(texts) is growing


@given(around=st.text("s1t ", max_size=12), cuts=st.sets(st.integers(0, 29), max_size=6))
def test_what_remains_is_what_cleaning_the_whole_leaves(around: str, cuts: set[int]) -> None:
    text = f"{around}s123t{around}"
    at = sorted({0, len(text)} | {cut for cut in cuts if cut < len(text)})
    pieces = [text[start:stop] for start, stop in pairwise(at)]
    told = texts_of(clean(*map(delta, pieces)))
    assert len(told) == len(pieces)
    if not grows(pieces):
        assert "".join(told) == SECRET.sub(MARK, text)
