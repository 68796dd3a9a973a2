"""Upstreams of raw bytes, and a client that keeps what it hears as it came."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

PATIENCE = 20.0


@dataclass(frozen=True)
class Heard:
    """One answer as a client hears it. `chunks` are HTTP chunks, or the whole body where there are none."""

    status: int
    headers: tuple[tuple[str, str], ...]
    chunks: tuple[bytes, ...]
    complete: bool

    @property
    def body(self) -> bytes:
        """The body."""
        return b"".join(self.chunks)


@dataclass
class RawUpstream:
    """A server that answers every request with the same bytes, in these sends."""

    port: int = 0
    sends: Sequence[bytes] = field(default=(), repr=False)
    hold: bool = False
    """Whether the connection stays open behind the last send, until the client goes."""
    requests: list[bytes] = field(default_factory=list, repr=False)

    def answer(self, connection: socket.socket) -> None:
        """One connection: a request is read, the answer sent, the connection closed."""
        with connection, suppress(OSError):
            connection.settimeout(PATIENCE)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            heard = b""
            while b"\r\n\r\n" not in heard:
                some = connection.recv(65536)
                if not some:
                    return
                heard += some
            head, _, body = heard.partition(b"\r\n\r\n")
            length = 0
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            while len(body) < length:
                body += connection.recv(65536)
            self.requests.append(head + b"\r\n\r\n" + body)
            for data in self.sends:
                connection.sendall(data)
            if self.hold:
                connection.recv(1)


@contextmanager
def raw_upstream() -> Iterator[RawUpstream]:
    """Runs such a server on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        upstream = RawUpstream(listener.getsockname()[1])
        listener.settimeout(0.1)
        stop = threading.Event()

        def run() -> None:
            while not stop.is_set():
                with suppress(TimeoutError):
                    connection, _ = listener.accept()
                    threading.Thread(target=upstream.answer, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=run, name="upstream")
        thread.start()
        try:
            yield upstream
        finally:
            stop.set()
            thread.join()


def _dechunked(data: bytes) -> tuple[tuple[bytes, ...], bool]:
    chunks: list[bytes] = []
    while True:
        line, end, rest = data.partition(b"\r\n")
        if not end or not line:
            return tuple(chunks), False
        size = int(line.split(b";")[0], 16)
        if not size:
            return tuple(chunks), rest.endswith(b"\r\n")
        if len(rest) < size + 2:
            chunks += [rest[:size]] if rest[:size] else []
            return tuple(chunks), False
        chunks.append(rest[:size])
        data = rest[size + 2 :]


def hear(port: int, body: bytes, *, path: str = "/compatible-mode/v1/chat/completions") -> Heard:
    """Asks once and reads until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
        line.sendall(
            b"POST %b HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-test\r\nAccept-Encoding: gzip\r\n"
            b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (path.encode(), len(body), body)
        )
        heard = b""
        with suppress(ConnectionError):
            while some := line.recv(65536):
                heard += some
    while True:
        head, _, rest = heard.partition(b"\r\n\r\n")
        if not head.split(b" ", 2)[1].startswith(b"1"):
            break
        heard = rest
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = [(name.lower(), value.strip()) for name, _, value in (row.partition(":") for row in lines)]
    kept = tuple(pair for pair in pairs if pair[0] not in ("connection", "keep-alive", "transfer-encoding"))
    known = dict(pairs)
    if known.get("transfer-encoding", "").lower() == "chunked":
        chunks, complete = _dechunked(rest)
    else:
        chunks = (rest,) if rest else ()
        complete = "content-length" not in known or len(rest) == int(known["content-length"])
    return Heard(int(first.split(" ")[1]), kept, chunks, complete)
