"""Every client is recorded against a server, and told the same from the cassette with the server gone."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract_tests.clients.jobs import Job, Report
from contract_tests.drivers import Client, Driver
from contract_tests.matrix import CLIENTS, clients, every_client
from contract_tests.recording import PlayingServer, playing
from contract_tests.replaying import replaying
from contract_tests.world import World
from mockserver.corridor.replay import Playing
from mockserver.recording.redaction import Redaction

ASKED = ("你好，我叫小明。🚲", "我叫什么名字？")
BY_NAME = {client.name: client for client in CLIENTS}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """A connection that is cut on purpose is no news."""
    uvicorn = logging.getLogger("uvicorn")
    level = uvicorn.level
    uvicorn.setLevel(logging.CRITICAL)
    yield
    uvicorn.setLevel(level)


def job_of(client: Client, openai_url: str, native_url: str, key: str, *, stream: bool) -> Job:
    """The conversation that is recorded."""
    return Job(
        openai_url=openai_url,
        native_url=native_url,
        surface=client.surface,
        key=key,
        model=client.model,
        say=list(ASKED),
        system="请用中文回答。",
        stream=stream,
        n=1,
        parameters={},
        headers={},
        begin=None,
    )


def held(client: Client, drivers: dict[str, Driver], job: Job) -> Report:
    """What the client tells of a conversation."""
    if client.name not in drivers:
        drivers[client.name] = Driver(client)
    return drivers[client.name].run(job)


def conversations(
    client: Client, drivers: dict[str, Driver], server: PlayingServer, key: str
) -> list[Report]:
    """The conversation held both ways, then one that is refused."""
    refused = job_of(client, server.openai_url, server.native_url, key, stream=False)
    refused["model"] = "qwen-oolong"
    jobs = [job_of(client, server.openai_url, server.native_url, key, stream=way) for way in (False, True)]
    return [held(client, drivers, job) for job in (*jobs, refused)]


@every_client
def test_a_client_hears_the_same_from_the_cassette(
    client: Client, drivers: dict[str, Driver], world: World, tmp_path: Path
) -> None:
    """Two turns, plain and streamed, and an error: the reports are the same to the last piece."""
    upstream = world.openai_url.removesuffix("/compatible-mode/v1")
    with playing(tmp_path, "all", upstream=upstream) as recorder:
        live = conversations(client, drivers, recorder, world.key)
    assert recorder.counts["recorded"] == 5
    assert len(world.requests()) == 5
    with playing(tmp_path) as replayer:
        replayed = conversations(client, drivers, replayer, "sk-another-key")
        assert replayer.unused == []
        assert replayer.counts == {"recorded": 0, "replayed": 5, "missed": 0, "not recorded": 0}
    assert replayed == live
    assert len(live[0]["turns"]) == len(live[1]["turns"]) == 2
    assert "error" in live[2]["turns"][0]
    assert len(world.requests()) == 5, "the server was not asked again"


@clients(
    client for client in CLIENTS if client.name in ("dashscope-generation", "dashscope-aio", "dashscope-java")
)
@pytest.mark.parametrize("recorded_by", ["openai-python", "curl-compat"])
def test_a_compatible_recording_answers_a_native_sdk(
    client: Client, recorded_by: str, drivers: dict[str, Driver], world: World, tmp_path: Path
) -> None:
    """Recorded streamed on the compatible surface, replayed to the dashscope SDK, streamed and not."""
    other = BY_NAME[recorded_by]
    upstream = world.openai_url.removesuffix("/compatible-mode/v1")
    with playing(tmp_path, "all", upstream=upstream) as recorder:
        live = held(
            other, drivers, job_of(other, recorder.openai_url, recorder.native_url, world.key, stream=True)
        )
    with replaying(tmp_path, Playing(way="transcode"), Redaction.of()) as base:
        for stream in (False, True):
            job = job_of(client, f"{base}/compatible-mode/v1", f"{base}/api/v1", "sk-native", stream=stream)
            replayed = held(client, drivers, job)
            assert [said(turn) for turn in replayed["turns"]] == [said(turn) for turn in live["turns"]]


def said(turn: Any) -> Any:
    """What a turn says, without what differs between the dialects."""
    return turn["choices"]
