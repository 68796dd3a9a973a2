"""Requests that are nearly right: a good one of each endpoint, changed in structure, sizes and bytes.

`made` gives the request of a number, always the same one. A place such as `{file}` in a path or a body stands
for what the server called the last file, batch or task: `filled` puts that there.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import zlib
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import nasty
from nasty import Ask

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = 12 << 20
"""The most bytes of a body: more than the server reads."""

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
ANTHROPIC = "/apps/anthropic/v1/messages"
RERANK = "/api/v1/services/rerank/text-rerank/text-rerank"
MANY_KINDS = "/api/v1/services/embeddings/multimodal-embedding/multimodal-embedding"
PAINT = "/api/v1/services/aigc/text2image/image-synthesis"
FILM = "/api/v1/services/aigc/video-generation/video-synthesis"
FILES = "/compatible-mode/v1/files"
BATCHES = "/compatible-mode/v1/batches"
TEAS = ["Oolong.", "Sencha.", "Coffee."]
USER = {"role": "user", "content": "Which tea?"}
DONE = {"type": "tool_use", "id": "toolu_1", "name": "brew", "input": {"tea": "oolong"}}
MESSAGES = [
    USER,
    {"role": "assistant", "content": [DONE]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "ok"}]},
]
MESSAGES_TOOLS = [{"name": "brew", "description": "Brew tea.", "input_schema": SCHEMA}]
LINES = [
    {
        "custom_id": f"{number}",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"model": "qwen-plus", "messages": [USER]},
    }
    for number in range(3)
]
REPLY = {
    "content": "Oolong.",
    "reasoning_content": "Hm.",
    "pace": {"per_token_ms": 1},
    "finish_reason": "stop",
}

FORM = "FORM"
"""In the place of a method: a POST of a form with a file, which has a line of JSON for each part."""

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
    ("POST", ANTHROPIC, {"model": "qwen3-max", "max_tokens": 50, "messages": MESSAGES, "stream": True}),
    ("POST", ANTHROPIC, {"model": "qwen-plus", "max_tokens": 9, "messages": [USER], "tools": MESSAGES_TOOLS}),
    ("POST", f"{ANTHROPIC}/count_tokens", {"model": "qwen-plus", "messages": MESSAGES}),
    ("POST", RERANK, {"model": "gte-rerank-v2", "input": {"query": "Tea?", "documents": TEAS}}),
    ("POST", "/compatible-api/v1/reranks", {"model": "qwen3-rerank", "query": "Tea?", "documents": TEAS}),
    ("POST", MANY_KINDS, {"model": "tongyi-embedding-vision-plus", "input": {"contents": [{"text": "tea"}]}}),
    ("POST", PAINT, {"model": "wanx2.1-t2i-turbo", "input": {"prompt": "A cup of tea."}, "parameters": {}}),
    ("POST", FILM, {"model": "wan2.2-t2v-plus", "input": {"prompt": "Tea is poured."}, "parameters": {}}),
    ("GET", "/api/v1/tasks?page_no=1", None),
    ("GET", "/api/v1/tasks/{task}?x", None),
    ("POST", "/api/v1/tasks/{task}/cancel", {}),
    (FORM, FILES, LINES),
    (FORM, "/api/v1/files", LINES),
    ("GET", f"{FILES}?limit=2", None),
    ("GET", f"{FILES}/{{file}}?x", None),
    ("GET", f"{FILES}/{{file}}/content?x", None),
    ("DELETE", f"{FILES}/{{file}}?x", None),
    (
        "POST",
        BATCHES,
        {"input_file_id": "{file}", "endpoint": "/v1/chat/completions", "completion_window": "24h"},
    ),
    ("GET", f"{BATCHES}?limit=2", None),
    ("GET", f"{BATCHES}/{{batch}}?x", None),
    ("POST", f"{BATCHES}/{{batch}}/cancel", {}),
    ("GET", "/api/v1/uploads?action=getPolicy&model=qwen-plus", None),
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
    ("GET", "/_mock/requests?contains=tea&limit=50", None),
    ("GET", "/_mock/requests?format=scenario&limit=50", None),
    ("GET", "/_mock/requests?endpoint=*", None),
    ("POST", "/_mock/verify", {"requests": [{"match": {"last_user": "Which tea?"}}], "ordered": True}),
    ("PUT", "/_mock/scenario", {"text": "replies: [{match: {turn: 9}, reply: {content: Oolong.}}]"}),
    ("PUT", "/_mock/on-miss", {"on_miss": "built-in"}),
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


BOUNDARY = "----leaves"


def form(body: bytes) -> bytes:
    """Return the form that uploads a file; the parts of a list are its lines."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    lines = b"\n".join(map(dumped, document)) if isinstance(document, list) else body
    return (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--{BOUNDARY}\r\n'
        f'Content-Disposition: form-data; name="file"; filename="tea.jsonl"\r\n\r\n'
    ).encode() + b"%b\r\n--%b--\r\n" % (lines, BOUNDARY.encode())


NAMED = re.compile(
    rb'"(?:id|task_id)": ?"(?:(?P<file>file-[^"]+)|(?P<batch>batch_[^"]+)|(?P<task>[0-9a-f-]{36}))"'
)
"""What an answer calls what it made."""


def filled(request: Ask, names: dict[str, str]) -> Ask:
    """Return a request with what the server called things, in the places that stand for them."""
    path, body = request.path, request.body
    for kind, name in names.items():
        path = path.replace(f"{{{kind}}}", name)
        body = body.replace(f'"{{{kind}}}"'.encode(), f'"{name}"'.encode())
    return replace(request, path=path, body=body)


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
        if method == FORM:
            method, body = "POST", form(body)
            headers["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
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
