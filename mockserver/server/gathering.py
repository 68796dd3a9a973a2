"""A transport that gathers what is written in one turn of the loop.

Each event of a stream is a chunk of its own, as the cloud sends it. One system call for each would
cost more than everything else together, so what is written within one turn leaves as one piece. Nothing
waits: the piece leaves at the end of that turn, and so do answers that are whole (`mockserver.server.turn`).
"""

import asyncio
from collections.abc import Callable
from typing import Any

from mockserver.server.connection import first
from mockserver.server.turn import Turn

_MANY = 64 * 1024
"""So many bytes do not wait for the end of the turn."""


def _never() -> bool:
    return False


class GatheringTransport(asyncio.Transport):
    """A transport that hands over everything written in one turn of the loop at once.

    `lingers` is asked before it closes: True when its owner goes on to listen, and closes it once more.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        turn: Turn,
        lingers: Callable[[], bool] = _never,
    ) -> None:
        super().__init__()
        self._lingers = lingers
        self._transport = transport
        self._turn = turn
        self._pieces: list[bytes] = []
        self._size = 0
        self.begins: Callable[[], None] | None = None
        self.is_closing = transport.is_closing  # type: ignore[method-assign]
        self.get_extra_info = transport.get_extra_info  # type: ignore[method-assign]
        self.pause_reading = transport.pause_reading  # type: ignore[method-assign]
        self.resume_reading = transport.resume_reading  # type: ignore[method-assign]

    def write(self, data: Any) -> None:
        """Keeps bytes until the end of this turn; hands them over at once when they are many."""
        if not self._pieces:
            self._turn.hand_over(self.flush)
        self._pieces.append(data)
        self._size += len(data)
        if self._size > _MANY:
            self.flush()

    def write_next(self, data: bytes) -> bool:
        """Keeps bytes until the end of this turn; False, and not these, while earlier ones are unsent."""
        if self._transport.get_write_buffer_size() or self.is_closing():
            return False
        self.write(data)
        return True

    def flush(self) -> None:
        """Hands over what was kept; nobody is there to take it when the client has left."""
        if self._pieces:
            pieces, self._pieces, self._size = self._pieces, [], 0
            if self.is_closing():
                return  # the client left within this turn; uvloop would raise
            data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            if self.begins is not None:
                begins, self.begins = self.begins, None
                data = first(data, self._transport, begins)
            self._transport.write(data)

    def close(self) -> None:
        """Hands over what was kept, then closes."""
        self.flush()
        if self._lingers():
            self.is_closing = lambda: True  # type: ignore[method-assign]
        else:
            self._transport.close()

    def release(self) -> None:
        """Lets go of its owner: it is closed for good."""
        self._pieces.clear()
        self._lingers = _never

    def abort(self) -> None:
        """Closes at once; what was kept is lost."""
        self._pieces.clear()
        self._transport.abort()
