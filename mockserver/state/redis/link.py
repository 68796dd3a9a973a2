"""The way to Redis: what is asked in one turn of the loop goes in one piece, and is answered in one.

Nothing of the loop waits for the engine but who asked. An engine that does not answer in time is gone: the
connection is dropped, so that no late answer meets another question, and the next question begins a new one.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mockserver.state.ports import GoneError, StateError
from mockserver.state.redis.address import Address

if TYPE_CHECKING:
    from redis.asyncio import Redis

DEADLINE_S = 2.0
"""So many seconds the engine has to answer."""

LEAST = (6, 0)
"""The oldest version that is spoken to: scripts that ask for the time may write, users have names."""

_PIECE = 500
"""So many questions go in one piece at most."""

_WAITING = 100_000
"""So many questions may wait; one more hears that the engine is gone."""

_AT_ONCE = (
    "the redis client is not installed: pip install 'dashscope-mock[state]' brings it along with the server"
)


@cache
def script(name: str) -> tuple[str, bytes]:
    """The text of a Lua script of this folder, and its digest."""
    text = Path(__file__).with_name(f"{name}.lua").read_text("utf-8")
    return text, sha1(text.encode(), usedforsecurity=False).hexdigest().encode()


class _Question(NamedTuple):
    name: str
    arguments: Sequence[Any]
    answer: "asyncio.Future[Any]"


class Link:
    """The way of one process to one engine; every key begins with the address's prefix."""

    def __init__(self, address: Address, *, deadline: float = DEADLINE_S) -> None:
        self.address = address
        self._deadline = deadline
        self._waiting: list[_Question] = []
        self._joined: dict[tuple[str, ...], asyncio.Future[Any]] = {}
        self._asking: asyncio.Task[None] | None = None
        self._client: Redis | None = None

    def _connection(self) -> "Redis":
        if self._client is None:
            from redis.asyncio import Redis  # noqa: PLC0415 - an extra
            from redis.asyncio.retry import Retry  # noqa: PLC0415
            from redis.backoff import NoBackoff  # noqa: PLC0415

            address = self.address
            tls = {"ssl": True, "ssl_ca_certs": address.ca} if address.tls else {}
            self._client = Redis(
                host=address.host,
                port=address.port,
                db=address.database,
                username=address.user,
                password=address.password,
                protocol=2,
                socket_connect_timeout=self._deadline,
                # To ask twice may be to count twice.
                retry=Retry(NoBackoff(), 0),
                single_connection_client=False,
                max_connections=4,
                **tls,  # type: ignore[arg-type]
            )
        return self._client

    async def check(self) -> None:
        """Raises `StateError` for an engine that cannot be used, with the reason in one line."""
        try:
            from redis.exceptions import RedisError, ResponseError  # noqa: PLC0415 - an extra
        except ImportError:
            raise StateError(_AT_ONCE) from None
        try:
            async with asyncio.timeout(self._deadline):
                told = await self._connection().info("server")
                await self._connection().eval("return redis.call('TIME')", 0)
        except (RedisError, OSError, TimeoutError) as error:
            await self.close()
            reason = "it does not answer" if isinstance(error, TimeoutError) else _reason(error)
            kind = "refuses" if isinstance(error, ResponseError) else "cannot be used"
            msg = f"the state at {self.address} {kind}: {reason}; check address, user and password of --state"
            raise StateError(msg) from None
        version = str(told.get("redis_version", "0"))
        numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
        if numbers < LEAST:
            await self.close()
            least = ".".join(map(str, LEAST))
            msg = f"the state at {self.address} is version {version}: it must be {least} or later"
            raise StateError(msg)
        await self.close()

    def post(self, name: str, *arguments: Any) -> "asyncio.Future[Any]":
        """Asks a script something; the answer comes in the order of the questions, or `GoneError`."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if len(self._waiting) >= _WAITING:
            answer.set_exception(GoneError("too many questions wait for it"))
            return answer
        self._waiting.append(_Question(name, arguments, answer))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_all())
            self._asking.add_done_callback(self._asked)
        return answer

    async def ask(self, name: str, *arguments: Any) -> Any:
        """What a script answers. Raises `GoneError`."""
        return await self.post(name, *arguments)

    async def join(self, name: str, own: str, *arguments: str) -> Any:
        """As `ask`, together with all who ask the same before it is sent; only `own` may differ."""
        question = (name, *arguments)
        answer = self._joined.get(question)
        if answer is None:
            answer = self._joined[question] = self.post(name, own, *arguments)
        return await asyncio.shield(answer)

    def _asked(self, task: "asyncio.Task[None]") -> None:
        self._asking = None
        if self._waiting and not task.cancelled():
            self._asking = asyncio.create_task(self._ask_all())
            self._asking.add_done_callback(self._asked)

    async def _ask_all(self) -> None:
        while self._waiting:
            piece, self._waiting = self._waiting[:_PIECE], self._waiting[_PIECE:]
            self._joined.clear()
            try:
                answers = await self._answers(piece)
            except GoneError as gone:
                answers = [gone] * len(piece)
            except asyncio.CancelledError:
                answers = [GoneError("this server ends")] * len(piece)
            for question, answer in zip(piece, answers, strict=True):
                _settle(question.answer, answer)

    async def _answers(self, piece: Sequence[_Question]) -> list[Any]:
        """What the engine answers to a piece. Raises `GoneError`."""
        from redis.exceptions import NoScriptError, RedisError, ResponseError  # noqa: PLC0415

        try:
            async with asyncio.timeout(self._deadline):
                answers = await self._sent(piece)
                unknown = [at for at, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
                if unknown:
                    # A new engine, or one that was flushed, knows no script; those that follow may have
                    # been answered, but nothing rests on the order of questions of different requests.
                    for name in {piece[at].name for at in unknown}:
                        await self._connection().script_load(script(name)[0])
                    again = await self._sent([piece[at] for at in unknown])
                    for at, answer in zip(unknown, again, strict=True):
                        answers[at] = answer
        except (RedisError, OSError, TimeoutError) as error:
            await self.close()
            raise GoneError(_reason(error)) from None
        return [
            GoneError(_reason(answer)) if isinstance(answer, ResponseError | RedisError) else answer
            for answer in answers
        ]

    async def _sent(self, piece: Sequence[_Question]) -> list[Any]:
        pipeline = self._connection().pipeline(transaction=False)
        for question in piece:
            pipeline.execute_command(
                "EVALSHA", script(question.name)[1], 1, self.address.prefix, *question.arguments
            )
        answers: list[Any] = await pipeline.execute(raise_on_error=False)
        return answers

    async def close(self) -> None:
        """Lets go of the connection."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                await client.aclose()


def _settle(answer: "asyncio.Future[Any]", value: Any) -> None:
    if answer.done():
        return
    if isinstance(value, Exception):
        answer.set_exception(value)
        answer.exception()  # who did not wait for it has not forgotten it
    else:
        answer.set_result(value)


def _reason(error: BaseException) -> str:
    """Why it did not answer, in one line without what was asked."""
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return (str(error) or type(error).__name__).splitlines()[0][:200]
