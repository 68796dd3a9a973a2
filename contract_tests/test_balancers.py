"""Several servers behind a balancer are one server for each world: the configurations of docs/many.md.

The balancer takes each API key to the same process, in whichever header it comes. Control calls about a
world go the same way.
"""

import os
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from contract_tests.drivers import program
from contract_tests.world import Server, serving, wait_until
from mockserver import Mock
from mockserver.testing.channel import HttpChannel
from tests.state.engines import Engine

PAGE = Path(__file__).resolve().parent.parent / "docs" / "many.md"

NGINX = """
daemon off;
pid FOLDER/pid;
error_log FOLDER/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path FOLDER/body; proxy_temp_path FOLDER/proxy; fastcgi_temp_path FOLDER/fastcgi;
  uwsgi_temp_path FOLDER/uwsgi; scgi_temp_path FOLDER/scgi;
"""
"""What stands around the block that the page shows: everything in a folder of the test's own."""

CHAT = "/compatible-mode/v1/chat/completions"

COMMANDS: dict[str, Callable[[Path], list[str]]] = {
    "nginx": lambda folder: [
        "nginx",
        "-p",
        str(folder),
        "-c",
        f"{folder}/config",
        "-e",
        f"{folder}/error.log",
    ],
    "haproxy": lambda folder: ["haproxy", "-db", "-f", f"{folder}/config"],
}

WORLDS = 24
CLIENTS = 64
ALLOWED = 40
"""Requests a minute that a quota lets in."""


def shown(kind: str) -> str:
    """The first block of this kind on the page."""
    found = re.search(rf"```{kind}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


HASHES = re.compile(r"^ *(?:hash|balance|hash-type) .*\n", re.MULTILINE)
"""The lines by which a balancer takes each key to the same process."""


def configured(name: str, folder: Path, ports: dict[str, int], *, hashing: bool = True) -> str:
    """The configuration of the page with these ports in the place of its own."""
    page = shown(name) if hashing else HASHES.sub("", shown(name))
    text = re.sub(r"127\.0\.0\.1:(\d+)", lambda found: f"127.0.0.1:{ports[found[1]]}", page)
    return f"{NGINX.replace('FOLDER', str(folder))}{text}}}" if name == "nginx" else text


@contextmanager
def balanced(name: str, folder: Path, servers: list[Server], *, hashing: bool = True) -> Iterator[str]:
    """Run a balancer in front of the servers; give its URL."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = int(sock.getsockname()[1])
    ports = {"8000": port, "8001": _port(servers[0]), "8002": _port(servers[1])}
    (folder / "config").write_text(configured(name, folder, ports, hashing=hashing), "utf-8")
    command = COMMANDS[name](folder)
    command[0] = program(command[0], path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: _open(port), process=process, log=folder / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _port(server: Server) -> int:
    port = server.control.base_url.port
    assert port is not None
    return port


def _open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """Run two servers that know nothing of each other."""
    folder = tmp_path_factory.mktemp
    with serving(folder("one"), "--no-buffering") as one, serving(folder("two"), "--no-buffering") as two:
        yield [one, two]


@pytest.fixture(scope="module", params=COMMANDS)
def url(
    request: pytest.FixtureRequest, servers: list[Server], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Give the address of each balancer in turn."""
    with balanced(request.param, tmp_path_factory.mktemp("balancer"), servers) as running:
        yield running


def world(url: str, name: str) -> Mock:
    """Give a world behind the balancer, empty."""
    key = f"sk-{name}-{url.rpartition(':')[2]}"
    mock = Mock(HttpChannel(url, key=key), url, key)
    mock.reset()
    return mock


def ask(url: str, headers: dict[str, str], **body: Any) -> httpx.Response:
    """Send a body to an endpoint."""
    return httpx.post(url, json={"model": "qwen-plus", **body}, headers=headers, timeout=30, trust_env=False)


def chat(url: str, headers: dict[str, str], path: str = CHAT) -> httpx.Response:
    """Ask for tea."""
    messages = [{"role": "user", "content": "Which tea?"}]
    return ask(f"{url}{path}", headers, max_tokens=64, messages=messages)


def bearer(mock: Mock) -> dict[str, str]:
    """Give the header of most SDKs."""
    return {"Authorization": f"Bearer {mock.key}"}


def said(answer: httpx.Response) -> str:
    """What the model said, compatible dialect."""
    assert answer.status_code == 200, answer.text
    return str(answer.json()["choices"][0]["message"]["content"])


def test_each_world_is_whole_and_the_worlds_are_spread(url: str, servers: list[Server]) -> None:
    worlds = [world(url, f"spread{number}") for number in range(WORLDS)]
    for number, mock in enumerate(worlds):
        mock.reply(f"Tea {number}.", times=2)
    with ThreadPoolExecutor(8) as pool:
        for _ in range(2):
            answers = pool.map(lambda mock: said(chat(url, bearer(mock))), worlds)
            assert list(answers) == [f"Tea {number}." for number in range(WORLDS)]
    assert all(len(mock.requests()) == 2 for mock in worlds)
    held = [sum(bool(server.world(mock.key).requests()) for mock in worlds) for server in servers]
    assert sum(held) == WORLDS
    assert all(held)


def test_a_key_is_the_same_world_in_either_header_and_dialect(url: str) -> None:
    for number in range(8):
        mock = world(url, f"header{number}")
        mock.reply("Oolong.", times=2)
        assert said(chat(url, {"authorization": f"bearer {mock.key}"})) == "Oolong."
        answer = chat(url, {"x-api-key": mock.key}, "/apps/anthropic/v1/messages")
        assert answer.json()["content"][0]["text"] == "Oolong."
        assert len(mock.requests()) == 2


def test_a_stored_response_is_found_again(url: str) -> None:
    for number in range(8):
        mock = world(url, f"stored{number}")
        responses = f"{url}/compatible-mode/v1/responses"
        first = ask(responses, bearer(mock), input="Which tea?").json()["id"]
        second = ask(responses, bearer(mock), input="And then?", previous_response_id=first)
        assert second.status_code == 200, second.text


def test_a_sequence_is_given_once_and_a_quota_is_exact_under_many_clients(url: str) -> None:
    mock = world(url, "exact")
    script = mock.when()
    for number in range(CLIENTS):
        script.then(f"Step {number}.", times=1)
    quota = {"key": mock.key, "model": "*", "rpm": ALLOWED}
    httpx.put(f"{url}/_mock/quotas", json=quota, headers=bearer(mock), trust_env=False).raise_for_status()
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(lambda _: chat(url, bearer(mock)), range(CLIENTS)))
    let_in = [said(answer) for answer in answers if answer.status_code == 200]
    assert sorted(let_in) == sorted(f"Step {number}." for number in range(ALLOWED))
    assert [answer.status_code for answer in answers].count(429) == CLIENTS - ALLOWED


def test_the_code_of_the_page_passes(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCK_URL", url)
    names: dict[str, Callable[[], None]] = {}
    exec(compile(shown("python"), str(PAGE), "exec"), names)
    names["test_a_server_that_runs_already"]()


@pytest.fixture(scope="module")
def sharing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """Run two servers that share a state."""
    folder = tmp_path_factory.mktemp
    with ExitStack() as stack:
        engine = Engine(folder("redis"))
        stack.callback(engine.end)
        yield [stack.enter_context(serving(folder(name), "--state", engine.url)) for name in ("one", "two")]


@pytest.mark.parametrize("name", COMMANDS)
def test_servers_that_share_a_state_are_one_whichever_is_asked(
    name: str, sharing: list[Server], tmp_path: Path
) -> None:
    assert len(HASHES.findall(shown(name))) == {"nginx": 1, "haproxy": 2}[name]
    with balanced(name, tmp_path, sharing, hashing=False) as url:
        mock = world(url, "shared")
        script = mock.when()
        for number in range(WORLDS):
            script.then(f"Step {number}.", times=1)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: said(chat(url, bearer(mock))), range(WORLDS)))
        assert sorted(answers) == sorted(f"Step {number}." for number in range(WORLDS))
        for one in (url, *(str(server.control.base_url).rstrip("/") for server in sharing)):
            assert len(Mock(HttpChannel(one, key=mock.key), one, mock.key).requests()) == WORLDS
