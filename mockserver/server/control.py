"""The control API under `/_mock/`: how tests script the server and see what was asked of it."""

from collections.abc import Awaitable, Callable
from difflib import get_close_matches
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mockserver import __version__
from mockserver.answer.match import MatchError
from mockserver.answer.script import Script, ScriptError
from mockserver.engine import Engine
from mockserver.journal import Entry
from mockserver.rules.schemas import Violation, violations
from mockserver.wire.jsontext import dumps, loads
from mockserver.worlds import mask

Endpoint = Callable[[Request], Awaitable[Response]]

_LIMIT = 10 * 1024 * 1024
_REQUEST_FILTERS = ("key", "surface", "model", "limit", "since")


def reply_json(content: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(dumps(content), status, media_type="application/json")


def _fault(message: str, field: str | None = None) -> Response:
    return reply_json({"error": {"message": message, "field": field}}, 400)


def explain(violation: Violation) -> str:
    """What is wrong with a document, and what would be right."""
    place = violation.path or "the body"
    if violation.keyword == "additionalProperties":
        known = sorted(violation.properties)
        unknown = [name for name in violation.value if name not in known]
        near = get_close_matches(unknown[0], known, n=1, cutoff=0.0)
        return f"{place} has no field {unknown[0]!r}; the nearest known one is {near[0]!r}"
    return f"{place}: {violation.message[:300]}"


def _checked(document: Any) -> Response | None:
    found = violations("control.reply", document)
    return _fault(explain(found[0]), found[0].path or None) if found else None


async def _json(request: Request) -> Any:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LIMIT:
            raise HTTPException(413, "a control request may hold 10 MB")
    return loads(body)


def _shown(script: Script) -> dict[str, Any]:
    match = dict(script.spec.get("match") or {})
    if "key" in match:
        match["key"] = mask(match["key"])
    return {
        "id": script.id,
        "match": match,
        "reply": script.spec["reply"],
        "times": script.times,
        "used": script.used,
    }


def _filtered(engine: Engine, request: Request) -> list[Entry]:
    """The journal's entries that the query asks for. Raises `ValueError` with what is wrong in it."""
    query = request.query_params
    for name in query:
        if name not in _REQUEST_FILTERS:
            near = get_close_matches(name, _REQUEST_FILTERS, n=1, cutoff=0.0)[0]
            msg = f"there is no filter {name!r}; the nearest known one is {near!r}"
            raise ValueError(msg)
    world = engine.worlds.known(query["key"]) if "key" in query else None
    if "key" in query and world is None:
        return []
    since = float(query.get("since", "-inf"))
    found = [
        entry
        for entry in engine.journal
        if (world is None or entry.world is world)
        and query.get("surface", entry.surface) == entry.surface
        and query.get("model", entry.model) == entry.model
        and entry.arrived >= since
    ]
    limit = int(query.get("limit", len(found)))
    if limit < 0:
        msg = f"limit is {limit}: it must be 0 or more"
        raise ValueError(msg)
    return found[len(found) - min(limit, len(found)) :]


def _ledger(engine: Engine) -> list[dict[str, Any]]:
    return [
        {
            "key": world.name,
            "model": model,
            "requests": account.requests,
            "refusals": account.refusals,
            "input_tokens": account.input_tokens,
            "output_tokens": account.output_tokens,
            "total_tokens": account.input_tokens + account.output_tokens,
            "cached_tokens": account.cached_tokens,
        }
        for world in engine.worlds
        for model, account in world.ledger.items()
    ]


class Control:
    """The endpoints of one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def health(self, _: Request) -> Response:
        """Whether the server is up; 503 while the tokenizer is still loading."""
        ready = self.engine.tokenizer.ready
        status = {"status": "ok" if ready else "starting", "version": __version__}
        return reply_json(status, 200 if ready else 503)

    async def reset(self, request: Request) -> Response:
        """Forgets everything, or one key's world."""
        self.engine.reset(request.query_params.get("key"))
        return Response(status_code=204)

    async def add_reply(self, request: Request) -> Response:
        """Enters a scripted reply."""
        try:
            document = await _json(request)
        except ValueError as error:
            return _fault(f"the body is not JSON: {error}")
        fault = _checked(document)
        if fault is not None:
            return fault
        try:
            script = self.engine.scripts.add(document, self.engine.errors)
        except (MatchError, ScriptError) as error:
            return _fault(str(error))
        return reply_json({"id": script.id}, 201)

    async def list_replies(self, _: Request) -> Response:
        """What is scripted, with how often each was used."""
        return reply_json({"replies": [_shown(script) for script in self.engine.scripts]})

    async def remove_reply(self, request: Request) -> Response:
        """Takes a scripted reply out."""
        script_id = request.path_params["id"]
        if self.engine.scripts.remove(script_id):
            return Response(status_code=204)
        return reply_json(
            {"error": {"message": f"no scripted reply has the id {script_id!r}", "field": None}}, 404
        )

    async def requests(self, request: Request) -> Response:
        """What was asked and answered, newest last."""
        try:
            entries = _filtered(self.engine, request)
        except ValueError as error:
            return _fault(str(error))
        return reply_json({"requests": [entry.shown() for entry in entries]})

    async def usage(self, _: Request) -> Response:
        """The ledger: what each key and model cost."""
        return reply_json({"usage": _ledger(self.engine)})


def routes(engine: Engine) -> list[BaseRoute]:
    """The routes of the control API, below its prefix."""
    control = Control(engine)
    return [
        Route("/health", control.health, methods=["GET"]),
        Route("/reset", control.reset, methods=["POST"]),
        Route("/replies", control.add_reply, methods=["POST"]),
        Route("/replies", control.list_replies, methods=["GET"]),
        Route("/replies/{id}", control.remove_reply, methods=["DELETE"]),
        Route("/requests", control.requests, methods=["GET"]),
        Route("/usage", control.usage, methods=["GET"]),
    ]
