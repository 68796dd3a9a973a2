"""Recordings of the endpoints beside chat: their bytes, for whatever the path is."""

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from mockserver.base.jsontext import dumps
from mockserver.corridor.answers import Answer
from mockserver.recording import nearest
from mockserver.recording.interaction import surface_of
from mockserver.server import neighbours
from mockserver.server.asgi import BodyTooLargeError, read_body, send_answer
from mockserver.server.aside import Aside

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine
    from mockserver.corridor.replay import Recorded

Pairs = list[tuple[str, str]]


def pairs_of(scope: Scope) -> Pairs:
    """The headers of a request as texts, in their order."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]


def target_of(scope: Scope) -> tuple[str, str]:
    """The path and the query of a request, as they were sent."""
    raw = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("latin-1"), scope["query_string"].decode("latin-1")


def missing(report: str) -> "Answer":
    """The answer to what is not recorded, for endpoints of any dialect."""
    body = dumps({"code": "RecordingNotFound", "message": report})
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    return Answer(HTTPStatus.NOT_FOUND, headers, body)


def repeating(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read already, and then goes on."""
    held: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return held.pop() if held else await receive()

    return again


async def play(
    recorded: "Recorded", engine: "Engine", aside: Aside, scope: Scope, receive: Receive, send: Send
) -> Receive | None:
    """Answers a request beside chat from the cassette; else gives what the request can be read from.

    Raises `ClientGoneError`.
    """
    if scope["type"] != "http" or scope["path"].startswith("/_mock"):
        return receive
    try:
        body = await read_body(scope, receive, limit=engine.settings.max_body)
    except BodyTooLargeError:
        await neighbours.refuse(engine, Request(scope), "body.too-large")(scope, receive, send)
        return None
    path, query = target_of(scope)
    asked = recorded.tape(scope["method"], path, pairs_of(scope), body, query)
    tape = await aside.through(asked)
    match = recorded.match(tape) if surface_of(path) == "other" else None
    if match is not None:
        _, ready = recorded.prepared(match, "")
        await send_answer(recorded.sent(ready, engine.clock()), scope, receive, send)
        return None
    if recorded.playing.strict_miss:
        report = await aside.run(partial(nearest.report, recorded.library, tape.request))
        await send_answer(missing(report), scope, receive, send)
        return None
    return repeating(body, receive)
