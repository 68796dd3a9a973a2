"""Around what is answered beside chat, where many servers are one.

What a call looks at is there before it, and what was entered is there before anybody hears of it.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mockserver.corridor.engine import Engine
from mockserver.corridor.unshared import gone
from mockserver.dialects.table import around
from mockserver.endpoints.answering import unavailable
from mockserver.server import control
from mockserver.server.responding import RawResponse
from mockserver.state.ports import GoneError
from mockserver.wire.incoming import RequestHeaders

_CONTROL = "/_mock/"
_PAGE = "/_mock/page/"
"""The files of the page are the same whatever is shared."""


def told(engine: Engine) -> Callable[[Request, Exception], Any]:
    """What is answered beside chat while the shared state does not answer."""

    async def handler(request: Request, error: Exception) -> Response:
        return _told(engine, request.scope, error)

    return handler


def _told(engine: Engine, scope: Scope, error: Exception) -> Response:
    path = scope["path"]
    if path.startswith(_CONTROL):
        message = gone(error).refusal.words["compat"].message
        return control.reply_json(control.refusal(message), HTTPStatus.SERVICE_UNAVAILABLE)
    headers = RequestHeaders(scope["headers"])
    return RawResponse(unavailable(engine, around(path), headers, error, arrived=engine.clock()))


class Settling:
    """An application whose answers wait for the shared state."""

    def __init__(self, app: ASGIApp, engine: Engine) -> None:
        self._app = app
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, by the ASGI protocol."""
        lost: GoneError | None = None

        async def sent(message: Message) -> None:
            nonlocal lost
            if message["type"] == "http.response.start":
                try:
                    await self._engine.keeping.settled()
                except GoneError as error:
                    lost = error
            if lost is None:
                await send(message)

        path = scope["path"]
        try:
            if path.startswith(_CONTROL) and not path.startswith(_PAGE):
                await self._engine.keeping.refresh(path)
        except GoneError as error:
            lost = error
        else:
            await self._app(scope, receive, sent)
        if lost is not None:
            await _told(self._engine, scope, lost)(scope, receive, send)
