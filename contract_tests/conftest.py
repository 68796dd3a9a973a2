"""What the contract tests share: one server, a world for each test, one process for each client program."""

import uuid
from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from openai import OpenAI

from contract_tests.clients.jobs import Job, Report
from contract_tests.drivers import Client, Driver, required
from contract_tests.sdks import SDKS, Sdk, openai_client
from contract_tests.world import Server, World, serving


class Converse(Protocol):
    """Lets the test's client hold a conversation; the keywords are fields of the job."""

    def __call__(
        self,
        *say: str,
        system: str | None = None,
        stream: bool = False,
        n: int = 1,
        parameters: dict[str, Any] | None = None,
        key: str | None = None,
        headers: dict[str, str] | None = None,
        begin: str | None = None,
        model: str | None = None,
    ) -> Report:
        """Say one thing after the other, each after the answer to the one before."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start the server as a user does."""
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def world(server: Server) -> Iterator[World]:
    """Give the test a world that nobody else knows."""
    own = server.world(f"sk-{uuid.uuid4().hex}")
    yield own
    own.forget()


@pytest.fixture
def sdk(request: pytest.FixtureRequest, world: World) -> Sdk:
    """Give the SDK, set to this test's world."""
    return SDKS[request.param](world)


@pytest.fixture
def openai(world: World) -> Iterator[OpenAI]:
    """Give the `openai` client itself, for what only it can do."""
    with openai_client(world) as own:
        yield own


@pytest.fixture
def client(request: pytest.FixtureRequest) -> Client:
    """Give the client; where it cannot run, skip the test, or fail it if REQUIRE_ALL_CLIENTS=1."""
    chosen: Client = request.param
    required(chosen.missing())
    return chosen


@pytest.fixture(scope="session")
def drivers() -> Iterator[dict[str, Driver]]:
    """Keep the programs started so far, by name: one process for all conversations of a client."""
    started: dict[str, Driver] = {}
    yield started
    for driver in started.values():
        driver.close()


@pytest.fixture
def converse(client: Client, world: World, drivers: dict[str, Driver]) -> Converse:
    """Give the client's way to hold a conversation in this test's world."""

    def hold(
        *say: str,
        system: str | None = None,
        stream: bool = False,
        n: int = 1,
        parameters: dict[str, Any] | None = None,
        key: str | None = None,
        headers: dict[str, str] | None = None,
        begin: str | None = None,
        model: str | None = None,
    ) -> Report:
        job = Job(
            openai_url=world.openai_url,
            native_url=world.native_url,
            surface=client.surface,
            key=key or world.key,
            model=model or client.model,
            say=list(say),
            system=system,
            stream=stream,
            n=n,
            parameters=parameters or {},
            headers=headers or {},
            begin=begin,
        )
        if client.name not in drivers:
            drivers[client.name] = Driver(client)
        return drivers[client.name].run(job)

    return hold
