"""Compare builds by what an unscripted answer costs: `python benchmarks/unscripted.py old=PYTHON new=PYTHON`.

It costs processor time. The builds take turns as in `cost.py`, and the best round counts. No two requests are
alike: each tells of another person, below words of the system that come again, as a program's do.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import workload
from cost import Contest, options_of

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


def main() -> int:
    """Measure and print a table; return the exit code."""
    parser = options_of(__doc__, rounds=40, count=32)
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="only this one; may be repeated")
    options = parser.parse_args()
    with Contest(options.builds, connections=options.connections) as contest:
        for number in range(options.rounds + 1):
            for kind in options.kind or KINDS:
                versions = range(number * options.count, (number + 1) * options.count)
                contest.ask(kind, [said(kind, version) for version in versions], counts=number > 0)
    sys.stdout.write(contest.table(f"last / {contest.builds[0].build}", lambda first, last: last / first))
    return 0


if __name__ == "__main__":
    sys.exit(main())
