"""Processes that share a state: what they are told before anything begins, and what each of them does."""

import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from mockserver.catalogue.models import UnknownModelError
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.corridor.sharing import Sharing
from mockserver.corridor.unshared import ALONE
from mockserver.server import many
from mockserver.server.many import serve_many, told
from mockserver.state.ports import StateError
from mockserver.state.redis.address import read_address
from tests.state.engines import Engine as Redis

Work = Callable[[int, socket.socket, Callable[[], None]], int]


class Begun:
    """What stands in for processes: it tells what they would have been, and runs none."""

    sockets: Sequence[socket.socket]
    work: Work
    grace: float

    def __call__(self, sockets: Sequence[socket.socket], work: Work, *, grace: float) -> "Begun":
        self.sockets, self.work, self.grace = sockets, work, grace
        return self

    def run(self, opened: Callable[[], None]) -> int:
        opened()
        for each in self.sockets:
            each.close()
        return 7


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Begun:
    made = Begun()
    monkeypatch.setattr(many, "Workers", made)
    return made


def test_all_are_begun_at_one_address_and_the_user_is_told_once(
    redis: Redis, begun: Begun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = tmp_path / "ready.json"
    ports: list[int] = []
    told_so = begun.run

    def run(opened: Callable[[], None]) -> int:
        ports.extend(each.getsockname()[1] for each in begun.sockets)
        return told_so(opened)

    begun.run = run  # type: ignore[method-assign]
    status = serve_many(
        Settings(port=0, grace=2.0), f"{redis.url}?prefix=told", workers=3, ready_file=ready, quiet=False
    )
    assert (status, begun.grace, len(ports), len(set(ports))) == (7, 2.0, 3, 1)
    shown = capsys.readouterr().out
    assert f"Shared state at 127.0.0.1:{redis.port}/0, prefix told; processes here: 3. Not shared:" in shown
    for what in ALONE.values():
        assert what in shown
    assert f'"port": {ports[0]}' in ready.read_text("utf-8")


def test_all_know_the_same_token(
    redis: Redis, begun: Begun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = Mock()
    monkeypatch.setattr(many, "serve", given)
    serve_many(Settings(port=0, control="token"), redis.url, workers=2, ready_file=None, quiet=True)
    shown = capsys.readouterr().out
    assert shown.count("Token of the control API") == 1
    tokens = set()
    for number in (0, 1):
        assert begun.work(number, begun.sockets[number], lambda: None) == 0
        engine = given.call_args.args[0]
        assert isinstance(engine, Engine)
        assert type(engine.keeping) is Sharing
        assert given.call_args.kwargs["beside"] == [engine.keeping.run]
        tokens.add(engine.settings.control_token)
    assert len(tokens) == 1
    assert str(tokens.pop()) in shown


def test_nothing_begins_where_something_is_wrong(
    redis: Redis, begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def served(settings: Settings, url: str) -> Any:
        return serve_many(settings, url, workers=1, ready_file=None, quiet=True)

    monkeypatch.setattr(many, "listen_many", Mock(side_effect=AssertionError("a port was opened")))
    with pytest.raises(StateError, match="cannot be used"):
        served(Settings(port=0), "redis://127.0.0.1:1")
    with pytest.raises(UnknownModelError):
        served(Settings(port=0, models={"tea": "no-such-model"}), redis.url)
    monkeypatch.delattr(os, "fork")
    with pytest.raises(StateError, match="needs a system that can fork"):
        served(Settings(port=0), redis.url)
    assert not hasattr(begun, "sockets")


def test_what_is_told_names_no_password() -> None:
    assert "secret" not in told(read_address("redis://me:secret@h"), 2)
