"""What a fault does to a connection and HTTP has no words for: a torn chunk, a close, a reset."""

import asyncio
import os
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Protocol

from mockserver.server.metronome import Metronome, Piece

EXTENSION = "mock.connection"
"""The ASGI scope extension under which an application finds its `Connection`."""

_ABORT = struct.pack("ii", 1, 0)
"""Lingers for no time: the socket is closed with a reset (RST) instead of a FIN."""


def first(data: bytes, wire: asyncio.Transport, begins: Callable[[], None]) -> bytes:
    """Does what is to be done right before bytes leave, and sees them leave: those that did not are returned.

    An event loop may write at the end of its turn, which is an age to who is killed in between.
    """
    sock = wire.get_extra_info("socket")
    if sock is None or wire.get_extra_info("sslcontext") is not None or wire.get_write_buffer_size():
        begins()
        return data
    descriptor = sock.fileno()
    begins()
    try:
        return data[os.write(descriptor, data) :]
    except OSError:  # nothing left; the loop finds out why, or waits until it does
        return data


_TURNS = 100
"""How many turns of the loop bytes get to leave before a reset; a client that reads nothing loses them."""


class Gathering(Protocol):
    """A transport that keeps what is written until it is flushed."""

    begins: Callable[[], None] | None
    """What is to be done right before the next byte leaves."""

    def write(self, data: bytes, /) -> None:
        """Keeps bytes."""

    def write_next(self, data: bytes, /) -> bool:
        """Keeps bytes; False, and not these, while earlier ones are unsent."""

    def flush(self) -> None:
        """Hands over what was kept."""

    def close(self) -> None:
        """Hands over what was kept, then closes."""

    def abort(self) -> None:
        """Closes at once."""


class Connection:
    """The transport under a response. `transport` is where it is written to, `wire` what that writes to.

    `chunked`: whether its client knows chunks; one that speaks HTTP/1.0 does not.
    """

    def __init__(self, transport: Gathering, wire: asyncio.Transport, metronome: Metronome) -> None:
        self._transport = transport
        self._metronome = metronome
        self.wire = wire
        self.chunked = True

    def announce(self, begins: Callable[[], None]) -> None:
        """Has something done right before the next byte leaves."""
        self._transport.flush()  # what was written before is not meant
        self._transport.begins = begins

    def begin_chunk(self, data: bytes, *, missing: int) -> None:
        """Writes an HTTP chunk without its end: it announces so many bytes more."""
        if not self.chunked:
            self._transport.write(data)
            return
        self._transport.write(b"%x\r\n%b" % (len(data) + missing, data))

    def play(
        self, pieces: Sequence[bytes], due: Sequence[float], start: float, ended: Callable[[], None]
    ) -> Piece:
        """Has pieces written as each is due, so many seconds after `start` by the clock of the loop."""
        piece = Piece(self._transport, pieces, due, start=start, ended=ended)
        self._metronome.play(piece)
        return piece

    def stop(self, piece: Piece) -> None:
        """Has no more of it written."""
        self._metronome.stop(piece)

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
