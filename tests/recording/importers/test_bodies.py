"""Bodies as the recorders write them."""

from typing import Any

import pytest

from mockserver.recording.importers.bodies import READERS, from_hex, nock, plain, typed
from mockserver.recording.importers.pieces import ImportFaultError
from mockserver.recording.importers.told import Body


def test_a_text_bytes_or_nothing() -> None:
    assert plain(None, "w", "vcr") == plain({"string": None}, "w", "vcr") == Body()
    assert plain("茶", "w", "vcr") == plain({"string": "茶"}, "w", "vcr") == Body(data="茶".encode())
    assert plain(b"\xff", "w", "vcr") == plain({"string": b"\xff"}, "w", "vcr") == Body(data=b"\xff")
    assert plain({"base64_string": "/w=="}, "w", "vcr") == Body(data=b"\xff")
    assert plain({"encoding": "ISO-8859-1", "string": "ä½\xa0"}, "w", "betamax") == Body(data="你".encode())
    assert plain({"encoding": "ASCII-8BIT", "string": "茶"}, "w", "betamax") == Body(data="茶".encode())
    assert plain({"encoding": None, "string": "a\ufffd"}, "w", "betamax").kept == "rebuilt"


def test_values_are_written_as_json_and_marked() -> None:
    found = plain({"a": [1, "é"]}, "w", "vcr")
    assert (found.data, found.kept) == ('{"a":[1,"é"]}'.encode(), "rebuilt")
    assert found.lost == "vcr keeps what JSON says, and not its bytes"
    assert plain(5, "w", "nock").data == b"5"
    assert plain({"string": "a", "more": 1}, "w", "vcr").data == b'{"string":"a","more":1}'


@pytest.mark.parametrize(
    ("holder", "data", "kept"),
    [
        ({"body": {"type": "none"}}, b"", "whole"),
        ({}, b"", "whole"),
        ({"body": {"type": "text", "content": "茶"}}, "茶".encode(), "whole"),
        ({"body": {"type": "binary", "content": "7b7d"}}, b"{}", "whole"),
        ({"body": {"type": "json", "content": {"a": "12:30"}}}, b'{"a":"12:30"}', "rebuilt"),
        ({"body": {"type": "json", "content": "tea"}}, b'"tea"', "rebuilt"),
        ({"body_type": "json", "body_content": '{"a": 1}'}, b'{"a": 1}', "rebuilt"),
        ({"body_type": "text", "body_content": "tea"}, b"tea", "whole"),
    ],
)
def test_bodies_by_type(holder: Any, data: bytes, kept: str) -> None:
    found = typed(holder, "w", "cassetter")
    assert (found.data, found.kept) == (data, kept)


@pytest.mark.parametrize("kind", ["ogg", 5])
def test_a_type_that_is_not_known_is_refused(kind: Any) -> None:
    with pytest.raises(ImportFaultError, match=r"w: its body has the type .*; known are json, text"):
        typed({"body": {"type": kind, "content": "x"}}, "w", "cassetter")


@pytest.mark.parametrize(
    ("value", "holder", "data", "kept"),
    [
        ({"a": 1.0}, {}, b'{"a":1.0}', "rebuilt"),
        (["7b", "7d"], {"rawHeaders": {"Content-Encoding": "gzip"}}, b"{}", "whole"),
        (["7b", "7d"], {"rawHeaders": ["content-encoding", "gzip"]}, b"{}", "whole"),
        (["7b", "7d"], {"headers": {"content-type": "application/json"}}, b'["7b","7d"]', "rebuilt"),
        ("7b7d", {"responseIsBinary": True}, b"{}", "whole"),
        ("7b7d", {"responseIsBinary": False}, b"7b7d", "rebuilt"),
        ("data: a\n\n", {"rawHeaders": {"Content-Type": "text/event-stream"}}, b"data: a\n\n", "whole"),
        ("tea", {"rawHeaders": {"Content-Type": "application/json"}}, b'"tea"', "rebuilt"),
        ("7", {"rawHeaders": {"Content-Type": "text/plain"}}, b'"7"', "rebuilt"),
        ('{"a": ', {"rawHeaders": {"Content-Type": "application/json"}}, b'{"a": ', "whole"),
        ("\ud800", {}, b"?", "rebuilt"),
        ("", {}, b"", "whole"),
        (None, {}, b"", "whole"),
        (None, {"response": None}, b"null", "rebuilt"),
    ],
)
def test_bodies_of_nock(value: Any, holder: Any, data: bytes, kept: str) -> None:
    found = nock(value, "w", "nock", holder)
    assert (found.data, found.kept) == (data, kept)


@pytest.mark.parametrize("value", ["7", "xy", "7b 7d", 5, None])
def test_hexadecimal_digits_are_read_strictly(value: Any) -> None:
    with pytest.raises(ImportFaultError, match="its body is no text of hexadecimal digits"):
        from_hex(value, "w")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"base64_string": "/w"}, "its body is no base64"),
        ({"base64_string": "/w==\n"}, "its body is no base64"),
        ({"base64_string": 5}, "a int stands where base64 must stand"),
        ({"string": "你", "encoding": "ascii"}, "its text cannot be written in its encoding 'ascii'"),
        (float("inf"), "its body is no JSON"),
    ],
)
def test_what_is_no_body_is_refused(value: Any, words: str) -> None:
    with pytest.raises(ImportFaultError, match=f"^w: {words}"):
        plain(value, "w", "vcr")


def test_each_way_has_its_name() -> None:
    assert {"text": plain, "typed": typed, "nock": nock} == READERS
