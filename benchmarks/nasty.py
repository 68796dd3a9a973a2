"""Requests that are legal, or nearly, and cost a careless server much: rows of `holdups.py`, seeds of a fuzz.

A row is a function under `@row` that gives a `Nasty`: what is asked, and what is scripted before. All of it
is made here, nothing is read from anywhere.
"""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Json = dict[str, Any]

COMPAT = "/compatible-mode/v1/chat/completions"
TEXT = "/api/v1/services/aigc/text-generation/generation"
EMBEDDINGS = "/compatible-mode/v1/embeddings"
TOKENIZER = "/api/v1/tokenizer"
REPLIES = "/_mock/replies"
KEY = "sk-nasty"
TEA = [{"role": "user", "content": "Which tea?"}]


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request, as it goes over the wire."""

    path: str = COMPAT
    body: bytes = b""
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self, *, key: str = KEY) -> bytes:
        """Return its bytes; the connection ends behind the answer."""
        lines = {
            "Host": "localhost",
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "Content-Length": str(len(self.body)),
            "Connection": "close",
            **self.headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{self.method} {self.path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + self.body


@dataclass(frozen=True, kw_only=True)
class Nasty:
    """What is asked, and what is told to the control API before."""

    ask: Ask
    before: tuple[Ask, ...] = ()


ROWS: dict[str, Callable[[], Nasty]] = {}
"""What makes each row, by its name."""


def row(name: str) -> Callable[[Callable[[], Nasty]], Callable[[], Nasty]]:
    """Enter a row under a name."""

    def enter(make: Callable[[], Nasty]) -> Callable[[], Nasty]:
        ROWS[name] = make
        return make

    return enter


def chat(*, model: str = "qwen-plus", messages: Any = TEA, **more: Any) -> Nasty:
    """Return a chat."""
    return Nasty(ask=Ask(body=json.dumps({"model": model, "messages": messages, **more}).encode()))


def said(content: Any, **more: Any) -> Nasty:
    """Return a chat in which the user says this."""
    return chat(messages=[{"role": "user", "content": content}], **more)


def scripted(reply: Json, *, match: Json | None = None, ask: Nasty | None = None) -> Nasty:
    """Return a chat, or what is given, behind a scripted reply."""
    body = json.dumps({"match": match or {}, "reply": reply}).encode()
    return Nasty(ask=(ask or chat()).ask, before=(Ask(path=REPLIES, body=body),))


def tool(name: str, parameters: Json | None = None) -> Json:
    """Return a tool."""
    return {"type": "function", "function": {"name": name, "parameters": parameters or {"type": "object"}}}


def called(number: int, *, turned: bool = False) -> list[Json]:
    """Return a conversation with so many calls and their results, in order or turned."""
    calls = [
        {"id": f"call_{each}", "type": "function", "function": {"name": "brew", "arguments": "{}"}}
        for each in range(number)
    ]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "ok"} for call in calls]
    return [*TEA, {"role": "assistant", "content": "", "tool_calls": calls}, *results[:: -1 if turned else 1]]


@row("a plain chat")
def _plain() -> Nasty:
    return chat()


@row("8,000 unknown fields")
def _unknown() -> Nasty:
    unknown: Json = {f"temperatur{number}": number for number in range(8_000)}
    return chat(**unknown)


@row("20,000 tool calls")
def _calls() -> Nasty:
    return chat(messages=called(20_000))


@row("20,000 tool calls, results turned")
def _turned() -> Nasty:
    return chat(messages=called(20_000, turned=True))


@row("4,000 tools")
def _tools() -> Nasty:
    return chat(tools=[tool(f"brew_{number}") for number in range(4_000)])


@row("25,000 properties")
def _properties() -> Nasty:
    properties = {f"leaf_{number}": {"type": "string"} for number in range(25_000)}
    return chat(tools=[tool("brew", {"type": "object", "properties": properties})])


@row("25,000 properties, forced")
def _forced() -> Nasty:
    properties = {f"leaf_{number}": {"type": "string"} for number in range(25_000)}
    wanted = {"type": "object", "properties": properties, "required": list(properties)}
    return chat(tools=[tool("brew", wanted)], tool_choice={"type": "function", "function": {"name": "brew"}})


@row("9.9 MB of one letter")
def _letter() -> Nasty:
    return said("a" * 9_900_000)


@row("9 MB of words")
def _words() -> Nasty:
    return said("Which tea do you like best? " * 320_000)


@row("9 MB of Chinese")
def _chinese() -> Nasty:
    return Nasty(
        ask=Ask(
            body=json.dumps(
                {"model": "qwen-plus", "messages": [{"role": "user", "content": "你喜欢喝什么茶" * 430_000}]},
                ensure_ascii=False,
            ).encode()
        )
    )


@row("100,000 messages")
def _messages() -> Nasty:
    return chat(
        messages=[{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}] * 50_000 + TEA
    )


@row("3,000,000 empty lists")
def _lists() -> Nasty:
    return Nasty(ask=Ask(body=b'{"model":"qwen-plus","x":[' + b"[]," * 3_000_000 + b"[]]}"))


@row("2,000,000 strings")
def _strings() -> Nasty:
    return Nasty(ask=Ask(body=b'{"model":"qwen-plus","x":[' + b'"a",' * 2_000_000 + b'""]}'))


@row("100,000 pictures")
def _pictures() -> Nasty:
    header = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480)
    url = "data:image/png;base64," + b64encode(header).decode()
    part = {"type": "image_url", "image_url": {"url": url}}
    return said([part] * 100_000, model="qwen3-vl-plus")


@row("a JPEG of 2,000,000 notes")
def _jpeg() -> Nasty:
    data = b"\xff\xd8" + b"\xff\xfe\x00\x02" * 1_800_000
    url = "data:image/jpeg;base64," + b64encode(data).decode()
    return said([{"type": "image_url", "image_url": {"url": url}}], model="qwen3-vl-plus")


@row("9 MB for the tokenizer")
def _tokenizer() -> Nasty:
    body = {"model": "qwen-plus", "input": {"messages": [{"role": "user", "content": "tea " * 2_300_000}]}}
    return Nasty(ask=Ask(path=TOKENIZER, body=json.dumps(body).encode()))


@row("9 MB for embeddings")
def _embeddings() -> Nasty:
    body = {"model": "text-embedding-v4", "input": "tea " * 2_300_000}
    return Nasty(ask=Ask(path=EMBEDDINGS, body=json.dumps(body).encode()))


@row("60 kB of what looks like keys")
def _keys() -> Nasty:
    return said("sk-" * 20_000)


@row("a gzip bomb of 1 GB")
def _bomb() -> Nasty:
    packer = zlib.compressobj(9, wbits=31)
    pieces = [packer.compress(bytes(1 << 20)) for _ in range(1024)]
    return Nasty(ask=Ask(body=b"".join([*pieces, packer.flush()]), headers={"Content-Encoding": "gzip"}))


@row("20,000 values that fit no choice")
def _unfit() -> Nasty:
    asked = {"model": "qwen-plus", "input": {"prompt": "Which tea?"}, "parameters": {"stop": [{}] * 20_000}}
    body = json.dumps(asked).encode()
    return Nasty(ask=Ask(path="/api/v1/services/aigc/text-generation/generation", body=body))


@row("9 MB, packed")
def _packed() -> Nasty:
    words = said("Which tea do you like best? " * 320_000).ask.body
    return Nasty(ask=Ask(body=gzip.compress(words, 1), headers={"Content-Encoding": "gzip"}))


@row("200,000 words said, as a stream")
def _said() -> Nasty:
    return scripted({"content": "tea " * 200_000}, ask=chat(stream=True))


@row("3,000 tokens with logprobs")
def _logprobs() -> Nasty:
    return scripted({"content": "tea " * 3_000}, ask=chat(logprobs=True, top_logprobs=5))


def unscripted(*matches: Json, said: str) -> Nasty:
    """Return a chat that none of these scripts answers, to be told why."""
    entered = [{"match": match, "reply": {"content": "Tea."}} for match in matches]
    miss = Ask(path="/_mock/on-miss", method="PUT", body=json.dumps({"on_miss": "error"}).encode())
    before = [Ask(path=REPLIES, body=json.dumps(script).encode()) for script in entered]
    return Nasty(ask=chat(messages=[{"role": "user", "content": said}]).ask, before=(miss, *before))


def templated(text: str) -> Nasty:
    """Return a chat that a template answers."""
    script = {"reply": {"content": text}, "template": True}
    return Nasty(ask=chat().ask, before=(Ask(path=REPLIES, body=json.dumps(script).encode()),))


@row("a regular expression that goes back")
def _expression() -> Nasty:
    return unscripted({"last_user": {"regex": "(a+)+$"}}, said="a" * 5000 + "b")


@row("one that has to go back")
def _lookaround() -> Nasty:
    return unscripted({"last_user": {"regex": "^(?=a)(a|aa)+$(?!x)"}}, said="a" * 60 + "b")


@row("a template that loops")
def _loops() -> Nasty:
    return templated("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}")


@row("a template that doubles")
def _doubles() -> Nasty:
    return templated("{% set x = 'tea' %}" + "{% set x = x ~ x %}" * 60 + "{{ x }}")


@row("a template that pads")
def _pads() -> Nasty:
    return templated("{{ 'tea' | center(1000000000) }}")


@row("a near miss of 100 scripts over 20 kB")
def _misses() -> Nasty:
    matches = [{"last_user": {"contains": f"cup {number} " * 40}} for number in range(100)]
    return unscripted(*matches, said="Which tea do you like best? " * 700)


@row("a near miss of one script of 8 kB")
def _miss() -> Nasty:
    return unscripted({"last_user": {"contains": "ab" * 4000}}, said="aab" * 7000)


@row("a scenario of 900 exchanges")
def _export() -> Nasty:
    asked = [chat(messages=[{"role": "user", "content": f"Tea {n}?\n" * 20}]).ask for n in range(900)]
    return Nasty(ask=Ask(path="/_mock/requests?format=scenario", method="GET"), before=tuple(asked))


@row("verifying that misses, 900 exchanges")
def _verify() -> Nasty:
    asked = [chat(messages=[{"role": "user", "content": f"Tea {n}?\n" * 20}]).ask for n in range(900)]
    wanted = {"requests": [{"match": {"last_user": f"No {n}" * 50}} for n in range(20)]}
    return Nasty(ask=Ask(path="/_mock/verify", body=json.dumps(wanted).encode()), before=tuple(asked))


def played(text: str) -> Nasty:
    """Return a scenario that is handed over."""
    body = json.dumps({"files": {"main.yaml": text}}).encode()
    return Nasty(ask=Ask(path="/_mock/scenario", method="PUT", body=body))


@row("a scenario of 3,000 turns, played anew")
def _turns() -> Nasty:
    lines = "".join(f"    - user: Cup {number}?\n    - assistant: Tea {number}.\n" for number in range(3_000))
    return played("conversations:\n  - messages:\n" + lines)


def replies(count: int) -> Nasty:
    """Return a scenario of so many replies that is handed over."""
    said = "content: a cup of tea that is neither hot nor cold"
    lines = (f"- {{match: {{last_user: q{number}}}, reply: {{{said}}}}}\n" for number in range(count))
    return played("replies:\n" + "".join(lines))


@row("a scenario of 18,000 replies, played anew")
def _replies() -> Nasty:
    return replies(18_000)


@row("a scenario of 110,000 replies, more than is kept")
def _too_many_replies() -> Nasty:
    return replies(110_000)


@row("aliases that unfold without end")
def _aliases() -> Nasty:
    lines = "".join(f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]\n" for at in range(1, 12))
    return played("a0: &a0 [tea, tea]\n" + lines)


@row("a list of 9 MB in place of a request")
def list_as_request() -> Nasty:
    """Make one: what explains why it is none may not put all of it into its words."""
    return Nasty(ask=Ask(body=json.dumps([" tea" * 5] * 400_000).encode()))


@row("a list of 9 MB in place of an option that has forms")
def list_as_option() -> Nasty:
    """Make one: each of the forms has its words for it."""
    return chat(tool_choice=[{"tea": " tea" * 50}] * 40_000)
