"""Runs processes that share a state: one, or several on this host, and others elsewhere."""

import asyncio
import logging
import os
import secrets
from collections.abc import Callable
from dataclasses import replace
from mmap import mmap
from pathlib import Path
from socket import socket

from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.corridor.sharing import Sharing
from mockserver.corridor.unshared import ALONE
from mockserver.server.guard import Guard
from mockserver.server.listening import listen_many, url_of
from mockserver.server.serve import serve, tell
from mockserver.server.workers import Workers
from mockserver.state.marks import BYTES, Marks
from mockserver.state.ports import StateError
from mockserver.state.redis.address import Address, read_address
from mockserver.state.redis.link import Link

log = logging.getLogger("mockserver")


def told(address: Address, workers: int) -> str:
    """What a user wants to know of a shared state: where it is, and what it does not hold."""
    lines = [f"  {what}" for what in ALONE.values()]
    head = f"Shared state at {address}, prefix {address.prefix}; processes here: {workers}. Not shared:"
    return "\n\n" + "\n".join((head, *lines))


def serve_many(settings: Settings, url: str, *, workers: int, ready_file: Path | None, quiet: bool) -> int:
    """Serves until SIGINT or SIGTERM; the exit status.

    Raises `StateError`, `PortTakenError` or `CertificateError` before anything is started.
    """
    if not hasattr(os, "fork"):
        msg = "--state needs a system that can fork: Linux or macOS"
        raise StateError(msg)
    address = read_address(url)
    guard = Guard.of(settings)
    if guard.drawn:
        # All of them have to know the same one.
        settings = replace(settings, control_token=secrets.token_urlsafe(24))
        guard = replace(Guard.of(settings), drawn=True)
    asyncio.run(Link(address).check())
    Engine(settings)  # raises what is wrong with the models, once
    sockets = listen_many(settings, workers)
    scheme = "http" if settings.certificate is None else "https"

    # It outlives each of them: who takes the place of one that was killed finds what that one marked.
    memory = memoryview(mmap(-1, workers * BYTES))

    def work(number: int, sock: socket, opened: Callable[[], None]) -> int:
        marks = Marks(memory[number * BYTES : (number + 1) * BYTES])
        return _work(settings, address, sock, marks, opened)

    def opened() -> None:
        where = url_of(sockets[0], scheme)
        tell(guard, where, settings.host, ready_file=ready_file, quiet=quiet, more=told(address, workers))

    return Workers(sockets, work, grace=settings.grace).run(opened)


def _work(
    settings: Settings, address: Address, sock: socket, marks: Marks, opened: Callable[[], None]
) -> int:
    """One process that serves."""
    engine = Engine(settings)
    sharing = Sharing(engine, Link(address), marks=marks)
    sharing.join()
    serve(engine, sock=sock, quiet=True, beside=[sharing.run], opened=opened)
    return 0
