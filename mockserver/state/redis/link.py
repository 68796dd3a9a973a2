"""The way to Redis: what is asked in one turn of the loop goes in one piece, and is answered in one.

Nothing of the loop waits for the engine but who asked. An engine that does not answer in time is gone: the
connection is dropped, so that no late answer meets another question, and the next question begins a new one.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mockserver.state.ports import GoneError, StateError
from mockserver.state.redis.address import Address

if TYPE_CHECKING:
    from mockserver.state.redis.line import Line

DEADLINE_S = 2.0
"""So many seconds the engine has to answer."""

LEAST = (6, 0)
"""The oldest version that is spoken to: scripts that ask for the time may write, users have names."""

FORMAT = "3"
"""How what lies in an engine is written: it changes where an older server could not read it, or we its."""

_PIECE = 500
"""So many questions go in one piece at most."""

_PARTS, _PARTS_BYTES = 100, 1024 * 1024
"""So many parts, or bytes of them, make one question at most: the engine answers nobody else meanwhile."""

_WAITING = 100_000
"""So many questions may wait; one more hears that the engine is gone."""

_VERSION = re.compile(rb"redis_version:([0-9.]+)")

_AT_ONCE = (
    "the redis client is not installed: pip install 'dashscope-mock[state]' brings it along with the server"
)


_BEGIN_WITH = {"count": ("take",), "enter": ("take",)}
"""The scripts that begin with others: what these define is their own as well."""


@cache
def script(name: str) -> tuple[str, bytes]:
    """The text of a Lua script of this folder, and its digest."""
    files = (*_BEGIN_WITH.get(name, ()), name)
    text = "".join(Path(__file__).with_name(f"{file}.lua").read_text("utf-8") for file in files)
    return text, sha1(text.encode(), usedforsecurity=False).hexdigest().encode()


class _Question(NamedTuple):
    """What is asked, and who waits for its answer; `parts` wait for one each of an answer that is a list."""

    name: str
    arguments: Sequence[Any]
    answer: "asyncio.Future[Any] | None"
    parts: "Sequence[asyncio.Future[Any]]" = ()

    def settle(self, value: Any) -> None:
        """Tells those who wait."""
        if self.answer is not None:
            _tell(self.answer, value)
        elif isinstance(value, list):
            for part, each in zip(self.parts, value, strict=True):
                _tell(part, each)
        else:
            for part in self.parts:
                _tell(part, value)


@dataclass(slots=True)
class _Gathered:
    """A question of many parts, as long as it is not sent, and about how many bytes they have."""

    arguments: list[Any]
    parts: "list[asyncio.Future[Any]]"
    size: int = 0


class Link:
    """The way of one process to one engine; every key begins with the address's prefix."""

    def __init__(self, address: Address, *, deadline: float = DEADLINE_S) -> None:
        self.address = address
        self._deadline = deadline
        self._waiting: list[_Question] = []
        self._joined: dict[tuple[str, ...], asyncio.Future[Any]] = {}
        self._gathered: dict[tuple[Any, ...], _Gathered] = {}
        self._piece: Sequence[_Question] = ()
        self._rests = asyncio.Event()
        self._rests.set()
        self._aside: asyncio.Task[list[Any]] | None = None
        self._line: Line | None = None
        self._due = 0.0
        self._watch: asyncio.TimerHandle | None = None

    async def _say(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        """What the engine answers to commands; what it refuses is an error among them.

        To ask twice may be to count twice, so it never does: by a connection that is over nothing was asked.
        """
        if self._line is not None and self._line.over:
            await self._drop()
        if self._line is None:
            from mockserver.state.redis.line import Line  # noqa: PLC0415 - an extra

            self._line = await Line.to(self.address, deadline=self._deadline)
        return await self._line.ask(commands)

    async def check(self) -> None:
        """Raises `StateError` for an engine that cannot be used, with the reason in one line."""
        try:
            import hiredis  # noqa: F401, PLC0415 - an extra
            from redis.exceptions import RedisError  # noqa: PLC0415
        except ImportError:
            raise StateError(_AT_ONCE) from None
        try:
            async with asyncio.timeout(self._deadline):
                told, written = await self._say(
                    [("INFO", "server"), ("EVAL", script("begin")[0], 1, self.address.prefix, FORMAT)]
                )
            for answer in (told, written):
                if isinstance(answer, Exception):
                    raise answer
        except (RedisError, OSError, TimeoutError) as error:
            reason = f"{_reason(error)}; check address, user and password of --state"
            msg = f"the state at {self.address} cannot be used: {reason}"
            raise StateError(msg) from None
        finally:
            await self._drop()
        found = _VERSION.search(told)
        version = found[1].decode() if found else "0"
        if tuple(int(part) for part in version.split(".")[:2]) < LEAST:
            least = ".".join(map(str, LEAST))
            msg = f"the state at {self.address} is version {version}: it must be {least} or later"
            raise StateError(msg)
        if written.decode() != FORMAT:
            msg = (
                f"the state at {self.address}, prefix {self.address.prefix}, is written by another version "
                f"of this server (format {written.decode()}, this one's is {FORMAT}): end the others, or "
                "name another prefix: --state '…?prefix=NAME'"
            )
            raise StateError(msg)

    def post(self, name: str, *arguments: Any) -> "asyncio.Future[Any]":
        """Asks a script something; the answer comes in the order of the questions, or `GoneError`."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._put(_Question(name, arguments, answer))
        return answer

    def _put(self, question: _Question) -> None:
        if len(self._waiting) >= _WAITING:
            self._gathered.clear()  # nothing more is asked with what is not sent
            question.settle(GoneError("too many questions wait for it"))
            return
        self._waiting.append(question)
        if not self.busy:
            # Nothing was under way: once the loop has listened, it is known whether the connection is over.
            self._rests.clear()
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, self._ask_next)

    async def ask(self, name: str, *arguments: Any) -> Any:
        """What a script answers. Raises `GoneError`."""
        return await self.post(name, *arguments)

    def join(self, name: str, own: Callable[[], str], *arguments: str) -> "asyncio.Future[Any]":
        """As `post`, together with all who ask the same before it is sent; only what is `own` may differ."""
        question = (name, *arguments)
        answer = self._joined.get(question)
        if answer is None:
            answer = self._joined[question] = self.post(name, own(), *arguments)
        return answer

    def gather(self, name: str, head: tuple[Any, ...], *part: Any, size: int = 0) -> "asyncio.Future[Any]":
        """Asks a script something, in one question with all who ask with the same `head` before it is sent.

        Each part has about `size` bytes, and an answer of its own: the script answers with one for each.
        """
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        known = (name, head)
        gathered = self._gathered.get(known)
        if gathered is None or len(gathered.parts) >= _PARTS or gathered.size >= _PARTS_BYTES:
            gathered = self._gathered[known] = _Gathered([*head, *part], [answer], size)
            self._put(_Question(name, gathered.arguments, None, gathered.parts))
        else:
            gathered.arguments += part
            gathered.parts.append(answer)
            gathered.size += size
        return answer

    def _ask_next(self) -> None:
        """Asks the next piece of what waits, the common one without a task and a timer of its own."""
        if not self._waiting:
            self._rests.set()
            return
        self._piece, self._waiting = self._waiting[:_PIECE], self._waiting[_PIECE:]
        self._joined.clear()
        self._gathered.clear()
        if self._line is None or self._line.over:
            self._ask_aside()
            return
        loop = asyncio.get_running_loop()
        self._due = loop.time() + self._deadline
        if self._watch is None:
            self._watch = loop.call_at(self._due, self._look)
        self._line.say([self._command(each) for each in self._piece], self._told)

    def _look(self) -> None:
        """Whether the engine has answered in time: one timer looks for all pieces, when the first is due."""
        self._watch = None
        if not self._piece or self._aside is not None or self._line is None:
            return
        loop = asyncio.get_running_loop()
        if loop.time() < self._due:
            self._watch = loop.call_at(self._due, self._look)
        else:
            self._line.give_up(TimeoutError())

    def _told(self, answers: list[Any] | Exception) -> None:
        """What came of a piece."""
        if isinstance(answers, Exception) or any(isinstance(each, Exception) for each in answers):
            self._ask_aside(answers)
        else:
            self._settle(answers)

    def _settle(self, answers: Sequence[Any]) -> None:
        piece, self._piece = self._piece, ()
        for question, value in zip(piece, answers, strict=True):
            question.settle(value)
        self._ask_next()

    def _take_all(self) -> None:
        """Makes what waits a part of the piece under way, whose fate it shares."""
        self._piece = [*self._piece, *self._waiting]
        self._waiting.clear()
        self._joined.clear()
        self._gathered.clear()

    def _ask_aside(self, answers: list[Any] | Exception | None = None) -> None:
        self._aside = asyncio.create_task(self._answer(answers))
        self._aside.add_done_callback(self._answered)

    async def _answer(self, answers: list[Any] | Exception | None) -> list[Any]:
        try:
            return await self._answers(self._piece, answers)
        except GoneError as gone:
            return [gone] * len(self._piece)

    def _answered(self, task: "asyncio.Task[list[Any]]") -> None:
        self._aside = None
        if task.cancelled():
            self._take_all()
            self._settle([GoneError("this server ends")] * len(self._piece))
        else:
            self._settle(task.result())

    async def _answers(self, piece: Sequence[_Question], answers: list[Any] | Exception | None) -> list[Any]:
        """What the engine answers to a piece, or makes of `answers` with refusals. Raises `GoneError`."""
        from redis.exceptions import NoScriptError, ReadOnlyError, RedisError  # noqa: PLC0415

        try:
            async with asyncio.timeout(self._deadline):
                if isinstance(answers, Exception):
                    raise answers
                if answers is None:
                    answers = await self._say([self._command(each) for each in piece])
                unknown = [at for at, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
                if unknown:
                    # A new engine, or one that was flushed, knows no script; those that follow may have
                    # been answered, but nothing rests on the order of questions of different requests.
                    names = {piece[at].name for at in unknown}
                    await self._say([("SCRIPT", "LOAD", script(name)[0]) for name in names])
                    again = await self._say([self._command(piece[at]) for at in unknown])
                    for at, answer in zip(unknown, again, strict=True):
                        answers[at] = answer
        except (RedisError, OSError, TimeoutError) as error:
            await self._drop()
            if isinstance(error, TimeoutError):
                self._take_all()  # who waits has waited for the same silence, and does not wait for another
            raise GoneError(_reason(error)) from None
        except asyncio.CancelledError:
            await self._drop()
            raise
        if any(isinstance(each, ReadOnlyError) for each in answers):
            # Its primary is another one now, which may answer at the same address to who asks anew.
            await self._drop()
        return answers

    def _command(self, question: _Question) -> Sequence[Any]:
        return ("EVALSHA", script(question.name)[1], 1, self.address.prefix, *question.arguments)

    async def _drop(self) -> None:
        """Lets go of the connection, and of whatever it might still answer."""
        line, self._line = self._line, None
        if line is not None:
            with suppress(Exception):
                await line.close()

    @property
    def busy(self) -> bool:
        """Whether something is asked, or about to be."""
        return not self._rests.is_set()

    async def rest(self) -> None:
        """Waits until nothing is asked."""
        await self._rests.wait()

    async def close(self) -> None:
        """Lets go of the connection when all that was asked is answered."""
        await self.rest()
        if self._watch is not None:
            self._watch.cancel()
        await self._drop()


def _tell(answer: "asyncio.Future[Any]", value: Any) -> None:
    if answer.done():
        return
    if isinstance(value, Exception):
        # What is not gone is an error of the engine's own, which its client raises.
        answer.set_exception(value if isinstance(value, GoneError) else GoneError(_reason(value)))
        answer.exception()  # who did not wait for it has not forgotten it
    else:
        answer.set_result(value)


_REASONS = {
    "BusyLoadingError": "it still reads what it had on its disk",
    "NoPermissionError": "its user needs all commands on the keys that begin with the prefix",
    "OutOfMemoryError": "its memory is full (maxmemory)",
    "ReadOnlyError": "it is a replica, which does not write: name its primary",
}
"""What an engine's own errors come to, by the client's names for them."""


def _reason(error: BaseException) -> str:
    """Why it did not answer, in one line without what was asked."""
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    known = _REASONS.get(type(error).__name__)
    return known or (str(error) or type(error).__name__).splitlines()[0][:200]
