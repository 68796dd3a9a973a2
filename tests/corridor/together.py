"""One engine by itself, and some that share a Redis: what is done to both, and what is seen of it."""

import asyncio
import json
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any, TypeVar

from mockserver.corridor.answers import Answer
from mockserver.corridor.changes import changed
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.corridor.sharing import Sharing
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.responses.surface import RESPONSES
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.scripts.desk import HEADER
from mockserver.server.aside import Aside
from mockserver.server.control import _ledger
from mockserver.state.marks import BYTES, Marks
from mockserver.state.redis.address import read_address
from mockserver.state.redis.link import Link
from mockserver.talk.surface import Surface
from tests.conftest import NOW, make_headers
from tests.state.engines import Engine as Redis

Result = TypeVar("Result")

KEYS = ("sk-a", "sk-b")
PREFIXES = count()


class Clock:
    """The time, for all engines."""

    now = NOW

    def __call__(self) -> float:
        return self.now


class Together:
    """One engine by itself, and some that share a Redis, in one loop."""

    def __init__(self, redis: Redis, tokenizer: LazyTokenizer, *, many: int = 2, journal: int = 1000) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = Clock()
        self.aside = Aside()
        settings = Settings(journal=journal)
        address = read_address(f"{redis.url}?prefix=test-{next(PREFIXES)}")
        self.alone = Engine(settings, tokenizer=tokenizer, clock=self.clock)
        self.links = [Link(address, deadline=20) for _ in range(many)]
        self.shared = [Engine(settings, tokenizer=tokenizer, clock=self.clock) for _ in self.links]
        self._settings, self._tokenizer = settings, tokenizer
        self._memories = [memoryview(bytearray(BYTES)) for _ in self.links]
        self.keeping = [self._join(at) for at in range(many)]

    def _join(self, at: int) -> Sharing:
        marks = Marks(self._memories[at])
        sharing = Sharing(self.shared[at], self.links[at], now=self.clock, marks=marks)
        sharing.join()
        return sharing

    def replace(self, at: int) -> Engine:
        """A process is killed: another one takes its place, which finds its marks and nothing else."""
        self.wait(self.links[at].close())
        self.links[at] = Link(self.links[at].address, deadline=20)
        engine = self.shared[at] = Engine(self._settings, tokenizer=self._tokenizer, clock=self.clock)
        self.keeping[at] = self._join(at)
        return engine

    def wait(self, awaitable: Awaitable[Result]) -> Result:
        """What something comes to."""

        async def waited() -> Result:
            return await awaitable

        return self.loop.run_until_complete(waited())

    def close(self) -> None:
        for link in self.links:
            self.wait(link.close())
        self.wait(asyncio.sleep(0))  # what is closed is closed in the next turn
        self.loop.close()

    def change(self, engine: Engine, name: str, document: Mapping[str, Any]) -> Any:
        """Has an engine make a change, for all that share with it."""
        return self.wait(changed(engine, name, document))

    def begin(
        self,
        engine: Engine,
        key: str,
        text: str,
        *,
        surface: Surface = COMPAT,
        fault: str | None = None,
        **more: Any,
    ) -> Answer:
        """An answer that is not sent yet, but stands in the journal."""
        headers = make_headers({HEADER: fault} if fault else None, key=key)
        said: Any = text if surface is RESPONSES else [{"role": "user", "content": text}]
        asked = {"model": "qwen-plus", "input" if surface is RESPONSES else "messages": said, **more}
        body = json.dumps(asked).encode()

        async def answered() -> Answer:
            answer = await self.aside.through(engine.steps(surface, headers, body, arrived=self.clock()))
            await engine.keeping.settled()
            return answer

        return self.wait(answered())

    def ask(self, engine: Engine, key: str, text: str, **more: Any) -> Answer:
        """An answer that went out."""
        answer = self.begin(engine, key, text, **more)
        self.end(engine, answer)
        return answer

    def end(self, engine: Engine, answer: Answer) -> None:
        """An answer went out."""

        async def ended() -> None:
            engine.ended(answer)

        self.wait(ended())

    def journal(self, engine: Engine) -> list[dict[str, Any]]:
        """What an engine shows of all that was asked."""
        self.wait(engine.keeping.refresh("/_mock/requests"))
        return [_comparable(entry.shown()) for entry in engine.journal]

    def used(self, engine: Engine) -> Any:
        """How often scripts and faults were used, what was let in, and what it cost."""
        for path in ("/_mock/replies", "/_mock/usage", "/_mock/quotas"):
            self.wait(engine.keeping.refresh(path))
        scripts = [
            (script.id, script.used, [script.used_by(key) for key in KEYS]) for script in engine.scripts
        ]
        quotas = sorted(map(str, engine.keeping.used(now=self.clock())))
        ledger = sorted(str(row) for row in _ledger(engine) if row["requests"])
        return scripts, [fault.used for fault in engine.faults], quotas, ledger


def _comparable(shown: dict[str, Any]) -> dict[str, Any]:
    """An exchange without what differs each time."""
    return {name: value for name, value in shown.items() if name not in ("id", "timings")}


def said(answer: Answer) -> tuple[Any, ...]:
    """What is the same of two answers to the same."""
    entry = answer.entry
    assert entry is not None
    reply = None if entry.reply is None else entry.reply.choices
    code = None if entry.refusal is None else (entry.refusal.status, entry.refusal.code)
    return answer.status, entry.answered_by, reply, code, str(entry.fault), entry.findings, entry.usage


@contextmanager
def together(redis: Redis, tokenizer: LazyTokenizer, **how: Any) -> Iterator[Together]:
    """Engines for one test."""
    made = Together(redis, tokenizer, **how)
    try:
        yield made
    finally:
        made.close()
