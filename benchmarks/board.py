"""What a hundred replicas ask of one Redis: `python benchmarks/board.py`.

As many ways to one engine as there are replicas ask what a chat asks whose answer is a step of one hot
sequence: whether something was changed, the next step, the exchange and its end. Told is what each of it
costs the engine in processor time and in bytes, and from that how many chats one engine carries. Then one
change is made, which all replicas hear, and one replica begins that has heard none of a thousand.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import many
from redis import Redis

from mockserver.corridor.leasing import Leasing
from mockserver.corridor.sharing import LEASE_S, LIFE_S
from mockserver.state.marks import Marks
from mockserver.state.redis.address import read_address
from mockserver.state.redis.link import FORMAT, Link

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PAYLOAD, BODY, SENT = b"p" * 600, b"b" * 400, b"s" * 900
"""About what an exchange takes: what is told of it, what was asked, and what went out."""

MOST, BYTES = 2000, 64 * 1024 * 1024


class Replica:
    """What one process asks."""

    def __init__(self, url: str) -> None:
        """Begin with nothing known."""
        self.link = Link(read_address(url), deadline=60.0)
        self.owner = Leasing(self.link, Marks(), life=LIFE_S).owner
        self.run, self.version, self.number = "-", "0", 0

    async def current(self) -> None:
        """Ask whether something was changed."""
        answer = await self.link.ask("current", "run", self.run, self.version, FORMAT)
        self.run = answer[0].decode()
        for name, _ in answer[2] if len(answer) > 2 else ():
            self.version = name.decode().partition("-")[0]

    async def count(self) -> None:
        """Take the next step of the hot sequence."""
        self.number += 1
        await self.link.ask("count", LIFE_S, self.owner, self.number, "", "reply-1", -1)

    async def enter(self) -> None:
        """Enter the exchange, with what goes out."""
        await self._enter("1", "", "")

    async def enter_constant(self) -> None:
        """Enter one that a script answers which always says the same, and so is counted with it."""
        self.number += 1
        await self._enter("", "", "reply-1")

    async def _enter(self, *took: str) -> None:
        told = (many.KEY, PAYLOAD, BODY + SENT, self.number, *took)
        costs = ("qwen-plus", "1 20 9 0 0")
        head = (LIFE_S, self.owner, "journal", MOST, BYTES, self.run, self.version)
        await self.link.gather("enter", head, "entered", *told, *costs, "")

    async def end(self) -> None:
        """Tell that it is over; nobody waits for this but who measures it."""
        await self.link.ask("back", "over", self.owner, LIFE_S, self.number)

    async def renew(self) -> None:
        """Say that this one lives."""
        await self.link.ask("renew", LEASE_S, LIFE_S, self.owner)


def spent(engine: Redis) -> tuple[float, int]:
    """Return the engine's processor time in microseconds, and the bytes that came and went."""
    told: Any = engine.info()
    cpu = told["used_cpu_user"] + told["used_cpu_sys"]
    return 1e6 * cpu, told["total_net_input_bytes"] + told["total_net_output_bytes"]


async def measured(
    engine: Redis, replicas: list[Replica], do: Callable[[Replica], Awaitable[None]], times: int
) -> dict[str, float]:
    """Have all replicas do something so often, side by side; what it costs the engine each time."""

    async def again(replica: Replica) -> None:
        for _ in range(times):
            await do(replica)

    before = spent(engine)
    await asyncio.gather(*map(again, replicas))
    after = spent(engine)
    deeds = len(replicas) * times
    return {"us": round((after[0] - before[0]) / deeds, 1), "bytes": round((after[1] - before[1]) / deeds)}


async def simulated(url: str, engine: Redis, count: int, times: int) -> dict[str, Any]:
    """Ask as so many replicas; what it comes to."""
    replicas = [Replica(url) for _ in range(count)]
    first = replicas[0].link
    document = json.dumps({"reply": {"content": "{{ use }}"}, "template": True})
    change = ("change", "reply", document, "", 1, 0, LIFE_S)
    await first.ask(*change)
    await asyncio.gather(*(replica.current() for replica in replicas))

    async def chat(replica: Replica) -> None:
        for ask in (replica.current, replica.count, replica.enter, replica.end):
            await ask()

    async def constant(replica: Replica) -> None:
        for ask in (replica.current, replica.enter_constant, replica.end):
            await ask()

    await measured(engine, replicas, chat, 20)  # the journal is full from here on
    found: dict[str, Any] = {
        name: await measured(engine, replicas, ask, times)
        for name, ask in (
            ("a look at the board", Replica.current),
            ("a whole chat", chat),
            ("a whole chat whose answer is always the same", constant),
        )
    }
    found["chats a second that one engine carries"] = round(1e6 / found["a whole chat"]["us"])
    found["a renewal"] = await measured(engine, replicas, Replica.renew, 5)
    await first.ask(*change)
    found["a change, heard by one replica"] = await measured(engine, replicas, Replica.current, 1)
    for _ in range(1000):
        await first.ask(*change)
    late = Replica(url)
    found["a thousand changes, heard by one that begins"] = await measured(engine, [late], Replica.current, 1)
    for replica in (*replicas, late):
        await replica.link.close()
    return found


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replicas", type=int, default=100)
    parser.add_argument("--times", type=int, default=50, help="how often each replica asks")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = many.Engine(Path(folder), durable=False)
        try:
            client = Redis(port=engine.port)
            many.wait_for(lambda: _answers(client))
            url = f"redis://127.0.0.1:{engine.port}"
            found = asyncio.run(simulated(url, client, options.replicas, options.times))
        finally:
            engine.end()
    print(json.dumps(found, indent=1))
    return 0


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
