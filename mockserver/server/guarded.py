"""An ASGI application that only those reach whom a guard lets in."""

from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.server.control import refusal, reply_json
from mockserver.server.guard import Guard


class Guarded:
    """An ASGI application behind a guard."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, by the ASGI protocol; the body of one that may not pass is not read."""
        objection = self._guard.objection(scope)
        if objection is None:
            await self._app(scope, receive, send)
            return
        status, message = objection
        refused = reply_json(refusal(message), status, {"connection": "close"})
        await refused(scope, receive, send)
