"""What goes over the wire, byte by byte: heads, chunks, kept connections, limits, offers declined."""

import asyncio
import gzip
import http.client
import json
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from mockserver.base import resources
from mockserver.corridor.settings import Settings
from mockserver.rules.schemas import validator
from mockserver.server.config import protocol
from mockserver.wire import sse
from mockserver.wire.ids import Ids
from tests.server.conftest import MakeLive
from tests.server.talk import ALIAS, COMPAT, MULTIMODAL, TEXT, Live, request
from tests.server.wires import open_transport

ID = "cd613e30-d8f1-9adf-91b7-584a2265b1f5"
"""The first request id of a server whose ids begin with seed 1."""

TEA = [{"role": "user", "content": "Which tea?"}]
SSE = {"X-DashScope-SSE": "enable"}

CASES: dict[str, tuple[str, dict[str, Any], str]] = {
    "compat": (COMPAT, {"model": "qwen-plus", "messages": TEA}, "compat"),
    "compat, 2026": (COMPAT, {"model": "qwen3.7-plus", "messages": TEA, "enable_thinking": False}, "compat"),
    "native text": (TEXT, {"model": "qwen-plus", "input": {"messages": TEA}}, "native-text"),
    "native multimodal": (
        MULTIMODAL,
        {
            "model": "qwen3-vl-plus",
            "input": {"messages": [{"role": "user", "content": [{"text": "Which tea?"}]}]},
        },
        "native-multimodal",
    ),
}


def _set_of(name: str, kind: str) -> str:
    dialect, _, era = name.partition(", ")
    return f"{'compat' if dialect == 'compat' else 'native'}-{kind}{'-2026' if era else ''}"


def _names(header_set: str, *, encoded: bool = False) -> list[str]:
    """The names of a set of headers in their order, and what uvicorn adds behind them."""
    pairs = resources.fixture("headers")["sets"][header_set]
    return [name for name, _ in pairs if encoded or name != "content-encoding"] + ["transfer-encoding"]


def _streamed(name: str) -> bytes:
    """The request of a case, asking for a stream."""
    path, body, _ = CASES[name]
    if path == COMPAT:
        return request("POST", path, {**body, "stream": True, "stream_options": {"include_usage": True}})
    return request("POST", path, {**body, "parameters": {"incremental_output": True}}, headers=SSE)


SAID_COMPAT = b"""\
POST /compatible-mode/v1/chat/completions HTTP/1.1
Host: dashscope.aliyuncs.com
Authorization: Bearer sk-test
Content-Type: application/json
Content-Length: 73

{"model":"qwen-plus","messages":[{"role":"user","content":"Which tea?"}]}"""

HEARD_COMPAT = b"""\
HTTP/1.1 200 OK
vary: Origin,Access-Control-Request-Method,Access-Control-Request-Headers, Accept-Encoding
x-request-id: cd613e30-d8f1-9adf-91b7-584a2265b1f5
x-dashscope-call-gateway: true
content-type: application/json
req-cost-time: 0
req-arrive-time: 1770000000250
resp-start-time: 1770000000250
x-envoy-upstream-service-time: 0
date: Mon, 02 Feb 2026 02:40:00 GMT
server: istio-envoy
transfer-encoding: chunked

155
{"model":"qwen-plus","id":"chatcmpl-cd613e30-d8f1-9adf-91b7-584a2265b1f5","choices":[{"message":{"content":\
"Oolong, please.","role":"assistant"},"index":0,"finish_reason":"stop"}],"created":1770000000,"object":\
"chat.completion","usage":{"total_tokens":17,"completion_tokens":6,"prompt_tokens":11,\
"prompt_tokens_details":{"cached_tokens":0}}}
0

"""

SAID_COMPAT_STREAM = b"""\
POST /compatible-mode/v1/chat/completions HTTP/1.1
Host: localhost:8000
authorization: bearer sk-test
content-length: 87

{"model":"qwen-plus","messages":[{"role":"user","content":"Which tea?"}],"stream":true}"""

HEARD_COMPAT_STREAM = b"""\
HTTP/1.1 200 OK
vary: Origin
x-request-id: cd613e30-d8f1-9adf-91b7-584a2265b1f5
x-dashscope-call-gateway: true
content-type: text/event-stream;charset=UTF-8
req-cost-time: 0
req-arrive-time: 1770000000250
resp-start-time: 1770000000250
x-envoy-upstream-service-time: 0
date: Mon, 02 Feb 2026 02:40:00 GMT
server: istio-envoy
x-mock-findings: usage.not-asked
transfer-encoding: chunked

e7
data: {"model":"qwen-plus","id":"chatcmpl-cd613e30-d8f1-9adf-91b7-584a2265b1f5","created":1770000000,\
"object":"chat.completion.chunk","usage":null,"choices":[{"logprobs":null,"index":0,"delta":\
{"content":"","role":"assistant"}}]}|

df
data: {"model":"qwen-plus","id":"chatcmpl-cd613e30-d8f1-9adf-91b7-584a2265b1f5","choices":[{"delta":\
{"content":"Oolong, please.","role":null},"index":0}],"created":1770000000,\
"object":"chat.completion.chunk","usage":null}|

e7
data: {"model":"qwen-plus","id":"chatcmpl-cd613e30-d8f1-9adf-91b7-584a2265b1f5","choices":[{"delta":\
{"content":"","role":null},"index":0,"finish_reason":"stop"}],"created":1770000000,\
"object":"chat.completion.chunk","usage":null}|

e
data: [DONE]|

0

"""

SAID_NATIVE_STREAM = b"""\
POST /api/v1/services/aigc/text-generation/generation HTTP/1.1
Host: 127.0.0.1
Authorization: Bearer sk-test
X-DashScope-SSE: enable
Content-Length: 139

{"model":"qwen-plus","input":{"messages":[{"role":"user","content":"Which tea?"}]},\
"parameters":{"result_format":"message","stream":false}}"""

HEARD_NATIVE_STREAM = b"""\
HTTP/1.1 200 OK
vary: Origin,Access-Control-Request-Method,Access-Control-Request-Headers
x-request-id: cd613e30-d8f1-9adf-91b7-584a2265b1f5
content-type: text/event-stream;charset=UTF-8
x-dashscope-call-gateway: true
x-dashscope-timeout: 298
x-dashscope-finished: false
req-cost-time: 0
req-arrive-time: 1770000000250
resp-start-time: 1770000000250
x-envoy-upstream-service-time: 0
date: Mon, 02 Feb 2026 02:40:00 GMT
server: istio-envoy
x-mock-findings: incremental-output.unset
transfer-encoding: chunked

136
id:1|event:result|:HTTP_STATUS/200|\
data:{"output":{"choices":[{"message":{"content":"Oolong, please.","role":"assistant"},\
"finish_reason":"stop"}]},\
"usage":{"total_tokens":17,"output_tokens":6,"input_tokens":11,"prompt_tokens_details":{"cached_tokens":0}},\
"request_id":"cd613e30-d8f1-9adf-91b7-584a2265b1f5"}|

0

"""

SAID_NATIVE_REFUSED = b"""\
POST /api/v1/services/aigc/text-generation/generation HTTP/1.1
Host: 127.0.0.1
Authorization: Bearer sk-test
Accept: text/event-stream
Content-Length: 32

{"model":"qwen-plus","input":{}}"""

HEARD_NATIVE_REFUSED = b"""\
HTTP/1.1 200 OK
vary: Origin,Access-Control-Request-Method,Access-Control-Request-Headers
x-request-id: cd613e30-d8f1-9adf-91b7-584a2265b1f5
content-type: text/event-stream;charset=UTF-8
x-dashscope-call-gateway: true
x-dashscope-timeout: 298
x-dashscope-finished: false
req-cost-time: 0
req-arrive-time: 1770000000250
resp-start-time: 1770000000250
x-envoy-upstream-service-time: 0
date: Mon, 02 Feb 2026 02:40:00 GMT
server: istio-envoy
x-mock-findings: messages.missing
transfer-encoding: chunked

c9
id:1|event:error|:HTTP_STATUS/400|\
data:{"request_id":"cd613e30-d8f1-9adf-91b7-584a2265b1f5",\
"code":"InvalidParameter",\
"message":"Either \\"prompt\\" or \\"messages\\" must exist and cannot both be none"}|

0

"""

SAID_HEAD = b"HEAD /compatible-mode/v1/chat/completions HTTP/1.1\nHost: localhost\n\n"

HEARD_HEAD = b"""\
HTTP/1.1 400 Bad Request
vary: Origin,Access-Control-Request-Method,Access-Control-Request-Headers, Accept-Encoding
x-request-id: cd613e30-d8f1-9adf-91b7-584a2265b1f5
content-type: application/json
req-cost-time: 0
req-arrive-time: 1770000000250
resp-start-time: 1770000000250
x-envoy-upstream-service-time: 0
date: Mon, 02 Feb 2026 02:40:00 GMT
server: istio-envoy

"""


def _wire(text: bytes) -> bytes:
    """The bytes of a transcript: its lines end with CRLF, and a bar is the line feed of an event."""
    return text.replace(b"\n", b"\r\n").replace(b"|\r\n\r\n", b"\n\n\r\n").replace(b"|", b"\n")


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (SAID_COMPAT, HEARD_COMPAT),
        (SAID_COMPAT_STREAM, HEARD_COMPAT_STREAM),
        (SAID_NATIVE_STREAM, HEARD_NATIVE_STREAM),
        (SAID_NATIVE_REFUSED, HEARD_NATIVE_REFUSED),
        (SAID_HEAD, HEARD_HEAD),
    ],
    ids=["compat", "compat stream", "native stream", "native stream refused", "HEAD"],
)
def test_a_transcript_comes_out_byte_by_byte(said: bytes, heard: bytes, live: Live) -> None:
    live.script({"chunks": ["Oolong, please."]})
    with live.line() as line:
        line.say(_wire(said))
        answered = b""
        while len(answered) < len(_wire(heard)):
            some = line.hear_some()
            assert some, answered
            answered += some
        assert answered == _wire(heard)
        line.say(request("GET", "/_mock/health"))
        assert line.hear().json()["status"] == "ok"


@pytest.mark.parametrize("name", CASES)
def test_a_plain_answer_has_the_headers_of_its_set_and_one_chunk(name: str, live: Live) -> None:
    path, body, schema = CASES[name]
    heard = live.ask("POST", path, body)
    assert heard.status == 200
    assert heard.names == _names(_set_of(name, "json"))
    assert heard.header("transfer-encoding") == "chunked"
    assert heard.chunks == (heard.body,)
    validator(f"{schema}.response").validate(heard.json())
    answer = heard.json()
    assert heard.header("x-request-id") == ID
    assert answer.get("request_id", answer.get("id")) in (ID, f"chatcmpl-{ID}")


@pytest.mark.parametrize("name", CASES)
def test_a_streamed_answer_has_the_headers_of_its_set_and_each_event_in_a_chunk(
    name: str, live: Live
) -> None:
    _, _, schema = CASES[name]
    live.script({"content": "Oolong, half fermented, from the hills of Anxi."})
    with live.line() as line:
        line.say(_streamed(name))
        heard = line.hear()
    assert heard.status == 200
    assert heard.names == _names(_set_of(name, "sse"))
    assert heard.chunks is not None
    assert len(heard.chunks) > 4
    for chunk in heard.chunks:
        frames = sse.read(chunk)
        assert len(frames) == 1
        assert chunk.endswith(b"\n\n")
        data = frames[0].data
        if data != "[DONE]":
            validator(f"{schema}.chunk").validate(json.loads(data or ""))
    assert (heard.chunks[-1] == sse.DONE) is (schema == "compat")
    assert ID.encode() in heard.chunks[0]
    assert heard.header("x-request-id") != ""


@pytest.mark.parametrize("name", CASES)
def test_json_is_gzipped_when_asked_and_a_stream_never(name: str, live: Live) -> None:
    path, body, _ = CASES[name]
    plain = live.ask("POST", path, body)
    live.engine.ids = Ids(1)
    packed = live.ask("POST", path, body, headers={"Accept-Encoding": "br, gzip"})
    assert packed.names == _names(_set_of(name, "json"), encoded=True)
    assert packed.header("content-encoding") == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    with live.line() as line:
        line.say(_streamed(name).replace(b"\r\n\r\n", b"\r\nAccept-Encoding: gzip\r\n\r\n", 1))
        streamed = line.hear()
    assert streamed.names == _names(_set_of(name, "sse"))
    assert b"data:" in streamed.body


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "gzip; q=0.000, br", "x-gzip"])
def test_json_stays_as_it_is_when_gzip_is_not_asked_for(accepted: str, live: Live) -> None:
    path, body, _ = CASES["compat"]
    heard = live.ask("POST", path, body, headers={"Accept-Encoding": accepted})
    assert heard.header("content-encoding") is None
    assert heard.json()["object"] == "chat.completion"


@pytest.mark.parametrize("name", CASES)
def test_a_connection_serves_one_request_after_the_other(name: str, live: Live) -> None:
    path, body, _ = CASES[name]
    with live.line() as line:
        ids = set()
        for _ in range(3):
            line.say(request("POST", path, body))
            ids.add(line.hear().header("x-request-id"))
            line.say(_streamed(name))
            heard = line.hear()
            assert heard.header("connection") is None
            ids.add(heard.header("x-request-id"))
    assert len(ids) == 6


def test_a_client_that_asks_to_close_is_closed(live: Live) -> None:
    path, body, _ = CASES["compat"]
    with live.line() as line:
        line.say(request("POST", path, body, headers={"Connection": "close"}))
        assert line.hear().header("connection") == "close"
        assert line.hear_some() == b""


def test_a_request_is_read_however_its_bytes_are_cut(live: Live) -> None:
    path, body, _ = CASES["compat"]
    said = request("POST", path, body)
    with live.line() as line:
        for at in range(len(said)):
            line.say(said[at : at + 1])
        assert line.hear().status == 200


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(live: Live) -> None:
    path, body, _ = CASES["compat"]
    head, _, rest = request("POST", path, body, headers={"Expect": "100-continue"}).partition(b"\r\n\r\n")
    with live.line() as line:
        line.say(head + b"\r\n\r\n")
        assert line.hear_some() == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.say(rest)
        assert line.hear().status == 200


def test_a_large_body_is_refused_before_a_client_that_waits_sends_it(live: Live) -> None:
    with live.line() as line:
        line.say(
            request("POST", ALIAS, headers={"Expect": "100-continue", "Content-Length": str(50 * 1024**2)})
        )
        heard = line.hear()
        assert heard.json()["error"]["code"] == "BadRequest.TooLarge"
        assert heard.header("connection") == "close"
        assert line.hear_some() == b""


OFFER = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAEAAEAAAAIAAAAB"}
"""What the HTTP client of the JDK sends with each request over plain HTTP (JDK 11 and newer)."""


def test_an_offer_of_http2_is_declined_and_the_request_answered(live: Live) -> None:
    path, body, _ = CASES["compat"]
    said = request("POST", path, body, headers=OFFER)
    with live.line() as line:
        line.say(said)
        assert line.hear().json()["object"] == "chat.completion"
        line.say(said[:-20])
        line.say(said[-20:])
        assert line.hear().json()["object"] == "chat.completion"
        line.say(request("GET", "/_mock/health", headers=OFFER))
        assert line.hear().json()["status"] == "ok"
        line.say(_streamed("compat"))
        assert line.hear().body.endswith(sse.DONE)
    shown = live.ask("GET", "/_mock/requests").json()["requests"]
    assert [entry["body"]["messages"] for entry in shown] == [TEA] * 3


def test_many_offers_in_one_piece_are_declined_one_behind_the_other(live: Live) -> None:
    path, body, _ = CASES["compat"]
    times = 300
    said = request("GET", "/_mock/health", headers=OFFER) + request("POST", path, body, headers=OFFER)
    with live.line() as line:
        line.say(said * times + request("GET", "/_mock/health"))
        for _ in range(times):
            assert line.hear().json()["status"] == "ok"
            assert line.hear().json()["object"] == "chat.completion"
        assert line.hear().json()["status"] == "ok"


def test_headers_in_many_pieces_count_once(live: Live) -> None:
    said = request("GET", "/_mock/health", headers={"X-Tea": "a" * 60_000})
    with live.line() as line:
        for at in range(0, len(said), 1000):
            line.say(said[at : at + 1000])
        assert line.hear().status == 200


def test_a_second_request_with_too_many_headers_hears_why(live: Live) -> None:
    with live.line() as line:
        line.say(request("GET", "/_mock/health"))
        assert line.hear().status == 200
        line.say(request("GET", "/_mock/health", headers={"X-Tea": "a" * 70_000}))
        assert line.hear().status == 431
        assert line.hear_some() == b""


def test_a_blank_line_on_an_idle_connection_does_not_keep_it_for_ever(make_live: MakeLive) -> None:
    live = make_live(request_timeout=0.2)
    with live.line() as line:
        line.say(request("GET", "/_mock/health"))
        assert line.hear().status == 200
        line.say(b"\r\n")
        assert line.hear().status == 408
        assert line.hear_some() == b""


def test_what_follows_a_refusal_is_not_read() -> None:
    below = open_transport()
    below.get_extra_info.return_value = None
    below.is_closing.return_value = False
    asked: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope)

    async def run() -> None:
        config = uvicorn.Config(app, lifespan="off", log_config=None, ws="none")
        config.load()
        made = protocol(Settings(request_timeout=60), crowded=app)(config, ServerState(), {})
        made.connection_made(below)
        large = {"X-Tea": "a" * 70_000, "X-Cup": "a" * 70_000}
        made.data_received(request("POST", COMPAT, b"{}", headers=large) + request("GET", "/"))
        made.data_received(request("GET", "/"))
        await asyncio.sleep(0)
        made.connection_lost(None)

    asyncio.run(run())
    (written,) = below.write.call_args.args
    assert written.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    below.write.assert_called_once()
    assert asked == []


def test_a_client_that_sends_a_body_that_is_too_large_hears_why(make_live: MakeLive) -> None:
    """`http.client` reads the answer only when it has sent everything."""
    live = make_live(max_body=1000)
    client = http.client.HTTPConnection("127.0.0.1", live.port, timeout=20)
    for _ in range(3):
        client.request("POST", COMPAT, b" " * 20_000_000, {"Authorization": "Bearer sk-test"})
        with client.getresponse() as answer:
            assert answer.status == 400
            assert json.loads(answer.read())["error"]["message"] == "Payload Too Large."


NO_HTTP = b"\x16\x03\x01"
CHAT = request("POST", *CASES["compat"][:2])
CUT_CHUNK = CHAT.partition(b"Content-Length")[0] + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"


@pytest.mark.parametrize(
    ("behind", "status"),
    [
        (NO_HTTP, 400),
        (b"}]}", 400),
        (b"TEA\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: oolong\r\n\r\n", 400),
        (CUT_CHUNK, 400),
        (request("GET", "/", headers={"X-Tea": "a" * 70_000}), 431),
        (b"CONNECT tea.example:443 HTTP/1.1\r\nHost: tea.example:443\r\n\r\n", 400),
    ],
    ids=["TLS", "three bytes", "a word", "an odd length", "an odd chunk", "large headers", "a tunnel"],
)
@pytest.mark.parametrize("before", [1, 2, 3])
def test_what_cannot_be_read_costs_no_request_before_it_its_answer(
    behind: bytes, status: int, before: int, live: Live
) -> None:
    """All of it comes in one piece. A script's steps are told, each to whom it was given."""
    for number in range(before):
        live.script({"content": f"Cup {number}."}, times=1)
    with live.line() as line:
        line.say(CHAT * before + behind)
        said = [line.hear().json()["choices"][0]["message"]["content"] for _ in range(before)]
        assert said == [f"Cup {number}." for number in range(before)]
        refused = line.hear()
        assert (refused.status, refused.header("connection")) == (status, "close")
        assert line.hear_some() == b""


def test_a_length_that_is_three_too_short_is_answered_as_the_request_that_it_makes(live: Live) -> None:
    _, _, body = CHAT.partition(b"\r\n\r\n")
    with live.line() as line:
        line.say(CHAT.replace(b"Content-Length: %d" % len(body), b"Content-Length: %d" % (len(body) - 3)))
        heard = line.hear()
        assert (heard.status, heard.header("content-type")) == (400, "application/json")
        assert heard.json()["error"]["type"] == "invalid_request_error"
        assert line.hear().header("content-type") == "text/plain"
        assert line.hear_some() == b""
    (entry,) = live.ask("GET", "/_mock/requests").json()["requests"]
    assert entry["status"] == 400


def test_what_follows_the_last_request_of_a_connection_is_not_refused(live: Live) -> None:
    """Its answer says that the connection ends, and it does."""
    with live.line() as line:
        line.say(request("POST", *CASES["compat"][:2], headers={"Connection": "close"}) + NO_HTTP)
        assert line.hear().header("connection") == "close"
        assert line.hear_some() == b""


def test_a_request_that_stays_away_lets_the_one_before_it_be_answered(make_live: MakeLive) -> None:
    live = make_live(request_timeout=0.05)
    live.script({"content": "Oolong.", "pace": {"first_ms": 200}})
    with live.line() as line:
        line.say(CHAT + CHAT[:40])
        assert line.hear().json()["choices"][0]["message"]["content"] == "Oolong."
        assert line.hear().status == 408
        assert line.hear_some() == b""


class Refusing:
    """A connection whose request is refused before its end, and the transport below it."""

    def __init__(self, *, half: bool = True) -> None:
        self.below = open_transport()
        self.below.get_extra_info.return_value = None
        self.below.can_write_eof.return_value = half
        self.done: list[str] = []
        self.waits: dict[Any, float] = {}

    def __call__(self, *then: bytes) -> list[str]:
        """What is done with the transport when the client says so much more."""

        async def nobody(scope: Scope, receive: Receive, send: Send) -> None:
            """Is never asked."""

        async def run() -> None:
            loop = asyncio.get_running_loop()
            later, clocks = loop.call_later, []

            def call_later(seconds: float, call: Any, *given: Any) -> asyncio.TimerHandle:
                clocks.append((call, later(seconds, call, *given)))
                self.waits[call] = seconds
                return clocks[-1][1]

            loop.call_later = call_later  # type: ignore[assignment,method-assign]
            config = uvicorn.Config(nobody, lifespan="off", log_config=None, ws="none")
            config.load()
            made = protocol(Settings(request_timeout=60), crowded=nobody)(config, ServerState(), {})
            made.connection_made(self.below)
            made.data_received(request("POST", COMPAT, headers={"X-Tea": "a" * 70_000}))
            for data in then:
                made.data_received(data)
            self.done = [call[0] for call in self.below.method_calls]
            made.connection_lost(None)
            assert all(clock.cancelled() for _, clock in clocks)

        asyncio.run(run())
        return [name for name in self.done if name in ("write", "write_eof", "resume_reading", "close")]


def test_what_is_refused_before_its_end_is_read_for_a_while() -> None:
    refusing = Refusing()
    assert refusing(b"a" * 1000) == ["write", "write_eof", "resume_reading"]
    assert refusing.waits[refusing.below.close] == 5


def test_what_is_refused_is_not_read_without_end() -> None:
    much = bytes(1 << 20)
    assert Refusing()(*[much] * 64) == ["write", "write_eof", "resume_reading"]
    assert Refusing()(*[much] * 65) == ["write", "write_eof", "resume_reading", "close"]


def test_a_transport_that_cannot_end_one_side_closes() -> None:
    assert Refusing(half=False)(b"a") == ["write", "close"]


def old(data: bytes) -> bytes:
    """A request as a client of HTTP/1.0 says it."""
    return data.replace(b" HTTP/1.1", b" HTTP/1.0", 1)


@pytest.mark.parametrize("name", CASES)
def test_a_client_of_http_1_0_hears_a_whole_answer_without_chunks(name: str, live: Live) -> None:
    path, asked, _ = CASES[name]
    live.script({"content": "Oolong, please."})
    with live.line() as line:
        line.say(old(request("POST", path, asked)))
        heard = line.hear_head()
        body = line.hear_all()
    assert heard.status == 200
    assert heard.header("transfer-encoding") is None
    assert heard.header("connection") == "close"
    assert "Oolong, please." in json.dumps(json.loads(body))


def test_a_client_of_http_1_0_hears_a_stream_event_by_event_until_the_line_ends(live: Live) -> None:
    live.script({"chunks": ["Oolong", ", please."]})
    with live.line() as line:
        line.say(old(request("POST", COMPAT, {**CASES["compat"][1], "stream": True})))
        heard = line.hear_head()
        said = line.hear_all()
    assert heard.header("transfer-encoding") is None
    assert heard.header("connection") == "close"
    assert said.startswith(b"data: {")
    assert said.endswith(b"data: [DONE]\n\n")


def test_a_client_of_http_1_0_hears_the_control_api_with_a_length(live: Live) -> None:
    with live.line() as line:
        line.say(old(request("GET", "/_mock/health")))
        heard = line.hear()
    assert heard.header("content-length") == str(len(heard.body))
    assert heard.json()["status"] == "ok"


def test_a_head_of_http_1_0_has_no_body(live: Live) -> None:
    with live.line() as line:
        line.say(old(request("HEAD", "/_mock/health")))
        assert line.hear_head().status == 200
        assert line.hear_all() == b""


def test_a_fault_tears_what_a_client_of_http_1_0_hears_too(live: Live) -> None:
    live.script({"content": "Oolong, please."})
    with live.line() as line:
        line.say(
            old(
                request(
                    "POST",
                    COMPAT,
                    {**CASES["compat"][1], "stream": True},
                    headers={"X-Mock-Fault": "close-mid-chunk"},
                )
            )
        )
        assert line.hear_head().status == 200
        said = line.hear_all()
    assert said.startswith(b"data: {")
    assert not said.endswith(b"data: [DONE]\n\n")
