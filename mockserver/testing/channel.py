"""Ways to the control API: by HTTP to a running server, or straight into an application of this process."""

import http.client
import json
import os
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from mockserver.base.options import SettingsError
from mockserver.corridor.settings import TOKEN_VARIABLE, check_token
from mockserver.corridor.work import INLINE

__tracebackhide__ = True
"""Pytest leaves the frames of this module out: whoever misuses it looks for the line in the test."""

_TIMEOUT = 60.0
_CONNECTIONS: dict[str, type[http.client.HTTPConnection]] = {
    "http": http.client.HTTPConnection,
    "https": http.client.HTTPSConnection,
}
_SUCH = "http://127.0.0.1:8000"
_TOKEN = "X-Mock-Token"  # noqa: S105 - the name of a header


class ControlError(Exception):
    """A control call that the server refuses; the message is the server's."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class Channel(Protocol):
    """One way to the control API."""

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> bytes:
        """The body of the answer to a call below `/_mock/`. Raises `ControlError`."""


def _target(path: str, query: dict[str, Any]) -> tuple[str, str]:
    given = {name: value for name, value in query.items() if value is not None}
    return f"/_mock/{path}", urlencode(given)


def _checked(status: int, content: bytes) -> bytes:
    if status < 400:  # noqa: PLR2004 - the statuses of faults begin there
        return content
    try:
        message = str(json.loads(content)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        message = f"the server answered {status}"
    raise ControlError(status, message)


def _address(url: str) -> tuple[str, str, int | None]:
    """The scheme, the host and the port of a server's address. Raises `SettingsError`."""
    try:
        parts = urlsplit(url)
        if parts.scheme in _CONNECTIONS and parts.hostname:
            return parts.scheme, parts.hostname, parts.port
    except ValueError:  # brackets that do not close, a port that is no number
        pass
    msg = f"{url!r} is no address of a server: write http:// or https://, a host and a port, such as {_SUCH}"
    raise SettingsError(msg)


class HttpChannel:
    """The control API of a running server, one connection a call.

    `token` is what the server asks for, "" is none; left out, it is that of `DASHSCOPE_MOCK_CONTROL_TOKEN`.
    `key` is the world that the calls are about: it goes along as `Authorization`, by which a balancer finds
    the process that holds this world. Raises `SettingsError` for a token that cannot be, and for an address
    that is none of a server.
    """

    def __init__(self, url: str, *, token: str | None = None, key: str | None = None) -> None:
        scheme, self._host, self._port = _address(url)
        self._connection = _CONNECTIONS[scheme]
        token = os.environ.get(TOKEN_VARIABLE) if token is None else token
        if token:
            check_token(token)
        self._headers = {_TOKEN: token} if token else {}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> bytes:
        """The body of the answer. Raises `ControlError`, or `OSError` when there is no server."""
        target, text = _target(path, query)
        connection = self._connection(self._host, self._port, timeout=_TIMEOUT)
        try:
            content = None if body is None else json.dumps(body).encode()
            connection.request(method, f"{target}?{text}" if text else target, content, self._headers)
            response = connection.getresponse()
            return _checked(response.status, response.read())
        finally:
            connection.close()


class AsgiChannel:
    """The control API of an application in this process; it never waits, so no loop is needed.

    `token` is what its guard asks for; "" is none.
    """

    def __init__(self, app: Any, *, token: str = "") -> None:
        self._app = app
        self._headers = [(_TOKEN.lower().encode(), token.encode())] if token else []

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> bytes:
        """The body of the answer. Raises `ControlError`."""
        target, text = _target(path, query)
        content = b"" if body is None else json.dumps(body).encode()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": target,
            "raw_path": target.encode(),
            "root_path": "",
            "query_string": text.encode(),
            "headers": [(b"content-length", str(len(content)).encode()), *self._headers],
            "client": ("127.0.0.1", 0),
            "server": ("127.0.0.1", 80),
            "extensions": {INLINE: {}},
        }
        heard: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            heard.append(message)

        call = self._app(scope, receive, send)
        try:
            call.send(None)
        except StopIteration:
            pass
        else:  # pragma: no cover - a control call that waits would be a fault of this project
            call.close()
            msg = f"the control call {target} waits for something"
            raise RuntimeError(msg)
        whole = b"".join(message.get("body", b"") for message in heard[1:])
        return _checked(heard[0]["status"], whole)
