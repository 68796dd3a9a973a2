"""What an answer costs by size: of its request, of its history, of how much the server was told and knows.

    python benchmarks/sizes.py                   # a table, about two minutes
    python benchmarks/sizes.py --only history --check

In one process and without a network. Sizes take turns, round for round, processor time is counted, and the
best round is kept: what runs beside makes an answer dearer, never cheaper. No request is like one before it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from itertools import count, pairwise
from typing import TYPE_CHECKING, Any

from mockserver.corridor.engine import Engine
from mockserver.dialects.compat.surface import COMPAT
from mockserver.wire.incoming import RequestHeaders

if TYPE_CHECKING:
    from collections.abc import Callable

SLACK = 1.25
"""How much more than linear is still called linear: what is remembered no longer fits into the caches."""

FLAT = 2.0
"""How much dearer an answer may become where its cost need not grow at all."""

SENTENCE = "The chain slips on the smallest cog when it rains, so please look at both of them. "
Json = dict[str, Any]
Asked = tuple[str, Json]
"""A key, and the body of a request."""


def said(*contents: str) -> Json:
    """Return a request in which user and assistant take turns."""
    roles = ("user", "assistant")
    messages = [{"role": roles[at % 2], "content": content} for at, content in enumerate(contents)]
    return {"model": "qwen-plus", "messages": messages}


def request(_: Engine, size: int) -> Callable[[int], Asked]:
    """Ask with a message of so many kB."""
    text = (SENTENCE * (size * 1024 // len(SENTENCE) + 1))[: size * 1024]
    return lambda number: ("sk-one", said(f"{number} {text}"))


def history(_: Engine, size: int) -> Callable[[int], Asked]:
    """Ask at the end of so many messages, which were never sent before."""
    return lambda number: (
        "sk-one",
        said(*(f"{number}, {at}: which tea?" for at in range(size - 1 + size % 2))),
    )


def growing(_: Engine, size: int) -> Callable[[int], Asked]:
    """Ask at the end of so many messages, all of which but the last were sent before."""
    before = [f"{at}: which tea?" for at in range(size - 2 + size % 2)]
    return lambda number: ("sk-one", said(*before, f"And number {number}?"))


def scripts(engine: Engine, size: int, condition: Callable[[int], Json | str]) -> Callable[[int], Asked]:
    """Ask a server that has so many scripts, for any of them."""
    for number in range(size):
        script = {"match": {"last_user": condition(number)}, "reply": {"content": f"Number {number}."}}
        engine.scripts.add(script, engine.errors)
    return lambda number: ("sk-one", said(f"{number}", "Yes?", f"What is order {number % size} of today?"))


def equal(engine: Engine, size: int) -> Callable[[int], Asked]:
    """Look for scripts by a whole text."""
    return scripts(engine, size, lambda number: f"What is order {number} of today?")


def contained(engine: Engine, size: int) -> Callable[[int], Asked]:
    """Look for scripts by words in a text."""
    return scripts(engine, size, lambda number: {"contains": f"order {number} of"})


def worlds(engine: Engine, size: int) -> Callable[[int], Asked]:
    """Ask a server that knows so many keys, with any of them."""
    for number in range(size):
        ask(engine, encoded((f"sk-{number}", said("Which tea?"))))
    return lambda number: (f"sk-{number * 7919 % size}", said(f"Which tea for {number}?"))


@dataclass(frozen=True)
class Row:
    """What grows, to which sizes, and whether its cost may grow with it."""

    name: str
    prepare: Callable[[Engine, int], Callable[[int], Asked]]
    sizes: tuple[int, ...]
    linear: bool = False

    def broken(self, costs: list[float]) -> bool:
        """Whether costs grow as they should not."""
        if not self.linear:
            return max(costs) > FLAT * costs[0]
        steps = zip(pairwise(self.sizes), pairwise(costs), strict=True)
        return any(after / before > SLACK * larger / smaller for (smaller, larger), (before, after) in steps)


ROWS = (
    Row("request, kB", request, (1, 10, 100), linear=True),
    Row("history, messages", history, (10, 100, 1_000), linear=True),
    Row("growing history, messages", growing, (10, 100, 1_000), linear=True),
    Row("scripts, a whole text", equal, (10, 1_000, 10_000)),
    Row("scripts, words within", contained, (10, 1_000, 10_000)),
    Row("worlds", worlds, (1, 100, 10_000)),
)

Sent = tuple[RequestHeaders, bytes]


def encoded(asked: Asked) -> Sent:
    """Return a request as it arrives."""
    key, body = asked
    return RequestHeaders([(b"authorization", b"Bearer " + key.encode())]), json.dumps(body).encode()


def ask(engine: Engine, sent: Sent) -> None:
    """Ask once, as a server would; anything but an answer ends the measurement."""
    answer = engine.chat(COMPAT, *sent, arrived=time.time())
    engine.ended(answer)
    assert answer.status == 200, answer.body


def measure(row: Row, *, rounds: int, seconds: float) -> list[float]:
    """Return the best microseconds of an answer at each size."""
    best = [float("inf")] * len(row.sizes)
    engines = [Engine() for _ in row.sizes]
    makers = [row.prepare(engine, size) for engine, size in zip(engines, row.sizes, strict=True)]
    asked, times = count(), [1] * len(row.sizes)
    for turn in range(rounds + 1):
        for at, (engine, make) in enumerate(zip(engines, makers, strict=True)):
            requests = [encoded(make(next(asked))) for _ in range(times[at])]
            begun = time.process_time()
            for sent in requests:
                ask(engine, sent)
            cost = (time.process_time() - begun) / times[at]
            if turn:  # the first one warms up, and tells how many fill a round
                best[at] = min(best[at], cost * 1e6)
            else:
                times[at] = max(1, int(seconds / cost))
    return best


def main() -> int:
    """Measure, print the table, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", action="append", default=[], help="rows whose name has this")
    parser.add_argument("--rounds", type=int, default=15, help="how often each is measured (15)")
    parser.add_argument("--seconds", type=float, default=0.1, help="how long a round is, about (0.1)")
    parser.add_argument("--check", action="store_true", help="fail when a cost grows as it should not")
    options = parser.parse_args()
    rows = [row for row in ROWS if not options.only or any(word in row.name for word in options.only)]
    broken = False
    print("| what grows | sizes | µs of an answer | |\n|---|---|--:|---|")
    for row in rows:
        costs = measure(row, rounds=options.rounds, seconds=options.seconds)
        bad = row.broken(costs)
        broken |= bad
        verdict = (
            ("worse than linear" if row.linear else "grows") if bad else ("linear" if row.linear else "flat")
        )
        sizes = " / ".join(f"{size:,}" for size in row.sizes)
        print(
            f"| {row.name} | {sizes} | {' / '.join(f'{cost:,.0f}' for cost in costs)} | {verdict} |",
            flush=True,
        )
    return int(options.check and broken)


if __name__ == "__main__":
    sys.exit(main())
