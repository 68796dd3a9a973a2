"""Compare builds by what an unscripted answer costs: `python benchmarks/unscripted.py old=PYTHON new=PYTHON`.

It costs processor time. The builds take turns as in `cost.py`, and the best round counts. No two requests are
alike: each tells of another person, below words of the system that come again, as a program's do.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from typing import Any

import workload
from cost import Build, Caller

FIELDS = {
    "name": {"type": "string", "description": "The full name of the guest"},
    "age": {"type": "integer", "minimum": 0},
    "city": {"type": "string", "description": "Where the guest lives"},
    "interests": {"type": "array", "items": {"type": "string"}},
}
SCHEMA = {"type": "object", "properties": FIELDS, "required": list(FIELDS)}
EXAMPLE = {"name": "Li Wei", "age": 25, "city": "Hangzhou", "interests": ["tea", "chess"]}
TOOL = {"name": "get_weather", "description": "Get the weather of a city.", "parameters": None}
PLACE = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [{"type": "function", "function": {**TOOL, "parameters": PLACE}}]
EXTRACT = "Extract what is said of the guest. Answer in JSON"
OBJECT = {"response_format": {"type": "json_object"}}
FORMAT = {"type": "json_schema", "json_schema": {"name": "guest", "schema": SCHEMA}}

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("You are a helpful assistant.", {}),
    "stream": ("You are a helpful assistant.", {"stream": True}),
    "tool that is asked for": ("You are a helpful assistant.", {"tools": TOOLS}),
    "schema of the format": (EXTRACT, {"response_format": FORMAT}),
    "JSON mode": ("Answer in JSON.", OBJECT),
    "JSON mode, keys": (f"{EXTRACT} with the keys name, age, city and interests.", OBJECT),
    "JSON mode, schema": (f"{EXTRACT} that fits this schema:\n{json.dumps(SCHEMA)}", OBJECT),
    "JSON mode, example": (f"{EXTRACT}, for example:\n{json.dumps(EXAMPLE)}", OBJECT),
}
"""What is asked: the words of the system, and the parameters."""


def said(kind: str, version: int) -> bytes:
    """Return a whole request, as no other is."""
    system, options = KINDS[kind]
    name = f"Anna Berg{version:06}{list(KINDS).index(kind)}"  # what is counted for one kind is no other's
    words = f"Good morning, my name is {name}, I am {20 + version % 60} years old, live in Paris, "
    words += "and like tea and chess. How is the weather in Paris today?"
    messages = [{"role": "system", "content": system}, {"role": "user", "content": words}]
    content = json.dumps({"model": workload.MODEL, "messages": messages, **options}).encode()
    head = [
        f"POST {workload.COMPAT_PATH} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {workload.API_KEY}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + content


def measure(
    builds: list[Build], callers: dict[str, Caller], kinds: list[str], *, rounds: int, count: int
) -> dict[tuple[str, str], float]:
    """Return the best microseconds of an answer by kind and build."""
    best: dict[tuple[str, str], float] = {}
    for number in range(rounds + 1):
        for kind in kinds:
            requests = [said(kind, version) for version in range(number * count, (number + 1) * count)]
            for build in builds:
                before = build.spent()
                callers[build.build].ask(requests)
                cost = (build.spent() - before) / count * 1e6
                if number:  # the first one warms up
                    best[kind, build.build] = min(cost, best.get((kind, build.build), cost))
    return best


def main() -> int:
    """Measure and print a table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("builds", nargs="*", metavar="NAME=PYTHON", default=[f"this={sys.executable}"])
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="only this one; may be repeated")
    parser.add_argument("--rounds", type=int, default=40, help="how often each is measured (40)")
    parser.add_argument("--count", type=int, default=32, help="how many requests a round has (32)")
    options = parser.parse_args()
    kinds = options.kind or list(KINDS)
    given = dict(pair.partition("=")[::2] for pair in options.builds)
    builds = [Build(name, python) for name, python in given.items()]
    with contextlib.ExitStack() as stack:
        for build in builds:
            stack.enter_context(build)
        callers = {build.build: stack.enter_context(Caller(build.port, 16)) for build in builds}
        best = measure(builds, callers, kinds, rounds=options.rounds, count=options.count)
    first = next(iter(given))
    lines = [
        f"| µs of an answer | {' | '.join(given)} | last / {first} |",
        "|---|" + "--:|" * (len(given) + 1),
    ]
    for kind in kinds:
        costs = [best[kind, build] for build in given]
        shown = " | ".join(f"{cost:.1f}" for cost in costs)
        lines.append(f"| {kind} | {shown} | {costs[-1] / costs[0]:.2f} |")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
