"""The bare server: ASGI on uvicorn, the answer prepared before the first request, one send an event.

It reads the request to its end and looks in it only for `"stream": true`, so it is what the HTTP server
itself costs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import TYPE_CHECKING

import uvicorn
import workload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from workload import Json

    Receive = Callable[[], Awaitable[Json]]
    Send = Callable[[Json], Awaitable[None]]


def _event(delta: Json | None, finish_reason: str | None = None) -> bytes:
    return workload.frame(
        workload.chunk(delta, model=workload.MODEL, created=CREATED, finish_reason=finish_reason)
    )


def _content(pieces: Sequence[str]) -> list[bytes]:
    return [_event({"content": piece, "role": None}) for piece in pieces]


CREATED = 1_770_000_000
BODY = json.dumps(workload.answer(model=workload.MODEL, created=CREATED), separators=(",", ":")).encode()
BODY_START: Json = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())],
}
STREAM_START: Json = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/event-stream; charset=utf-8")],
}
FIRST = _event({"content": "", "role": "assistant"})
LAST = [_event({"content": "", "role": None}, "stop"), _event(None), b"data: [DONE]\n\n"]
FRAMES = [FIRST, *_content(workload.CHUNKS), *LAST]
TICK = _content([workload.TICK])[0]
STREAMED = b'"stream": true'


async def app(scope: Json, receive: Receive, send: Send) -> None:
    """Answer a chat request."""
    parts = []
    while True:
        message = await receive()
        parts.append(message["body"])
        if not message.get("more_body"):
            break
    schedule = workload.PACED.get(scope["path"].split("/")[1])
    if schedule:
        await _paced(send, schedule)
    elif STREAMED in b"".join(parts):
        await send(STREAM_START)
        for frame in FRAMES:
            await send({"type": "http.response.body", "body": frame, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    else:
        await send(BODY_START)
        await send({"type": "http.response.body", "body": BODY})


async def _paced(send: Send, schedule: workload.Schedule) -> None:
    """Send the content on an absolute schedule, so that lateness does not add up."""
    now = asyncio.get_running_loop().time
    await send(STREAM_START)
    await send({"type": "http.response.body", "body": FIRST, "more_body": True})
    start = now()
    for index in range(schedule.events):
        wait = start + index * schedule.step - now()
        if wait > 0:
            await asyncio.sleep(wait)
        await send({"type": "http.response.body", "body": TICK, "more_body": True})
    for frame in LAST:
        await send({"type": "http.response.body", "body": frame, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port: int = parser.parse_args().port
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
