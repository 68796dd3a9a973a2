"""A guard for tests: no DashScope host is looked up, and no key that looks real leaves the process."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

REAL_HOST = re.compile(
    r"(?:^|\.)(?:dashscope[a-z-]*|[a-z0-9-]+\.[a-z0-9-]*maas)\.aliyuncs\.com\.?$", re.IGNORECASE
)
"""The hosts of Model Studio: every region, and the workspaces' own."""

REAL_KEY = re.compile(
    rb"sk-(?:[0-9a-f]{32}|(?:ws|sp|ant)-[A-Za-z0-9._-]{20,}|[A-Za-z0-9]{40,}|proj-[A-Za-z0-9_-]{20,})(?![\w-])"
)
"""A key that somebody was given: none of those that a test would make up."""

_SHOWN = 6

_thread = threading.local()


def unguarded() -> None:
    """Frees this thread of every guard: a recorder's, which talks to the upstream in a test's stead."""
    _thread.free = True


def _free() -> bool:
    return getattr(_thread, "free", False)


class RealServiceError(OSError):
    """A test was about to talk to the real service."""


class Guard:
    """What was stopped, in words."""

    def __init__(self) -> None:
        self.stopped: list[str] = []

    def stop(self, message: str) -> RealServiceError:
        """Remembers what was stopped; gives the error to raise."""
        self.stopped.append(message)
        return RealServiceError(message)

    def host(self, host: Any) -> None:
        """Raises `RealServiceError` for a host of the real service."""
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if isinstance(name, str) and REAL_HOST.search(name) and not _free():
            fix = "point the client at the mock, by its base URL or by the environment"
            msg = f"the test wanted to reach {name}: {fix}"
            raise self.stop(msg)

    def data(self, sock: socket.socket, data: Any) -> None:
        """Raises `RealServiceError` for data that holds a key which looks real, and ends the connection."""
        if _free() or not isinstance(data, bytes | bytearray | memoryview):
            return
        found = REAL_KEY.search(data)
        if found:
            # Some clients pass over a failed write and wait for an answer, which now never comes.
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            shown = bytes(found[0][:_SHOWN]).decode()
            fix = "take the mock's, from DASHSCOPE_API_KEY"
            msg = f"the test sent a key that looks real ({shown}...): {fix}"
            raise self.stop(msg)


@contextmanager
def guarding() -> Iterator[Guard]:
    """Guards the sockets of this process, for as long as the context lasts."""
    guard = Guard()
    lookup, connect, send, sendall = (
        socket.getaddrinfo,
        socket.socket.connect,
        socket.socket.send,
        socket.socket.sendall,
    )

    def guarded_lookup(host: Any, *args: Any, **options: Any) -> Any:
        guard.host(host)
        return lookup(host, *args, **options)

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address:
            guard.host(address[0])
        connect(self, address)

    def guarded_send(self: socket.socket, data: Any, *args: Any) -> int:
        guard.data(self, data)
        return send(self, data, *args)

    def guarded_sendall(self: socket.socket, data: Any, *args: Any) -> None:
        guard.data(self, data)
        sendall(self, data, *args)

    patches = {"connect": guarded_connect, "send": guarded_send, "sendall": guarded_sendall}
    own = {name: socket.socket.__dict__.get(name) for name in patches}
    socket.getaddrinfo = guarded_lookup
    for name, patch in patches.items():
        setattr(socket.socket, name, patch)
    try:
        yield guard
    finally:
        socket.getaddrinfo = lookup
        for name, original in own.items():
            if original is None:
                delattr(socket.socket, name)
            else:
                setattr(socket.socket, name, original)
