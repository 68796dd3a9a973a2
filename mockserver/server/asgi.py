"""Requests in and answers out, by the ASGI protocol."""

import asyncio

from starlette.types import Receive, Scope, Send

from mockserver.engine import Answer


class ClientGoneError(Exception):
    """The client left before its request was there."""


class BodyTooLargeError(Exception):
    """A body beyond the limit; the rest of it is not read."""


async def read_body(scope: Scope, receive: Receive, *, limit: int) -> bytes:
    """The whole body of a request. Raises `BodyTooLargeError` or `ClientGoneError`."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > limit:
            raise BodyTooLargeError
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit:
            raise BodyTooLargeError
    return body


async def send_answer(answer: Answer, receive: Receive, send: Send) -> bool:
    """Sends an answer: whole, or frame by frame as each is due. False when the client left early."""
    if answer.delay:
        await asyncio.sleep(answer.delay)
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    frames = answer.frames
    if not frames:
        await send({"type": "http.response.body", "body": answer.body})
        return True
    if answer.due:
        return await _send_paced(answer, receive, send)
    last = len(frames) - 1
    for at, frame in enumerate(frames):
        await send({"type": "http.response.body", "body": frame, "more_body": at != last})
    return True


async def _send_paced(answer: Answer, receive: Receive, send: Send) -> bool:
    """Each frame on an absolute schedule, so that lateness never adds up."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    gone = asyncio.ensure_future(receive())
    try:
        for frame, due in zip(answer.frames, answer.due, strict=True):
            wait = start + due - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            if gone.done():
                return False
            await send({"type": "http.response.body", "body": frame, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        gone.cancel()
    return True


def closing(answer: Answer) -> Answer:
    """The answer, with the connection closed behind it: what is left of the request is not read."""
    answer.headers = [*answer.headers, (b"connection", b"close")]
    return answer
