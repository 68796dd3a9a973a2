"""The routes of the endpoints beside chat: a request off the network, its answer back onto it."""

from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mockserver.corridor.engine import Engine
from mockserver.corridor.unshared import alone
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.dialects.table import around, dialect_of
from mockserver.endpoints import answering
from mockserver.endpoints.endpoint import Call, Endpoint
from mockserver.endpoints.form import FORM_BYTES, Form, MalformedError, TooLargeError, read_form
from mockserver.endpoints.table import endpoints
from mockserver.rules import schemas
from mockserver.server.asgi import BodyTooLargeError, ClientGoneError, closing, read_plain
from mockserver.server.aside import Aside
from mockserver.server.paths import any_method
from mockserver.server.responding import RawResponse
from mockserver.state.worlds import World
from mockserver.wire.incoming import RequestHeaders
from mockserver.wire.unpacking import UnpackError

_UNKNOWN = ("path.unknown", "path.no-resource")
"""The refusals of a path that is not there."""


def refuse(engine: Engine, request: Request, entry_id: str, **values: Any) -> Response:
    """A refusal for a request outside of chat; without a good key, the key's refusal comes first.

    An unknown path is answered in a flat envelope on every surface, the key's refusal too (Model Studio
    users, 2026).
    """
    headers = RequestHeaders(request.scope["headers"])
    surface = NATIVE_TEXT if entry_id in _UNKNOWN else around(request.scope["path"])
    answer = answering.turned_away(engine, surface, headers, entry_id, arrived=engine.clock(), **values)
    return RawResponse(closing(answer) if entry_id.startswith("body.") else answer)


def routes(engine: Engine, aside: Aside) -> list[BaseRoute]:
    """The routes of all endpoints of the table; what takes long is done `aside`."""
    by_path = groupby(sorted(endpoints(), key=attrgetter("path")), key=attrgetter("path"))
    return [_route(engine, aside, list(rows)) for _, rows in by_path]


def _route(engine: Engine, aside: Aside, rows: list[Endpoint]) -> BaseRoute:
    """The route of one path, with the endpoint of each of its methods."""
    path = rows[0].path
    for place in rows[0].slashes:
        path = path.replace(f"{{{place}}}", f"{{{place}:path}}")
    methods = {row.method: row for row in rows}

    async def endpoint(request: Request) -> Response:
        row = methods.get(request.method)
        if row is None:
            entry = dialect_of(rows[0].surface).wrong_method
            asked = {"method": request.method, "path": request.scope["path"]}
            return refuse(engine, request, entry, **asked)
        return await _answer(engine, aside, row, request)

    return any_method(path, endpoint)


def _values(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The values of each name, in one pass over all."""
    values: dict[str, list[str]] = {}
    for name, text in pairs:
        values.setdefault(name, []).append(text)
    return values


async def _answer(engine: Engine, aside: Aside, row: Endpoint, request: Request) -> Response:
    arrived = engine.clock()
    headers = RequestHeaders(request.scope["headers"])
    body, form = b"", None
    try:
        if row.reads == "form":
            form = await _form(request, engine.settings.max_body)
        elif row.reads:
            most = engine.settings.max_body
            body = await read_plain(request.scope, request.receive, limit=most, aside=aside)
    except (BodyTooLargeError, TooLargeError):
        return refuse(engine, request, "body.too-large")
    except UnpackError as error:
        return refuse(engine, request, error.entry, reason=str(error))
    except ClientDisconnect:
        raise ClientGoneError from None
    if row.reads and not engine.tokenizer.ready:
        await aside.run(engine.tokenizer.get)
    if not (row.stateless or schemas.explains()):
        # What it changes it changes here, and so it explains here what it refuses.
        await aside.apart(request.scope, schemas.learn)

    def produce(request_id: str, world: World) -> Any:
        if row.keeps and engine.keeping.shared:
            raise alone(row.keeps)
        call = Call(
            request_id=request_id,
            world=world,
            surface=row.surface,
            path=request.scope["path"],
            headers=headers,
            places=request.path_params,
            query=_values(request.query_params.multi_items()),
            body=body if form is None else form.described,
            form=form,
            origin=_origin(request),
        )
        return row.produce(engine, call)

    steps = answering.steps(
        engine,
        row.surface,
        headers,
        produce,
        arrived=arrived,
        header_set=row.sends,
        endpoint=row.id,
        body=body if form is None else form.described,
        large=row.stateless,
    )
    return RawResponse(await aside.through(steps))


async def _form(request: Request, limit: int) -> Form | None:
    """The form of a request; None when it has none. Raises `TooLargeError` or `ClientDisconnect`."""
    try:
        content_type = request.headers.get("content-type", "")
        return await read_form(content_type, request.stream(), limit=limit + FORM_BYTES, keep=True)
    except MalformedError:
        return None


def _origin(request: Request) -> str:
    """Where the client reached this server."""
    return f"{request.scope['scheme']}://{request.headers.get('host') or request.url.netloc}"
