"""A connection to the engine: made by its maintained client, and then spoken on by questions in one piece.

That client takes each command and each answer by itself, with a lock and a timeout for it. Here many go as
one piece of bytes, and what comes is read by its parser, in C, as it comes.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from hiredis import Reader, pack_command
from redis.asyncio.connection import (
    AbstractConnection,
    Connection,
    DefaultParser,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import InvalidResponse

from mockserver.state.redis.address import Address

_READ = 65_536
"""So many bytes the client's own way reads at once; here it is as many as come."""

_CLOSED = "it closed the connection"

Told: TypeAlias = Callable[["list[Any] | Exception"], None]
"""Hears all that is answered to a piece, what is refused as an error among it; or why nothing is."""


class Line(asyncio.Protocol):
    """One connection, of which one piece of questions is answered at a time."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection
        self._reader = Reader(protocolError=InvalidResponse, replyError=DefaultParser(_READ).parse_error)
        self._answers: list[Any] = []
        self._due = 0
        self._told: Told | None = None
        writer, reader = connection._writer, connection._reader  # noqa: SLF001 - the client hands nothing over
        assert writer is not None
        assert reader is not None
        self._transport: asyncio.WriteTransport = writer.transport
        self._over = reader.at_eof()
        self._transport.set_protocol(self)

    @classmethod
    async def to(cls, address: Address, *, deadline: float) -> "Line":
        """A connection that is made now. Raises `RedisError` or `OSError`."""
        made: dict[str, Any] = {
            "db": address.database,
            "username": address.user,
            "password": address.password,
            "protocol": 2,
            "socket_timeout": None,
            "socket_connect_timeout": deadline,
            "retry": Retry(NoBackoff(), 0),
        }
        where: dict[str, Any] = {"host": address.host, "port": address.port}
        if address.path is not None:
            connection: AbstractConnection = UnixDomainSocketConnection(path=address.path, **made)
        elif address.tls:
            connection = SSLConnection(ssl_ca_certs=address.ca, **where, **made)
        else:
            connection = Connection(**where, **made)
        await connection.connect()  # type: ignore[no-untyped-call]
        return cls(connection)

    @property
    def over(self) -> bool:
        """Whether the engine let go of it, as far as the loop has heard."""
        return self._over or self._transport.is_closing()

    def say(self, commands: Sequence[Sequence[Any]], told: Told) -> None:
        """Asks in one piece; `told` hears, and nothing is asked before it did. Raises `OSError`."""
        if self.over:
            raise ConnectionResetError(_CLOSED)
        self._answers, self._due, self._told = [], len(commands), told
        self._transport.write(b"".join([pack_command(tuple(each)) for each in commands]))

    async def ask(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        """What the engine answers to commands; what it refuses is an error among them. Raises `OSError`."""
        whole: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()

        def told(answers: list[Any] | Exception) -> None:
            if whole.done():
                return
            if isinstance(answers, Exception):
                whole.set_exception(answers)
            else:
                whole.set_result(answers)

        self.say(commands, told)
        return await whole

    def data_received(self, data: bytes) -> None:
        """Some bytes of the answers."""
        reader, answers = self._reader, self._answers
        reader.feed(data)
        try:
            while (answer := reader.gets()) is not False:
                answers.append(answer)
        except InvalidResponse as error:  # whoever speaks there is no such engine, or out of step
            self.give_up(error)
            return
        if len(answers) >= self._due:
            self._tell(answers)

    def _tell(self, answers: list[Any] | Exception) -> None:
        told, self._told = self._told, None
        if told is not None:
            told(answers)

    def eof_received(self) -> None:
        """The engine says no more; the transport closes."""
        self._over = True

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._over = True
        self._tell(exc or ConnectionResetError(_CLOSED))

    def give_up(self, reason: Exception) -> None:
        """Lets go of it at once; who waits hears this reason."""
        self._transport.abort()
        self._tell(reason)

    async def close(self) -> None:
        """Lets go of it, and of whatever it might still answer."""
        self._transport.abort()
        await self._connection.disconnect(nowait=True)
