"""The JSON inside a body: where it stands, and how it is put back so that the rest keeps its bytes."""

import json
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.recording import documents
from mockserver.recording.documents import (
    UNREADABLE,
    Place,
    as_readable,
    choices_of,
    dump_like,
    find,
    is_sse,
    parse,
    parse_all,
    sayable,
    splice,
    text_of,
)
from tests.wire.strategies import json_values


@given(st.binary(), st.sampled_from(("replace", "surrogateescape")))
def test_a_body_that_is_no_text_becomes_the_same_in_pieces(body: bytes, errors: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "_PIECE", 3)
        assert text_of(body, errors) == body.decode("utf-8", errors)


@given(json_values)
def test_json_is_read(value: Any) -> None:
    assert parse(json.dumps(value)) == value
    assert parse(json.dumps(value).encode()) == value


def test_a_value_may_be_wide_and_is_read_to_200_levels() -> None:
    wide = [[{"a": [at]}] for at in range(300)]
    assert parse(json.dumps(wide)) == wide
    for levels, read in ((200, True), (202, False)):
        text = "[" * levels + "1" + "]" * levels
        assert (parse(text) is not UNREADABLE) is read
        assert (parse(text.encode()) is not UNREADABLE) is read


def test_half_of_a_pair_is_marked_and_two_halves_are_put_together() -> None:
    value = {"\ud83d": ["a\ud83d", "\ud83d\ude00", "\ude00\ud83d", 1, None]}
    assert sayable(value) == {"\ufffd": ["a\ufffd", "\U0001f600", "\ufffd\ufffd", 1, None]}


def test_members_that_a_later_one_hides_are_told() -> None:
    value, doubles = parse_all('{"a": 1, "a": 2, "b": {"c": 3, "c": 4, "c": 5}}')
    assert value == {"a": 2, "b": {"c": 5}}
    assert doubles == [{"c": 3}, {"c": 4}, {"a": 1}]


def test_a_body_stays_readable_when_all_that_was_json_still_is() -> None:
    before = find(b'data: {"a":1}\n\ndata: {"b":NaN}\n\n')
    assert as_readable(before, b'data: {"a":2}\n\ndata: {"b":Infinity}\n\n')
    assert not as_readable(before, b'data: {"a":NaN}\n\ndata: {"b":1}\n\n')
    assert not as_readable(before, b'data: {"a":1}\n\ndata: {"b"\n\n')


@pytest.mark.parametrize("text", ["", "{", "tea", b"\xff\xfe\x00", "[" * 100_000])
def test_what_is_no_json_or_nested_beyond_reason_is_unreadable(text: str | bytes) -> None:
    assert parse(text) is UNREADABLE


def test_the_null_of_json_is_readable() -> None:
    assert parse("null") is None


@pytest.mark.parametrize(
    ("model", "written"),
    [
        ('{"b":1}', '{"a":["茶",1]}'.replace("茶", "\\u8336")),
        ('{"b":"é"}', '{"a":["茶",1]}'),
        ('{"b": 1}', '{"a": ["\\u8336", 1]}'),
        ('{"b": "é"}', '{"a": ["茶", 1]}'),
        ('{"b":"c: d"}', '{"a":["\\u8336",1]}'),
        ('{"b\\": ":1}', '{"a":["\\u8336",1]}'),
        ("[1, 2]", '{"a":["\\u8336",1]}'),
    ],
)
def test_json_is_written_with_the_blanks_and_the_escapes_of_its_model(model: str, written: str) -> None:
    assert dump_like({"a": ["茶", 1]}, model) == written


@given(value=json_values, ascii_only=st.booleans(), spaced=st.booleans())
def test_json_of_the_usual_styles_is_written_back_as_it_was(
    value: Any, *, ascii_only: bool, spaced: bool
) -> None:
    separators = (", ", ": ") if spaced else (",", ":")
    text = json.dumps({"é": value}, ensure_ascii=ascii_only, separators=separators)
    assert dump_like(parse(text), text) == text


@pytest.mark.parametrize(
    "body",
    [
        b"data: {}\n\n",
        b"data:{}\n\n",
        b"id:1\nevent:result\ndata:{}\n\n",
        b": a comment\n\n",
        b"retry: 5\n\n",
        b"\xef\xbb\xbfdata: 1\n\n",
    ],
)
def test_frames_are_known_by_their_first_line(body: bytes) -> None:
    assert is_sse(body)


@pytest.mark.parametrize("body", [b"", b'{"data": 1}', b'["data:"]', b"<html>", b"data"])
def test_other_bodies_are_no_stream(body: bytes) -> None:
    assert not is_sse(body)


def test_a_whole_body_is_one_document() -> None:
    assert find(b'{"a": 1}') == [Place(0, 8, '{"a": 1}', {"a": 1})]


def test_each_frame_of_a_stream_has_its_document_with_its_place() -> None:
    body = b'id:1\ndata: {"a":1}\r\n\r\ndata:"tea"\n\ndata: 7\n\ndata: [DONE]\n\n'
    assert find(body) == [Place(11, 18, '{"a":1}', {"a": 1}), Place(27, 32, '"tea"', "tea")]


@pytest.mark.parametrize(
    "body", [b"", b"7", b"null", b"true", b"<html>", b"{", b"data: {\n\n", b": data: {}\n"]
)
def test_what_can_hold_no_secret_is_no_document(body: bytes) -> None:
    assert find(body) == []


@given(st.lists(json_values, max_size=4), st.sampled_from([b"data: ", b"data:", b"id:1\ndata: "]))
def test_what_is_found_stands_where_it_is_said_to(values: list[Any], start: bytes) -> None:
    body = b"".join(start + json.dumps(value).encode() + b"\n\n" for value in values)
    places = find(body)
    assert [place.value for place in places] == [
        value for value in values if isinstance(value, dict | list | str)
    ]
    assert [body[place.start : place.stop].decode() for place in places] == [place.text for place in places]


@pytest.mark.parametrize(
    ("document", "choices"),
    [
        ({"choices": [{"index": 0}, 5, None]}, [{"index": 0}]),
        ({"output": {"choices": [{"index": 1}]}, "choices": [{"index": 0}]}, [{"index": 1}]),
        ({"output": {"text": "a"}, "choices": [{"index": 0}]}, []),
        ({"output": "a", "choices": [{"index": 0}]}, [{"index": 0}]),
        ({"choices": {"index": 0}}, []),
        ({}, []),
        (None, []),
        ("choices", []),
    ],
)
def test_the_choices_of_either_dialect_are_found(document: Any, choices: list[Any]) -> None:
    assert choices_of(document) == choices


@pytest.mark.parametrize(
    ("ends", "edits", "body", "moved"),
    [
        ([3, 6], [], b"abcdef", [3, 6]),
        ([3, 6], [(0, 1, b"xyz")], b"xyzbcdef", [5, 8]),
        ([2, 4, 6], [(2, 4, b"")], b"abef", [2, 2, 4]),
        ([3, 6], [(2, 4, b"XYZ")], b"abXYZef", [5, 7]),
        ([1, 3, 5, 6], [(4, 6, b"!"), (0, 2, b"")], b"cd!", [0, 1, 3, 3]),
        ([3, 6], [(3, 3, b"!")], b"abc!def", [4, 7]),
    ],
)
def test_parts_are_exchanged_and_borders_move_with_them(
    ends: list[int], edits: list[tuple[int, int, bytes]], body: bytes, moved: list[int]
) -> None:
    assert splice(b"abcdef", ends, edits) == (body, moved)


@given(
    parts=st.lists(
        st.tuples(st.binary(max_size=6), st.none() | st.binary(max_size=6)), min_size=1, max_size=6
    )
)
def test_what_is_not_exchanged_keeps_its_chunk(parts: list[tuple[bytes, bytes | None]]) -> None:
    """Each part is a chunk; some of them are exchanged as a whole."""
    ends = list(accumulate(len(old) for old, _ in parts))
    body = b"".join(old for old, _ in parts)
    edits = [
        (end - len(old), end, new)
        for end, (old, new) in zip(ends, parts, strict=True)
        if new is not None and old
    ]
    told, moved = splice(body, ends, reversed(edits))
    kept = [old if new is None or not old else new for old, new in parts]
    assert told == b"".join(kept)
    assert moved == list(accumulate(map(len, kept)))
