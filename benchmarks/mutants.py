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
from good import CALLS, CHAT, FORM, GOOD, OPTIONS, PICTURE, REPLY, SCHEMA, TOOLS
from nasty import Ask

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LARGEST = 12 << 20
"""The most bytes of a body: more than the server reads."""


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
    rb'"(?:id|task_id)": ?"(?:(?P<file>file-[^"]+)|(?P<batch>batch_[^"]+)|(?P<task>[0-9a-f-]{36})'
    rb'|(?P<response>resp_[^"]+)|(?P<conversation>conv_[^"]+)|(?P<message>msg_[^"]+))"'
    rb'|"number": ?(?P<number>\d+)'
)
"""What an answer calls what it made."""


def filled(request: Ask, names: dict[str, str]) -> Ask:
    """Return a request with what the server called things, in the places that stand for them."""
    path, body = request.path, request.body
    for kind, name in list(names.items()):  # other lines name things meanwhile
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


OLDER = re.compile(r"/compatible-mode/v1/(?=responses|conversations)")
"""What also stands below another path."""


def chosen(only: str) -> list[tuple[str, str, Any]]:
    """Return the good requests whose path has something that this expression finds."""
    return [row for row in GOOD if re.search(only, row[1])]


def made(seed: int, number: int, rows: Sequence[tuple[str, str, Any]] = GOOD) -> Ask:
    """Return a request, made of one of the rows: always the same one for a seed and a number."""
    draw = random.Random(f"{seed}-{number}")
    method, path, good = draw.choice(rows)
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
    if draw.random() < 0.2:
        path = OLDER.sub("/api/v2/apps/protocols/compatible-mode/v1/", path)
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
