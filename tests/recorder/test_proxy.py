"""The recorder: its modes, what it keeps when one side leaves, and what it says when it cannot."""

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest
from starlette.types import Message

from contract_tests.recording import PlayingServer, playing
from mockserver.corridor.replay import Playing, Recorded
from mockserver.recorder import proxy, upstream
from mockserver.recorder.proxy import Recorder
from mockserver.recorder.serving import RecorderServer, banner, serve
from mockserver.recorder.upstream import ChunkEnds, Target, Upstream, UpstreamError
from mockserver.recording import canonical, cassette
from mockserver.recording.cassette import CassetteError
from mockserver.recording.interaction import Interaction, Request
from mockserver.recording.library import Library
from mockserver.recording.redaction import Redaction
from mockserver.server.listening import bind
from tests.recording.exchanges import asked, compat_body, compat_frames, dumped, interaction
from tests.recording.upstreams import PATIENCE, RawUpstream, hear, raw_upstream

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
MakeRecorder = Callable[..., AbstractContextManager[PlayingServer]]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("uvicorn")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(level)


@pytest.fixture
def server() -> Iterator[RawUpstream]:
    with raw_upstream() as running:
        running.sends = whole(compat_body())
        yield running


def whole(body: Any) -> list[bytes]:
    """An answer with a length."""
    data = dumped(body)
    return [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(data), data)]


def ask(recorder: PlayingServer, said: str = "hi") -> httpx.Response:
    """One request."""
    return httpx.post(
        f"{recorder.openai_url}/chat/completions",
        json=asked(said),
        headers={"authorization": "Bearer sk-test"},
        trust_env=False,
        timeout=PATIENCE,
    )


def url(server: RawUpstream) -> str:
    return f"http://127.0.0.1:{server.port}"


def kept(folder: Path) -> list[Interaction]:
    """What is in a cassette."""
    library = Library(folder)
    return [library.load(row) for row in library.rows]


def test_new_replays_what_is_known_and_records_what_is_not(server: RawUpstream, tmp_path: Path) -> None:
    cassette.write(tmp_path, interaction(asked("known"), compat_body("recorded")))
    with playing(tmp_path, "new", upstream=url(server)) as recorder:
        assert "recorded" in ask(recorder, "known").text
        assert "hello" in ask(recorder, "unknown").text
        assert "hello" in ask(recorder, "unknown").text
        assert recorder.counts == {"recorded": 1, "replayed": 2, "missed": 0, "not recorded": 0}
    assert len(server.requests) == 1


def test_all_records_each_time(server: RawUpstream, tmp_path: Path) -> None:
    with playing(tmp_path, "all", upstream=url(server)) as recorder:
        ask(recorder)
        ask(recorder)
    assert len(kept(tmp_path)) == 2


def test_overwrite_replaces_what_was_there_once(server: RawUpstream, tmp_path: Path) -> None:
    for text in ("old", "older"):
        cassette.write(tmp_path, interaction(None, compat_body(text)))
    library = Library(tmp_path)
    onward = Upstream(Target.read(url(server)))
    recorder = Recorder(onward, Recorded(library, Redaction.of(), Playing()), mode="overwrite")
    with playing(tmp_path, "all", upstream=url(server)) as running:
        running.recorder.mode = recorder.mode
        ask(running)
        ask(running)
    assert [one.folded().choices[0].content for one in kept(tmp_path)] == ["hello", "hello"]


def test_none_never_asks_and_knows_what_was_not_used(tmp_path: Path) -> None:
    cassette.write(tmp_path, interaction())
    with playing(tmp_path) as replayer:
        missed = ask(replayer, "something else")
        assert (missed.status_code, missed.json()["code"]) == (404, "RecordingNotFound")
        assert [name.split("-")[0] for name in replayer.unused] == ["compat"]
        assert ask(replayer).status_code == 200
        assert replayer.unused == []
    with pytest.raises(CassetteError, match="is no cassette"), playing(tmp_path / "none"):
        pass


def test_a_recording_that_was_deleted_meanwhile_is_recorded_again(
    server: RawUpstream, tmp_path: Path
) -> None:
    name = cassette.write(tmp_path, interaction())
    with playing(tmp_path, "new", upstream=url(server)) as recorder:
        (tmp_path / name).unlink()
        assert "hello" in ask(recorder).text
    assert len(kept(tmp_path)) == 1


def test_what_the_upstream_breaks_off_is_kept_as_cut(server: RawUpstream, tmp_path: Path) -> None:
    frames = compat_frames("a", "b")
    server.sends = [HEAD, b"%x\r\n%b\r\n" % (len(frames[0]), frames[0]), b"ff\r\nhalf"]
    with playing(tmp_path, "all", upstream=url(server)) as recorder:
        heard = hear(int(recorder.url.rpartition(":")[2]), dumped(asked()))
    assert (heard.chunks, heard.complete) == ((frames[0], b"half"), False)
    (made,) = kept(tmp_path)
    assert made.response.end == "cut-by-upstream"
    assert [chunk.data for chunk in made.response.chunks] == [frames[0], b"half"]


def test_what_the_client_breaks_off_is_kept_as_cut(server: RawUpstream, tmp_path: Path) -> None:
    server.hold = True
    server.sends = [HEAD, b"3\r\nabc\r\n"]
    with playing(tmp_path, "all", upstream=url(server)) as recorder:
        recorder.recorder._linger = 0.01
        port = int(recorder.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
            line.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            heard = b""
            while b"abc" not in heard:
                heard += line.recv(65536)
    (made,) = kept(tmp_path)
    assert (made.response.end, made.response.raw) == ("cut-by-client", b"abc")


def test_an_answer_that_ends_just_after_the_client_left_is_whole(tmp_path: Path) -> None:
    """SDKs hang up behind the last frame; the recorder waits a moment for the end."""

    async def run() -> str:
        recorded = Recorded(Library(tmp_path, create=True), Redaction.of(), Playing())
        recorder = Recorder(None, recorded, linger=PATIENCE)
        ended = asyncio.Event()

        class Slow:
            async def chunks(self) -> Any:
                yield b"data: [DONE]\n\n"
                await ended.wait()

        async def receive() -> Message:
            asyncio.get_running_loop().call_soon(ended.set)
            return {"type": "http.disconnect"}

        async def send(_: Message) -> None:
            return

        taken = proxy._Taken(200, [], 0.0)
        gone = asyncio.ensure_future(receive())
        await recorder._pass_on(Slow(), taken, gone, send)  # type: ignore[arg-type]
        return taken.end

    assert asyncio.run(run()) == "complete"


def test_an_upstream_that_gives_no_answer_is_told_and_not_recorded(tmp_path: Path) -> None:
    with raw_upstream() as server:
        gone = url(server)
    with playing(tmp_path, "all", upstream=gone) as recorder:
        answer = ask(recorder)
        assert answer.status_code == 502
        assert "127.0.0.1 gave no answer: ConnectError" in answer.json()["message"]
        assert recorder.counts["not recorded"] == 1
    assert kept(tmp_path) == []


def test_what_cannot_be_cleaned_or_is_too_large_is_passed_on_and_not_kept(
    server: RawUpstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server.sends = [
        b"HTTP/1.1 200 OK\r\nContent-Encoding: x-tea\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx"
    ]
    with playing(tmp_path, "all", upstream=url(server)) as recorder:
        assert ask(recorder).status_code == 200
        monkeypatch.setattr(proxy, "_MOST", 3)
        server.sends = whole(compat_body())
        assert "hello" in ask(recorder).text
    assert recorder.counts["not recorded"] == 2
    assert kept(tmp_path) == []
    assert "not recorded: the body is coded as 'x-tea'" in caplog.text
    assert "not recorded: the answer is larger" in caplog.text


def test_the_recorder_speaks_for_itself(server: RawUpstream, tmp_path: Path) -> None:
    with playing(tmp_path, "all", upstream=url(server)) as recorder:
        assert httpx.get(f"{recorder.url}/_mock/health", trust_env=False).json()["status"] == "ok"
        assert httpx.get(f"{recorder.url}/_mock/reset", trust_env=False).status_code == 404
        recorder.recorder._max_body = 10
        assert ask(recorder).status_code == 413
        assert recorder.native_url == f"{recorder.url}/api/v1"
        assert "mode all, passed on to 127.0.0.1:" in banner("http://x", recorder.recorder)
    assert server.requests == []


def test_a_client_that_leaves_early_and_other_protocols_are_ignored(tmp_path: Path) -> None:
    recorded = Recorded(Library(tmp_path, create=True), Redaction.of(), Playing())
    recorder = Recorder(None, recorded, mode="all")
    assert recorder.mode == "none", "there is no upstream"
    assert "nothing is passed on" in banner("http://x", recorder)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        raise AssertionError

    said: list[Message] = []

    async def hold(message: Message) -> None:
        said.append(message)

    asyncio.run(recorder.crowded({"type": "http"}, receive, hold))
    assert said[0]["status"] == 503
    asyncio.run(recorder({"type": "lifespan"}, receive, send))
    asyncio.run(recorder({"type": "http", "path": "/x", "headers": []}, receive, send))


def test_headers_go_on_in_their_order_with_what_belongs_to_the_way_replaced() -> None:
    onward = Upstream(Target.read("https://h.example"), key="sk-other")
    headers = [
        (b"host", b"me"),
        (b"a", b"1"),
        (b"authorization", b"Bearer sk-client"),
        (b"connection", b"keep-alive"),
        (b"accept-encoding", b"br, gzip;q=0.5, zstd"),
        (b"content-length", b"9"),
        (b"b", b"2"),
    ]
    assert onward.headers_for(headers, b"xy", "POST") == [
        (b"host", b"h.example"),
        (b"a", b"1"),
        (b"accept-encoding", b"gzip;q=0.5"),
        (b"b", b"2"),
        (b"authorization", b"Bearer sk-other"),
        (b"content-length", b"2"),
    ]
    plain = Upstream(Target.read("https://[::1]:8443/base/"))
    assert plain.headers_for([(b"accept-encoding", b"br"), (b"authorization", b"k")], b"", "GET") == [
        (b"host", b"[::1]:8443"),
        (b"accept-encoding", b"identity"),
        (b"authorization", b"k"),
    ]
    assert plain.target.prefix == "/base"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("ftp://x", "is no URL of a server"),
        ("https://", "is no URL of a server"),
        ("https://ü.example", "is no URL of a server"),
        ("https://x:port", "Port could not be cast"),
        ("https://user:secret@x", "with a user, a query or a fragment"),
        ("https://x?a=secret", "with a user, a query or a fragment"),
        ("http://x.example", "keys do not travel without TLS; write https://x.example"),
    ],
)
def test_an_upstream_that_cannot_be_is_explained(given: str, words: str) -> None:
    with pytest.raises(UpstreamError) as raised:
        Target.read(given)
    assert words in str(raised.value)
    assert "secret" not in str(raised.value)


def test_chunks_end_where_the_framing_says_however_the_bytes_come() -> None:
    head = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    told = head + b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\nrest"
    for size in (1, 7, len(told)):
        ends = ChunkEnds()
        for at in range(0, len(told), size):
            ends.feed(told[at : at + size])
        assert ends.ends == {3, 5}
    plain = ChunkEnds()
    plain.feed(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc")
    assert plain.ends is None
    odd = ChunkEnds()
    odd.feed(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc")
    assert odd.ends == set()


def test_a_chunk_beyond_the_limit_is_passed_on_in_pieces(
    server: RawUpstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "LARGEST", 1000)
    server.sends = [HEAD, b"493e0\r\n" + b"x" * 300_000 + b"\r\n0\r\n\r\n"]
    with playing(tmp_path, "all", upstream=url(server)) as recorder:
        heard = hear(int(recorder.url.rpartition(":")[2]), b"")
    assert heard.body == b"x" * 300_000
    assert len(heard.chunks) > 1


def test_what_is_behind_tls_is_listened_to_as_well() -> None:
    class Plain(httpcore.AsyncNetworkStream):
        async def start_tls(self, *told: Any) -> Any:
            assert told[1] == "h.example"
            return self

        async def read(self, *_: Any) -> bytes:
            return b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na"

    async def run() -> set[int] | None:
        tap = await upstream._Tap(Plain()).start_tls(ssl.create_default_context(), "h.example")
        assert isinstance(tap, upstream._Tap)
        await tap.read(100)
        return tap.heard.ends

    assert asyncio.run(run()) == {1}


def test_a_taken_port_is_explained(tmp_path: Path) -> None:
    recorder = Recorder(None, Recorded(Library(tmp_path, create=True), Redaction.of(), Playing()))
    with bind("127.0.0.1", 0) as sock:
        sock.listen()
        with pytest.raises(OSError, match="cannot listen"):
            serve(recorder, host="127.0.0.1", port=sock.getsockname()[1])


def test_a_recorder_says_when_it_is_ready(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorder = Recorder(None, Recorded(Library(tmp_path / "c", create=True), Redaction.of(), Playing()))
    ready = tmp_path / "ready.json"
    before = RecorderServer.startup

    async def once(self: RecorderServer, sockets: list[socket.socket] | None = None) -> None:
        await before(self, sockets)
        self.should_exit = True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RecorderServer, "startup", once)
        serve(recorder, host="127.0.0.1", port=0, ready_file=ready)
        told = capsys.readouterr()
        assert "DashScope recorder, ready on http://127.0.0.1:" in told.out
        assert told.err == ""
        serve(recorder, host="0.0.0.0", port=0, quiet=True)  # noqa: S104 - what is warned of
        assert "warning: 0.0.0.0 is reachable from other machines" in capsys.readouterr().err
        serve(recorder, host="127.0.0.1", port=0, quiet=True)
        RecorderServer(recorder).run(sockets=[bind("127.0.0.1", 0)])
    assert ready.exists()
    assert capsys.readouterr().out == ""


def test_a_body_that_ends_without_its_last_chunk_is_passed_on_to_the_end() -> None:
    """What httpcore gives behind the last end that was seen is not kept back."""

    class Answer:
        def __init__(self) -> None:
            tap = upstream._Tap(httpcore.AsyncNetworkStream())
            tap.heard.ends = {3}
            self.extensions = {"network_stream": tap}

        async def aiter_stream(self) -> Any:
            yield b"abc"
            yield b"de"

    async def run() -> list[bytes]:
        incoming = upstream.Incoming(200, [], Answer())  # type: ignore[arg-type]
        return [chunk async for chunk in incoming.chunks()]

    assert asyncio.run(run()) == [b"abc", b"de"]


def test_the_same_request_while_it_is_being_recorded_waits_for_the_recording(
    server: RawUpstream, tmp_path: Path
) -> None:
    arrived, go_on, plain = threading.Event(), threading.Event(), server.answer

    def answer(connection: socket.socket) -> None:
        arrived.set()
        go_on.wait(PATIENCE)
        plain(connection)

    server.answer = answer  # type: ignore[method-assign]
    with playing(tmp_path, "new", upstream=url(server)) as recorder, ThreadPoolExecutor() as pool:
        first = pool.submit(ask, recorder)
        assert arrived.wait(PATIENCE)
        others = [pool.submit(ask, recorder) for _ in range(3)]
        go_on.set()
        assert {one.result().text for one in (first, *others)} == {first.result().text}
    assert len(server.requests) == len(kept(tmp_path)) == 1
    assert recorder.counts == {"recorded": 1, "replayed": 3, "missed": 0, "not recorded": 0}


class Hanging:
    """An upstream that answers what it is told to, or never; knows who stopped waiting."""

    def __init__(self, *answers: Any) -> None:
        self.target = Target("https", "h.example", 443)
        self.answers = list(answers)
        self.asked = asyncio.Event()
        self.left = 0

    def headers_for(self, *_: Any) -> list[tuple[bytes, bytes]]:
        return []

    async def send(self, *_: Any) -> Any:
        self.asked.set()
        if self.answers:
            return self.answers.pop(0)
        try:
            await asyncio.Event().wait()
        finally:
            self.left += 1


class Said:
    """An answer that has begun."""

    def __init__(self, body: bytes = b"{}", *, status: int = 200) -> None:
        self.status = status
        self.headers = [(b"content-type", b"application/json")]
        self.closed = False
        self._body = body

    async def chunks(self) -> Any:
        yield self._body

    async def close(self) -> None:
        self.closed = True


class Client:
    """A client of the recorder, by the ASGI protocol; it leaves when it is told to."""

    def __init__(self, *headers: tuple[str, str], said: str = "hi") -> None:
        self.leaves = asyncio.Event()
        self.heard: list[Message] = []
        self._body: bytes | None = dumped(asked(said))
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": "POST",
            "path": "/compatible-mode/v1/chat/completions",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers],
        }

    async def receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body}
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.heard.append(message)

    async def ask(self, recorder: Recorder) -> None:
        await recorder(self.scope, self.receive, self.send)

    @property
    def status(self) -> int | None:
        return int(self.heard[0]["status"]) if self.heard else None

    @property
    def words(self) -> str:
        return b"".join(message.get("body", b"") for message in self.heard).decode()


def recorder_of(folder: Path, onward: Any, **options: Any) -> Recorder:
    recorded = Recorded(Library(folder, create=True), Redaction.of(), Playing())
    return Recorder(onward, recorded, **options)


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ([("host", "127.0.0.1:8"), ("origin", "https://tea.example")], 403, "a page of another origin"),
        ([("host", "tea.example")], 403, "others can own that name"),
        ([("host", "tea.arpa")], 403, "others can own that name"),
        ([("host", "tea.home.arpa")], 200, ""),
        ([("host", "localhost"), ("content-type", "text/plain")], 415, "any page could send that"),
        ([("content-type", "text/plain"), ("authorization", "Bearer sk-tea")], 200, ""),
        ([("host", "localhost:8"), ("origin", "http://localhost:8")], 200, ""),
        ([], 200, ""),
    ],
)
def test_no_page_in_a_browser_may_ask_the_upstream(
    tmp_path: Path, headers: list[tuple[str, str]], status: int, words: str
) -> None:
    async def run() -> None:
        onward, client = Hanging(Said()), Client(*headers)
        recorder = recorder_of(tmp_path, onward, mode="all")
        await client.ask(recorder)
        assert client.status == status
        assert words in client.words
        assert onward.asked.is_set() is (status == 200)
        far = Client(("host", "tea.example"))
        await far.ask(recorder_of(tmp_path, Hanging(Said()), mode="all", local=False))
        assert far.status == 200, "who listens elsewhere may be named as they like"

    asyncio.run(run())


def test_a_client_that_leaves_before_the_answer_begins_is_noticed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        onward, client = Hanging(), Client()
        recorder = recorder_of(tmp_path, onward)
        asking = asyncio.create_task(client.ask(recorder))
        await onward.asked.wait()
        client.leaves.set()
        await asking
        assert (onward.left, client.heard) == (1, [])
        assert recorder.counts["not recorded"] == 1
        onward.answers.append(Said())
        again = Client()
        await again.ask(recorder)
        assert again.status == 200, "the retry finds nothing in its way"

    asyncio.run(run())
    assert "not recorded: the client left before the upstream answered" in caplog.text


def test_a_request_waits_for_the_same_one_only_so_long(tmp_path: Path) -> None:
    async def run() -> None:
        onward, first, retry, impatient = Hanging(), Client(), Client(), Client()
        recorder = recorder_of(tmp_path, onward, patience=0.001)
        hanging = asyncio.create_task(first.ask(recorder))
        await onward.asked.wait()
        onward.answers.append(Said())
        await retry.ask(recorder)
        assert retry.status == 200
        first.leaves.set()
        await hanging
        assert recorder._running == {}
        recorder = recorder_of(tmp_path / "other", onward, patience=PATIENCE)
        onward.asked.clear()
        running = asyncio.create_task(Client().ask(recorder))
        await onward.asked.wait()
        waiting = asyncio.create_task(impatient.ask(recorder))
        impatient.leaves.set()
        await waiting
        assert impatient.heard == [], "it left while it waited"
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(run())


@pytest.mark.parametrize("status", [0, 101, 199, 600, 999])
def test_a_status_that_http_does_not_have_is_told_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    async def run() -> None:
        answer, client = Said(status=status), Client()
        recorder = recorder_of(tmp_path, Hanging(answer))
        await client.ask(recorder)
        assert (client.status, answer.closed) == (502, True)
        assert f"the upstream answered with the status {status}, which HTTP does not have" in client.words
        assert recorder.counts["not recorded"] == 1

    asyncio.run(run())
    assert f"with the status {status}" in caplog.text
    assert list(tmp_path.glob("*.json")) == []


def test_an_answer_that_would_be_spoilt_is_passed_on_and_not_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        client = Client()
        await client.ask(recorder_of(tmp_path, Hanging(Said(b'{"n":1e400,"token":"tea"}'))))
        assert client.words == '{"n":1e400,"token":"tea"}'

    asyncio.run(run())
    assert "not recorded: without its secrets the body would be no JSON any more" in caplog.text
    assert list(tmp_path.glob("*.json")) == []


@pytest.mark.parametrize("mode", ["all", "new", "overwrite"])
def test_a_request_that_has_not_the_form_of_its_dialect_is_recorded(tmp_path: Path, mode: str) -> None:
    async def run() -> None:
        client = Client()
        client._body = b'{"messages":[{"role":"tool","tool_call_id":[1],"content":"x"}]}'
        recorder = recorder_of(tmp_path, Hanging(Said(b'{"error":{}}', status=400)), mode=mode)
        await client.ask(recorder)
        assert (client.status, client.words) == (400, '{"error":{}}')
        assert recorder.counts["recorded"] == 1

    asyncio.run(run())
    assert [one.response.status for one in kept(tmp_path)] == [400]


@pytest.mark.parametrize("mode", ["all", "overwrite"])
def test_whatever_goes_wrong_with_a_recording_the_answer_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, mode: str
) -> None:
    def spilt(*_: Any, **__: Any) -> str:
        raise TypeError

    monkeypatch.setattr(cassette, "write", spilt)

    async def run() -> None:
        client = Client()
        recorder = recorder_of(tmp_path, Hanging(Said()), mode=mode)
        await client.ask(recorder)
        assert (client.status, client.heard[-1].get("more_body")) == (200, False)
        assert recorder.counts["not recorded"] == 1

    asyncio.run(run())
    assert [record.getMessage() for record in caplog.records if "recorded" in record.getMessage()] == [
        "not recorded: it cannot be written: TypeError"
    ]


def test_a_long_request_is_read_aside(tmp_path: Path) -> None:
    async def run() -> None:
        client, again = Client(said="tea " * 30_000), Client(said="tea " * 30_000)
        recorder = recorder_of(tmp_path, Hanging(Said()))
        await client.ask(recorder)
        await again.ask(recorder)
        assert recorder.counts["replayed"] == 1

    asyncio.run(run())


def test_the_keys_of_a_recording_are_made_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[threading.Thread] = []
    keys_of = canonical.keys_of

    def watched(request: Request) -> canonical.Keys:
        made.append(threading.current_thread())
        return keys_of(request)

    monkeypatch.setattr(canonical, "keys_of", watched)
    asyncio.run(Client().ask(recorder_of(tmp_path, Hanging(Said()), mode="all")))
    assert made
    assert threading.current_thread() not in made


def test_who_ends_the_recorder_waits_for_what_is_being_written_but_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    write = cassette.write

    def slow(*told: Any, **named: Any) -> str:
        begun.set()
        go_on.wait(PATIENCE)
        return write(*told, **named)

    monkeypatch.setattr(cassette, "write", slow)

    async def run() -> None:
        recorder = recorder_of(tmp_path, Hanging(Said()))
        await recorder.settle(PATIENCE)
        asking = asyncio.create_task(Client().ask(recorder))
        await asyncio.to_thread(begun.wait, PATIENCE)
        await recorder.settle(0.0)
        assert not asking.done()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert recorder.counts["not recorded"] == 1

    asyncio.run(run())
    go_on.set()
    assert "not recorded: the recorder ended before it was written" in caplog.text
