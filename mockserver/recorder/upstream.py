"""The way to the upstream: one host, fixed at the start; bytes as they come, HTTP chunks in one piece.

httpcore carries the bytes (it is what httpx speaks HTTP with) and neither decompresses, redirects, nor adds a
header. It does not tell where the chunks of a body end, so a tap on its stream follows the framing.
"""

import re
import ssl
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

LARGEST = 1024 * 1024
"""A chunk beyond this size is passed on in pieces, in bytes."""

_CHUNKED = re.compile(rb"\r?\ntransfer-encoding:[ \t]*chunked[ \t]*\r?\n", re.IGNORECASE)
_LOCAL = frozenset(("127.0.0.1", "localhost", "::1"))
_HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"expect",
        b"host",
        b"content-length",
    )
)
"""Headers of the way from the client to us; the way on has its own."""

Raw = list[tuple[bytes, bytes]]


class UpstreamError(ValueError):
    """An upstream that cannot be: the message says why and what can."""


class UnreachableError(ConnectionError):
    """The upstream gave no answer; the message says what happened."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go: scheme, host, port and what stands before every path."""

    scheme: str
    host: str
    port: int
    prefix: str = ""

    @classmethod
    def read(cls, url: str) -> "Target":
        """The target of a URL. Raises `UpstreamError`."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            msg = f"upstream: {error}; write https://dashscope.aliyuncs.com"
            raise UpstreamError(msg) from None
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https") or not host or not host.isascii():
            msg = f"upstream {host or url[:40]!r} is no URL of a server; write https://dashscope.aliyuncs.com"
            raise UpstreamError(msg)
        if parts.username is not None or parts.query or parts.fragment:
            msg = f"upstream {host}: a URL with a user, a query or a fragment cannot be an upstream"
            raise UpstreamError(msg)
        if parts.scheme == "http" and host not in _LOCAL:
            msg = f"upstream {host}: keys do not travel without TLS; write https://{host}"
            raise UpstreamError(msg)
        return cls(
            parts.scheme, host, port or (443 if parts.scheme == "https" else 80), parts.path.rstrip("/")
        )

    @property
    def authority(self) -> str:
        """The host as the `host` header names it."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return name if self.port == usual else f"{name}:{self.port}"


class ChunkEnds:
    """Follows the bytes of one response; knows where in its body each HTTP chunk ends.

    `ends` stays None for a body that is not chunked.
    """

    def __init__(self) -> None:
        self.ends: set[int] | None = None
        self._buffer = bytearray()
        self._state = "head"
        self._left = 0
        self._size = 0

    def feed(self, data: bytes) -> None:
        """Takes the next bytes of the response."""
        self._buffer += data
        while self._step():
            pass

    def _step(self) -> bool:
        if self._state == "head":
            return self._head()
        if self._state == "size":
            return self._chunk_size()
        if self._state == "data":
            taken = min(self._left, len(self._buffer))
            del self._buffer[:taken]
            self._left -= taken
            if self._left:
                return False
            self._state = "size"
            return True
        self._buffer.clear()
        return False

    def _head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self._buffer[: end + 2])
        del self._buffer[: end + 4]
        if head[9:10] == b"1":  # an informational response; the real one follows
            return True
        chunked = _CHUNKED.search(head) is not None
        self.ends = set() if chunked else None
        self._state = "size" if chunked else "other"
        return True

    def _chunk_size(self) -> bool:
        end = self._buffer.find(b"\n")
        if end < 0:
            return False
        digits = bytes(self._buffer[:end]).split(b";")[0].strip()
        del self._buffer[: end + 1]
        try:
            size = int(digits, 16)
        except ValueError:
            size = 0
        if not size:
            self._state = "other"
            return True
        self._size += size
        assert self.ends is not None
        self.ends.add(self._size)
        self._left = size + 2
        self._state = "data"
        return True


class _Tap(httpcore.AsyncNetworkStream):
    """A stream that is listened to. What is written leaves in one piece, as soon as an answer is awaited."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._leaving = bytearray()
        self.heard = ChunkEnds()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - the interface
        if self._leaving:
            leaving, self._leaving = bytes(self._leaving), bytearray()
            self.heard = ChunkEnds()  # a request is going out, so a new response comes
            await self._stream.write(leaving, timeout)
        data = await self._stream.read(max_bytes, timeout)
        self.heard.feed(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109 - the interface
        self._leaving += buffer

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface
    ) -> httpcore.AsyncNetworkStream:
        return _Tap(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _TappedBackend(httpcore.AsyncNetworkBackend):
    """Opens streams that are listened to."""

    def __init__(self) -> None:
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        options = socket_options
        return _Tap(await self._backend.connect_tcp(host, port, timeout, local_address, options))


@dataclass(slots=True)
class Incoming:
    """An answer that has begun: status and headers as they came; the rest comes by `chunks`."""

    status: int
    headers: Raw
    _response: httpcore.Response

    async def chunks(self) -> AsyncIterator[bytes]:
        """The chunks of the body. Raises `UnreachableError` when it breaks off."""
        tap = self._response.extensions["network_stream"]
        ends = tap.heard.ends if isinstance(tap, _Tap) else None
        held, size = bytearray(), 0
        try:
            async for part in self._response.aiter_stream():
                held += part
                size += len(part)
                if held and (ends is None or size in ends or len(held) >= LARGEST):
                    yield bytes(held)
                    held.clear()
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            if held:
                yield bytes(held)
            raise UnreachableError(type(error).__name__) from None
        if held:
            yield bytes(held)

    async def close(self) -> None:
        """Lets go of the connection."""
        await self._response.aclose()


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy on the way: where it is, and who asks it, if it wants to know."""

    target: Target
    auth: tuple[str, str] | None = field(default=None, repr=False)

    @classmethod
    def read(cls, url: str) -> "Proxy":
        """The proxy of a URL, as environments name them. Raises `UpstreamError`."""
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            port = parts.port
        except ValueError as error:
            msg = f"proxy: {error}; write http://proxy.example:3128"
            raise UpstreamError(msg) from None
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https") or not host or not host.isascii():
            msg = (
                f"proxy {parts.scheme}://{host[:40]}: it must be an http:// or https:// one; name such a one"
            )
            raise UpstreamError(msg)
        auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        return cls(Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80)), auth)


def proxy_for(target: Target) -> Proxy | None:
    """The proxy that the environment names for a target: `HTTPS_PROXY`, but for what `NO_PROXY` names.

    None for this machine itself. Raises `UpstreamError` for one that is no proxy.
    """
    named = getproxies().get(target.scheme)
    if named is None or target.host in _LOCAL or proxy_bypass(target.host):
        return None
    return Proxy.read(named)


class Upstream:
    """The one server that requests are passed on to, by way of a proxy if there is one."""

    def __init__(
        self,
        target: Target,
        *,
        key: str | None = None,
        seconds: float = 600.0,
        tls: ssl.SSLContext | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        self.target = target
        self.proxy = proxy
        self._key = key
        self._seconds = seconds
        if tls is None and target.scheme == "https":
            tls = httpx.create_ssl_context()
        self._pool = httpcore.AsyncConnectionPool(
            proxy=None if proxy is None else _through(proxy),
            ssl_context=tls,
            max_connections=1000,
            max_keepalive_connections=100,
            keepalive_expiry=30,
            http1=True,
            http2=False,
            network_backend=_TappedBackend(),
        )

    @property
    def way(self) -> str:
        """Where requests go, for people."""
        if self.proxy is None:
            return self.target.authority
        return f"{self.target.authority} by way of the proxy {self.proxy.target.authority}"

    def headers_for(self, headers: Iterable[tuple[bytes, bytes]], body: bytes, method: str) -> Raw:
        """The headers of a request on its way on, in their order."""
        sent: Raw = [(b"host", self.target.authority.encode())]
        for name, value in headers:
            lower = name.lower()
            if lower in _HOP:
                continue
            if lower == b"accept-encoding":
                value = _readable(value)  # noqa: PLW2901 - what goes on is what can be read
            if lower == b"authorization" and self._key is not None:
                continue
            sent.append((name, value))
        if self._key is not None:
            sent.append((b"authorization", b"Bearer " + self._key.encode()))
        if body or method in ("POST", "PUT", "PATCH"):
            sent.append((b"content-length", b"%d" % len(body)))
        return sent

    async def send(
        self, method: str, target: str, headers: Iterable[tuple[bytes, bytes]], body: bytes
    ) -> Incoming:
        """Passes a request on; the answer once it has begun. Raises `UnreachableError`."""
        url = httpcore.URL(
            scheme=self.target.scheme.encode(),
            host=self.target.host.encode(),
            port=self.target.port,
            target=(self.target.prefix + target).encode("latin-1"),
        )
        request = httpcore.Request(
            method,
            url,
            headers=self.headers_for(headers, body, method),
            content=body,
            extensions={"timeout": {"connect": 10.0, "read": self._seconds, "write": 30.0, "pool": 10.0}},
        )
        try:
            response = await self._pool.handle_async_request(request)
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.TimeoutException,
            httpcore.UnsupportedProtocol,
            httpcore.ProxyError,
        ) as error:
            msg = f"{self.target.host} gave no answer: {type(error).__name__} {error}".strip()
            raise UnreachableError(msg) from None
        return Incoming(response.status, list(response.headers), response)

    async def close(self) -> None:
        """Lets go of all connections."""
        await self._pool.aclose()


def _through(proxy: Proxy) -> httpcore.Proxy:
    target = proxy.target
    url = httpcore.URL(
        scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=b"/"
    )
    tls = httpx.create_ssl_context() if target.scheme == "https" else None
    return httpcore.Proxy(url, auth=proxy.auth, ssl_context=tls)


def _readable(accepted: bytes) -> bytes:
    """The codings asked for, without those that cannot be read here and so could hide a secret."""
    kept = [
        option.strip()
        for option in accepted.split(b",")
        if option.split(b";")[0].strip().lower() in (b"gzip", b"deflate", b"identity")
    ]
    return b", ".join(kept) if kept else b"identity"
