"""The reference server: what a mock written in an afternoon with Starlette does, and nothing more.

It parses the body, reads the model, the messages and `stream`, and dumps its answer anew for each request and
each event. No checks, no journal, no tokens.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from typing import TYPE_CHECKING

import uvicorn
import workload
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from starlette.requests import Request
    from workload import Json


def _event(data: Json) -> str:
    return f"data: {json.dumps(data)}\n\n"


async def _events(model: str, pieces: Sequence[str], step: float) -> AsyncIterator[str]:
    """Yield one event after the other; with a step, the content comes on an absolute schedule."""
    created = int(time.time())
    now = asyncio.get_running_loop().time
    yield _event(workload.chunk({"content": "", "role": "assistant"}, model=model, created=created))
    start = now()
    for index, piece in enumerate(pieces):
        wait = start + index * step - now() if step else 0
        if wait > 0:
            await asyncio.sleep(wait)
        yield _event(workload.chunk({"content": piece, "role": None}, model=model, created=created))
    end: Json = {"content": "", "role": None}
    yield _event(workload.chunk(end, model=model, created=created, finish_reason="stop"))
    yield _event(workload.chunk(None, model=model, created=created))
    yield "data: [DONE]\n\n"


async def _read(request: Request) -> tuple[str, bool]:
    """Return the model and whether a stream is asked for; the messages must be there."""
    body = json.loads(await request.body())
    if not body["messages"]:
        raise ValueError("messages must not be empty")
    return body["model"], body.get("stream", False)


async def chat(request: Request) -> Response:
    """Answer with a body or with a stream, as fast as it goes."""
    model, stream = await _read(request)
    if not stream:
        return JSONResponse(workload.answer(model=model, created=int(time.time())))
    return StreamingResponse(_events(model, workload.CHUNKS, 0), media_type="text/event-stream")


async def paced(request: Request) -> Response:
    """Answer with a stream that keeps to a schedule."""
    model, _ = await _read(request)
    schedule = workload.PACED[request.path_params["kind"]]
    ticks = [workload.TICK] * schedule.events
    return StreamingResponse(_events(model, ticks, schedule.step), media_type="text/event-stream")


app = Starlette(
    routes=[
        Route(workload.COMPAT_PATH, chat, methods=["POST"]),
        Route("/{kind}" + workload.COMPAT_PATH, paced, methods=["POST"]),
    ]
)


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
