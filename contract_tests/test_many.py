"""Several processes and hosts that share a Redis are one server for everybody.

Two hosts are two ports here, one of them with two workers. Every client meets any of the three.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from contract_tests.drivers import ROOT
from contract_tests.world import serving, wait_until
from mockserver import Mock
from mockserver.testing.channel import HttpChannel
from tests.state.engines import Engine

CHAT = "/compatible-mode/v1/chat/completions"
CLIENTS = 64
WORLDS = 16
ALLOWED = 40
"""Requests a minute that a quota lets in."""

KEYS = count()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Run an engine of these tests alone."""
    with Engine(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture(scope="module")
def urls(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Run two hosts, and give their addresses."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(
                serving(tmp_path_factory.mktemp("host"), "--state", engine.url, "--workers", workers)
            )
            for workers in ("2", "1")
        ]
        yield [str(server.control.base_url).rstrip("/") for server in servers]


def world(url: str) -> Mock:
    """Give a world of its own."""
    key = f"sk-many-{next(KEYS)}"
    return Mock(HttpChannel(url, key=key), url, key)


def chat(url: str, key: str, text: str = "Which tea?", **more: Any) -> httpx.Response:
    """Ask by a connection of its own, which any worker may take."""
    body = {"model": "qwen-plus", "messages": [{"role": "user", "content": text}], **more}
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.post(f"{url}{CHAT}", json=body, headers=headers, timeout=60, trust_env=False)


def said(answer: httpx.Response) -> str:
    """Give what the model said."""
    assert answer.status_code == 200, answer.text
    return str(answer.json()["choices"][0]["message"]["content"])


def test_worlds_do_not_meet_whoever_answers(urls: list[str]) -> None:
    def one(number: int) -> None:
        draw = Random(number)
        mock = world(draw.choice(urls))
        mock.when().then(f"First {number}.", times=1).then(f"Then {number}.", times=1)
        got = [said(chat(draw.choice(urls), mock.key)) for _ in range(2)]
        assert got == [f"First {number}.", f"Then {number}."]
        shown = [world_of(url, mock.key).requests() for url in urls]
        assert [len(requests) for requests in shown] == [2, 2]
        mock.reset()
        assert said(chat(draw.choice(urls), mock.key)) not in got

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(WORLDS)))


def world_of(url: str, key: str) -> Mock:
    """Give a world as another host knows it."""
    return Mock(HttpChannel(url, key=key), url, key)


def test_a_sequence_is_given_once_and_a_quota_is_exact_under_many_clients(urls: list[str]) -> None:
    mock = world(urls[0])
    script = mock.when()
    for number in range(CLIENTS):
        script.then(f"Step {number}.", times=1)
    quota = {"key": mock.key, "model": "*", "rpm": ALLOWED}
    httpx.put(f"{urls[1]}/_mock/quotas", json=quota, trust_env=False).raise_for_status()
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(lambda number: chat(urls[number % 2], mock.key), range(CLIENTS)))
    let_in = [said(answer) for answer in answers if answer.status_code == 200]
    assert sorted(let_in) == sorted(f"Step {number}." for number in range(ALLOWED))
    assert [answer.status_code for answer in answers].count(429) == CLIENTS - ALLOWED
    (used,) = [
        row
        for row in httpx.get(f"{urls[0]}/_mock/quotas", trust_env=False).json()["used"]
        if row["rpm"] == ALLOWED
    ]
    assert used["concurrency"] == 0


def test_a_worker_that_is_killed_loses_nothing_that_was_answered(engine: Engine, tmp_path: Path) -> None:
    ready, log = tmp_path / "ready.json", tmp_path / "log"
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--ready-file", str(ready)]
    command += ["--state", f"{engine.url}?prefix=killed", "--workers", "2"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until(ready.is_file, process=process, log=log)
        url = httpx.Response(200, content=ready.read_bytes()).json()["url"]
        mock = world(url)
        script = mock.when()
        for number in range(60):
            script.then(str(number), times=1)
        answered: list[str] = []
        killed = threading.Event()

        def one(number: int) -> None:
            if number == 30:
                children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()
                os.kill(int(children[0]), signal.SIGKILL)
                killed.set()
            try:
                answered.append(said(chat(url, mock.key)))
            except httpx.TransportError:
                assert killed.is_set()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(one, range(60)))
        assert len(answered) == len(set(answered)) >= 45
        shown = [request["answer"][0]["content"] for request in requests_of(url, mock.key)]
        assert set(answered) <= set(shown)
        assert len(shown) == len(set(shown))
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0


def requests_of(url: str, key: str) -> list[dict[str, Any]]:
    """Give the journal of a world."""
    answer = httpx.get(f"{url}/_mock/requests", params={"key": key}, timeout=60, trust_env=False)
    requests: list[dict[str, Any]] = answer.raise_for_status().json()["requests"]
    return requests


def test_an_engine_that_dies_is_told_and_comes_back(engine: Engine, urls: list[str]) -> None:
    assert chat(urls[0], "sk-back").status_code == 200
    engine.kill()
    for url in urls:
        lost = chat(url, "sk-back")
        assert lost.status_code == 503
        assert "the shared state of this mock server cannot be used" in lost.json()["error"]["message"]
        assert httpx.get(f"{url}/_mock/health", trust_env=False).status_code == 503
    engine.begin()
    for url in urls:
        assert chat(url, "sk-back").status_code == 200
        assert httpx.get(f"{url}/_mock/health", trust_env=False).status_code == 200
