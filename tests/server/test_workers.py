"""Several processes at one address: begun, replaced, ended together. The workers here serve nobody."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from mockserver.server import workers as workers_module
from mockserver.server.listening import bind
from mockserver.server.workers import Workers

PATIENCE = 20.0


class Notes:
    """What workers, which are processes of their own, tell the test."""

    def __init__(self) -> None:
        self._pipe = os.pipe()

    def write(self, number: int) -> None:
        os.write(self._pipe[1], f"{number} {os.getpid()}\n".encode())

    def read(self) -> Iterator[tuple[int, int]]:
        with os.fdopen(self._pipe[0]) as lines:
            for line in lines:
                number, pid = map(int, line.split())
                yield number, pid


@pytest.fixture
def sockets() -> Iterator[list[socket.socket]]:
    first = bind("127.0.0.1", 0, many=True)
    made = [first, bind("127.0.0.1", first.getsockname()[1], many=True)]
    yield made
    for each in made:
        each.close()


@contextmanager
def parent_of(workers: Workers, opened: Callable[[], None] = lambda: None) -> Iterator[int]:
    """A process that runs them: the children of this one are none of theirs."""
    pid = os.fork()
    if pid == 0:
        os._exit(workers.run(opened))
    guard = threading.Timer(PATIENCE, os.kill, (pid, signal.SIGKILL))
    guard.start()
    try:
        yield pid
    finally:
        guard.cancel()


def status_of(pid: int) -> int:
    """How a process ended."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def wait_for_the_end() -> int:
    """What a worker does that serves: it waits to be told to end."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    while True:
        signal.pause()


def test_a_dead_worker_is_replaced_and_all_end_together(sockets: list[socket.socket]) -> None:
    notes = Notes()

    def serve(number: int, sock: socket.socket, opened: Callable[[], None]) -> int:
        assert sock is sockets[number]
        opened()
        notes.write(number)
        return wait_for_the_end()

    with parent_of(Workers(sockets, serve, grace=0.2)) as pid:
        told = notes.read()
        seen = [next(told), next(told)]
        os.kill(seen[0][1], signal.SIGKILL)
        seen.append(next(told))
        os.kill(pid, signal.SIGTERM)
        assert status_of(pid) == 0
    assert {number for number, _ in seen[:2]} == {0, 1}
    assert seen[2][0] == seen[0][0], "the one that died has a successor"
    assert len({process for _, process in seen}) == 3
    for _, process in seen:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_who_began_them_hears_when_all_answer(sockets: list[socket.socket]) -> None:
    notes = Notes()

    def serve(_number: int, _sock: socket.socket, opened: Callable[[], None]) -> int:
        opened()
        return wait_for_the_end()

    def opened() -> None:
        notes.write(9)

    with parent_of(Workers(sockets, serve, grace=0.2), opened) as pid:
        assert next(notes.read()) == (9, pid)
        os.kill(pid, signal.SIGINT)
        assert status_of(pid) == 0


@pytest.mark.parametrize("failing", ["status", "exit", "error", "signal"])
def test_one_that_cannot_begin_ends_all(sockets: list[socket.socket], failing: str) -> None:
    def serve(number: int, _sock: socket.socket, opened: Callable[[], None]) -> int:
        if number == 0:
            opened()
            return wait_for_the_end()
        if failing == "exit":
            sys.exit(3)
        if failing == "signal":
            os.kill(os.getpid(), signal.SIGKILL)
        if failing == "error":
            msg = "it cannot begin"
            raise RuntimeError(msg)
        return 3

    with parent_of(Workers(sockets, serve, grace=0.2)) as pid:
        assert status_of(pid) == (1 if failing in ("error", "signal") else 3)


def test_one_that_does_not_end_is_ended(
    sockets: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers_module, "_BEYOND_S", 0.1)
    notes = Notes()

    def serve(number: int, _sock: socket.socket, opened: Callable[[], None]) -> int:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        opened()
        notes.write(number)
        while True:
            signal.pause()

    with parent_of(Workers(sockets[:1], serve, grace=0.0)) as pid:
        (_, process) = next(notes.read())
        os.kill(pid, signal.SIGTERM)
        assert status_of(pid) == 0
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
