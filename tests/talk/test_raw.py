"""Raw replies: what may be sent as it stands, what is refused and why, and that they can be written again."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.talk.raw import BadRawError, read_raw, spec_of
from mockserver.talk.reply import Raw
from tests.wire.strategies import json_values, texts


def test_a_value_is_json_and_a_text_is_plain() -> None:
    assert read_raw({"body": {"tea": "龙井"}}) == Raw(body='{"tea":"龙井"}'.encode())
    assert read_raw({"body": "brewing"}) == Raw(
        headers=(("content-type", ("text/plain; charset=utf-8",)),), body=b"brewing"
    )


def test_the_words_of_a_script_name_the_type_and_take_headers_away() -> None:
    raw = read_raw({"status": 502, "headers": {"Content-Type": "text/html", "Server": None}, "body": "<p>"})
    assert raw == Raw(502, (("content-type", ("text/html",)), ("server", None)), b"<p>")


def test_a_reply_of_a_status_alone_has_no_body_and_no_type() -> None:
    assert read_raw({"status": 204}) == Raw(204, (("content-type", None),))


def test_frames_are_bytes_as_they_stand() -> None:
    assert read_raw({"frames": ["data: 1\r\n\r\n", ": 茶\n\n"]}).frames == (
        b"data: 1\r\n\r\n",
        ": 茶\n\n".encode(),
    )


def test_a_status_is_a_whole_number_however_json_writes_it() -> None:
    assert repr(read_raw({"status": 418.0}).status) == "418"


def test_a_text_for_an_error_is_the_body_of_one() -> None:
    assert read_raw({"error": "Closed for the night"}) == Raw(400, (), b'{"error":"Closed for the night"}')
    assert read_raw({"error": "Closed", "status": 405}).status == 405


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"body": "a", "frames": ["b"]}, "body does not go with frames"),
        ({"status": 204, "body": "tea"}, "body: a 204 has none"),
        ({"status": 304, "frames": ["tea"]}, "frames: a 304 has none"),
        ({"headers": {"x tea": "1"}}, "'x tea' is no name of a header"),
        ({"headers": {"": "1"}}, "'' is no name of a header"),
        ({"headers": {"x-tea\r\nset-cookie": "1"}}, "is no name of a header"),
        ({"headers": {"x-tea": "1\r\nset-cookie: a=b"}}, "one line of Latin-1"),
        ({"headers": {"x-tea": ["fine", "1\n2"]}}, "one line of Latin-1"),
        ({"headers": {"x-tea": "龙井"}}, "one line of Latin-1"),
        ({"headers": {"x-tea": " green"}}, "no blank around it"),
        ({"headers": {"Content-Length": "3"}}, "content-length cannot be set"),
        ({"headers": {"Content-Encoding": "gzip"}}, "content-encoding cannot be set"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "transfer-encoding belongs to the connection"),
        ({"headers": {"connection": None}}, "connection belongs to the connection"),
        ({"headers": {"X-Tea": "1", "x-tea": "2"}}, "x-tea stands there twice"),
        ({"body": "\ud83c"}, "half a surrogate pair"),
        ({"frames": ["fine", "\udf75"]}, "frames[1] holds half a surrogate pair"),
    ],
)
def test_what_would_break_the_exchange_is_refused(spec: dict[str, Any], words: str) -> None:
    with pytest.raises(BadRawError, match=re.escape(words)):
        read_raw(spec)


NAMES = st.from_regex(r"\Ax-[a-z0-9]{1,8}\Z")
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20).map(str.strip)

specs = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from([200, 201, 302, 404, 429, 502, 599]),
        "headers": st.dictionaries(
            st.one_of(NAMES, st.just("Content-Type")),
            st.one_of(VALUES, st.none(), st.lists(VALUES, min_size=1, max_size=2)),
            max_size=3,
        ),
    },
)


@given(specs, st.one_of(json_values, st.none()), st.lists(texts.filter(bool), max_size=3))
def test_a_raw_reply_is_written_again_as_it_was(spec: dict[str, Any], body: Any, frames: list[str]) -> None:
    raw = read_raw({**spec, **({"frames": frames} if frames else {"body": body})})
    assert read_raw(spec_of(raw)) == raw


@given(st.dictionaries(texts, st.one_of(texts, st.lists(texts, min_size=1, max_size=2)), max_size=3))
def test_no_header_that_is_taken_splits_a_response(headers: dict[str, Any]) -> None:
    try:
        raw = read_raw({"headers": headers})
    except BadRawError:
        return
    for name, values in raw.headers:
        for text in (name, *(values or ())):
            assert not re.search(r"[\r\n\0]", text)
            text.encode("latin-1")
