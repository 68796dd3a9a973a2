"""Every fault through a running server, both dialects, byte for byte as a client hears it."""

import json
import re
from typing import Any

import pytest

from mockserver.faults.kinds import kinds
from mockserver.faults.odd import UNKNOWN_FINISH
from mockserver.server.gathering import GatheringTransport
from mockserver.wire import sse
from tests.faults.careful import BrokenAnswerError, read_body, read_stream
from tests.server.talk import COMPAT, TEXT, Line, Live, request

TEA = [{"role": "user", "content": "绿茶？"}]
SAID = {"content": "水要八十度。", "reasoning_content": ""}
CALL = {"tool_calls": [{"id": "call_1", "name": "brew", "arguments": {"leaf": "龙井"}}]}
SAMPLES = {
    "error": "Throttling.AllocationQuota;after=2",
    "slow": "slow=1ms",
    "stall": "stall=1ms",
    "trickle": "trickle=1ms",
}


class Raw:
    """What a client hears on a connection of its own: the head, the HTTP chunks, and how it ended."""

    def __init__(self, line: Line) -> None:
        self.data, self.reset = b"", False
        try:
            while some := line._socket.recv(65536):
                self.data += some
        except ConnectionResetError:
            self.reset = True
        self.head, _, rest = self.data.partition(b"\r\n\r\n")
        self.chunks: list[bytes] = []
        self.whole = False
        self.torn = b""
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size, 16)
            if not length:
                self.whole = rest == b"\r\n"
                break
            if len(rest) < length + 2:
                self.torn = rest
                break
            self.chunks.append(rest[:length])
            rest = rest[length + 2 :]

    @property
    def body(self) -> bytes:
        """The bytes of all whole chunks."""
        return b"".join(self.chunks)


def asked(path: str, *, stream: bool, fault: str | None, tools: bool = False) -> bytes:
    """The bytes of a request under a fault."""
    headers = {"Connection": "close"}
    if fault is not None:
        headers["X-Mock-Fault"] = fault
    tool: dict[str, Any] = {"tools": [{"type": "function", "function": {"name": "brew", "parameters": {}}}]}
    more = tool if tools else {}
    if path == COMPAT:
        options = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
        return request(
            "POST", path, {"model": "qwen-plus", "messages": TEA, **options, **more}, headers=headers
        )
    if stream:
        headers["X-DashScope-SSE"] = "enable"
    parameters = {"incremental_output": True, "result_format": "message", **more} if stream else more
    body = {"model": "qwen-plus", "input": {"messages": TEA}, "parameters": parameters}
    return request("POST", path, body, headers=headers)


def hear(live: Live, path: str, *, stream: bool, fault: str | None, tools: bool = False) -> Raw:
    """A scripted answer under a fault."""
    live.engine.scripts.clear()
    live.engine.scripts.add({"reply": CALL if tools else SAID}, live.engine.errors)
    with live.line() as line:
        line.say(asked(path, stream=stream, fault=fault, tools=tools))
        return Raw(line)


def read(raw: Raw, path: str, *, stream: bool) -> Any:
    """What a careful client makes of it. Raises `BrokenAnswerError`."""
    if raw.reset or not raw.whole:
        raise BrokenAnswerError
    if stream:
        return read_stream(raw.chunks, native=path == TEXT, cumulative=False)
    return read_body(raw.body)


EVERY = pytest.mark.parametrize("name", sorted(kinds()))
BOTH = pytest.mark.parametrize("path", [COMPAT, TEXT], ids=["compat", "native"])
WAYS = pytest.mark.parametrize("stream", [True, False], ids=["stream", "body"])


@EVERY
@BOTH
@WAYS
def test_every_fault_does_what_the_table_says(live: Live, name: str, path: str, *, stream: bool) -> None:
    kind, tools = kinds()[name], kinds()[name].where == "tools"
    good = read(hear(live, path, stream=stream, fault=None, tools=tools), path, stream=stream)
    raw = hear(live, path, stream=stream, fault=SAMPLES.get(name, name), tools=tools)
    (*_, entry) = live.engine.journal
    shown = entry.shown()["fault"]
    assert shown is None if name == "ok" else shown.startswith(name)
    if kind.harm in ("error", "incomplete"):
        with pytest.raises(BrokenAnswerError):
            read(raw, path, stream=stream)
        return
    if not stream and kind.where != "any":
        assert read(raw, path, stream=stream) == good
        return
    if kind.harm == "changed":
        if path == COMPAT:
            assert read(raw, path, stream=stream).said != good.said
        else:
            with pytest.raises(BrokenAnswerError):
                read(raw, path, stream=stream)
        return
    got = read(raw, path, stream=stream)
    # Every call of the native surface gets its own name; what is said is scripted.
    if kind.harm == "finish":
        assert [said[:-1] for said in got.said.values()] == [said[:-1] for said in good.said.values()]
        assert {said[-1] for said in got.said.values()} == {UNKNOWN_FINISH}
    else:
        assert got.said == good.said
    assert (b"text/html" in raw.head) is (kind.harm == "mislabelled")
    if kind.harm in ("none", "finish"):
        if name == "cached-input":  # told beside the numbers of the input, none of which it changes
            assert got.usage.pop("prompt_tokens_details") != good.usage.pop("prompt_tokens_details")
        assert got.usage == good.usage


@BOTH
@WAYS
@pytest.mark.parametrize(
    ("fault", "reset"),
    [
        ("reset-before-headers", True),
        ("reset-mid-chunk", True),
        ("reset-before-done", True),
        ("close-mid-chunk", False),
    ],
)
def test_a_connection_ends_at_the_socket(
    live: Live, path: str, *, stream: bool, fault: str, reset: bool
) -> None:
    raw = hear(live, path, stream=stream, fault=fault)
    assert raw.reset is reset
    assert not raw.whole
    assert bool(raw.torn) is ("mid-chunk" in fault)
    if fault == "reset-before-headers":
        assert raw.data == b""
    else:
        assert raw.head.startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_reset_before_done_lets_everything_else_through(live: Live) -> None:
    good = hear(live, COMPAT, stream=True, fault=None)
    raw = hear(live, COMPAT, stream=True, fault="reset-before-done")
    strip = re.compile(rb'"id":"[^"]*"')
    assert good.chunks[-1] == b"data: [DONE]\n\n"
    assert strip.sub(b"", raw.body) == strip.sub(b"", b"".join(good.chunks[:-1]))


def test_one_byte_is_one_http_chunk(live: Live) -> None:
    raw = hear(live, COMPAT, stream=True, fault="one-byte")
    assert {len(chunk) for chunk in raw.chunks} == {1}
    assert raw.body.endswith(b"data: [DONE]\n\n")


def test_each_byte_is_written_to_the_socket_alone(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    flush = GatheringTransport.flush

    def noted(transport: GatheringTransport) -> None:
        written.append(b"".join(transport._pieces))
        flush(transport)

    monkeypatch.setattr(GatheringTransport, "flush", noted)
    raw = hear(live, COMPAT, stream=True, fault="one-byte")
    # The head goes with the first of them, the end of the response with the last.
    assert [data for data in written if data][1:-1] == [b"1\r\n%b\r\n" % byte for byte in raw.chunks[1:]]


def test_all_in_one_is_a_single_chunk(live: Live) -> None:
    assert len(hear(live, COMPAT, stream=True, fault="all-in-one").chunks) == 1


def test_split_is_two_chunks_one_byte_further_with_each_request(live: Live) -> None:
    raws = [hear(live, COMPAT, stream=True, fault="split") for _ in range(3)]
    assert [len(raw.chunks[0]) for raw in raws] == [1, 2, 3]
    assert {len(raw.chunks) for raw in raws} == {2}


def test_a_character_is_torn_between_chunks(live: Live) -> None:
    raw = hear(live, COMPAT, stream=True, fault="mid-character")
    assert len(raw.chunks) == 1 + len([char for char in raw.body.decode() if ord(char) > 0x7F])
    for chunk in raw.chunks:
        with pytest.raises(UnicodeDecodeError):
            chunk.decode()


def test_lines_end_with_crlf(live: Live) -> None:
    raw = hear(live, TEXT, stream=True, fault="crlf")
    assert raw.body.count(b"\n") == raw.body.count(b"\r\n") > 10
    assert all(chunk.endswith(b"\r") for chunk in raw.chunks[:-1])


def test_an_empty_answer_is_200_without_a_byte(live: Live) -> None:
    raw = hear(live, COMPAT, stream=False, fault="empty")
    assert raw.head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert raw.chunks == []
    assert raw.whole


def test_a_body_under_a_fault_is_not_compressed(live: Live) -> None:
    body = {"model": "qwen-plus", "messages": TEA}
    headers = {"Accept-Encoding": "gzip", "X-Mock-Fault": "truncated-json"}
    heard = live.ask("POST", COMPAT, body, headers=headers)
    assert heard.header("content-encoding") is None
    assert heard.body.startswith(b'{"model":"qwen-plus"')


def test_a_throttled_compat_stream_ends_with_a_native_frame(live: Live) -> None:
    raw = hear(live, COMPAT, stream=True, fault="Throttling.AllocationQuota;after=2")
    *_, frame = sse.read(raw.body)
    assert (frame.id, frame.event, frame.status) == ("1", "error", 429)
    assert json.loads(frame.data or "")["code"] == "Throttling.AllocationQuota"
    assert b"[DONE]" not in raw.body


def test_an_error_at_once_is_the_refusal_of_the_surface(live: Live) -> None:
    compat = hear(live, COMPAT, stream=True, fault="Throttling.RateQuota")
    assert compat.head.startswith(b"HTTP/1.1 429 ")
    assert json.loads(compat.body)["error"]["code"] == "limit_requests"
    native = hear(live, TEXT, stream=True, fault="Throttling.RateQuota")
    assert native.head.startswith(b"HTTP/1.1 200 ")
    assert native.body.startswith(b"id:1\nevent:error\n:HTTP_STATUS/429\ndata:")
    late = hear(live, COMPAT, stream=False, fault="Throttling.RateQuota;after=5")
    assert late.head.startswith(b"HTTP/1.1 429 ")


def test_a_throttled_request_leaves_the_script_alone(live: Live) -> None:
    script = live.engine.scripts.add({"reply": SAID}, live.engine.errors)
    headers = {"X-Mock-Fault": "Throttling.RateQuota;times=2"}
    body = {"model": "qwen-plus", "messages": TEA}
    heard = [live.ask("POST", COMPAT, body, headers=headers).status for _ in range(3)]
    assert heard == [429, 429, 200]
    assert script.used == 1


@pytest.mark.parametrize("path", [COMPAT, TEXT])
def test_an_unknown_fault_is_a_400_with_the_nearest_name(live: Live, path: str) -> None:
    raw = hear(live, path, stream=True, fault="reset-mid-chunks")
    assert raw.head.startswith(b"HTTP/1.1 400 ")
    assert b"there is no fault 'reset-mid-chunks'; the nearest known one is 'reset-mid-chunk'" in raw.body


def test_a_key_is_enough_for_a_client_that_cannot_be_changed(live: Live) -> None:
    body = {"model": "qwen-plus", "messages": TEA}
    for _ in range(2):
        statuses = [live.ask("POST", COMPAT, body, key="sk-mock-throttled-twice@a").status for _ in range(3)]
        assert statuses == [429, 429, 200]
    assert live.ask("POST", COMPAT, body, key="sk-mock-throttled-twice@b").status == 429
    refused = live.ask("POST", COMPAT, body, key="sk-mock-private-thing")
    assert refused.status == 400
    assert b"private" not in refused.body


def test_a_connection_serves_on_behind_a_fault_that_ends_well(live: Live) -> None:
    body = {"model": "qwen-plus", "messages": TEA, "stream": True}
    with live.line() as line:
        for fault in ("one-byte", "trickle=0", "crlf", "empty", "truncated-json"):
            line.say(request("POST", COMPAT, body, headers={"X-Mock-Fault": fault}))
            assert line.hear().status == 200


def test_other_connections_outlive_a_reset(live: Live) -> None:
    body = {"model": "qwen-plus", "messages": TEA}
    with live.line() as line:
        line.say(request("POST", COMPAT, body))
        assert line.hear().status == 200
        assert hear(live, COMPAT, stream=True, fault="reset-mid-chunk").reset
        line.say(request("POST", COMPAT, body))
        assert line.hear().status == 200
