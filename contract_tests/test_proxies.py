"""The SDKs behind proxies that people put in between: nginx, HAProxy and Caddy, as Debian ships them.

Each proxy runs on a free port with a configuration and a folder of its own. nginx speaks HTTP/1.0 to what is
behind it unless told otherwise, and holds a stream back unless it is told not to.
"""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from contract_tests.drivers import program
from contract_tests.sdks import SDKS, Sdk
from contract_tests.world import Server, World, serving

WORDS = "Oolong, half fermented, from the hills of Anxi, poured three times."
PAUSE_MS = 300
"""How long each token takes where it is asked whether a stream comes as it is sent."""

POLLS, POLL_SECONDS = 200, 0.05


def _nginx(folder: Path, port: int, upstream: str, *, version: str = "1.1") -> tuple[list[str], str]:
    config = f"""
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://{upstream};
      proxy_http_version {version};
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
    }}
  }}
}}
"""
    return ["nginx", "-p", str(folder), "-c", str(folder / "config"), "-e", str(folder / "error.log")], config


def _nginx_old(folder: Path, port: int, upstream: str) -> tuple[list[str], str]:
    return _nginx(folder, port, upstream, version="1.0")


def _haproxy(folder: Path, port: int, upstream: str) -> tuple[list[str], str]:
    config = f"""
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend in
  bind 127.0.0.1:{port}
  default_backend mock
backend mock
  server mock {upstream}
"""
    return ["haproxy", "-db", "-f", str(folder / "config")], config


def _caddy(folder: Path, port: int, upstream: str) -> tuple[list[str], str]:
    config = f"""
{{
  admin off
  auto_https off
  storage file_system {folder}/storage
}}
http://127.0.0.1:{port} {{
  reverse_proxy {upstream}
}}
"""
    config_path = str(folder / "config")
    return ["caddy", "run", "--adapter", "caddyfile", "--config", config_path], config


PROXIES: dict[str, Callable[[Path, int, str], tuple[list[str], str]]] = {
    "nginx": _nginx,
    "nginx, HTTP/1.0": _nginx_old,
    "haproxy": _haproxy,
    "caddy": _caddy,
}
"""How each proxy is run: its command and its configuration."""


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _program(name: str) -> str:
    """Find a proxy, which Debian puts where not every PATH leads; skip or fail without it."""
    return program(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def _running(name: str, folder: Path, upstream: str) -> Iterator[str]:
    """Run a proxy in front of the server; give its address."""
    port = _free_port()
    command, config = PROXIES[name](folder, port, upstream)
    command[0] = _program(command[0])
    (folder / "config").write_text(config)
    own = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=own, stdout=log, stderr=subprocess.STDOUT)
    try:
        for _ in range(POLLS):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(POLL_SECONDS)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def unbuffered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server that tells proxies not to hold its streams back."""
    with serving(tmp_path_factory.mktemp("unbuffered"), "--no-buffering") as running:
        yield running


@pytest.fixture(scope="module", params=PROXIES)
def address(
    request: pytest.FixtureRequest, unbuffered: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Start each proxy in front of it."""
    upstream = unbuffered.openai_url.removeprefix("http://").partition("/")[0]
    with _running(request.param, tmp_path_factory.mktemp("proxy"), upstream) as running:
        yield running


@pytest.fixture
def behind(address: str, unbuffered: Server, request: pytest.FixtureRequest) -> Iterator[World]:
    """Give a world whose clients go through the proxy."""
    own = World(
        f"sk-{request.node.name.encode().hex()[:80]}",
        f"{address}/compatible-mode/v1",
        f"{address}/api/v1",
        unbuffered.control,
    )
    yield own
    own.forget()


@pytest.fixture
def sdk(request: pytest.FixtureRequest, behind: World) -> Sdk:
    """Give the SDK, set to the proxy."""
    return SDKS[request.param](behind)


@pytest.mark.parametrize("sdk", SDKS, indirect=True)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_an_sdk_behind_a_proxy_hears_what_was_said(sdk: Sdk, behind: World, *, stream: bool) -> None:
    behind.script({"content": WORDS})
    answer = sdk.ask("Which tea?", stream=stream)
    assert answer.content == WORDS
    assert answer.usage.total == answer.usage.input + answer.usage.output > 0
    assert (len(answer.pieces) > 1) is stream


@pytest.mark.parametrize("sdk", ["openai", "generation"], indirect=True)
def test_an_error_goes_through_as_it_is(sdk: Sdk, behind: World) -> None:
    behind.script({"error": {"code": "Throttling.RateQuota"}})
    with pytest.raises(Exception, match=r"(?i)rate|429|quota"):
        sdk.ask("Which tea?")


def test_each_event_is_passed_on_before_the_next_one_is_sent(behind: World) -> None:
    # What is written in Go may cut a stream that begins before it has put the request away (golang/go 40747);
    # the cloud takes its time, and so does this one.
    pace = {"first_ms": PAUSE_MS, "per_token_ms": PAUSE_MS}
    behind.script({"chunks": ["one ", "two ", "three"], "pace": pace})
    body = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Count."}], "stream": True}
    headers = {"Authorization": f"Bearer {behind.key}"}
    with (
        httpx.Client(trust_env=False, timeout=30) as client,
        client.stream("POST", f"{behind.openai_url}/chat/completions", json=body, headers=headers) as answer,
    ):
        assert answer.status_code == 200
        said = (line for line in answer.iter_lines() if '"content":"' in line and '"content":""' not in line)
        arrived = [time.monotonic() for _ in said]
    assert len(arrived) == 3
    # Held back, they would come together at the end.
    assert arrived[-1] - arrived[0] > PAUSE_MS / 1000
