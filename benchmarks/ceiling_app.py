"""The ceiling: a server that parses nothing, only there to show how fast the load client itself can go.

Each read of the socket is taken for one whole request, which holds for requests of 1 kB on loopback; each
answer is one write of prepared bytes. When the client is busy all the time against this server, the rate
is the client's own limit, and a rate near it measured against another server says more about the client.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import cast

import bare_app
import uvloop

BODY_ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    + f"content-length: {len(bare_app.BODY)}\r\n\r\n".encode()
    + bare_app.BODY
)
STREAM_ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    + b"".join(f"{len(frame):x}\r\n".encode() + frame + b"\r\n" for frame in bare_app.FRAMES)
    + b"0\r\n\r\n"
)


class Prepared(asyncio.Protocol):
    """Answers every read with prepared bytes."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer."""
        self.transport.write(STREAM_ANSWER if bare_app.STREAMED in data else BODY_ANSWER)


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Prepared, "127.0.0.1", port)
    await server.serve_forever()


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    uvloop.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
