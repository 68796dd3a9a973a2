"""A server from its opening to its end: the socket, the banner, the ready file, the signals, the grace."""

import asyncio
import gc
import json
import logging
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.server.listening import bind
from mockserver.server.serve import Server, banner, serve, write_ready_file
from mockserver.wire import sse
from tests.server.conftest import MakeLive
from tests.server.talk import COMPAT, PATIENCE, Caller, collector_as_it_was, request, running

TEA = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Which tea?"}]}
IDLE_END = 2.0
"""Seconds in which an idle server ends: one, and one more for a busy machine."""


def test_the_ready_file_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    path.write_text("old")
    write_ready_file(path, "http://127.0.0.1:8123")
    assert json.loads(path.read_text()) == {
        "url": "http://127.0.0.1:8123",
        "openai_url": "http://127.0.0.1:8123/compatible-mode/v1",
        "native_url": "http://127.0.0.1:8123/api/v1",
        "port": 8123,
        "pid": os.getpid(),
    }
    assert [file.name for file in tmp_path.iterdir()] == ["ready.json"]
    assert stat.S_ISREG(path.stat().st_mode)


def test_the_banner_tells_the_urls_the_environment_and_a_request() -> None:
    told = banner("http://127.0.0.1:8123")
    assert "OPENAI_BASE_URL=http://127.0.0.1:8123/compatible-mode/v1" in told
    assert "DASHSCOPE_HTTP_BASE_URL=http://127.0.0.1:8123/api/v1" in told
    body = told.partition("-d '")[2].partition("'")[0]
    assert json.loads(body)["messages"] == [{"role": "user", "content": "Hello!"}]
    assert "curl http://127.0.0.1:8123/compatible-mode/v1/chat/completions" in told
    assert told.count("http://127.0.0.1:8123/_mock/") == 1
    assert "/_mock/" not in banner("http://127.0.0.1:8123", page=False)


def test_the_port_opens_before_the_vocabulary_is_loaded(lazy_tokenizer: LazyTokenizer) -> None:
    may_load = threading.Event()

    def load() -> Any:
        assert may_load.wait(PATIENCE)
        return lazy_tokenizer.get()

    engine = Engine(tokenizer=LazyTokenizer(load))
    with running(engine) as live:
        heard = live.ask("GET", "/_mock/health")
        assert (heard.status, heard.json()["status"]) == (503, "starting")
        with live.line() as line:
            line.say(request("POST", COMPAT, TEA))
            may_load.set()
            assert line.hear().status == 200
        assert live.ask("GET", "/_mock/health").json()["status"] == "ok"


def test_nobody_has_to_be_told_that_the_port_is_open(lazy_tokenizer: LazyTokenizer) -> None:
    server = Server(Engine(tokenizer=lazy_tokenizer))

    async def open_and_close() -> bool:
        sock = bind("127.0.0.1", 0)
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        await server.startup([sock])
        started = server.started
        await server.shutdown([sock])
        return started

    with collector_as_it_was():
        assert asyncio.run(open_and_close())


def test_what_stays_for_good_is_taken_out_of_the_collectors_way(make_live: MakeLive) -> None:
    live = make_live()
    gc.unfreeze()  # the server may have done it by now
    gc.disable()  # as it is while a server is made
    live.server._load()
    assert gc.get_freeze_count() > 0
    assert gc.isenabled()
    young, between, _ = gc.get_threshold()
    assert young * between <= 100_000, "so many objects are gone through while everybody waits"


def _stream(live: Caller, *, tokens: int, per_token_ms: float) -> bytes:
    """Scripts a paced stream; the request for it."""
    live.script({"content": "tea " * tokens, "pace": {"per_token_ms": per_token_ms}})
    return request("POST", COMPAT, {**TEA, "stream": True})


def test_a_running_stream_finishes_within_the_grace(make_live: MakeLive) -> None:
    live = make_live(grace=PATIENCE)
    with live.line() as line:
        line.say(_stream(live, tokens=20, per_token_ms=20))
        assert line.hear_head().status == 200
        line.hear_chunk()
        live.server.should_exit = True
        chunks = list(iter(line.hear_chunk, b""))
        assert chunks[-1] == sse.DONE
        assert line.hear_some() == b""


def test_a_stream_longer_than_the_grace_is_cut_off(make_live: MakeLive) -> None:
    live = make_live(grace=0)
    with live.line() as line:
        line.say(_stream(live, tokens=20, per_token_ms=60_000))
        assert line.hear_head().status == 200
        line.hear_chunk()
        live.server.should_exit = True
        assert b"[DONE]" not in line.hear_all()


def test_a_client_that_leaves_a_paced_stream_leaves_no_task_behind(make_live: MakeLive) -> None:
    live = make_live()
    state = live.server.server_state
    with live.line() as line:
        line.say(_stream(live, tokens=20, per_token_ms=60_000))
        assert line.hear_head().status == 200
        line.hear_chunk()
        assert len(state.tasks) == 1
        (task,) = state.tasks
        left = threading.Event()
        task.get_loop().call_soon_threadsafe(task.add_done_callback, lambda _: left.set())
    assert left.wait(PATIENCE)
    assert live.ask("GET", "/_mock/health").status == 200
    (entry,) = live.engine.journal
    assert entry.finished is None


@contextmanager
def started(tmp_path: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """The command as a process of its own, once it is ready, and what it wrote in its ready file."""
    ready = tmp_path / "ready.json"
    command = [
        sys.executable,
        "-m",
        "mockserver",
        "serve",
        "--port",
        "0",
        "--ready-file",
        str(ready),
        *options,
    ]
    with subprocess.Popen(  # noqa: S603
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            assert process.stdout is not None
            told = "".join(process.stdout.readline() for _ in banner("").splitlines())
            assert process.stderr is not None
            assert ready.exists(), process.stderr.read()
            written = json.loads(ready.read_text())
            assert told == banner(written["url"]) + "\n"
            yield process, written
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 0)], ids=["SIGTERM", "SIGINT"]
)
def test_an_idle_process_ends_within_a_second_of_its_signal(
    number: signal.Signals, status: int, tmp_path: Path
) -> None:
    with started(tmp_path) as (process, ready):
        assert ready["pid"] == process.pid
        caller = Caller(ready["port"])
        assert caller.ask("POST", COMPAT, TEA).status == 200
        with urllib.request.urlopen(f"{ready['url']}/_mock/health") as health:  # noqa: S310
            assert json.load(health)["status"] == "ok"
        kept = caller.line()
        kept.say(request("GET", "/_mock/health"))
        assert kept.hear().status == 200
        begun = time.monotonic()
        process.send_signal(number)
        _, errors = process.communicate(timeout=PATIENCE)
        assert time.monotonic() - begun < IDLE_END
        with kept:
            assert kept.hear_some() == b""
        assert process.returncode == status
        assert errors == ""


def test_a_process_lets_a_running_stream_finish(tmp_path: Path) -> None:
    with started(tmp_path) as (process, ready):
        live = Caller(ready["port"])
        with live.line() as line:
            line.say(_stream(live, tokens=20, per_token_ms=20))
            assert line.hear_head().status == 200
            line.hear_chunk()
            process.send_signal(signal.SIGTERM)
            assert list(iter(line.hear_chunk, b""))[-1] == sse.DONE
        _, errors = process.communicate(timeout=PATIENCE)
        assert errors == ""


def test_a_process_cuts_off_a_stream_that_outlasts_the_grace_without_a_word(tmp_path: Path) -> None:
    with started(tmp_path, "--grace", "0") as (process, ready):
        live = Caller(ready["port"])
        with live.line() as line:
            line.say(_stream(live, tokens=20, per_token_ms=60_000))
            assert line.hear_head().status == 200
            line.hear_chunk()
            process.send_signal(signal.SIGTERM)
            assert b"[DONE]" not in line.hear_all()
        _, errors = process.communicate(timeout=PATIENCE)
        assert errors == ""


def _serve_once(monkeypatch: pytest.MonkeyPatch, engine: Engine, **options: Any) -> None:
    """Runs `serve` with a server that opens and ends at once."""

    def run(self: Server, sockets: list[socket.socket]) -> None:
        assert self._on_open is not None
        self._on_open()
        for sock in sockets:
            sock.close()

    monkeypatch.setattr(Server, "run", run)
    serve(engine, **options)


def test_serving_tells_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ready = tmp_path / "ready.json"
    _serve_once(monkeypatch, Engine(Settings(port=0)), ready_file=ready)
    told = capsys.readouterr()
    assert told.out == banner(json.loads(ready.read_text())["url"]) + "\n"
    assert told.err == ""


def test_serving_quietly_tells_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _serve_once(monkeypatch, Engine(Settings(port=0)), quiet=True)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("control", "told"),
    [
        ("on", "the control API is on: they can read what is asked"),
        ("off", "the control API is off"),
        ("token", "the control API wants its token"),
        (None, "the control API wants its token"),
    ],
)
def test_serving_other_machines_warns(
    control: Any, told: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _serve_once(monkeypatch, Engine(Settings(host="0.0.0.0", port=0, control=control)), quiet=True)  # noqa: S104
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith(
        "listening on 0.0.0.0: other machines can reach this server, and any"
    )
    assert told in record.getMessage()
    assert record.getMessage().endswith("--host 127.0.0.1 keeps it to this machine")


def test_a_drawn_token_is_printed_even_to_the_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _serve_once(monkeypatch, Engine(Settings(port=0, control="token")), quiet=True)
    told = capsys.readouterr().out
    assert re.fullmatch(r"Token of the control API \(header X-Mock-Token\): [\w-]{32}\n", told)


def test_a_chosen_token_is_not_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _serve_once(monkeypatch, Engine(Settings(port=0, control_token="0123456789abcdef")), quiet=True)
    assert capsys.readouterr() == ("", "")
