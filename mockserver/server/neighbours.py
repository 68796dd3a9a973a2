"""The endpoints beside chat: the list of models and the tokenizer."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mockserver.engine import Answer, Engine, Refused
from mockserver.server.asgi import BodyTooLargeError, ClientGoneError, read_body
from mockserver.wire.incoming import RequestHeaders
from mockserver.wire.request import Surface

_LISTED_SINCE = 1_767_225_600
"""The `created` of the first model of the list: 2026-01-01, one second more for each further one."""


class _Raw(Response):
    """An answer of the engine as a Starlette response, its headers exactly as they are."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body, answer.status)
        self.raw_headers = list(answer.headers)


def surface_of(path: str) -> Surface:
    """The dialect that a path speaks."""
    return Surface.COMPAT if path.startswith("/compatible-mode/") else Surface.NATIVE_TEXT


def refuse(engine: Engine, request: Request, entry_id: str, **values: Any) -> Response:
    """A refusal for a request outside of chat; without a good key, the key's refusal comes first.

    An unknown path is answered in the native envelope on every surface (Model Studio users, 2026).
    """
    headers = RequestHeaders(request.scope["headers"])
    surface = Surface.NATIVE_TEXT if entry_id == "path.unknown" else surface_of(request.url.path)

    def refused(_: str) -> Any:
        raise Refused(engine.errors.refuse(entry_id, **values))

    return _Raw(engine.simple(surface, headers, refused, arrived=engine.clock()))


def routes(engine: Engine) -> list[BaseRoute]:
    """The routes of these endpoints."""

    async def models(request: Request) -> Response:
        """The models of the catalogue (recording: alibaba/loongsuite-python-agent, 2026-04)."""
        if request.method != "GET":
            return refuse(engine, request, "method.unsupported", method=request.method)
        headers = RequestHeaders(request.scope["headers"])
        return _Raw(
            engine.simple(Surface.COMPAT, headers, lambda _: _listing(engine), arrived=engine.clock())
        )

    async def tokenizer(request: Request) -> Response:
        """The tokens of a text, without any template (recording: cnblogs/dashscope-sdk, 2024-02)."""
        if request.method != "POST":
            return refuse(engine, request, "method.unsupported", method=request.method)
        arrived = engine.clock()
        try:
            body = await read_body(request.scope, request.receive, limit=engine.settings.max_body)
        except BodyTooLargeError:
            return refuse(engine, request, "body.too-large")
        except ClientGoneError:
            return Response(status_code=400)
        if not engine.tokenizer.ready:
            await asyncio.to_thread(engine.tokenizer.get)
        headers = RequestHeaders(request.scope["headers"])
        return _Raw(
            engine.simple(
                Surface.NATIVE_TEXT,
                headers,
                lambda request_id: engine.tokenize(body, request_id),
                arrived=arrived,
                header_set="native-json",
            )
        )

    every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return [
        Route("/compatible-mode/v1/models", models, methods=every),
        Route("/api/v1/tokenizer", tokenizer, methods=every),
    ]


def _listing(engine: Engine) -> dict[str, Any]:
    listed = [
        {"id": model.name, "object": "model", "created": _LISTED_SINCE + at, "owned_by": "system"}
        for at, model in enumerate(engine.models)
    ]
    ends = {"first_id": "model-id-0", "last_id": f"model-id-{len(listed) - 1}", "has_more": False}
    return {"object": "list", "data": listed, **ends}
