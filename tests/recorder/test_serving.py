"""A recorder that is served: what it says when its port is open, and what it lets go of at its end."""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mockserver.corridor.replay import Playing, Recorded
from mockserver.recorder.proxy import Mode, Recorder
from mockserver.recorder.serving import RecorderServer, banner, serve
from mockserver.recorder.upstream import Target, Upstream
from mockserver.recording.library import Library
from mockserver.recording.redaction import Redaction
from mockserver.server.listening import PortTakenError, bind
from tests.recording.upstreams import raw_upstream


@pytest.fixture(autouse=True)
def _loud() -> Iterator[None]:
    """Serving makes uvicorn quiet; here, until the test has ended."""
    logger = logging.getLogger("uvicorn")
    level = logger.level
    yield
    logger.setLevel(level)


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    return Recorded(Library(tmp_path / "tea", create=True), Redaction.of(), Playing())


class Watched(Upstream):
    """An upstream that tells when it is let go of."""

    def __init__(self, happened: list[str]) -> None:
        super().__init__(Target.read("https://h.example"))
        self._happened = happened

    async def close(self) -> None:
        self._happened.append("upstream closed")
        await super().close()


@pytest.mark.parametrize(
    ("mode", "onward", "said"),
    [
        ("new", "https://h.example:8443/base", "mode new, passed on to h.example:8443"),
        ("all", "http://localhost", "mode all, passed on to localhost"),
        ("none", "https://h.example", "mode none, passed on to h.example"),
        ("new", None, "mode none, nothing is passed on"),
    ],
)
def test_a_banner_says_where_clients_go_and_what_becomes_of_them(
    recorded: Recorded, mode: Mode, onward: str | None, said: str
) -> None:
    upstream = Upstream(Target.read(onward)) if onward else None
    assert banner("http://x:1", Recorder(upstream, recorded, mode=mode)).splitlines() == [
        "DashScope recorder, ready on http://x:1",
        "",
        "  OpenAI-compatible  http://x:1/compatible-mode/v1",
        "  native DashScope   http://x:1/api/v1",
        "",
        f"  cassette           {recorded.library.folder}, {said}",
        "",
        "Ctrl-C ends it.",
    ]


def test_the_port_is_open_when_it_is_said_so_and_the_upstream_goes_last(recorded: Recorded) -> None:
    happened: list[str] = []
    recorder = Recorder(Watched(happened), recorded, mode="new")
    with bind("127.0.0.1", 0) as sock:

        def opened() -> None:
            with socket.create_connection(sock.getsockname(), timeout=5):
                happened.append("opened")
            server.should_exit = True

        server = RecorderServer(recorder, on_open=opened)
        asyncio.run(server.serve(sockets=[sock]))
    assert happened == ["opened", "upstream closed"]


@pytest.fixture
def serve_once(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Serves until the port is open."""
    startup = RecorderServer.startup

    async def once(self: RecorderServer, sockets: list[socket.socket] | None = None) -> None:
        await startup(self, sockets)
        self.should_exit = True

    monkeypatch.setattr(RecorderServer, "startup", once)
    return lambda **options: serve(Recorder(None, recorded), port=0, **options)


@pytest.mark.parametrize(("host", "warned"), [("127.0.0.1", False), ("localhost", False), ("0.0.0.0", True)])  # noqa: S104 - what is warned of
def test_only_a_host_that_others_reach_is_warned_of(
    serve_once: Callable[..., None], capsys: pytest.CaptureFixture[str], host: str, *, warned: bool
) -> None:
    serve_once(host=host)
    told = capsys.readouterr()
    assert told.out.startswith("DashScope recorder, ready on http://127.0.0.1:")
    words = f"warning: {host} is reachable from other machines: whoever reaches it may ask the upstream\n"
    assert told.err == (words if warned else "")


def test_a_quiet_recorder_says_where_it_is_in_its_file_only(
    serve_once: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    serve_once(host="127.0.0.1", quiet=True, ready_file=tmp_path / "ready")
    assert capsys.readouterr() == ("", "")
    assert "http://127.0.0.1:" in (tmp_path / "ready").read_text()


def test_a_taken_port_is_named_before_anything_is_said(
    recorded: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    with bind("127.0.0.1", 0) as sock:
        sock.listen()
        port = sock.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"cannot listen on 127.0.0.1:{port}: "):
            serve(Recorder(None, recorded), host="127.0.0.1", port=port)
    assert capsys.readouterr() == ("", "")


def heard(port: int, request: bytes) -> bytes:
    """What a client hears that sends these bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(request)
        answer = b""
        while some := line.recv(65536):
            answer += some
        return answer


TAIL = b" HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\nx-tea: 1\r\n\r\n"


@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        (b"GET http://127.0.0.1/api/v9/tea?a=1", 200, b"from upstream"),
        (b"DELETE /api/v9/tea?a=1", 200, b"from upstream"),
        (b"GET http://tea.example/x", 403, b"this recorder leads to 127.0.0.1 and nowhere else"),
        (b"CONNECT h.example:443", 400, b"A tunnel hides what is to be recorded."),
    ],
)
def test_a_recorder_is_a_proxy_of_its_upstream_and_of_every_path_there(
    recorded: Recorded, line: bytes, status: int, words: bytes
) -> None:
    with raw_upstream() as behind, bind("127.0.0.1", 0) as sock:
        behind.sends = [b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\nfrom upstream"]
        recorder = Recorder(Upstream(Target.read(f"http://127.0.0.1:{behind.port}")), recorded, mode="all")
        opened = threading.Event()
        server = RecorderServer(recorder, on_open=opened.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        assert opened.wait(20)
        answer = heard(sock.getsockname()[1], line + TAIL % behind.port)
        server.should_exit = True
        thread.join(20)
    assert answer.startswith(b"HTTP/1.1 %d" % status)
    assert words in answer
    assert [request.split(b" ")[1] for request in behind.requests] == [b"/api/v9/tea?a=1"] * (status == 200)
