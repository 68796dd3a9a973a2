"""What was read becomes an interaction that knows what it is: nothing silent is taken for complete."""

import gzip
import zlib
from typing import Any

import pytest

from mockserver.recording import coding
from mockserver.recording.importers.assembling import ACCEPT, assembled, frames, is_packed, rebuilt
from mockserver.recording.importers.told import Body, Skipped, Taken, Told
from mockserver.recording.interaction import Interaction
from tests.recording.exchanges import (
    TEXT,
    compat_body,
    compat_frames,
    dumped,
    native_asked,
    native_frames,
)
from tests.recording.importers.reading import interaction_of, told

ANSWER = dumped(compat_body("茶"))
STREAM = b"".join(compat_frames("你", "好"))
SSE = [("content-type", "text/event-stream")]
JSON = [("content-type", "application/json")]
GZIP = [*JSON, ("content-encoding", "gzip")]


def made(one: Told) -> Interaction:
    return interaction_of(assembled(one, "tea #1"))


def standing(one: Told) -> tuple[str, str]:
    response = made(one).response
    return response.standing, response.lost


def test_an_answer_as_it_was_sent_is_complete() -> None:
    assert standing(told(ANSWER)) == ("complete", "")
    assert standing(told(STREAM, headers=SSE)) == ("complete", "")
    assert standing(told(dumped({"error": {"message": "m"}}), status=400)) == ("complete", "")
    assert standing(told(b"", status=204, headers=[])) == ("complete", "")
    assert standing(told(b"", method="HEAD")) == ("complete", "")
    assert standing(told(b"", headers=[*JSON, ("content-length", "0")])) == ("complete", "")
    assert standing(told(b"tea", headers=[("content-type", "text/plain")])) == ("complete", "")


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"headers": SSE},
        {"headers": [("content-length", "12")]},
        {"headers": [], "sure": False},
        {"headers": [], "length": 5},
    ],
)
def test_an_answer_without_its_body_is_missing(more: dict[str, Any]) -> None:
    response = made(told(b"", **more)).response
    assert (response.standing, response.lost) == ("missing", "the tool kept no body")
    assert coding.header(response.headers, "content-length") == ""


def test_why_it_is_missing_the_tool_may_say() -> None:
    assert standing(told(b"", failure="it broke off: net::ERR_ABORTED")) == (
        "missing",
        "it broke off: net::ERR_ABORTED",
    )
    silent = told(b"", answered=Body(kept="missing", lost="it was streamed and not stored"))
    assert standing(silent) == ("missing", "it was streamed and not stored")


@pytest.mark.parametrize(
    ("answer", "headers", "why"),
    [
        (ANSWER[:40], JSON, "its JSON ends before its end"),
        (ANSWER[:-1], JSON, "its JSON ends before its end"),
        (b'{"a": "\\u00', SSE, "its JSON ends before its end"),
        (STREAM[:-16], SSE, "its stream does not end with [DONE]"),
        (b"dat", SSE, "its stream ends within its first event"),
        (ANSWER[:40], [*JSON, ("content-length", "400")], "it holds 40 of 400 bytes"),
        (
            gzip.compress(ANSWER)[:-20],
            [*JSON, ("content-encoding", "gzip")],
            "the packed body ends before the gzip does",
        ),
    ],
)
def test_an_answer_that_ends_early_is_cut(answer: bytes, headers: Any, why: str) -> None:
    assert standing(told(answer, headers=headers)) == ("cut", why)


def test_who_cut_it_is_said_where_it_is_known() -> None:
    assert made(told(ANSWER, failure="it broke off")).response.end == "cut"
    assert made(told(ANSWER, failure="it broke off", left=True)).response.end == "cut-by-client"
    assert made(told(ANSWER[:40], length=400)).response.end == "cut"


def test_a_native_stream_is_whole_when_each_choice_says_why_it_ended() -> None:
    parts = native_frames("a", "b")
    asking = {"target": (TEXT, ""), "asked": Body(data=dumped(native_asked())), "headers": SSE}
    assert standing(told(b"".join(parts), **asking)) == ("complete", "")
    assert standing(told(parts[0], **asking)) == ("cut", "its stream does not say why it ended")
    refused = b'id:1\nevent:error\n:HTTP_STATUS/400\ndata:{"code":"x","message":"m"}\n\n'
    assert standing(told(refused, **asking)) == ("complete", "")


def test_the_blank_line_behind_the_last_frame_may_have_been_lost() -> None:
    assert standing(told(STREAM.rstrip(), headers=SSE)) == (
        "rebuilt",
        "the end of its last frame was not kept",
    )
    elsewhere = {"target": ("/tea", ""), "headers": SSE}
    assert standing(told(b"data: 1\n\ndata: 2", **elsewhere)) == ("cut", "its last frame has no end")
    assert standing(told(b"data: 1\r\n\r\ndata: 2\r\n\r\n", **elsewhere)) == ("complete", "")


def test_json_that_is_wrong_otherwise_is_no_cut() -> None:
    assert standing(told(b'{"a": 1}}'))[0] == "complete"
    assert standing(told(b"oops"))[0] == "complete"
    assert standing(told(b'{"a": 01}'))[0] == "complete"


def test_headers_of_an_unpacked_body_are_put_right() -> None:
    headers = [*JSON, ("Content-Encoding", "gzip"), ("Content-Length", "7"), ("a", "b")]
    one = assembled(told(ANSWER, headers=headers), "w")
    assert isinstance(one, Taken)
    assert one.interaction.response.headers == [*JSON, ("Content-Length", str(len(ANSWER))), ("a", "b")]
    assert one.changes == (
        "it was unpacked by the tool: content-encoding gzip is left out",
        "content-length is that of the body as it is kept",
    )


@pytest.mark.parametrize("name", ["gzip", "x-gzip", "deflate"])
def test_a_body_that_is_packed_as_it_says_keeps_its_coding(name: str) -> None:
    body = zlib.compress(ANSWER) if name == "deflate" else gzip.compress(ANSWER)
    one = made(told(body, headers=[*JSON, ("content-encoding", name)]))
    assert one.response.headers[1] == ("content-encoding", name)
    assert (one.response.raw, one.response.body, one.response.standing) == (body, ANSWER, "complete")


def test_raw_deflate_is_known_too_and_identity_is_no_coding() -> None:
    packer = zlib.compressobj(wbits=-15)
    body = packer.compress(ANSWER) + packer.flush()
    assert standing(told(body, headers=[*JSON, ("content-encoding", "deflate")])) == ("complete", "")
    assert made(told(ANSWER, headers=[("content-encoding", "identity")])).response.headers == [
        ("content-encoding", "identity")
    ]


def test_another_coding_is_told_by_what_is_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_packed(b"\xff", "br")
    assert not is_packed(b"tea", "br")
    monkeypatch.setattr(coding, "MOST", 100)
    bomb = coding.packed(b"tea " * 1000, "gzip")
    assert is_packed(bomb, "gzip")
    headers = [("content-type", "text/plain"), ("content-encoding", "gzip")]
    assert standing(told(bomb, headers=headers)) == ("complete", "")


def test_what_nothing_could_find_is_skipped() -> None:
    why = "the body of its request was not kept, so no request could find it; record it again"
    assert assembled(told(ANSWER, asked=Body(kept="missing")), "w") == Skipped("w", why)
    sized = told(ANSWER, asked=Body(), sent=[("Content-Length", "12")])
    assert assembled(sized, "w") == Skipped("w", why)
    assert made(told(ANSWER, asked=Body(), sent=[("Content-Length", "0")])).request.body == b""


def test_a_stream_was_asked_for_when_it_was_answered() -> None:
    native = {
        "target": (TEXT, ""),
        "asked": Body(data=dumped(native_asked())),
        "headers": SSE,
        "headless": True,
    }
    stream = b"".join(native_frames("a", "b"))
    one = assembled(told(stream, **native), "w")
    assert isinstance(one, Taken)
    assert one.interaction.request.headers == [ACCEPT]
    assert one.changes == ("the tool keeps no headers of requests: that a stream was asked for is added",)
    assert made(told(stream, **{**native, "headless": False})).request.headers == []
    assert made(told(ANSWER, headless=True)).request.headers == []
    packed = {**native, "headers": [*JSON, ("content-encoding", "gzip")]}
    assert made(told(gzip.compress(ANSWER), **packed)).request.headers == []


def test_times_and_moments() -> None:
    parts = [chunk.at for chunk in made(told(STREAM, headers=SSE, first=10.0, last=50.0)).response.chunks]
    assert parts == [10.0, 20.0, 30.0, 40.0, 50.0]
    dated = [*JSON, ("Date", "Sun, 29 Nov 2026 13:00:36 GMT")]
    assert made(told(ANSWER, headers=dated)).recorded == "2026-11-29T13:00:36.000Z"
    assert made(told(ANSWER, headers=[*JSON, ("date", "tea time")])).recorded == ""
    assert made(told(ANSWER, headers=dated, recorded="2026-01-01T00:00:00.000Z")).recorded.startswith(
        "2026-01"
    )
    assert made(told(ANSWER, sent=[("User-Agent", "tea/1")])).client == "tea/1"


def test_what_was_rebuilt_says_so_and_what_was_changed_is_told() -> None:
    assert standing(told(b"", answered=rebuilt(ANSWER, "nock")))[0] == "rebuilt"
    one = assembled(told(b"", answered=Body(data=ANSWER, changed="put right")), "w")
    assert isinstance(one, Taken)
    assert one.changes == ("put right",)


def test_a_stream_is_cut_into_its_frames_and_nothing_else_is() -> None:
    assert frames(STREAM) == compat_frames("你", "好")
    assert frames(b"data: 1\n\ndata: 2") == [b"data: 1\n\n", b"data: 2"]
    assert (frames(b"{}"), frames(b"")) == ([b"{}"], [])


def test_a_body_that_is_longer_than_it_was_is_not_what_was_sent() -> None:
    one = told(ANSWER, headers=[*JSON, ("content-length", "5")])
    assert standing(one) == ("rebuilt", f"it holds {len(ANSWER)} bytes, and 5 were sent")


def test_of_a_body_that_was_made_anew_the_length_says_nothing() -> None:
    one = told(b"", answered=rebuilt(ANSWER, "nock"), headers=[*JSON, ("content-length", "900")])
    assert standing(one) == ("rebuilt", "nock keeps what JSON says, and not its bytes")


@pytest.mark.parametrize("body", [b"12:30", b"key: value", b"<p>a: b</p>"])
def test_a_text_with_a_colon_is_no_stream(body: bytes) -> None:
    assert standing(told(body, headers=[("content-type", "text/plain")])) == ("complete", "")


def test_the_pseudo_headers_of_http_2_are_none() -> None:
    one = made(
        told(
            ANSWER,
            sent=[(":method", "POST"), (":authority", "h.example"), ("accept", "*/*")],
            headers=[(":status", "200"), *JSON],
        )
    )
    assert one.request.headers == [("host", "h.example"), ("accept", "*/*")]
    assert one.response.headers == JSON


def test_a_header_that_http_cannot_carry_is_left_out_and_said() -> None:
    found = assembled(told(ANSWER, headers=[*JSON, ("green tea", "1"), ("", "2")]), "tea #1")
    assert isinstance(found, Taken)
    assert found.interaction.response.headers == JSON
    assert found.changes == tuple(
        f"a header that HTTP cannot carry is left out: {name}" for name in ("'green tea'", "''")
    )


@pytest.mark.parametrize("status", [101, 103])
def test_what_is_no_exchange_is_skipped(status: int) -> None:
    found = assembled(told(b"", status=status), "tea #1")
    assert found == Skipped(
        "tea #1", f"its status is {status}: an interim answer or a WebSocket, and no exchange"
    )


@pytest.mark.parametrize(
    ("body", "coding_", "kept"),
    [
        (b"b\x00", "deflate", "nobody tells whether the tool unpacked the deflate"),
        (gzip.compress(ANSWER), "", "it is packed, and its headers do not say so"),
        (zlib.compress(ANSWER), "identity", "it is packed, and its headers do not say so"),
    ],
)
def test_a_body_that_may_be_packed_or_not_is_never_complete(body: bytes, coding_: str, kept: str) -> None:
    headers = [("content-type", "text/plain"), *([("content-encoding", coding_)] if coding_ else [])]
    assert standing(told(body, headers=headers)) == ("rebuilt", kept)


def test_without_times_the_order_of_a_file_is_kept() -> None:
    dated = [*JSON, ("date", "Mon, 02 Feb 2026 02:40:00 GMT")]
    now, later = "2026-02-02T02:40:00.000Z", "2026-02-02T02:50:00.000Z"

    def recorded(one: Told, after: str) -> str:
        return interaction_of(assembled(one, "tea #1", after=after)).recorded

    assert recorded(told(ANSWER), "") == ""
    assert recorded(told(ANSWER), now) == now
    assert recorded(told(ANSWER, headers=dated), "") == now
    assert recorded(told(ANSWER, headers=dated), later) == later
    assert recorded(told(ANSWER, recorded=now), later) == now


@pytest.mark.parametrize("kind", [JSON, SSE])
@pytest.mark.parametrize("packed", [gzip.compress(ANSWER), zlib.compress(ANSWER), zlib.compress(ANSWER, 1)])
def test_what_was_packed_and_cut_is_not_whole_though_no_header_tells(packed: bytes, kind: Any) -> None:
    """WireMock 3.13 unpacks gzip alone, and writes deflate as what its bytes are as text: `x` first."""
    for size in (1, 2, 12, len(packed) - 1, len(packed)):
        assert standing(told(packed[:size], headers=kind))[0] in ("rebuilt", "cut"), size


def test_a_plain_text_may_begin_as_zlib_does() -> None:
    assert standing(told(b"x", headers=[("content-type", "text/plain")])) == ("complete", "")
