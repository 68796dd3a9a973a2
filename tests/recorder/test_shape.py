"""The shape of an answer: where which types stand, and how it is framed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.recorder.shape import eventual, framing_of, names_of, paths, shape_of, type_of
from mockserver.recording.fold import Failure
from tests.recording.exchanges import (
    TEXT,
    USAGE,
    compat_body,
    compat_frames,
    dumped,
    interaction,
    native_asked,
    native_frames,
)
from tests.wire.strategies import json_values


def test_every_value_has_a_path_and_a_type() -> None:
    document = {"id": "a", "usage": {"n": 1}, "choices": [{"index": 0}, {"index": None}], "none": None}
    assert list(paths(document)) == [
        ("", "object"),
        ("id", "string"),
        ("usage", "object"),
        ("usage.n", "number"),
        ("choices", "array"),
        ("choices[]", "object"),
        ("choices[].index", "number"),
        ("choices[]", "object"),
        ("choices[].index", "null"),
        ("none", "null"),
    ]


def test_arrays_within_arrays_are_counted_by_their_brackets() -> None:
    assert list(paths([[True]])) == [("", "array"), ("[]", "array"), ("[][]", "boolean")]


@pytest.mark.parametrize("name", ["search_info", "tool_info", "plugins", "embedding", "token_ids", "tokens"])
def test_what_depends_on_the_words_is_not_gone_into(name: str) -> None:
    assert list(paths({name: [{"a": 1}]})) == [("", "object"), (name, "array")]
    assert ("top_logprobs[].a", "number") not in paths({"top_logprobs": [{"a": 1}]})


@given(json_values)
def test_no_document_has_a_value_without_its_path(value: Any) -> None:
    def count(inner: Any) -> int:
        below = inner.values() if isinstance(inner, dict) else inner if isinstance(inner, list) else ()
        return 1 + sum(map(count, below))

    assert len(list(paths(value))) == count(value)
    assert next(paths(value)) == ("", type_of(value))


@pytest.mark.parametrize(
    ("path", "comes_and_goes"),
    [
        ("choices[].delta.tool_calls", True),
        ("choices[].delta.tool_calls[].function.name", True),
        ("output.choices[].logprobs", True),
        ("search_info", True),
        ("choices[].delta.content", False),
        ("my_tool_calls", False),
        ("", False),
    ],
)
def test_some_paths_come_and_go_with_what_is_said(path: str, *, comes_and_goes: bool) -> None:
    assert eventual(path) is comes_and_goes


@pytest.mark.parametrize(
    ("answer", "framing"),
    [
        (compat_body(), "json"),
        (b"<html>", "other"),
        (b"", "other"),
        (compat_frames("a", "b"), "data:  ; data: [DONE]"),
        ([b"data:{}\n\ndata:[DONE]\n\n"], "data: ; data:[DONE]"),
        ([b'id:1\nevent:error\ndata: {"code":"x"}\n\n'], "id:\\nevent:\\ndata: "),
    ],
)
def test_an_answer_is_framed_as_json_or_by_the_lines_of_its_frames(answer: Any, framing: str) -> None:
    assert framing_of(interaction(None, answer)) == framing


def test_frames_of_one_kind_are_told_once_and_a_blank_behind_the_colon_counts() -> None:
    native = interaction(native_asked(), native_frames("a", "b", "c"), path=TEXT)
    assert framing_of(native) == "id:\\nevent:\\n:\\ndata:"
    tight = [frame.replace(b"data: ", b"data:") for frame in compat_frames("a")]
    assert framing_of(interaction(None, tight)) == "data: ; data:[DONE]"


def test_a_shape_has_the_types_of_all_its_frames_its_usage_and_its_status() -> None:
    frames = compat_frames("a")
    made = [frames[0].replace(b'"content":""', b'"content":null'), *frames[1:]]
    shape = shape_of(interaction(None, made))
    assert shape.types["choices[].delta.content"] == frozenset(("null", "string"))
    assert shape.types["choices[].finish_reason"] == frozenset(("null", "string"))
    assert (shape.status, shape.error, shape.usage) == (200, None, None)
    assert shape_of(interaction(None, compat_body())).usage == USAGE


def test_a_shape_has_its_refusal() -> None:
    refused = interaction(None, {"code": "Throttling", "message": "m"}, path=TEXT, status=429)
    shape = shape_of(refused)
    assert shape.error == Failure(429, "Throttling", "m")
    assert shape.types == {
        "": frozenset(("object",)),
        "code": frozenset(("string",)),
        "message": frozenset(("string",)),
    }


def test_what_is_no_json_has_no_types() -> None:
    shape = shape_of(interaction(None, b"<html>", status=502))
    assert (shape.types, shape.framing, shape.status) == ({}, "other", 502)


@given(json_values)
def test_what_is_said_has_no_part_in_the_shape(value: Any) -> None:
    said, other = ({"choices": value, "said": text} for text in ("tea", "milk"))
    assert shape_of(interaction(None, dumped(said))) == shape_of(interaction(None, dumped(other)))


@given(st.frozensets(st.sampled_from(["null", "string", "number", "array"])))
def test_types_are_named_in_one_order(kinds: frozenset[str]) -> None:
    assert names_of(kinds).split("|") == (sorted(kinds) or [""])
