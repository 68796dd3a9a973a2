"""Ten thousand scripts against ten: how long a request takes, as a ratio, for each way to match.

    python benchmarks/many_scripts.py [--check]

Everything happens in this process, without a socket. Both engines take turns, and the ratio is that of
their best rounds, which nothing else on the machine disturbed. With --check the exit status is 1 when a
ratio is above the floor.
"""

import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

from mockserver.base.jsontext import dumps
from mockserver.corridor.engine import Engine
from mockserver.dialects.compat.surface import COMPAT
from mockserver.wire.incoming import RequestHeaders

FEW, MANY = 10, 10_000
FLOOR = 1.2
ROUNDS, REQUESTS = 41, 100
ASKED = 7

WAYS: dict[str, Callable[[int], dict[str, Any]]] = {
    "last_user equal": lambda at: {"last_user": f"Please answer question {at}, thank you."},
    "last_user contains": lambda at: {"last_user": {"contains": f"question {at},"}},
    "last_user regex": lambda at: {"last_user": {"regex": f"question {at}, thank"}},
    "conversation": lambda at: {"conversation": [{"user": f"Please answer question {at}, thank you."}]},
    "key": lambda at: {"key": f"sk-{at}", "last_user": {"contains": "question"}},
    "header": lambda at: {"header": {"x-case": f"case-{at}"}},
}


def engine(way: Callable[[int], dict[str, Any]], count: int) -> Engine:
    """An engine with so many scripts."""
    made = Engine()
    for at in range(count):
        made.scripts.add({"match": way(at), "reply": {"content": f"Answer {at}."}}, made.errors)
    return made


def ask(asked: Engine, request: tuple[RequestHeaders, bytes]) -> bytes:
    """One request and its answer."""
    headers, body = request
    return asked.chat(COMPAT, headers, body, arrived=0.0).body


def took(asked: Engine, request: tuple[RequestHeaders, bytes]) -> float:
    """Seconds for a number of requests."""
    began = perf_counter()
    for _ in range(REQUESTS):
        ask(asked, request)
    return perf_counter() - began


def main() -> int:
    """Prints a row for each way; the exit status."""
    text = f"Please answer question {ASKED}, thank you."
    body = dumps({"model": "qwen-plus", "messages": [{"role": "user", "content": text}]})
    raw = [(b"authorization", f"Bearer sk-{ASKED}".encode()), (b"x-case", f"case-{ASKED}".encode())]
    request = RequestHeaders(raw), body
    worst = 0.0
    print(f"{'match by':<20} {FEW:>8} {MANY:>8}   ratio")
    for name, way in WAYS.items():
        engines = engine(way, FEW), engine(way, MANY)
        for each in engines:
            assert f"Answer {ASKED}.".encode() in ask(each, request)
        rounds = [[took(each, request) for each in engines] for _ in range(ROUNDS)]
        few, many = (1e6 * min(column) / REQUESTS for column in zip(*rounds, strict=True))
        worst = max(worst, many / few)
        print(f"{name:<20} {few:>6.1f}us {many:>6.1f}us   {many / few:.2f}")
    print(f"worst: {worst:.2f}, floor: {FLOOR}")
    return int("--check" in sys.argv[1:] and worst > FLOOR)


if __name__ == "__main__":
    sys.exit(main())
