"""The way to the upstream: one host, its headers, and the chunks of its answers as they came."""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from itertools import accumulate, pairwise
from typing import Any

import httpcore
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from mockserver.recorder import upstream
from mockserver.recorder.upstream import (
    ChunkEnds,
    Incoming,
    Proxy,
    Target,
    UnreachableError,
    Upstream,
    UpstreamError,
    proxy_for,
)
from tests.recording.upstreams import raw_upstream

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
HOPS = ("Connection", "keep-alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Expect", "Host")


@pytest.mark.parametrize(
    ("url", "target", "authority"),
    [
        ("https://h.example", Target("https", "h.example", 443), "h.example"),
        ("https://h.example:443/", Target("https", "h.example", 443), "h.example"),
        ("https://H.example:8443/a/b/", Target("https", "h.example", 8443, "/a/b"), "h.example:8443"),
        ("http://127.0.0.1", Target("http", "127.0.0.1", 80), "127.0.0.1"),
        ("http://localhost:443", Target("http", "localhost", 443), "localhost:443"),
        ("http://[::1]:8080", Target("http", "::1", 8080), "[::1]:8080"),
    ],
)
def test_a_target_is_read_off_its_url(url: str, target: Target, authority: str) -> None:
    assert Target.read(url) == target
    assert target.authority == authority


@given(
    host=st.lists(st.text("abc1", min_size=1, max_size=6), min_size=1, max_size=3).map(".".join),
    port=st.integers(1, 65_535),
    prefix=st.sampled_from(["", "/base", "/a/b"]),
)
def test_a_target_is_what_its_own_url_says(host: str, port: int, prefix: str) -> None:
    target = Target("https", host, port, prefix)
    assert Target.read(f"https://{target.authority}{prefix}") == target


@given(st.text(max_size=30) | st.text(":/@[]?#.h0", max_size=20).map(lambda rest: f"https://{rest}"))
def test_no_url_is_too_odd_for_a_target_or_a_clear_error(url: str) -> None:
    with suppress(UpstreamError):
        target = Target.read(url)
        assert target.host
        assert target.scheme in ("http", "https")


@pytest.mark.parametrize("port", ["99999", "-1", "tea"])
def test_a_port_that_there_is_not_is_explained(port: str) -> None:
    with pytest.raises(UpstreamError, match=r"^upstream: .* write https://dashscope\.aliyuncs\.com$"):
        Target.read(f"https://h.example:{port}")


def framed(chunks: Sequence[bytes], *, trailer: bytes = b"") -> bytes:
    """A chunked body, with a trailer behind it."""
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n" + trailer + b"\r\n"


CHUNKS = st.lists(st.binary(min_size=1, max_size=40), max_size=5)


@given(chunks=CHUNKS, cuts=st.sets(st.integers(0, 300), max_size=8), early=st.integers(0, 2))
def test_the_ends_of_chunks_are_where_they_were_sent(chunks: list[bytes], cuts: set[int], early: int) -> None:
    told = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * early + CHUNKED + framed(chunks)
    at = sorted({0, len(told)} | {cut for cut in cuts if cut < len(told)})
    ends = ChunkEnds()
    for start, stop in pairwise(at):
        ends.feed(told[start:stop])
    assert ends.ends == set(accumulate(map(len, chunks)))


@pytest.mark.parametrize(
    ("head", "chunked"),
    [
        (b"transfer-encoding: chunked", True),
        (b"TRANSFER-ENCODING:chunked ", True),
        (b"a: b\r\nTransfer-Encoding: Chunked\r\nc: d", True),
        (b"x-transfer-encoding: chunked", False),
        (b"a: transfer-encoding: chunked", False),
        (b"transfer-encoding: identity", False),
        (b"content-length: 3", False),
    ],
)
def test_a_body_is_chunked_when_its_header_says_so(head: bytes, *, chunked: bool) -> None:
    ends = ChunkEnds()
    ends.feed(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n3\r\nabc\r\n")
    assert ends.ends == ({3} if chunked else None)


def test_nothing_is_known_before_the_head_is_there() -> None:
    ends = ChunkEnds()
    ends.feed(CHUNKED[:-2])
    assert ends.ends is None
    ends.feed(CHUNKED[-2:])
    assert ends.ends == set()


def test_what_stands_behind_the_last_chunk_is_no_chunk() -> None:
    ends = ChunkEnds()
    ends.feed(CHUNKED + framed([b"abc"], trailer=b"a: 5\r\n") + b"4\r\nmore\r\n")
    assert ends.ends == {3}


class Answer:
    """An answer of httpcore that comes in these parts, with the ends that were heard."""

    def __init__(self, parts: Sequence[bytes], ends: set[int] | None, error: Exception | None = None) -> None:
        tap = upstream._Tap(httpcore.AsyncNetworkStream())
        tap.heard.ends = ends
        self.extensions = {"network_stream": tap}
        self.closed = False
        self._parts = parts
        self._error = error

    async def aiter_stream(self) -> AsyncIterator[bytes]:
        """The parts, then the error."""
        for part in self._parts:
            yield part
        if self._error is not None:
            raise self._error

    async def aclose(self) -> None:
        """Lets go."""
        self.closed = True


def heard(answer: Any) -> tuple[list[bytes], str]:
    """The chunks of an answer, and how it broke off."""

    async def run() -> tuple[list[bytes], str]:
        chunks: list[bytes] = []
        try:
            async for chunk in Incoming(200, [], answer).chunks():
                chunks.append(chunk)  # noqa: PERF401 - they are wanted when it breaks off too
        except UnreachableError as error:
            return chunks, str(error)
        return chunks, ""

    return asyncio.run(run())


@given(chunks=CHUNKS, cuts=st.sets(st.integers(0, 200), max_size=8))
def test_a_chunk_is_given_in_one_piece_however_it_was_read(chunks: list[bytes], cuts: set[int]) -> None:
    body, ends = b"".join(chunks), set(accumulate(map(len, chunks)))
    at = sorted({0, len(body)} | ends | {cut for cut in cuts if cut < len(body)})
    parts = [body[start:stop] for start, stop in pairwise(at)]
    assert heard(Answer(parts, ends)) == (chunks, "")


def test_what_has_no_chunks_is_given_as_it_comes() -> None:
    assert heard(Answer([b"ab", b"", b"c"], None)) == ([b"ab", b"c"], "")


def test_a_large_chunk_is_given_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream, "LARGEST", 4)
    assert heard(Answer([b"abc", b"de", b"f"], {6})) == ([b"abcde", b"f"], "")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpcore.ReadError(), "ReadError"),
        (httpcore.RemoteProtocolError("gone"), "RemoteProtocolError"),
        (httpcore.ReadTimeout(), "ReadTimeout"),
    ],
)
def test_what_came_before_an_answer_broke_off_is_given(error: Exception, words: str) -> None:
    assert heard(Answer([b"abc", b"d"], {3, 9}, error)) == ([b"abc", b"d"], words)


def test_an_answer_is_let_go() -> None:
    answer: Any = Answer([], None)
    asyncio.run(Incoming(200, [], answer).close())
    assert answer.closed


HEADERS = st.lists(
    st.tuples(st.sampled_from(["a", "B", "accept", "Authorization", *HOPS]), st.text("xyz", max_size=3)),
    max_size=8,
)


@given(headers=HEADERS, key=st.none() | st.just("sk-ours"))
def test_headers_of_the_client_go_on_and_those_of_its_way_do_not(
    headers: list[tuple[str, str]], key: str | None
) -> None:
    given_on = Upstream(Target.read("https://h.example"), key=key).headers_for(
        [(name.encode(), value.encode()) for name, value in headers], b"", "GET"
    )
    dropped = {name.lower() for name in HOPS} | ({"authorization"} if key else set())
    kept = [(name.encode(), value.encode()) for name, value in headers if name.lower() not in dropped]
    ours = [(b"authorization", b"Bearer sk-ours")] if key else []
    assert given_on == [(b"host", b"h.example"), *kept, *ours]


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [
        ("POST", b"", b"0"),
        ("PUT", b"", b"0"),
        ("PATCH", b"ab", b"2"),
        ("GET", b"", None),
        ("GET", b"a", b"1"),
        ("DELETE", b"", None),
    ],
)
def test_a_body_has_a_length_and_what_may_have_one_too(
    method: str, body: bytes, length: bytes | None
) -> None:
    sent = dict(Upstream(Target.read("https://h.example")).headers_for([], body, method))
    assert sent.get(b"content-length") == length


@pytest.mark.parametrize(
    ("accepted", "sent"),
    [
        (b"gzip, deflate, br, zstd", b"gzip, deflate"),
        (b"br;q=1.0, GZIP;q=0.8, *;q=0.1", b"GZIP;q=0.8"),
        (b"identity", b"identity"),
        (b"*", b"identity"),
        (b"", b"identity"),
    ],
)
def test_only_codings_that_can_be_read_are_asked_for(accepted: bytes, sent: bytes) -> None:
    onward = Upstream(Target.read("https://h.example"))
    headers = onward.headers_for([(b"Accept-Encoding", accepted)], b"", "GET")
    assert headers[1:] == [(b"Accept-Encoding", sent)]


class Wire(httpcore.AsyncNetworkStream):
    """A stream that keeps what is written and gives these answers."""

    def __init__(self, answers: Sequence[bytes]) -> None:
        self.written: list[bytes] = []
        self.closed = False
        self._answers = iter(answers)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109 - the interface
        return next(self._answers)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109 - the interface
        self.written.append(buffer)

    async def aclose(self) -> None:
        self.closed = True

    def get_extra_info(self, info: str) -> Any:
        return f"the {info}"


def test_a_request_leaves_in_one_piece_and_each_answer_is_followed_anew() -> None:
    wire = Wire([CHUNKED + b"1\r\na\r\n", b"0\r\n\r\n", CHUNKED + b"2\r\nab\r\n"])

    async def run() -> None:
        tap = upstream._Tap(wire)
        await tap.write(b"POST / ")
        await tap.write(b"HTTP/1.1\r\n\r\n")
        assert wire.written == []
        await tap.read(100)
        assert tap.heard.ends == {1}
        await tap.read(100)
        assert wire.written == [b"POST / HTTP/1.1\r\n\r\n"]
        assert tap.heard.ends == {1}
        await tap.write(b"again")
        await tap.read(100)
        assert tap.heard.ends == {2}
        assert wire.written[1:] == [b"again"]
        assert tap.get_extra_info("socket") == "the socket"
        await tap.aclose()

    asyncio.run(run())
    assert wire.closed


def test_a_request_goes_below_the_prefix_and_its_answer_comes_as_it_was_sent() -> None:
    with raw_upstream() as server:
        server.sends = [b"HTTP/1.1 207 Odd\r\nX-Odd: \xe9\r\nx-odd: 2\r\nConnection: close\r\n", b"\r\nabc"]

        async def run() -> tuple[int, list[tuple[bytes, bytes]], bytes]:
            onward = Upstream(Target.read(f"http://127.0.0.1:{server.port}/base/"))
            incoming = await onward.send("POST", "/x?a=%20b", [(b"X-Mine", b"1")], b"{}")
            body = b"".join([chunk async for chunk in incoming.chunks()])
            await incoming.close()
            await onward.close()
            return incoming.status, incoming.headers, body

        told = asyncio.run(run())
    assert told == (207, [(b"X-Odd", b"\xe9"), (b"x-odd", b"2"), (b"Connection", b"close")], b"abc")
    assert server.requests == [
        b"POST /base/x?a=%%20b HTTP/1.1\r\nhost: 127.0.0.1:%d\r\nX-Mine: 1\r\ncontent-length: 2\r\n\r\n{}"
        % server.port
    ]


def test_a_server_that_is_gone_is_named() -> None:
    with raw_upstream() as server:
        port = server.port

    async def run() -> None:
        onward = Upstream(Target.read(f"http://127.0.0.1:{port}"))
        with pytest.raises(UnreachableError, match=r"^127\.0\.0\.1 gave no answer: ConnectError"):
            await onward.send("GET", "/", [], b"")
        await onward.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("http://proxy.example:3128", Proxy(Target("http", "proxy.example", 3128))),
        ("proxy.example", Proxy(Target("http", "proxy.example", 80))),
        ("https://proxy.example", Proxy(Target("https", "proxy.example", 443))),
        ("http://me:a%40b@proxy.example", Proxy(Target("http", "proxy.example", 80), ("me", "a@b"))),
        ("http://me@proxy.example", Proxy(Target("http", "proxy.example", 80), ("me", ""))),
    ],
)
def test_a_proxy_is_read_off_its_url_and_does_not_show_who_asks(url: str, proxy: Proxy) -> None:
    assert Proxy.read(url) == proxy
    assert "a@b" not in repr(proxy)


@pytest.mark.parametrize(
    "url", ["socks5://proxy.example", "http://", "http://proxy.example:x", "http://[::1"]
)
def test_what_is_no_proxy_is_refused_with_what_is(url: str) -> None:
    with pytest.raises(UpstreamError, match=r"^proxy"):
        Proxy.read(url)


def test_the_environment_names_the_proxy_and_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    target = Target("https", "h.example", 443)
    assert proxy_for(target) is None
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert proxy_for(target) == Proxy(Target("http", "proxy.example", 3128))
    assert proxy_for(Target("https", "localhost", 443)) is None
    monkeypatch.setenv("NO_PROXY", "h.example,other.example")
    assert proxy_for(target) is None


def test_the_way_is_shown_with_its_proxy() -> None:
    target = Target("https", "h.example", 443)
    assert Upstream(target).way == "h.example"
    proxy = Proxy(Target("https", "proxy.example", 8443), ("me", "secret"))
    assert Upstream(target, proxy=proxy).way == "h.example by way of the proxy proxy.example:8443"


class Tunnel:
    """A proxy that opens one tunnel, whatever the name that it is told, and keeps what it was asked."""

    def __init__(self, port: int, answer: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n") -> None:
        self.asked = b""
        self._port, self._answer = port, answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        client, _ = self._listener.accept()
        with client, self._listener, socket.create_connection(("127.0.0.1", self._port)) as server:
            while not self.asked.endswith(b"\r\n\r\n"):
                self.asked += client.recv(4096)
            client.sendall(self._answer)
            back = threading.Thread(target=self._pass, args=(server, client), daemon=True)
            back.start()
            self._pass(client, server)
            back.join(10)

    @staticmethod
    def _pass(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while some := source.recv(4096):
                sink.sendall(some)
            sink.shutdown(socket.SHUT_WR)


def test_an_answer_comes_through_a_proxy_in_its_very_chunks() -> None:
    authority = trustme.CA()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("h.example").configure_cert(serving)
    authority.configure_trust(trusting)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CHUNKED + b"3\r\ntea\r\n2\r\nno\r\n0\r\n\r\n")
        await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        closed.set()

    closed = asyncio.Event()

    async def run() -> tuple[list[bytes], bytes]:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=serving)
        tunnel = Tunnel(server.sockets[0].getsockname()[1])
        proxy = Proxy(Target("http", "127.0.0.1", tunnel.port), ("me", "secret"))
        onward = Upstream(Target("https", "h.example", 443), tls=trusting, proxy=proxy)
        incoming = await onward.send("GET", "/x", [(b"proxy-authorization", b"Basic of-the-client")], b"")
        chunks = [chunk async for chunk in incoming.chunks()]
        await incoming.close()
        await onward.close()
        await closed.wait()
        server.close()
        return chunks, tunnel.asked

    chunks, asked = asyncio.run(run())
    assert chunks == [b"tea", b"no"]
    assert asked.startswith(b"CONNECT h.example:443 HTTP/1.1\r\n")
    assert b"Basic bWU6c2VjcmV0" in asked
    assert b"of-the-client" not in asked


def test_a_proxy_that_refuses_is_told_of() -> None:
    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            tunnel = Tunnel(other.getsockname()[1], b"HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\n\r\n")
            proxy = Proxy(Target("http", "127.0.0.1", tunnel.port))
            onward = Upstream(Target("https", "h.example", 443), proxy=proxy)
            with pytest.raises(UnreachableError, match=r"h\.example gave no answer: ProxyError 407"):
                await onward.send("GET", "/", [], b"")
            await onward.close()

    asyncio.run(run())
