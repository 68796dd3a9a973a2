"""The control API under `/_mock/`: how tests script the server and see what was asked of it."""

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mockserver.base import secrecy
from mockserver.base.jsontext import dumps, loads_bounded
from mockserver.base.logs import without
from mockserver.base.masking import mask
from mockserver.base.names import nearest
from mockserver.base.version import __version__
from mockserver.corridor.changes import changed, enter
from mockserver.corridor.engine import Engine
from mockserver.corridor.work import LARGE
from mockserver.rules.policy import RulePolicyError
from mockserver.rules.schemas import Violation, fits, owners, violations
from mockserver.scripts.desk import Entered
from mockserver.scripts.match import MatchError
from mockserver.scripts.sandbox import TemplateError
from mockserver.scripts.script import MB, MOST_BYTES, Script, ScriptError, let_go
from mockserver.server import openapi, ruling
from mockserver.server.asgi import BodyTooLargeError, read_plain
from mockserver.server.aside import Aside
from mockserver.server.responding import LongResponse
from mockserver.talk.refused import Refused
from mockserver.wire.unpacking import UnpackError

_LIMIT = 10 * 1024 * 1024
_QUICK = 4 * 1024
"""The most bytes of a script or a fault that is read at once."""
_UNREAD = (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
"""Behind these statuses the rest of a body is not read, so the connection ends."""
SCRIPT_ERRORS = (MatchError, ScriptError, TemplateError)
"""What is raised for a script that cannot be read."""


class FaultError(Exception):
    """What is wrong with a control request; `field` is where."""

    def __init__(self, message: str, field: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.field = field
        self.status = status


def reply_json(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(dumps(content), status, headers, media_type="application/json")


def refusal(message: str, field: str | None = None) -> dict[str, Any]:
    """What a refusal of the control API says."""
    return {"error": {"message": message, "field": field}}


async def _fault(_: Request, fault: Exception) -> Response:
    assert isinstance(fault, FaultError)
    headers = {"connection": "close"} if fault.status in _UNREAD else None
    return reply_json(refusal(str(fault), fault.field), fault.status, headers)


async def _no_such_call(request: Request, error: Exception) -> Response:
    """What Starlette's router refuses: a call that there is not, or not with that method."""
    assert isinstance(error, HTTPException)
    path = request.scope["path"]
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "")
        message = f"{path} does not take {request.method}; it takes {allowed}"
    else:
        near = nearest("/".join(path.split("/")[:3]), openapi.control_calls())
        message = f"there is no {path}; the nearest known call is {near!r}"
    return reply_json(refusal(message), error.status_code, error.headers)


EXCEPTION_HANDLERS = {FaultError: _fault, HTTPException: _no_such_call}
"""How the application answers what the control API raises."""


def explain(violation: Violation, schema: str) -> str:
    """What is wrong with a document of a schema, and what would be right."""
    place = violation.path or "the body"
    if violation.keyword == "additionalProperties":
        known = sorted(violation.properties)
        unknown = [name for name in violation.value if name not in known]
        name = unknown[0]
        homes = owners(schema, name)
        hint = f"{homes[0]} has one" if homes else f"the nearest known one is {nearest(name, known)!r}"
        return f"{place} has no field {name!r}; {hint}"
    told = _WORDS.get(violation.keyword)
    message = violation.message if told is None else f"{_shown(violation.value)} {told(violation.demand)}"
    return f"{place}: {message[:300]}"


def _shown(value: Any) -> str:
    """A value as whoever wrote the JSON knows it, or how it begins."""
    text = repr(value) if isinstance(value, str) else dumps(value).decode()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _listed(kinds: str | list[str]) -> list[str]:
    return [kinds] if isinstance(kinds, str) else kinds


_SHOWN = 120
"""How many characters of a value that is wrong are told."""

_WORDS: dict[str, Callable[[Any], str]] = {
    "type": lambda kinds: f"is not of type {', '.join(map(repr, _listed(kinds)))}",
    "enum": lambda known: f"is not one of [{', '.join(map(_shown, known))}]",
    "maxItems": lambda most: f"has more than {most} entries",
    "maxLength": lambda most: f"is longer than {most} characters",
}
"""Broken constraints whose own message would be of Python's values, or hide the limit, by their keyword."""


def _checked(body: bytes, schema: str) -> tuple[Any, FaultError | None]:
    """The JSON of a body, and how it breaks its schema. Raises `ValueError`."""
    document = loads_bounded(body)
    return document, _broken(document, schema)


def _broken(document: Any, schema: str) -> FaultError | None:
    """How a document breaks its schema; None where it does not."""
    found = violations(schema, document)
    if not found:
        return None
    # A misspelt field is often a missing one too; its own name helps more.
    worst = next((fault for fault in found if fault.keyword == "additionalProperties"), found[0])
    return FaultError(explain(worst, schema), worst.path or None)


async def _read(request: Request, schema: str) -> tuple[int, Any, FaultError | None]:
    """The same of a request's body, with how many bytes it has. Raises `FaultError`.

    A large one is read aside, and what is wrong with another one is explained there.
    """
    aside: Aside = request.app.state.aside
    try:
        body = await read_plain(request.scope, request.receive, limit=_LIMIT, aside=aside)
        if len(body) > LARGE:
            return len(body), *await aside.apart(request.scope, partial(_checked, body, schema))
        document = loads_bounded(body)
        if fits(schema, document):
            return len(body), document, None
        return len(body), document, await aside.apart(request.scope, partial(_broken, document, schema))
    except BodyTooLargeError:
        msg = "the body is too large: a control request may hold 10 MB"
        raise FaultError(msg, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE) from None
    except UnpackError as error:
        status = 415 if error.entry == "body.coding" else 400
        raise FaultError(str(error), status=status) from None
    except ValueError as error:
        msg = f"the body is not JSON: {error}"
        raise FaultError(msg) from None


async def read_sized(request: Request, schema: str) -> tuple[int, Any]:
    """The JSON of a request's body, as its schema allows it, behind its size. Raises `FaultError`."""
    size, document, fault = await _read(request, schema)
    if fault is not None:
        raise fault
    return size, document


async def read_document(request: Request, schema: str) -> Any:
    """The JSON of a request's body, as its schema allows it. Raises `FaultError`."""
    return (await read_sized(request, schema))[1]


def is_long(size: int, document: Mapping[str, Any]) -> bool:
    """Whether a script or a fault of so many bytes is read aside: it is large, or something is compiled."""
    return size > _QUICK or bool(document.get("template")) or "regex" in str(document.get("match"))


async def replaced(
    aside: Aside,
    request: Request,
    engine: Engine,
    name: str,
    document: Mapping[str, Any],
    *,
    ready: Callable[[], Any] | None = None,
) -> None:
    """Makes a change that may replace a scenario, as `changed` does; what it replaces is freed aside."""
    held = engine.scripts.played()
    await changed(engine, name, document, ready=ready)
    await aside.apart(request.scope, partial(let_go, held))


def make_room(engine: Engine, more: int, *, instead: int = 0) -> None:
    """Raises `FaultError` where so many bytes of scripts or faults, in the place of others, are too many."""
    size = engine.scripts.size + engine.faults.size - instead + more
    if size > MOST_BYTES:
        msg = (
            f"what is scripted would take {size / MB:.0f} MB, and a server keeps {MOST_BYTES / MB:.0f}: take "
            "away what is not needed (DELETE /_mock/replies/{id}, /_mock/faults/{id} or /_mock/scenario, or "
            "POST /_mock/reset)"
        )
        raise FaultError(msg)


def read_query(request: Request, *known: str) -> Mapping[str, str]:
    """The query of a request that knows only these names. Raises `FaultError`."""
    query = request.query_params
    for name in query:
        if name not in known:
            hint = f"the nearest known one is {nearest(name, known)!r}" if known else "this call takes none"
            msg = f"there is no parameter {name!r}; {hint}"
            raise FaultError(msg, name)
    return query


def _text(spec: Any) -> str:
    """The text of a condition, however it is to fit."""
    return spec if isinstance(spec, str) else str(next(iter(spec.values())))


def _masked(spec: Any) -> Any:
    """A condition on a secret, so that its text cannot be used."""
    return mask(spec) if isinstance(spec, str) else {how: mask(text) for how, text in spec.items()}


def shown(entered: Script | Entered, name: str) -> dict[str, Any]:
    """A script or a fault as it was entered, without the secrets that it waits for.

    `name` is the field that it is about. What a client is to send as its key may stand in the rest as well.
    """
    match = dict(entered.spec.get("match") or {})
    if "conversation" in match:
        match["conversation"] = list(match["conversation"])
    headers = {header: _text(spec) for header, spec in (match.get("header") or {}).items()}
    secrets = secrecy.known(headers.items()) | ({match["key"]} if "key" in match else set())
    if "key" in match:
        match["key"] = mask(match["key"])
    if headers:
        match["header"] = {
            header: spec if secrecy.named("headers", header) is None else _masked(spec)
            for header, spec in match["header"].items()
        }
    said: dict[str, Any] = {"match": match, name: entered.spec[name]}
    for secret in secrets:
        said = without(said, secret)
    return {"id": entered.id, **said, "times": entered.times, "used": entered.used}


def _no_such_reply(script_id: str) -> FaultError:
    return FaultError(f"no scripted reply has the id {script_id!r}", status=HTTPStatus.NOT_FOUND)


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

    def __init__(self, engine: Engine, aside: Aside) -> None:
        self.engine = engine
        self.aside = aside

    async def _script(self, request: Request) -> Script:
        """The scripted reply of a request's body; what is large or compiled is read aside.

        Raises `FaultError`.
        """
        size, document = await read_sized(request, "control.reply")
        read = partial(Script.read, document, "", self.engine.errors)
        try:
            return await self.aside.apart(request.scope, read) if is_long(size, document) else read()
        except SCRIPT_ERRORS as error:
            raise FaultError(str(error)) from None

    async def health(self, _: Request) -> Response:
        """Whether the server is up; 503 while the tokenizer is still loading."""
        ready = self.engine.tokenizer.ready
        status = {"status": "ok" if ready else "starting", "version": __version__}
        return reply_json(status, 200 if ready else 503)

    async def openapi(self, request: Request) -> Response:
        """The OpenAPI page, which is made when it is first asked for."""
        page = await self.aside.apart(request.scope, openapi.page)
        return Response(page, media_type="application/json")

    async def reset(self, request: Request) -> Response:
        """Forgets everything, or one key's world."""
        key = read_query(request, "key").get("key")
        await replaced(self.aside, request, self.engine, "reset", {"key": key})
        return Response(status_code=204)

    async def add_reply(self, request: Request) -> Response:
        """Enters a scripted reply."""
        read_query(request)
        script = await self._script(request)
        make_room(self.engine, script.size)
        ready = partial(enter, self.engine, script)
        return reply_json({"id": await changed(self.engine, "reply", script.spec, ready=ready)}, 201)

    async def replace_reply(self, request: Request) -> Response:
        """Changes a scripted reply in its place; how often it was used stays."""
        read_query(request)
        script, script_id = await self._script(request), request.path_params["id"]
        old = self.engine.scripts.at(script_id)
        make_room(self.engine, script.size, instead=0 if old is None else old.size)
        document = {"id": script_id, "reply": script.spec}
        ready = partial(self.engine.scripts.replace, script_id, script)
        try:
            there = await changed(self.engine, "reply-replaced", document, ready=ready)
        except Refused as refused:
            words = refused.refusal.words["compat"]
            raise FaultError(words.message, "match.key", refused.refusal.status) from None
        if not there:
            raise _no_such_reply(script_id)
        return reply_json({"id": script_id})

    async def list_replies(self, request: Request) -> Response:
        """What is scripted, with how often each was used; for one key alone, or the unused ones alone."""
        query = read_query(request, "key", "unused")
        unused = query.get("unused", "false")
        if unused not in ("true", "false"):
            msg = f"unused is {unused!r}: it must be true or false"
            raise FaultError(msg, "unused")
        key, scripts = query.get("key"), self.engine.scripts
        seen = tuple(scripts if key is None else scripts.seen_by(key))

        def written() -> bytes:
            # One by one, for each answer of a long conversation repeats all that was said before it.
            each = (
                dumps(shown(script, "reply") | {"used": used})
                for script in seen
                if not (used := script.used if key is None else script.used_by(key)) or unused == "false"
            )
            return b'{"replies":[%b]}' % b",".join(each)

        whole = await self.aside.apart(request.scope, written)
        return LongResponse(whole, media_type="application/json")

    async def remove_reply(self, request: Request) -> Response:
        """Takes a scripted reply out."""
        script_id = request.path_params["id"]
        if not await changed(self.engine, "reply-removed", {"id": script_id}):
            raise _no_such_reply(script_id)
        return Response(status_code=204)

    async def rules(self, request: Request) -> Response:
        """Every rule, and what is done about it: for the server, or for one key."""
        return reply_json(ruling.shown(self.engine.door.policies, read_query(request, "key").get("key")))

    async def set_rules(self, request: Request) -> Response:
        """Another mode, or rules switched one by one: for the server, or for one key."""
        read_query(request)
        document = await read_document(request, "control.rules")
        key, policies = document.get("key"), self.engine.door.policies
        policy = policies.default if key is None else policies.of(key)
        try:
            policy.changed(mode=document.get("mode"), rules=document.get("rules"))
        except RulePolicyError as error:
            raise FaultError(str(error)) from None
        await changed(self.engine, "rules", document)
        return reply_json(ruling.shown(policies, key))

    async def usage(self, request: Request) -> Response:
        """The ledger: what each key and model cost."""
        read_query(request)
        return reply_json({"usage": _ledger(self.engine)})


def routes(engine: Engine, aside: Aside) -> list[BaseRoute]:
    """The routes of the control API, below its prefix."""
    control = Control(engine, aside)
    return [
        Route("/health", control.health, methods=["GET"]),
        Route("/openapi.json", control.openapi, methods=["GET"]),
        Route("/reset", control.reset, methods=["POST"]),
        Route("/replies", control.add_reply, methods=["POST"]),
        Route("/replies", control.list_replies, methods=["GET"]),
        Route("/replies/{id}", control.replace_reply, methods=["PUT"]),
        Route("/replies/{id}", control.remove_reply, methods=["DELETE"]),
        Route("/rules", control.rules, methods=["GET"]),
        Route("/rules", control.set_rules, methods=["PUT"]),
        Route("/usage", control.usage, methods=["GET"]),
    ]
