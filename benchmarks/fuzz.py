"""Fuzz every endpoint and the control API with requests that are nearly right, and with hostile sizes.

    python benchmarks/fuzz.py                          # an hour
    python benchmarks/fuzz.py --minutes 10 --check     # status 1 when something was not as it should be
    python benchmarks/fuzz.py --show 4711              # what request number 4711 is

Each request is made of its number: a good one of some endpoint is changed here and there, in its structure
more than in its bytes. Meanwhile the health is asked for every 20 ms. Nothing may end as an internal error,
nobody may wait longer than 250 ms for the health, and memory is flat. Everything stays on the loopback.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import random
import re
import socket
import statistics
import sys
import tempfile
import threading
import time
import zlib
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))
import nasty
from holdups import EVERY, Health, memory
from nasty import Ask
from soak import spawned

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.queues import Queue

BOUND = 0.25
"""Seconds that nobody may wait longer for the health."""

LINES = 4
"""So many requests are under way at once."""

PATIENCE = 20.0
"""Seconds after which a fuzzing client leaves: it may have asked for a slow pace itself."""

LARGEST = 12 << 20
"""The most bytes of a body: more than the server reads."""

RESET_EVERY = 500
"""What was scripted is forgotten after so many requests."""

WARM_UP = 0.3
FLAT_SHARE, FLAT_MB = 0.1, 40.0
"""Memory is flat when it grows by no more than this share, or by so many MB, from first to last quarter."""

FAILED = re.compile(rb"could not be answered|Traceback|Exception in ASGI")
"""What the log of the server says of an internal error."""

CALLS = [{"id": "call_1", "type": "function", "function": {"name": "brew", "arguments": '{"tea": "oolong"}'}}]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "tea": {"type": "string", "enum": ["oolong", "sencha"]},
        "cups": {"type": "integer", "minimum": 1, "maximum": 9},
        "when": {"type": "string", "format": "date-time"},
        "to": {"type": "array", "items": {"$ref": "#/$defs/guest"}, "minItems": 1, "uniqueItems": True},
        "code": {"type": "string", "pattern": "^[A-Z]{2}-\\d{3}$"},
    },
    "required": ["tea", "cups"],
    "$defs": {"guest": {"anyOf": [{"type": "string", "minLength": 2}, {"type": "object"}]}},
    "if": {"properties": {"tea": {"const": "oolong"}}},
    "then": {"required": ["when"]},
    "additionalProperties": False,
}
TOOLS = [{"type": "function", "function": {"name": "brew", "description": "Brew tea.", "parameters": SCHEMA}}]
CHAT = {
    "messages": [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "Which tea? Answer as JSON."},
        {"role": "assistant", "content": "", "tool_calls": CALLS},
        {"role": "tool", "tool_call_id": "call_1", "content": "ok"},
        {"role": "user", "content": [{"type": "text", "text": "And now?"}]},
    ],
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "tea", "schema": SCHEMA, "strict": True}}
OPTIONS = {
    "temperature": 0.5,
    "top_p": 0.9,
    "max_tokens": 50,
    "n": 1,
    "seed": 7,
    "stop": ["tea"],
    "logprobs": True,
    "top_logprobs": 2,
    "enable_thinking": False,
    "thinking_budget": 10,
}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg=="}}
SEEN = {"messages": [{"role": "user", "content": [{"type": "text", "text": "What?"}, PICTURE]}]}
VISION = "/api/v1/services/aigc/multimodal-generation/generation"
NATIVE_SEEN = [{"role": "user", "content": [{"text": "What?"}, {"image": "https://example.com/a.png"}]}]
NATIVE_EMBEDDINGS = "/api/v1/services/embeddings/text-embedding/text-embedding"
REPLY = {
    "content": "Oolong.",
    "reasoning_content": "Hm.",
    "pace": {"per_token_ms": 1},
    "finish_reason": "stop",
}

GOOD: list[tuple[str, str, Any]] = [
    ("POST", nasty.COMPAT, {"model": "qwen-plus", **CHAT, **OPTIONS}),
    (
        "POST",
        nasty.COMPAT,
        {"model": "qwen3-max", **CHAT, "tools": TOOLS, "stream": True, "tool_choice": "auto"},
    ),
    ("POST", nasty.COMPAT, {"model": "qwen-plus", **CHAT, "response_format": FORMAT}),
    ("POST", nasty.COMPAT, {"model": "qwen3-vl-plus", **SEEN, "stream": True}),
    ("POST", nasty.TEXT, {"model": "qwen-plus", "input": CHAT, "parameters": {**OPTIONS, "tools": TOOLS}}),
    ("POST", nasty.TEXT, {"model": "qwen-turbo", "input": {"prompt": "Which tea?"}, "parameters": OPTIONS}),
    ("POST", VISION, {"model": "qwen3-vl-plus", "input": {"messages": NATIVE_SEEN}, "parameters": {}}),
    ("POST", nasty.EMBEDDINGS, {"model": "text-embedding-v4", "input": ["tea", "pot"], "dimensions": 64}),
    (
        "POST",
        NATIVE_EMBEDDINGS,
        {"model": "text-embedding-v3", "input": {"texts": ["tea"]}, "parameters": {}},
    ),
    ("POST", nasty.TOKENIZER, {"model": "qwen-plus", "input": CHAT}),
    ("GET", "/compatible-mode/v1/models", None),
    ("GET", "/api/v1/models?capabilities=TG&page_no=1", None),
    (
        "POST",
        nasty.REPLIES,
        {"match": {"model": "qwen-*", "last_user": {"regex": "t(e|o)a"}}, "reply": REPLY},
    ),
    (
        "POST",
        nasty.REPLIES,
        {"match": {"turn": 1}, "reply": {"tool_calls": [{"name": "brew", "arguments": {}}]}},
    ),
    ("POST", nasty.REPLIES, {"reply": {"content": "Tea for {{ last_user }}"}, "template": True}),
    (
        "POST",
        "/_mock/faults",
        {"match": {"model": "qwen-*"}, "fault": {"kind": "reset-mid-chunk"}, "times": 1},
    ),
    ("PUT", "/_mock/quotas", {"model": "tea-*", "rpm": 60, "tpm": 1000}),
    ("PUT", "/_mock/moderation", {"input": ["forbidden"], "output": ["secret"]}),
    ("PUT", "/_mock/rules", {"key": "sk-ci", "mode": "strict", "rules": {"usage.not-asked": "off"}}),
    ("GET", "/_mock/requests?limit=5", None),
    ("GET", "/_mock/replies?unused=true", None),
    ("GET", "/_mock/usage", None),
    ("GET", "/_mock/rules?key=sk-ci", None),
    ("DELETE", "/_mock/quotas?model=tea-*", None),
]
"""A good request for each endpoint, which the fuzz begins with."""


def odd(draw: random.Random) -> Any:
    """Return a value that few expect."""
    size = int(10 ** draw.uniform(0, 5.5))
    kinds: list[Callable[[], Any]] = [
        lambda: None,
        lambda: draw.choice([True, False]),
        lambda: draw.choice([0, -1, 1, 2**31, 2**53 + 1, 2**63, -(2**63), 10**30]),
        lambda: draw.choice([0.5, -0.0, 1e300, 5e-324, 1.0]),
        lambda: draw.choice(["", " ", "\0", "\u202e", "é", "🍵", "null", "-1", "$ref", "__proto__"]),
        lambda: draw.choice("aé茶🍵 \n{[\"'<&") * size,
        lambda: " ".join(draw.choices(["tea", "茶", "sk-0123456789", "{{", "%s", "../"], k=size // 8 + 1)),
        list,
        dict,
        lambda: [odd(draw)] * min(size, 20_000),
        lambda: {f"leaf{number}": number for number in range(min(size, 20_000))},
        lambda: nested(draw.choice([10, 150, 199, 250, 5_000]), draw),
        lambda: deepcopy(draw.choice([SCHEMA, TOOLS, CALLS, CHAT["messages"], REPLY, PICTURE])),
    ]
    return draw.choice(kinds)()


def nested(depth: int, draw: random.Random) -> Any:
    """Return a value of so many levels."""
    value: Any = 1
    for _ in range(depth):
        value = [value] if draw.random() < 0.5 else {"a": value}
    return value


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in a document: what holds it, and under which key or index."""
    found: list[tuple[Any, Any]] = []
    left = [value]
    while left and len(found) < 2_000:
        holder = left.pop()
        keys = (
            list(holder)
            if isinstance(holder, dict)
            else range(len(holder))
            if isinstance(holder, list)
            else ()
        )
        for key in keys:
            found.append((holder, key))
            left.append(holder[key])
    return found


def put(holder: Any, key: Any, draw: random.Random) -> None:
    """Change one place."""
    value = holder[key]
    how = draw.random()
    if how < 0.4:
        holder[key] = odd(draw)
    elif how < 0.5:
        del holder[key]
    elif how < 0.65 and isinstance(value, list) and value:
        holder[key] = value * min(int(10 ** draw.uniform(0, 3.5)), 100_000 // len(value) + 1)
    elif how < 0.65 and isinstance(value, str):
        holder[key] = value * min(int(10 ** draw.uniform(0, 5)), LARGEST // (len(value) + 1) + 1)
    elif how < 0.8 and isinstance(holder, dict):
        name = draw.choice(["x", "type", "$ref", "not", "allOf", "model", "stream", "key", key + "s"])
        holder[name] = odd(draw)
    elif how < 0.9 and isinstance(value, dict):
        value.update(
            deepcopy(draw.choice([SCHEMA, REPLY, OPTIONS, {"$ref": "#"}, {"allOf": [SCHEMA, {"$ref": "#"}]}]))
        )
    else:
        holder[key] = [value]


def weight(value: Any, known: dict[int, int]) -> int:
    """Return about how many bytes of JSON a value is; what is repeated in it is looked at once."""
    if isinstance(value, str):
        return 3 * len(value) + 3
    if not isinstance(value, dict | list):
        return 9
    if id(value) not in known:
        held = [*value, *value.values()] if isinstance(value, dict) else value
        known[id(value)] = 2 + sum(weight(each, known) for each in held)
    return known[id(value)]


def dumped(document: Any) -> bytes:
    """Return the JSON of a document; something else for one that is too large or too deep to write."""
    try:
        if weight(document, {}) > LARGEST:
            return b'["' + b"tea " * (LARGEST // 4)
        return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")
    except RecursionError:
        return b"[" * 5_000 + b"]" * 5_000


def broken(body: bytes, draw: random.Random) -> bytes:
    """Return a body whose bytes are not what they were."""
    at = draw.randrange(len(body) + 1)
    return draw.choice(
        [
            body[:at],
            body[:at] + draw.randbytes(3) + body[at:],
            body.replace(b'"', b"'", 3),
            body + body,
            b"",
            body.replace(b"1", b"1e999", 1),
            body.replace(b'"tea"', b'"\\ud800"', 1),
        ]
    )


HEADERS: list[dict[str, str]] = [
    {"X-DashScope-SSE": "enable"},
    {"X-Mock-Fault": "close-mid-chunk"},
    {"X-Mock-Fault": "one-byte"},
    {"X-Mock-Fault": "x" * 3_000},
    {"X-DashScope-DataInspection": '{"input": "cip"}'},
    {"X-DashScope-Async": "enable"},
    {"Accept-Encoding": "gzip;q=0, br, *;q=0.5"},
    {"Accept": "text/event-stream"},
    {"Authorization": "Basic dGVh"},
    {"Authorization": "Bearer " + "sk-" * 500},
    {"Host": "dashscope-us.aliyuncs.com"},
    {"Host": "evil.example.com"},
    {"Origin": "http://evil.example.com"},
    {"Content-Type": "multipart/form-data; boundary=tea"},
    {"Expect": "100-continue"},
    {"X-DashScope-Aca-Session": "s" * 2_000},
]


def made(seed: int, number: int) -> Ask:
    """Return a request: always the same one for a seed and a number."""
    draw = random.Random(f"{seed}-{number}")
    method, path, good = draw.choice(GOOD)
    headers: dict[str, str] = {}
    body = b""
    if good is not None:
        document = {"": deepcopy(good)}
        for _ in range(draw.choice([0, 1, 1, 2, 3, 8])):
            found = places(document)
            if found:
                put(*draw.choice(found), draw)
        body = dumped(document.get("", odd(draw)))
        if draw.random() < 0.1:
            body = broken(body, draw)
    else:
        path += draw.choice(["", "&tea=1", "%ff", "&key=" + "k" * 3_000, "/../..", "?", "&limit=-1", "%00"])
    if draw.random() < 0.3:
        headers |= draw.choice(HEADERS)
    if draw.random() < 0.02:
        method = draw.choice(["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
    if draw.random() < 0.002:
        return nasty.ROWS[draw.choice(list(nasty.ROWS))]().ask
    return packed(Ask(method=method, path=path, body=body, headers=headers), draw)


def packed(request: Ask, draw: random.Random) -> Ask:
    """Return a request whose body is packed, or is said to be; most are neither."""
    coding, body = "", request.body
    how = draw.random()
    if how < 0.05 and body:
        coding, body = "gzip", gzip.compress(body, 1)
    elif how < 0.07:
        coding, body = "deflate", zlib.compress(bytes(draw.choice([10, 1 << 25])))
    elif how < 0.08:
        coding = draw.choice(["br", "zstd", "tea", "gzip, gzip"])
    headers = {**request.headers, "Content-Encoding": coding} if coding else request.headers
    return replace(request, body=body, headers=headers)


@dataclass(frozen=True)
class Done:
    """What became of a request: its number, when it began and ended, and its status."""

    number: int
    begun: float
    ended: float
    status: str


def ask(port: int, request: Ask, draw: random.Random) -> str:
    """Ask, and listen to the end or leave early; return the status, or how it ended."""
    key = draw.choice(["sk-fuzz", "sk-fuzz", "sk-other", f"sk-{draw.randrange(10_000)}"])
    heard = b""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
        try:
            line.sendall(request.encoded(key=key))
            if draw.random() < 0.03:
                return "left"
            until = time.monotonic() + PATIENCE
            while some := line.recv(1 << 18):
                heard = heard or some
                if time.monotonic() > until:
                    return f"{heard[9:12].decode('latin-1')}, left"
        except TimeoutError:
            return f"{heard[9:12].decode('latin-1')}, slow"
        except OSError:
            return "cut"
    return heard[9:12].decode("latin-1") or "none"


def fuzz(port: int, seed: int, first: int, until: float, told: Queue[Done | None]) -> None:
    """In a process of its own: ask one request after the other on several lines, and tell of each."""
    numbers = iter(range(first, 1 << 60))
    lock = threading.Lock()

    def go() -> None:
        while time.monotonic() < until:
            with lock:
                number = next(numbers)
            request = made(seed, number)
            begun = time.monotonic()
            status = ask(port, request, random.Random(number))
            told.put(Done(number, begun, time.monotonic(), status))
            if number % RESET_EVERY == 0:
                ask(port, Ask(path="/_mock/reset"), random.Random(0))

    threads = [threading.Thread(target=go) for _ in range(LINES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told.put(None)


@dataclass
class Run:
    """What was seen."""

    done: list[Done] = field(default_factory=list)
    waits: list[tuple[float, float]] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def late(self) -> list[tuple[float, list[int]]]:
        """Return each wait beyond the bound, with the numbers of the requests that were under way."""
        return [
            (wait, [each.number for each in self.done if each.begun <= at and each.ended >= at - wait])
            for at, wait in self.waits
            if wait > BOUND
        ]

    def growth(self) -> tuple[float, float]:
        """Return the memory of the first and of the last quarter behind the warm-up, in MB."""
        kept = self.memory[int(WARM_UP * len(self.memory)) :]
        size = max(1, len(kept) // 4)
        return statistics.median(kept[:size]), statistics.median(kept[-size:])

    def verdict(self) -> list[str]:
        """Return what was not as it should be."""
        first, last = self.growth()
        found = [f"an internal error: {error}" for error in self.errors[:10]]
        found += [f"{wait:.2f} s for the health, during {numbers}" for wait, numbers in self.late()[:10]]
        if last - first > max(FLAT_MB, FLAT_SHARE * first):
            found.append(f"memory is not flat: {first:.0f} MB, then {last:.0f} MB")
        return found

    def table(self) -> str:
        """Return the report."""
        statuses = Counter(each.status for each in self.done)
        first, last = self.growth()
        slowest = sorted(self.done, key=lambda each: each.begun - each.ended)[:5]
        waits = sorted(wait for _, wait in self.waits)
        lines = [
            "| status | times |",
            "|---|---:|",
            *(f"| {name} | {count} |" for name, count in statuses.most_common()),
        ]
        most = 1000 * waits[int(0.999 * (len(waits) - 1))]
        lines += [
            "",
            f"{len(self.done)} requests. The health was asked for {len(waits)} times.",
            f"The longest wait for it was {1000 * waits[-1]:.0f} ms, 99.9 % came within {most:.0f} ms.",
            f"Memory of the first and the last quarter: {first:.0f} MB, {last:.0f} MB.",
            "Slowest: " + ", ".join(f"{each.number} ({each.ended - each.begun:.1f} s)" for each in slowest),
        ]
        return "\n".join(lines)


def watch(run: Run, port: int, told: Queue[Done | None], resident: Callable[[], float]) -> None:
    """Ask for the health until the fuzz is over, and note what it tells."""
    health, sampled = Health(port), 0.0
    while True:
        wait = health.ask()
        now = time.monotonic()
        run.waits.append((now, wait))
        if now - sampled > 1:
            sampled = now
            run.memory.append(resident())
        while not told.empty():
            each = told.get()
            if each is None:
                return
            run.done.append(each)
        time.sleep(max(0.0, EVERY - wait))


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, spawn the server, fuzz it, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (default 60)")
    parser.add_argument("--seed", type=int, default=1, help="which requests (default 1)")
    parser.add_argument("--first", type=int, default=1, help="the number of the first request (default 1)")
    parser.add_argument("--show", type=int, metavar="NUMBER", help="print a request and do nothing else")
    parser.add_argument("--check", action="store_true", help="status 1 when something was not right")
    options = parser.parse_args(arguments)
    if options.show is not None:
        sys.stdout.buffer.write(made(options.seed, options.show).encoded()[:20_000] + b"\n")
        return 0
    run = Run()
    with tempfile.TemporaryDirectory() as folder:
        process, port = spawned(Path(folder))
        try:
            until = time.monotonic() + 60 * options.minutes
            context = multiprocessing.get_context("spawn")
            told: Queue[Done | None] = context.Queue()
            given = (port, options.seed, options.first, until, told)
            sender = context.Process(target=fuzz, args=given, daemon=True)
            sender.start()
            watch(run, port, told, lambda: memory(process))
            sender.join()
        finally:
            process.terminate()
            process.wait(60)
        log = (Path(folder) / "log").read_bytes()
    pieces = re.split(rb"(?m)^(?=ERROR )", log)
    run.errors = sorted({piece[-600:].decode(errors="replace") for piece in pieces if FAILED.search(piece)})
    print(run.table())
    found = run.verdict()
    print(
        "\n".join(f"FAILED: {each}" for each in found) or "\nNothing failed, nobody waited, memory is flat."
    )
    return 1 if found and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
