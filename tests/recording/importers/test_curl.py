"""Dumps of curl."""

import time
from pathlib import Path

import pytest

from mockserver.recording.importers import curl
from tests.recording.exchanges import COMPAT, TEXT, dumped, native_asked, native_body
from tests.recording.importers.reading import only, skipped

BODY = dumped(native_body())
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"


def test_a_dump_with_its_request_beside_it(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_bytes(b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + BODY)
    (tmp_path / "plain.request.json").write_bytes(dumped(native_asked()))
    made = only(tmp_path)
    assert (made.request.method, made.request.path, made.response.raw) == ("POST", TEXT, BODY)
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    (tmp_path / "plain.txt").write_bytes(HEAD + chunked)
    assert only(tmp_path / "plain.txt").response.raw == BODY


def test_a_verbose_dump_tells_its_request(tmp_path: Path) -> None:
    sent = b"* Connected\n> POST /compatible-mode/v1/chat/completions HTTP/1.1\n> Host: x\n>\n"
    verbose = sent + b"< HTTP/1.1 200 OK\n{ [5 bytes data]\nHTTP/2 401\ncontent-length: 2\n\n{}"
    (tmp_path / "v.txt").write_bytes(verbose)
    told = only(tmp_path / "v.txt")
    assert (told.request.path, told.response.status, told.response.raw) == (COMPAT, 401, b"{}")


def test_what_curl_says_behind_a_body_is_none_of_it(tmp_path: Path) -> None:
    sent = b"> POST /x HTTP/1.1\n> Host: x\n>\nHTTP/1.1 200 OK\n\n"
    behind = b"{ [9 bytes data]\n* Connection #0 to host x left intact\n"
    (tmp_path / "v.txt").write_bytes(sent + b"tea\n" + behind)
    assert only(tmp_path / "v.txt").response.raw == b"tea\n"
    for body in (b"tea", b"2 * 3", b"a\n* b"):
        for closing in (b"* Connection #0 to host x left intact", b"* Closing, losing connection \r\n\n"):
            (tmp_path / "v.txt").write_bytes(sent + body + closing)
            assert only(tmp_path / "v.txt").response.raw == body
    for body in (b"* tea\n", b"all left intact", b"* left intact\ntea"):
        (tmp_path / "v.txt").write_bytes(sent + body)
        assert only(tmp_path / "v.txt").response.raw == body


@pytest.mark.parametrize("many", [b"* ", b"{ [1 bytes data]\n", b"* left intact ", b"left intact", b"\r"])
def test_a_dump_is_read_in_time_that_grows_with_its_length(many: bytes) -> None:
    begun = time.process_time()
    curl._verbose(b"> a\r\nHTTP\n" + many * 100_000 + b"x")
    assert time.process_time() - begun < 5


def test_a_line_of_a_body_that_looks_like_one_of_curl_stays(tmp_path: Path) -> None:
    body = b"> tea\n* Connection #0 to host x left intact\n"
    (tmp_path / "a.txt").write_bytes(b"HTTP/1.1 200 OK\n\n" + body)
    assert only(tmp_path / "a.txt").response.raw == body


def test_the_answer_of_a_proxy_comes_first(tmp_path: Path) -> None:
    (tmp_path / "get.txt").write_bytes(b"HTTP/1.1 200 Connection established\n\nHTTP/1.1 200 OK\n\n{}")
    assert only(tmp_path / "get.txt").request.method == "GET"


def test_what_is_no_dump_is_skipped_with_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for content, words in (
        (b"", "it does not begin with a status line"),
        (b"HTTP/1.1 200 OK\nno header\n\n", "'no header' is no header"),
        (b"> what\nHTTP/1.1 200 OK\n\n", "it does not begin with a request line"),
        (b"HTTP/1.1 100 x\n\n" * 3000, "it has more interim answers than can be"),
    ):
        path.write_bytes(content)
        assert words in skipped(path, "curl")[0]


def test_a_head_with_nothing_in_it_is_no_whole_answer(tmp_path: Path) -> None:
    """A status that has no body may stand alone; any other lost what came with it."""
    (tmp_path / "a.txt").write_bytes(b"HTTP/1.1 200 OK\r\n\r\n")
    assert only(tmp_path / "a.txt").response.kept == "missing"
    (tmp_path / "b.txt").write_bytes(b"HTTP/1.1 200 OK\r\nDate: Mon, 02 Feb 2026 02:40:00 GMT\r\n\r\n")
    assert only(tmp_path / "b.txt").response.kept == "whole"
    (tmp_path / "c.txt").write_bytes(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert only(tmp_path / "c.txt").response.kept == "whole"
