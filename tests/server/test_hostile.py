"""Hostile requests over real sockets: each is refused clearly, logs no fault, and harms nobody else."""

import gc
import gzip
import itertools
import json
import logging
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from mockserver.base import resources
from mockserver.corridor.engine import Engine
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.dialects.table import named
from mockserver.rules.schemas import validator
from mockserver.server.app import App
from mockserver.talk.surface import Surface
from mockserver.testing.channel import AsgiChannel
from tests.asking import body_of
from tests.conftest import NOW, make_headers
from tests.server.conftest import MakeLive
from tests.server.talk import COMPAT, MODELS, MULTIMODAL, PATIENCE, TEXT, TOKENIZER, Line, Live, request
from tests.steps import steps

MESSAGES = [{"role": "user", "content": "Which tea?"}]
BODIES: dict[Surface, dict[str, Any]] = {
    named("compat"): {"model": "qwen-plus", "messages": MESSAGES},
    NATIVE_TEXT: {"model": "qwen-plus", "input": {"messages": MESSAGES}, "parameters": {}},
    NATIVE_MULTIMODAL: {
        "model": "qwen3-vl-plus",
        "input": {"messages": [{"role": "user", "content": [{"text": "Which tea?"}]}]},
        "parameters": {},
    },
}
PATHS = {named("compat"): COMPAT, NATIVE_TEXT: TEXT, NATIVE_MULTIMODAL: MULTIMODAL}
GOOD = request("POST", COMPAT, BODIES[named("compat")])
HEAD = f"POST {COMPAT} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk-test\r\n".encode()
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
REST = b'"messages":[{"role":"user","content":"tea"}]'
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Attack:
    """What a hostile client says; `statuses` are what it may hear, None for a line closed without a word.

    What is `said` may have a `piece` behind it, so many `times`: made when it is sent.
    """

    name: str
    said: bytes
    statuses: tuple[int | None, ...] = (400,)
    piece: bytes = b""
    times: int = 0

    @property
    def whole(self) -> bytes:
        """All that is said."""
        return self.said + self.piece * self.times


def _status_of(line: Line) -> int | None:
    """The status of the response; None when the server closes without one."""
    try:
        return line.hear().status
    except EOFError:
        return None


def _serves_on(live: Live) -> None:
    with live.line() as line:
        line.say(GOOD)
        assert line.hear().status == 200


def _no_fault_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def _truncated() -> Iterator[Attack]:
    whole = json.dumps(BODIES[named("compat")]).encode()
    for at in range(1, len(whole), 3):
        yield Attack(f"JSON cut at {at}", request("POST", COMPAT, whole[:at]))


def _bodies() -> Iterator[Attack]:
    """Bodies that are no JSON object, by their name."""
    bodies = {
        "empty": b"",
        "blank": b" \r\n\t",
        "null": b"null",
        "number": b"7",
        "string": b'"tea"',
        "list": b"[]",
        "true": b"true",
        "NaN": b'{"model":"qwen-plus","temperature":NaN,' + REST + b"}",
        "Infinity": b'{"model":"qwen-plus","temperature":Infinity,' + REST + b"}",
        "minus infinity": b'{"model":"qwen-plus","temperature":-Infinity,' + REST + b"}",
        "number beyond doubles": b'{"model":"qwen-plus","seed":1e999,' + REST + b"}",
        "lone surrogate": b'{"model":"qwen-plus","messages":[{"role":"user","content":"\\ud83c"}]}',
        "reversed surrogates": b'{"model":"qwen-plus","user":"\\udf75\\ud83c",' + REST + b"}",
        "surrogate in UTF-8": b'{"model":"qwen-plus","messages":[{"role":"user","content":"\xed\xa0\xbc"}]}',
        "invalid UTF-8": b'{"model":"qwen-plus","messages":[{"role":"user","content":"\xff\xfe"}]}',
        "overlong UTF-8": b'{"model":"qwen-plus","messages":[{"role":"user","content":"\xc0\xaf"}]}',
        "UTF-16": '{"model":"qwen-plus"}'.encode("utf-16"),
        "byte order mark": b'\xef\xbb\xbf{"model":"qwen-plus",' + REST + b"}",
        "null byte": b'{"model":"qwen-plus",' + REST + b"}\0",
        "raw null byte in a string": b'{"model":"qwen-plus","messages":[{"role":"user","content":"\0"}]}',
        "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00C\xbf\xa6\xa3\x02\x00\x00\x00",
        "form": b"model=qwen-plus&messages=tea",
        "two values": b"{}{}",
        "single quotes": b"{'model':'qwen-plus'}",
        "comma at the end": b'{"model":"qwen-plus",' + REST + b",}",
        "comment": b'{/* tea */"model":"qwen-plus",' + REST + b"}",
        "nested lists": b'{"model":"qwen-plus","messages":' + b"[" * 300 + b"]" * 300 + b"}",
        "nested objects": b'{"model":"qwen-plus",' + REST + b',"a":' + b'{"a":' * 300 + b"1" + b"}" * 301,
        "very deep": b"[" * 200_000,
    }
    for (name, body), (surface, path) in itertools.product(bodies.items(), PATHS.items()):
        yield Attack(f"{name} as {surface.name}", request("POST", path, body))


def _fields() -> Iterator[Attack]:
    """Bodies that are JSON objects and still wrong."""
    compat = {
        "no model": b"{" + REST + b"}",
        "empty model": b'{"model":"",' + REST + b"}",
        "model as a list": b'{"model":["qwen-plus"],' + REST + b"}",
        "no messages": b'{"model":"qwen-plus"}',
        "empty messages": b'{"model":"qwen-plus","messages":[]}',
        "duplicate keys, the last one wrong": b'{"model":"qwen-plus","messages":7,'
        + REST
        + b',"messages":7}',
        "giant integer": b'{"model":"qwen-plus","max_tokens":' + b"9" * 400_000 + b"," + REST + b"}",
        "giant seed": b'{"model":"qwen-plus","seed":1e300,' + REST + b"}",
        "giant n": b'{"model":"qwen-plus","n":1e300,' + REST + b"}",
        "giant negative": b'{"model":"qwen-plus","max_tokens":-1e300,' + REST + b"}",
    }
    for name, body in compat.items():
        yield Attack(name, request("POST", COMPAT, body))
    yield Attack(
        "model of a megabyte",
        request("POST", COMPAT, {"model": "q" * MEGABYTE, "messages": MESSAGES}),
        (404,),
    )
    yield Attack(
        "null byte in the model",
        request("POST", COMPAT, {"model": "qwen-plus\0", "messages": MESSAGES}),
        (404,),
    )
    tokenizer = {
        "a number for content": {"role": "user", "content": [1]},
        "a message without role": {"content": "tea"},
        "a message that is none": 7,
    }
    for name, message in tokenizer.items():
        asked = {"model": "qwen-plus", "input": {"messages": [message]}}
        yield Attack(f"tokenizer: {name}", request("POST", TOKENIZER, asked))
    yield Attack("tokenizer: no JSON", request("POST", TOKENIZER, b"{"))
    yield Attack(
        "embeddings: nested",
        request(
            "POST", "/compatible-mode/v1/embeddings", b'{"model":"text-embedding-v4","input":' + b"[" * 999
        ),
    )
    yield Attack(
        "embeddings: numbers",
        request("POST", "/compatible-mode/v1/embeddings", {"model": "text-embedding-v4", "input": [1.5, {}]}),
    )


def _control() -> Iterator[Attack]:
    replies = "/_mock/replies"
    deep = b"[" * 300 + b"]" * 300
    bodies = {
        "no JSON": b"{",
        "list": b"[]",
        "nested": b'{"reply":{"search_info":{"a":' + deep + b"}}}",
        "nested arguments": b'{"reply":{"tool_calls":[{"name":"f","arguments":{"a":' + deep + b"}}]}}",
        "lone surrogate": b'{"reply":{"content":"\\ud800"}}',
        "no regular expression": b'{"match":{"system":{"regex":"("}},"reply":{}}',
        "giant pace": b'{"reply":{"content":"tea","pace":{"first_ms":1e300}}}',
        "giant pace of tokens": b'{"reply":{"content":"tea","pace":{"per_token_ms":600001}}}',
        "giant times": b'{"times":1e300,"reply":{"contents":""}}',
        "empty": b"",
    }
    for name, body in bodies.items():
        yield Attack(f"control: {name}", request("POST", replies, body))
    declared = request("POST", replies, headers={"Content-Length": str(50 * MEGABYTE)})
    yield Attack("control: 50 MB", declared, (413,), b" " * MEGABYTE, 50)
    yield Attack("control: query of bytes", request("GET", "/_mock/requests?since=%ff"))
    yield Attack("control: limit of digits", request("GET", f"/_mock/requests?limit={'9' * 5000}"))
    yield Attack("control: unknown call", request("GET", "/_mock/%00"), (404,))
    yield Attack("control: wrong method", request("PATCH", "/_mock/reset"), (405,))


def _http() -> Iterator[Attack]:
    """Bytes that are no HTTP, or more of it than anybody needs."""
    large = b"a" * 100_000
    http = {
        "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "null bytes": b"\0" * 1000,
        "unknown method": b"BREW /tea HTTP/1.1\r\n\r\n",
        "null byte in the path": b"GET /\0 HTTP/1.1\r\n\r\n",
        "raw bytes in the path": b"GET /\xff\xfe HTTP/1.1\r\n\r\n",
        "null byte in a header": HEAD + b"X-Tea: \0\r\n\r\n",
        "line feed in a header name": HEAD + b"X\n-Tea: 1\r\n\r\n",
        "header without colon": HEAD + b"tea\r\n\r\n",
        "blank in a header name": HEAD + b"X Tea : 1\r\n\r\n",
        "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "length and chunks": HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "negative length": HEAD + b"Content-Length: -2\r\n\r\n{}",
        "length of letters": HEAD + b"Content-Length: two\r\n\r\n{}",
        "giant length": HEAD + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n{}",
        "chunk size of letters": CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n",
        "giant chunk size": CHUNKED + b"f" * 30 + b"\r\n{}\r\n0\r\n\r\n",
        "negative chunk size": CHUNKED + b"-1\r\n{}\r\n0\r\n\r\n",
        "chunk longer than its size": CHUNKED + b"1\r\n{}\r\n0\r\n\r\n",
        "chunk without end of line": CHUNKED + b"2\r\n{}0\r\n\r\n",
        "proxy": b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "blank lines, then garbage": b"\r\n\r\n\r\n\x16",
    }
    for name, said in http.items():
        yield Attack(name, said)
    yield Attack("garbage behind a request", HEAD + b"Content-Length: 2\r\n\r\n{}\x16\x03\x01")
    large_headers = {
        "header of 100 kB": HEAD + b"X-Tea: " + large + b"\r\n\r\n",
        "header name of 100 kB": HEAD + large + b": 1\r\n\r\n",
        "path of 100 kB": b"GET /" + large + b" HTTP/1.1\r\n\r\n",
        "key of 100 kB": b"GET / HTTP/1.1\r\nAuthorization: Bearer sk-" + large + b"\r\n\r\n",
        "10,000 headers": HEAD + b"x:\r\n" * 10_000 + b"\r\n",
        "10,000 long headers": HEAD + b"X-Tea: oolong\r\n" * 10_000 + b"\r\n",
        "header without end": HEAD + b"X-Tea: " + large * 30,
        "trailer without end": CHUNKED + b"2\r\n{}\r\n0\r\nX-Tea: " + large * 30,
        "10,000 trailers": CHUNKED + b"2\r\n{}\r\n0\r\n" + b"x:\r\n" * 10_000 + b"\r\n",
        "trailers of 100 kB": CHUNKED + b"2\r\n{}\r\n0\r\nX-Tea: " + large + b"\r\n\r\n",
        "offer of a protocol of 100 kB": HEAD + b"Connection: upgrade\r\nUpgrade: " + large + b"\r\n\r\n",
    }
    for name, said in large_headers.items():
        yield Attack(name, said, (431,))


def _large() -> Iterator[Attack]:
    size = 50 * MEGABYTE
    chunk = b"100000\r\n" + b"a" * MEGABYTE + b"\r\n"
    for path in (COMPAT, TEXT, MULTIMODAL, TOKENIZER):
        head = f"POST {path} HTTP/1.1\r\nAuthorization: Bearer sk-test\r\n".encode()
        declared = head + b"Content-Length: %d\r\n\r\n" % size
        yield Attack(f"50 MB declared on {path}", declared)
        yield Attack(f"50 MB declared and sent on {path}", declared, (400,), b"a" * MEGABYTE, 50)
        chunked = head + b"Transfer-Encoding: chunked\r\n\r\n"
        yield Attack(f"50 MB in chunks on {path}", chunked, (400,), chunk, 50)


def _packed() -> Iterator[Attack]:
    bomb = gzip.compress(bytes(64 * MEGABYTE))
    for path in (*PATHS.values(), TOKENIZER, "/compatible-mode/v1/embeddings"):

        def said(body: bytes, coding: str, path: str = path) -> bytes:
            return request("POST", path, body, headers={"Content-Encoding": coding})

        yield Attack(f"a bomb on {path}", said(bomb, "gzip"))
        yield Attack(f"an unknown coding on {path}", said(b"{}", "tea"), (415,))
        yield Attack(f"two codings on {path}", said(b"{}", "gzip, br"), (415,))
        for coding in ("gzip", "deflate", "br", "zstd"):
            yield Attack(f"{coding} that is none on {path}", said(b'{"model":"qwen-plus"}', coding))
    yield Attack(
        "control: a bomb",
        request("POST", "/_mock/replies", bomb, headers={"Content-Encoding": "gzip"}),
        (413,),
    )


def _unusual() -> Iterator[Attack]:
    """Requests that are strange, but have an answer."""
    yield Attack("null byte in a path", request("GET", "/%00%ff"), (404,))
    yield Attack("path out of the root", request("GET", "/../../etc/passwd"), (404,))
    yield Attack("no path", request("OPTIONS", "*"), (404,))
    yield Attack("broken host", request("POST", MODELS, headers={"Host": "[bad"}))
    yield Attack("empty host", request("POST", MODELS, headers={"Host": ""}))
    yield Attack("key of bytes", request("POST", COMPAT, b"{}", key="sk-\xff\xfe"), (401,))
    yield Attack("empty key", request("POST", COMPAT, BODIES[named("compat")], key=""), (401,))
    yield Attack(
        "another scheme",
        request("POST", COMPAT, BODIES[named("compat")], key=None, headers={"Authorization": "Basic c2s="}),
        (401,),
    )
    yield Attack("form that is none", request("POST", "/api/v1/uploads/files", b"tea"))
    yield Attack(
        "form without end",
        request(
            "POST",
            "/api/v1/uploads/files",
            b"--a\r\n",
            headers={"Content-Type": "multipart/form-data;boundary=a"},
        ),
    )


ATTACKS = [
    *_truncated(),
    *_bodies(),
    *_fields(),
    *_control(),
    *_http(),
    *_large(),
    *_packed(),
    *_unusual(),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_a_hostile_request_is_refused_and_harms_nobody(
    attack: Attack, live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    with live.line() as line:
        line.say(attack.whole)
        assert _status_of(line) in attack.statuses
    _serves_on(live)
    assert live.ask("GET", "/_mock/requests").status == 200
    _no_fault_logged(caplog)


def test_there_are_a_hundred_hostile_requests_and_more() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 100


WRONG = (7.5, True, "tea", ["tea", {}], {"tea": [1]}, -1)
"""Values of every type; each field dislikes some."""


def _wrong_types() -> Iterator[tuple[str, Surface, bytes]]:
    """Each known field of each surface with each value of a type that its schema forbids."""
    for surface, good in BODIES.items():
        schema = f"{surface.name}.request"
        known = resources.schema(schema)
        fields: list[tuple[str | int, ...]] = [(name,) for name in known["properties"]]
        if surface.dialect == "native":
            fields += [("parameters", name) for name in known["properties"]["parameters"]["properties"]]
            fields += [("input", name) for name in known["properties"]["input"]["properties"]]
        place = ("input", "messages", 0) if surface.dialect == "native" else ("messages", 0)
        fields += [(*place, name) for name in known["$defs"]["message"]["properties"]]
        for path, wrong in itertools.product(fields, WRONG):
            body = json.loads(json.dumps(good))
            parent = body
            for step in path[:-1]:
                parent = parent[step]
            parent[path[-1]] = wrong
            if not validator(schema).is_valid(body):
                yield (
                    f"{surface.name} {'.'.join(map(str, path))}={wrong!r}",
                    surface,
                    json.dumps(body).encode(),
                )


WRONG_TYPES = list(_wrong_types())


@pytest.mark.parametrize("surface", BODIES)
def test_a_value_of_a_wrong_type_is_refused_for_every_known_field(
    surface: Surface, live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    error_schema = validator("native.error" if surface.dialect == "native" else "compat.error")
    asked = [(name, body) for name, asked_of, body in WRONG_TYPES if asked_of is surface]
    assert len(asked) > 100
    with live.line() as line:
        for name, body in asked:
            line.say(request("POST", PATHS[surface], body))
            heard = line.hear()
            assert 400 <= heard.status < 500, (name, heard)
            error_schema.validate(heard.json())
        line.say(GOOD)
        assert line.hear().status == 200
    _no_fault_logged(caplog)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\r\n",
        b"P",
        b"POST / HTTP/1.1\r\nHost: loc",
        HEAD + b"\r\n"[:1],
        HEAD + b"Content-Length: 10\r\n\r\n",
        HEAD + b"Content-Length: 10\r\n\r\n{",
        CHUNKED + b"1\r\n{\r\n",
        CHUNKED + b"1;tea=" + b"oolong" * 1000,
    ],
    ids=[
        "silence",
        "blank line",
        "letter",
        "header",
        "head",
        "no body",
        "half a body",
        "half a chunk",
        "extension",
    ],
)
def test_a_request_that_never_ends_is_ended(
    said: bytes, make_live: MakeLive, caplog: pytest.LogCaptureFixture
) -> None:
    live = make_live(request_timeout=0.3)
    with live.line() as line:
        line.say(said)
        heard = line.hear()
        assert heard.status == 408
        assert heard.body == b"The request was not there as a whole in time.\n"
        assert line.hear_some() == b""
    _serves_on(live)
    _no_fault_logged(caplog)


def test_a_second_request_that_never_ends_is_ended_too(
    make_live: MakeLive, caplog: pytest.LogCaptureFixture
) -> None:
    live = make_live(request_timeout=0.3)
    with live.line() as line:
        line.say(GOOD)
        assert line.hear().status == 200
        line.say(GOOD[:-5])
        assert line.hear().status == 408
        assert line.hear_some() == b""
    _no_fault_logged(caplog)


@pytest.mark.parametrize("path", [COMPAT, TEXT, TOKENIZER, "/_mock/replies", "/_mock/reset"])
def test_a_client_that_leaves_within_its_body_is_forgotten(
    path: str, live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    with live.line() as line:
        line.say(f"POST {path} HTTP/1.1\r\nContent-Length: 100\r\n\r\n{{".encode())
    _serves_on(live)
    _no_fault_logged(caplog)


def test_a_client_that_leaves_within_a_stream_is_forgotten(
    live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    live.script({"content": "tea " * 50_000})
    with live.line() as line:
        line.say(request("POST", COMPAT, {**BODIES[named("compat")], "stream": True}))
        assert line.hear_head().status == 200
    live.engine.reset()
    _serves_on(live)
    _no_fault_logged(caplog)


def test_pipelined_requests_are_answered_in_their_order(live: Live, caplog: pytest.LogCaptureFixture) -> None:
    live.script({"content": "The first."}, turn=1)
    streamed = {**BODIES[named("compat")], "stream": True}
    with live.line() as line:
        line.say(request("POST", COMPAT, streamed) + request("GET", "/_mock/health") + GOOD)
        assert line.hear().body.endswith(b"data: [DONE]\n\n")
        assert line.hear().json()["status"] == "ok"
        assert line.hear().json()["choices"][0]["message"]["content"] == "The first."
    _no_fault_logged(caplog)


@pytest.mark.parametrize(
    "second",
    [b"\x16\x03\x01", b"GET / HTTP/1.1\r\nX-Tea: " + b"a" * 100_000 + b"\r\n\r\n"],
    ids=["garbage", "large"],
)
def test_garbage_behind_a_request_does_not_break_into_its_stream(
    second: bytes, live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    live.script({"content": "tea " * 60_000})
    with live.line() as line:
        line.say(request("POST", COMPAT, {**BODIES[named("compat")], "stream": True}))
        assert line.hear_head().status == 200
        line.say(second)
        stream, refusal, _ = line.hear_all().partition(b"HTTP/1.1 4")
    assert stream.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
    assert refusal
    _no_fault_logged(caplog)


PACED = {"content": "tea " * 200, "pace": {"per_token_ms": 60_000}}
LONG = {"content": "tea " * 60_000}


def _idle(live: Live) -> None:
    """Asks until the server holds no connection and no task any more, of whoever came before."""
    state = live.server.server_state
    until = time.monotonic() + PATIENCE
    busy = True
    while busy:
        assert time.monotonic() < until, (state.connections, state.tasks)
        with live.line() as line:
            line.say(request("GET", "/_mock/health", headers={"Connection": "close"}))
            line.hear_all()
        busy = bool(state.connections or state.tasks)


def _cycles() -> int:
    """How many exchanges are held by anything."""
    gc.collect()
    return sum(issubclass(type(thing), RequestResponseCycle) for thing in gc.get_objects())


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("reply", [PACED, LONG], ids=["paced", "long"])
@pytest.mark.parametrize("reset", [False, True], ids=["closes", "resets"])
def test_a_client_that_vanishes_frees_all_it_held(
    reply: dict[str, Any], make_live: MakeLive, caplog: pytest.LogCaptureFixture, *, stream: bool, reset: bool
) -> None:
    live = make_live()
    live.script(reply)
    before = _cycles()
    for _ in range(10):
        with live.line() as line:
            line.say(request("POST", COMPAT, {**BODIES[named("compat")], "stream": stream}))
            if stream:
                assert line.hear_head().status == 200
            if reset:
                line.reset_on_close()
    _idle(live)
    assert _cycles() <= before
    live.engine.reset()
    _serves_on(live)
    _no_fault_logged(caplog)


def test_clients_that_vanish_leave_no_memory_behind(make_live: MakeLive) -> None:
    live = make_live(journal=10)
    live.script({"content": "tea " * 20_000})
    asked = request("POST", COMPAT, {**BODIES[named("compat")], "stream": True})

    def vanish(times: int) -> None:
        for _ in range(times):
            with live.line() as line:
                line.say(asked)
                assert line.hear_head().status == 200
        _idle(live)
        gc.collect()

    vanish(15)
    tracemalloc.start()
    try:
        # Of what went out so much is kept as ten of these streams hold.
        vanish(10)
        before = tracemalloc.get_traced_memory()[0]
        vanish(20)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    # One of these streams holds more than a megabyte of frames.
    assert grown < MEGABYTE


def test_a_client_that_never_reads_is_cut_off(make_live: MakeLive, caplog: pytest.LogCaptureFixture) -> None:
    live = make_live(idle_timeout=0.3)
    live.script({"content": "tea " * 200_000})
    with live.line() as line:
        line.say(request("POST", COMPAT, {**BODIES[named("compat")], "stream": True}))
        assert line.hear_head().status == 200
        _idle(live)
        assert not line.hear_all().endswith(b"0\r\n\r\n")
    _no_fault_logged(caplog)


def test_a_client_that_reads_slowly_is_waited_for(make_live: MakeLive) -> None:
    live = make_live(idle_timeout=5)
    live.script({"content": "tea " * 100_000})
    with live.line() as line:
        line.say(request("POST", COMPAT, {**BODIES[named("compat")], "stream": True}))
        assert line.hear().body.endswith(b"data: [DONE]\n\n")


def test_a_connection_that_rests_too_long_is_closed(make_live: MakeLive) -> None:
    live = make_live(idle_timeout=0.1)
    with live.line() as line:
        line.say(GOOD)
        assert line.hear().status == 200
        assert line.hear_some() == b""


@pytest.mark.parametrize(
    ("path", "code"),
    [(COMPAT, "Throttling"), (TEXT, "Throttling"), ("/_mock/health", "Throttling"), (MODELS, "Throttling")],
)
def test_a_connection_too_many_hears_the_clouds_words(
    path: str, code: str, make_live: MakeLive, caplog: pytest.LogCaptureFixture
) -> None:
    live = make_live(max_connections=2)
    with live.line() as first, live.line() as second:
        for line in (first, second):
            line.say(GOOD)
            assert line.hear().status == 200
        with live.line() as third:
            third.say(request("POST", path, {"stream": True}))
            heard = third.hear()
            assert heard.status == 429
            assert heard.header("connection") == "close"
            told = heard.json()
            assert (told["error"] if path in (COMPAT, MODELS) else told)["code"] == code
            assert "Too many requests in route. Please try again later." in heard.body.decode()
            assert third.hear_some() == b""
        first.say(GOOD)
        assert first.hear().status == 200
    _idle(live)
    _serves_on(live)
    _no_fault_logged(caplog)


def test_connections_that_only_stay_are_closed_beyond_twice_the_limit(make_live: MakeLive) -> None:
    live = make_live(max_connections=1)
    with live.line() as first:
        first.say(GOOD)
        assert first.hear().status == 200
        with live.line() as second, live.line() as third:
            assert third.hear_all() == b""
            second.say(GOOD)
            assert second.hear().status == 429
    _idle(live)
    _serves_on(live)


MARK = "teapot-7f3a"
PLACES = (
    f"/etc/{MARK}",
    f"../../../../etc/{MARK}",
    f"..%2f..%2fetc%2f{MARK}",
    f"file:///etc/{MARK}",
    f"\\\\server\\{MARK}",
    f"http://{MARK}.invalid/tea.png",
    f"https://{MARK}.invalid/tea.png",
    f"oss://bucket/../../{MARK}",
    f"!!python/object/apply:os.system ['{MARK}']",
    f"`{MARK}` $({MARK}) {{{{{MARK}}}}}",
)
"""What a careless server would open, ask for or run."""


def _naming(place: str) -> Iterator[bytes]:
    """Requests that name a place wherever a request can name something."""
    picture = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": place}}]}
    yield request("POST", COMPAT, {"model": "qwen3-vl-plus", "messages": [picture]})
    parts = [{kind: place} for kind in ("image", "video", "audio", "file", "text")]
    yield request(
        "POST",
        MULTIMODAL,
        {"model": "qwen3-vl-plus", "input": {"messages": [{"role": "user", "content": parts}]}},
    )
    told = [{"role": "system", "content": f"fileid://{place}"}, {"role": "user", "content": place}]
    yield request("POST", COMPAT, {"model": "qwen-long", "messages": told, "user": place, "file": place})
    for path in PATHS.values():
        yield request("POST", path, {"model": place, "messages": told, "input": {"messages": told}})
    schema = {"$ref": place, "$id": place, "$schema": place, "pattern": place}
    form = {"type": "json_schema", "json_schema": {"name": "tea", "schema": schema}}
    yield request("POST", COMPAT, {**BODIES[named("compat")], "response_format": form})
    tool = {"type": "function", "function": {"name": "tea", "parameters": schema}}
    yield request("POST", COMPAT, {**BODIES[named("compat")], "tools": [tool]})
    yield request("POST", TOKENIZER, {"model": "qwen-plus", "input": {"messages": told}})
    yield request("POST", "/compatible-mode/v1/embeddings", {"model": "text-embedding-v4", "input": place})
    plain = quote(place, safe="/%")
    for path in (f"/{plain}", f"/_mock/{plain}", f"/_mock/replies/{plain}", f"{MODELS}/{plain}"):
        yield request("GET", path)
    yield request("GET", f"/api/v1/uploads?action=getPolicy&model={quote(place)}")
    yield request("GET", f"/_mock/requests?model={quote(place)}")
    reply = {"content": place, "search_info": {"search_results": [{"url": place}]}}
    yield request(
        "POST", "/_mock/replies", {"match": {"model": place, "header": {"x": place}}, "reply": reply}
    )
    yield request("POST", "/_mock/replies", {"file": place, "reply": {"$include": place}})
    yield request("POST", "/_mock/replies", place.encode(), headers={"Content-Type": "application/yaml"})
    headers = (
        "X-DashScope-OssResourceResolve",
        "X-DashScope-Session",
        "X-Mock-Fault",
        "Referer",
        "X-Forwarded-For",
    )
    yield request("POST", COMPAT, BODIES[named("compat")], headers=dict.fromkeys(headers, place))


def test_nothing_that_a_request_names_is_opened_asked_for_or_run(live: Live) -> None:
    """The interpreter tells what its server thread opens, connects to, runs or imports."""
    seen: list[str] = []
    watching = True

    def watch(name: str, arguments: tuple[Any, ...]) -> None:
        if watching and threading.current_thread() is not test and MARK in repr(arguments):
            seen.append(f"{name}{arguments!r}"[:300])

    test = threading.current_thread()
    sys.addaudithook(watch)
    try:
        for said in itertools.chain.from_iterable(map(_naming, PLACES)):
            with live.line() as line:
                line.say(said)
                assert _status_of(line) in (200, 201, 400, 404, 405)
    finally:
        watching = False
    assert seen == []


CHATS = {
    **PATHS,
    named("anthropic"): "/apps/anthropic/v1/messages",
    named("responses"): "/compatible-mode/v1/responses",
}
DEEP = {"open": "[" * 100_000, "closed": "[" * 2000 + "]" * 2000, "object": '{"a":' * 2000 + "1" + "}" * 2000}
"""Arguments of a call that are nested beyond what is read."""


@pytest.mark.parametrize("arguments", DEEP.values(), ids=DEEP)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("surface", CHATS, ids=lambda surface: surface.name)
def test_a_scripted_call_with_arguments_of_any_depth_is_answered(
    client: TestClient, surface: Surface, *, stream: bool, arguments: str
) -> None:
    script = {"reply": {"tool_calls": [{"name": "f", "arguments": arguments}]}}
    assert client.post("/_mock/replies", json=script).status_code == 201
    model = "qwen3-vl-plus" if surface is NATIVE_MULTIMODAL else "qwen-plus"
    body = body_of("Tea?", model=model, surface=surface, stream=stream)
    headers = {"X-DashScope-SSE": "enable"} if stream and surface.voice == "native" else {}
    answer = client.post(CHATS[surface], json=body, headers=headers)
    assert answer.status_code == 200
    assert "InternalError" not in answer.text


@pytest.mark.parametrize("arguments", DEEP.values(), ids=DEEP)
def test_a_past_call_with_arguments_of_any_depth_is_let_in_by_a_lenient_server(
    client: TestClient, arguments: str
) -> None:
    client.put("/_mock/rules", json={"mode": "lenient"})
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": arguments}}
    past = [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "ok"},
    ]
    assert client.post(COMPAT, json=_chat(messages=[*MESSAGES, *past])).status_code == 200


def _chat(**more: Any) -> Any:
    return {**BODIES[named("compat")], **more}


def _tool(name: str, parameters: Any) -> Any:
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


def _wide(size: int, *, forced: bool) -> Any:
    leaves = {f"leaf_{number}": {"type": "string"} for number in range(size)}
    tool = _tool("brew", {"type": "object", "properties": leaves, "required": list(leaves) if forced else []})
    choice = {"type": "function", "function": {"name": "brew"}} if forced else "auto"
    return _chat(tools=[tool], tool_choice=choice)


def _called(size: int, turn: int) -> Any:
    calls = [
        {"id": f"call_{number}", "type": "function", "function": {"name": "brew", "arguments": "{}"}}
        for number in range(size)
    ]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "ok"} for call in calls]
    asked = {"role": "assistant", "content": "", "tool_calls": calls}
    return _chat(messages=[*MESSAGES, asked, *results[::turn]])


MUCH: dict[str, Callable[[int], Any]] = {
    "unknown fields": lambda size: _chat(**{f"temperatur{number}": number for number in range(size)}),
    "tools": lambda size: _chat(tools=[_tool(f"brew_{at}", {"type": "object"}) for at in range(size)]),
    "properties": lambda size: _wide(size, forced=False),
    "properties, forced": lambda size: _wide(size, forced=True),
    "tool calls": lambda size: _called(size, 1),
    "tool calls, results turned": lambda size: _called(size, -1),
    "messages": lambda size: _chat(messages=MESSAGES * size),
}
"""Requests of which there may be more and more, by what makes them large."""

TIMES, SIZE, EXCHANGES = 4, 200, 60
MOST = 1.15 * TIMES
"""So many times the steps may be taken for four times as much; what looks at each two takes sixteen times."""


@pytest.mark.parametrize("name", MUCH)
def test_so_many_times_as_much_takes_as_many_times_the_steps(name: str, engine: Engine) -> None:
    def taken(size: int) -> int:
        engine.reset()
        body = json.dumps(MUCH[name](size)).encode()
        return steps(lambda: engine.chat(named("compat"), make_headers(), body, arrived=NOW))

    taken(TIMES * SIZE)  # what is made once is made now, and what is remembered is known
    assert taken(TIMES * SIZE) <= MOST * taken(SIZE)


ASKED: dict[str, Callable[[AsgiChannel], bytes]] = {
    "a list": lambda channel: channel.call("GET", "requests"),
    "a scenario": lambda channel: channel.call("GET", "requests", format="scenario"),
    "a search": lambda channel: channel.call("GET", "requests", contains="no such tea"),
    "a verification that misses": lambda channel: channel.call(
        "POST", "verify", {"requests": [{"match": {"last_user": f"No {at}" * 50}} for at in range(5)]}
    ),
}
"""What may be asked of all exchanges at once."""


@pytest.mark.parametrize("name", ASKED)
def test_so_many_times_as_many_exchanges_take_as_many_times_the_steps(name: str, engine: Engine) -> None:
    channel = AsgiChannel(App(engine))

    def taken(size: int) -> int:
        engine.reset()
        for number in range(size):
            said = [{"role": "user", "content": f"Tea {number}?\n" * 20}]
            body = json.dumps({"model": "qwen-plus", "messages": said}).encode()
            engine.chat(named("compat"), make_headers(), body, arrived=NOW)
        return steps(lambda: ASKED[name](channel))

    taken(EXCHANGES)
    assert taken(TIMES * EXCHANGES) <= MOST * taken(EXCHANGES)
