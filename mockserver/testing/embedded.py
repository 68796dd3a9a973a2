"""A server inside a Python program: in a thread with a loop of its own, or without any socket."""

import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.server.app import App
from mockserver.server.listening import bind, url_of
from mockserver.server.serve import Server
from mockserver.testing.channel import AsgiChannel, HttpChannel
from mockserver.testing.mock import Mock

if TYPE_CHECKING:
    import socket

    import httpx

KEY = "sk-mockserver"
"""The key of the world that an embedded server hands out."""

_PATIENCE = 60.0


def _engine(settings: Settings | None, options: dict[str, Any]) -> Engine:
    return Engine(settings or Settings(**{"port": 0, "grace": 0.0, **options}))


class MockServer(Mock):
    """A server on a free port of the loopback, for as long as the context lasts.

    It is itself the world of the key `sk-mockserver`; `world` gives those of other keys. `scenario` is a
    file or several; further options are those of `Settings`. Raises `ControlError` for a broken scenario.
    """

    def __init__(
        self,
        *,
        scenario: str | Path | Iterable[str | Path] = (),
        settings: Settings | None = None,
        **options: Any,
    ) -> None:
        self.engine = _engine(settings, options)
        self._files = [scenario] if isinstance(scenario, str | Path) else list(scenario)
        self._sock: socket.socket | None = None
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    def start(self, sock: "socket.socket | None" = None) -> Self:
        """Opens the port and serves; `sock` is one that is bound already. Raises `PortTakenError`."""
        if self._thread is not None:
            msg = "this server is running already: stop it first, or make another one"
            raise RuntimeError(msg)
        settings = self.engine.settings
        sock = sock or bind(settings.host, settings.port)
        opened = threading.Event()
        self._server = Server(self.engine, on_open=opened.set, alone=False)
        # A daemon, so that a program that forgets to stop it can end.
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [sock]}, name="dashscope-mock", daemon=True
        )
        channel = HttpChannel(url_of(sock), token=self._server.guard.token)
        super().__init__(channel, url_of(sock), KEY)
        self._thread.start()
        if not opened.wait(_PATIENCE):  # pragma: no cover - a machine that stands still
            msg = f"the server did not open its port within {_PATIENCE:.0f} seconds"
            raise RuntimeError(msg)
        if self._files:
            try:
                self.play(*self._files)
            except BaseException:
                self.stop()
                raise
        return self

    def stop(self) -> None:
        """Ends the server; nothing happens when it does not run."""
        if self._thread is not None and self._server is not None:
            self._server.should_exit = True
            self._thread.join(_PATIENCE)
            self._thread = self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def world(self, key: str) -> Mock:
        """The world of another key."""
        return Mock(self._channel, self.url, key)


class InProcess(Mock):
    """The same without a socket: an ASGI application in this process, and transports for httpx."""

    def __init__(self, *, settings: Settings | None = None, **options: Any) -> None:
        self.engine = _engine(settings, options)
        self.app = App(self.engine)
        channel = AsgiChannel(self.app, token=self.app.guard.token)
        super().__init__(channel, "http://dashscope.mock", KEY)

    def transport(self) -> "httpx.ASGITransport":
        """A transport for `httpx.AsyncClient`, such as the one that an SDK takes as `http_client`."""
        import httpx  # noqa: PLC0415 - only who asks for a transport needs httpx

        return httpx.ASGITransport(app=self.app)

    def world(self, key: str) -> Mock:
        """The world of another key."""
        return Mock(self._channel, self.url, key)
