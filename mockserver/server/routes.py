"""Everything beside chat, by Starlette's routes: the control API, the endpoints, what is nowhere."""

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mockserver.corridor.engine import Engine
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.table import around, dialect_of
from mockserver.endpoints.answering import refusal
from mockserver.server import (
    control,
    exchanges,
    faulting,
    limits,
    looking,
    metrics,
    neighbours,
    page,
    playing,
    settling,
    uploads,
)
from mockserver.server.aside import Aside
from mockserver.server.guard import Guard
from mockserver.server.guarded import Guarded
from mockserver.server.paths import Below, any_method
from mockserver.server.responding import RawResponse
from mockserver.state.ports import GoneError
from mockserver.wire.incoming import RequestHeaders

_ROOT, _BELOW = "/compatible-mode/", "/compatible-mode/v1/"
"""Where the compatible backend begins, whose own paths it names in its refusals, and its version."""


def starlette(engine: Engine, guard: Guard, aside: Aside) -> Starlette:
    """The application that answers what is no chat; what takes long is done `aside`."""
    app = Starlette(
        routes=[
            Below("/_mock", routes=_control(engine, aside), middleware=[Middleware(Guarded, guard)]),
            *neighbours.routes(engine, aside),
            *uploads.routes(engine),
            any_method("/{path:path}", _unknown_path(engine, home=guard.mode != "off")),
        ],
        exception_handlers={
            **control.EXCEPTION_HANDLERS,
            GoneError: settling.told(engine),
            Exception: _failed(engine),
        },
    )
    app.state.aside = aside
    return app


def _control(engine: Engine, aside: Aside) -> list[BaseRoute]:
    """The control API."""
    parts = (control, exchanges, looking, playing, limits, faulting, metrics, page)
    return [route for part in parts for route in part.routes(engine, aside)]


def _failed(engine: Engine) -> Callable[[Request, Exception], Any]:
    async def told(request: Request, error: Exception) -> Response:
        """What failed unforeseen outside of chat, in the envelope of its path."""
        path = request.scope["path"]
        if path.startswith("/_mock"):
            kind = type(error).__name__
            return control.reply_json(control.refusal(f"the server failed: {kind}; its log says more"), 500)
        headers, surface = RequestHeaders(request.scope["headers"]), around(path)
        return RawResponse(refusal(engine, "internal.error", surface, headers, arrived=engine.clock()))

    return told


def _unknown_path(engine: Engine, *, home: bool) -> Callable[[Request], Any]:
    """What answers where nothing is; with a `home`, a browser is shown the way there."""

    async def endpoint(request: Request) -> Response:
        path = request.scope["path"]
        if home and page.wanted(request):
            return page.way() if path == "/" else page.nowhere(path)
        if path.startswith(_BELOW) and around(path) is COMPAT:
            return neighbours.refuse(engine, request, "path.no-resource", path=path.removeprefix(_ROOT))
        return neighbours.refuse(engine, request, dialect_of(around(path)).unknown_path)

    return endpoint
