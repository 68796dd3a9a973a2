"""Talking to a server byte by byte: one connection, what the client says and what it hears."""

import gc
import json
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from mockserver.corridor.engine import Engine
from mockserver.server.listening import bind
from mockserver.server.serve import Server

COMPAT = "/compatible-mode/v1/chat/completions"
ALIAS = "/api/v1/chat/completions"
TEXT = "/api/v1/services/aigc/text-generation/generation"
MULTIMODAL = "/api/v1/services/aigc/multimodal-generation/generation"
TOKENIZER = "/api/v1/tokenizer"
MODELS = "/compatible-mode/v1/models"

PATIENCE = 20.0
"""Seconds after which a silent server fails its test."""


@dataclass(frozen=True)
class Heard:
    """One response. `chunks` are the HTTP chunks of its body, None when it was not chunked."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    chunks: tuple[bytes, ...] | None = None

    @property
    def names(self) -> list[str]:
        """The names of the headers, in their order."""
        return [name for name, _ in self.headers]

    def header(self, name: str) -> str | None:
        """The value of a header."""
        return dict(self.headers).get(name)

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


class Line:
    """One connection to a server."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._left = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def say(self, data: bytes) -> None:
        """Sends bytes; what a server does not want to hear is no error."""
        with suppress(OSError):
            self._socket.sendall(data)

    def reset_on_close(self) -> None:
        """Makes closing a reset, as when the client's process is killed."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def hear_some(self) -> bytes:
        """The bytes that are there, at least one; empty when the server has closed."""
        if self._left:
            left, self._left = self._left, b""
            return left
        try:
            return self._socket.recv(65536)
        except ConnectionError:
            return b""

    def hear_all(self) -> bytes:
        """Everything until the server closes."""
        heard = b""
        while some := self.hear_some():
            heard += some
        return heard

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._left:
            left, self._left = self._left, b""
            some = self.hear_some()
            if not some:
                raise EOFError(left)
            self._left = left + some
        found, _, self._left = self._left.partition(mark)
        return found

    def _exactly(self, size: int) -> bytes:
        while len(self._left) < size:
            left, self._left = self._left, b""
            some = self.hear_some()
            if not some:
                raise EOFError(left)
            self._left = left + some
        found, self._left = self._left[:size], self._left[size:]
        return found

    def hear_chunk(self) -> bytes:
        """One HTTP chunk; empty for the last."""
        size = int(self._until(b"\r\n"), 16)
        chunk = self._exactly(size)
        assert self._exactly(2) == b"\r\n"
        return chunk

    def hear_head(self) -> Heard:
        """The head of one response. Raises `EOFError` when the server closes before its end."""
        first, *lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status, _ = first.split(" ", 2)
        assert version == "HTTP/1.1"
        pairs = [line.partition(": ") for line in lines]
        return Heard(int(status), tuple((name, value) for name, _, value in pairs), b"")

    def hear(self, *, head: bool = False) -> Heard:
        """One whole response; `head` for one without a body. Raises `EOFError` when there is none."""
        heard = self.hear_head()
        if heard.header("transfer-encoding") == "chunked":
            chunks = tuple(iter(self.hear_chunk, b""))
            return Heard(heard.status, heard.headers, b"".join(chunks), chunks)
        size = 0 if head else int(heard.header("content-length") or 0)
        return Heard(heard.status, heard.headers, self._exactly(size))


def request(
    method: str,
    path: str,
    body: Any = None,
    *,
    key: str | None = "sk-test",
    headers: dict[str, str] | None = None,
) -> bytes:
    """The bytes of a request; a body that is not bytes is sent as JSON."""
    lines = {"Host": "localhost"}
    if key is not None:
        lines["Authorization"] = f"Bearer {key}"
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    if body is not None:
        lines |= {"Content-Type": "application/json", "Content-Length": str(len(data))}
    lines |= headers or {}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + data


class Caller:
    """Whoever knows the port of a running server."""

    def __init__(self, port: int) -> None:
        self.port = port

    def line(self) -> Line:
        """A new connection."""
        return Line(self.port)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = "sk-test",
        headers: dict[str, str] | None = None,
    ) -> Heard:
        """One request on a connection of its own, and its response."""
        with self.line() as line:
            line.say(request(method, path, body, key=key, headers=headers))
            return line.hear(head=method == "HEAD")

    def script(self, reply: Any, *, times: int | None = None, **match: Any) -> str:
        """Scripts a reply by the control API; returns its id."""
        heard = self.ask("POST", "/_mock/replies", {"match": match, "reply": reply, "times": times})
        assert heard.status == 201, heard.body
        return str(heard.json()["id"])


class Live(Caller):
    """A running server of an engine in this process."""

    def __init__(self, port: int, engine: Engine, server: Server) -> None:
        super().__init__(port)
        self.engine = engine
        self.server = server


@contextmanager
def collector_as_it_was() -> Iterator[None]:
    """Undoes what a server does to the garbage collector of its process, which is the tests' here."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@contextmanager
def running(engine: Engine, *beside: Callable[[], Coroutine[Any, Any, None]]) -> Iterator[Live]:
    """Runs a server of the engine in a thread of its own, on a free port of the loopback."""
    sock = bind("127.0.0.1", 0)
    port = sock.getsockname()[1]
    opened = threading.Event()
    server = Server(engine, on_open=opened.set, beside=beside)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, name="server")
    with collector_as_it_was():
        thread.start()
        try:
            assert opened.wait(PATIENCE), "the port did not open"
            yield Live(port, engine, server)
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
