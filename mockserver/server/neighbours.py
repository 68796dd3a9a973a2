"""The endpoints beside chat: embeddings, the catalogue of models, and the tokenizer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mockserver import beside
from mockserver.door import Refused
from mockserver.engine import Engine
from mockserver.server import embeddings, models
from mockserver.server.asgi import BodyTooLargeError, RawResponse, closing, read_body
from mockserver.server.paths import Whole
from mockserver.wire.incoming import RequestHeaders
from mockserver.wire.request import Surface

Endpoint = Callable[[Request], Awaitable[Response]]


def surface_of(path: str) -> Surface:
    """The dialect that a path speaks."""
    return Surface.COMPAT if path.startswith("/compatible-mode/") else Surface.NATIVE_TEXT


def refuse(engine: Engine, request: Request, entry_id: str, **values: Any) -> Response:
    """A refusal for a request outside of chat; without a good key, the key's refusal comes first.

    An unknown path is answered in the native envelope on every surface (Model Studio users, 2026).
    """
    headers = RequestHeaders(request.scope["headers"])
    surface = Surface.NATIVE_TEXT if entry_id == "path.unknown" else surface_of(request.scope["path"])

    def refused(_: str) -> Any:
        raise Refused(engine.errors.refuse(entry_id, **values))

    answer = beside.simple(engine, surface, headers, refused, arrived=engine.clock())
    return RawResponse(closing(answer) if entry_id == "body.too-large" else answer)


def any_method(path: str, endpoint: Endpoint) -> Route:
    """A route for every method there is; Starlette's own way takes GET alone for all of them."""
    route = Whole(path, endpoint)
    route.methods = set()
    return route


def routes(engine: Engine) -> list[BaseRoute]:
    """The routes of these endpoints."""
    endpoints = {
        "/compatible-mode/v1/embeddings": _reading(engine, embeddings.compat, "compat-json"),
        "/compatible-mode/v1/models": _getting(engine, lambda _request, _request_id: models.listing(engine)),
        "/compatible-mode/v1/models/{model:path}": _getting(
            engine, lambda request, _: models.retrieval(engine, request.path_params["model"])
        ),
        "/api/v1/services/embeddings/text-embedding/text-embedding": _reading(
            engine, embeddings.native, "native-json"
        ),
        "/api/v1/models": _getting(
            engine, lambda request, request_id: models.native_listing(engine, _query(request), request_id)
        ),
        "/api/v1/models/{model:path}": _getting(
            engine,
            lambda request, request_id: models.native_retrieval(
                engine, request.path_params["model"], request_id
            ),
        ),
        "/api/v1/tokenizer": _reading(engine, beside.tokenize, "native-json"),
    }
    return [any_method(path, endpoint) for path, endpoint in endpoints.items()]


def _query(request: Request) -> dict[str, list[str]]:
    return {name: request.query_params.getlist(name) for name in request.query_params}


def _getting(engine: Engine, produce: Callable[[Request, str], Any]) -> Endpoint:
    """An endpoint of the catalogue. It does not pass the gateway (recording: maruel/genai, 2026-08)."""

    async def endpoint(request: Request) -> Response:
        if request.method != "GET":
            return refuse(engine, request, "method.unsupported", method=request.method)
        return RawResponse(
            beside.simple(
                engine,
                surface_of(request.scope["path"]),
                RequestHeaders(request.scope["headers"]),
                lambda request_id: produce(request, request_id),
                arrived=engine.clock(),
            )
        )

    return endpoint


def _reading(engine: Engine, produce: Callable[[Engine, bytes, str], Any], header_set: str) -> Endpoint:
    """An endpoint that reads a body and counts tokens."""

    async def endpoint(request: Request) -> Response:
        if request.method != "POST":
            return refuse(engine, request, "method.unsupported", method=request.method)
        arrived = engine.clock()
        try:
            body = await read_body(request.scope, request.receive, limit=engine.settings.max_body)
        except BodyTooLargeError:
            return refuse(engine, request, "body.too-large")
        if not engine.tokenizer.ready:
            await asyncio.to_thread(engine.tokenizer.get)
        return RawResponse(
            beside.simple(
                engine,
                surface_of(request.scope["path"]),
                RequestHeaders(request.scope["headers"]),
                lambda request_id: produce(engine, body, request_id),
                arrived=arrived,
                header_set=header_set,
            )
        )

    return endpoint
