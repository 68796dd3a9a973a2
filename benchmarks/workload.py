"""What every server of a comparison is asked, and what each of them answers.

The requests are about 1 kB: a system message and three turns, in 64 versions that a client rotates through.
The streams have the shape that the compat surface has when usage is asked for: a role chunk, the content
chunks, a chunk with the finish reason, a chunk with the usage, and `[DONE]`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, get_args

Json = dict[str, Any]
Kind = Literal["chat", "stream", "paced", "slow", "native-chat", "native-stream"]
KINDS: tuple[Kind, ...] = get_args(Kind)

MODEL = "qwen-plus"
API_KEY = "sk-benchmark"
BODIES = 64

_WORDS = ("the", "server", "sends", "one", "answer", "in", "many", "small", "pieces", "again")
CHUNKS: tuple[str, ...] = tuple(f" {_WORDS[index % len(_WORDS)]}" for index in range(100))
TEXT = "".join(CHUNKS)

TICK = " tick"
"""The content of a paced event: one token, and a mark by which the client knows an event without parsing."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How many content events a paced stream has, and how many seconds lie between two."""

    events: int
    step: float


PACED: dict[str, Schedule] = {
    "paced": Schedule(events=50, step=0.020),
    "slow": Schedule(events=25, step=0.200),
}
"""The kinds whose events keep to a schedule."""

COMPAT_PATH = "/compatible-mode/v1/chat/completions"
NATIVE_PATH = "/api/v1/services/aigc/text-generation/generation"
USAGE: Json = {"prompt_tokens": 230, "completion_tokens": 100, "total_tokens": 330}


def answer(*, model: str, created: int) -> Json:
    """Return the body of a compat answer that is not streamed."""
    return {
        "model": model,
        "id": "chatcmpl-7a1e5c2e-7a5c-9d5e-8f0a-3b1f3c5d7e9f",
        "choices": [{"message": {"role": "assistant", "content": TEXT}, "index": 0, "finish_reason": "stop"}],
        "created": created,
        "object": "chat.completion",
        "usage": USAGE,
    }


def chunk(delta: Json | None, *, model: str, created: int, finish_reason: str | None = None) -> Json:
    """Return one chunk of a compat stream; without a delta it is the chunk that carries the usage."""
    choice: Json = {"delta": delta, "index": 0}
    if finish_reason is not None:
        choice["finish_reason"] = finish_reason
    return {
        "model": model,
        "id": "chatcmpl-7a1e5c2e-7a5c-9d5e-8f0a-3b1f3c5d7e9f",
        "choices": [] if delta is None else [choice],
        "created": created,
        "object": "chat.completion.chunk",
        "usage": USAGE if delta is None else None,
    }


def frame(data: Json) -> bytes:
    """Return a chunk as the bytes of one compat SSE event."""
    return b"data: " + json.dumps(data, separators=(",", ":")).encode() + b"\n\n"


def messages(version: int) -> list[Json]:
    """Return a system message and three turns, with the version woven into the texts."""
    return [
        {
            "role": "system",
            "content": "You are the assistant of a bicycle shop. Answer briefly, name the part, its price, "
            f"and say when it can be picked up. Desk {version}.",
        },
        {
            "role": "user",
            "content": f"Good morning! My order {7000 + version} has a chain that slips on the smallest cog.",
        },
        {
            "role": "assistant",
            "content": "That is usually a worn cassette. How many kilometres has the bicycle done since the "
            "cassette was last replaced, and how many gears does it have?",
        },
        {"role": "user", "content": f"About {4000 + 13 * version} kilometres, eleven gears, mostly in rain."},
        {
            "role": "assistant",
            "content": "Then both the chain and the cassette are due. We have both; fitting takes an hour "
            "and the bicycle can be collected on the same day.",
        },
        {
            "role": "user",
            "content": f"Please list what you would replace for order {7000 + version}, what it costs, "
            "and whether the brake pads should be done at the same time.",
        },
    ]


def body(kind: Kind, version: int) -> Json:
    """Return the JSON of one request."""
    if kind == "native-chat":
        return {
            "model": MODEL,
            "input": {"messages": messages(version)},
            "parameters": {"result_format": "message"},
        }
    if kind == "native-stream":
        return {
            "model": MODEL,
            "input": {"messages": messages(version)},
            "parameters": {"result_format": "message", "incremental_output": True},
        }
    request: Json = {"model": MODEL, "messages": messages(version), "temperature": 0.7}
    if kind != "chat":
        request |= {"stream": True, "stream_options": {"include_usage": True}}
    return request


def path(kind: Kind, *, scripted: bool) -> str:
    """Return the path a request goes to.

    Bare and reference pace what is asked below a prefix, the name of the kind; the mock is scripted.
    """
    if kind.startswith("native-"):
        return NATIVE_PATH
    return f"/{kind}{COMPAT_PATH}" if kind in PACED and not scripted else COMPAT_PATH


def request(kind: Kind, version: int, *, scripted: bool, at: str = "") -> bytes:
    """Return a whole HTTP request, head and body, ready to be written to a socket; `at` is another path."""
    content = json.dumps(body(kind, version)).encode()
    head = [
        f"POST {at or path(kind, scripted=scripted)} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {API_KEY}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
    ]
    if kind == "native-stream":
        head += ["Accept: text/event-stream", "X-DashScope-SSE: enable"]
    return "\r\n".join([*head, "", ""]).encode() + content


def unlike(whole: bytes, number: int) -> bytes:
    """Return a request that differs from those of all other numbers, in a text of the same length."""
    return whole.replace(b"Good morning!", b"Good %07d!" % number)


def script(kind: Kind) -> Json:
    """Return the body for `POST /_mock/replies` that makes the mock give the answer of the others."""
    if kind in PACED:
        ticks = [TICK] * PACED[kind].events
        reply: Json = {
            "content": "".join(ticks),
            "chunks": ticks,
            "pace": {"first_ms": 0, "per_token_ms": round(PACED[kind].step * 1000)},
        }
    elif kind.endswith("stream"):
        reply = {"content": TEXT, "chunks": list(CHUNKS)}
    else:
        reply = {"content": TEXT}
    return {"match": {}, "reply": reply}


def expected_text(kind: Kind) -> str:
    """Return the text that the deltas of an answer must add up to."""
    return TICK * PACED[kind].events if kind in PACED else TEXT
