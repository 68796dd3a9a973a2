"""What a fault does to a connection and HTTP has no words for: a torn chunk, a close, a reset."""

import asyncio
import socket
import struct

EXTENSION = "mock.connection"
"""The ASGI scope extension under which an application finds its `Connection`."""

_ABORT = struct.pack("ii", 1, 0)
"""Lingers for no time: the socket is closed with a reset (RST) instead of a FIN."""

_TURNS = 100
"""How many turns of the loop bytes get to leave before a reset; a client that reads nothing loses them."""


class Connection:
    """The transport under a response. `transport` is where it is written to, `wire` what that writes to.

    `chunked`: whether its client knows chunks; one that speaks HTTP/1.0 does not.
    """

    def __init__(self, transport: asyncio.Transport, wire: asyncio.Transport) -> None:
        self._transport = transport
        self.wire = wire
        self.chunked = True

    def begin_chunk(self, data: bytes, *, missing: int) -> None:
        """Writes an HTTP chunk without its end: it announces so many bytes more."""
        if not self.chunked:
            self._transport.write(data)
            return
        self._transport.write(b"%x\r\n%b" % (len(data) + missing, data))

    async def close(self) -> None:
        """Closes in good order (FIN), whatever the response still owes."""
        self._transport.close()

    async def reset(self) -> None:
        """Resets the connection (RST), once what was written is out."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)
            if not self.wire.get_write_buffer_size():
                break
        # An event loop's own view of the socket may not set options; a second descriptor may.
        with socket.socket(fileno=socket.dup(self.wire.get_extra_info("socket").fileno())) as twin:
            twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        self._transport.abort()
