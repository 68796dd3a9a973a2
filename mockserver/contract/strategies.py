"""Strategies for property tests of clients: conversations, requests, replies, tools, chunkings.

    from hypothesis import given
    from mockserver.contract.strategies import conversations

    @given(conversations())
    def test_my_client(conversation): ...

Everything drawn is valid: `conversations` by the rules of a dialogue, `requests` by the JSON Schema of
their surface. What shrinks, shrinks to few turns of few plain characters.
"""

import base64
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mockserver.contract.broken import broken_requests
from mockserver.contract.cases import Case, Turn
from mockserver.contract.generate import from_schema, loaded, values
from mockserver.contract.worlds import KINDS, world

__all__ = [
    "broken_requests",
    "chunkings",
    "conversations",
    "image",
    "parameter",
    "replies",
    "requests",
    "said",
    "texts",
    "tools",
    "turns",
    "words",
    "worlds",
]

TEXTS = (
    "a",
    "Which tea is green?",
    " b ",
    "好",
    "é",
    "e\u0301",
    "👍🏽",
    "\u2028",
    "one\u2028two\u0085three\u000bfour",
    '"\\',
    "<b>&amp;</b>",
    "{x}",
    "\r\n\t",
    "null",
    "[DONE]",
    "data: [DONE]\n\n",
    "\ufeffx\u200d",
    "\u202eab",
    "\u0000\u001f",
    "你好，哪种茶是绿色的？龙井。",
    "𠮷𝒳",
    "0",
    "haha haha haha",
    "\n",
    "long words " * 40,
)
"""Texts that clients lose, change or trip over; the first one is the plainest."""

LARGE = "长" * 4500
"""A text that is longer than the buffers of careless clients."""

LINE = "A line of a long text.\\n"
"""What long arguments are made of, as JSON has it."""

ARGUMENTS = (
    "{}",
    '{"city": "Hangzhou"}',
    '{ "a" :  1.50, "b":[null,"\\u00fc\\n苏州"] }',
    '{"city":"杭州"}',
    '{"amount": 21, "unit": "the unit of the amount"}',
    '{"large": 9007199254740993, "small": 1e-7}',
    f'{{"lines": "{LINE * 150}"}}',
)
"""Arguments of calls, as models write them: their blanks and escapes are part of the text."""

TRANSIENT = ("Throttling.RateQuota", "InternalError", "ModelUnavailable")
"""Codes of refusals that pass by themselves."""

LASTING = ("InvalidParameter", "DataInspectionFailed", "InvalidApiKey", "Model.AccessDenied", "ModelNotFound")
"""Codes of refusals that do not."""


_WORDS = st.sampled_from(TEXTS)
_SAID = st.sampled_from((*TEXTS, LARGE))
_TEXTS = st.one_of(_WORDS, st.text(max_size=20))
_RESULTS = st.sampled_from((*TEXTS, ""))
_ARGUMENTS = st.sampled_from(ARGUMENTS)
_CHUNKINGS = st.sampled_from([(), (1,), (2, 3), (7,), (17, 4), (1, 1000), (100_000,), (5, 1, 64)])
_FLAG = st.booleans()
_PIECES = st.lists(_WORDS, min_size=1, max_size=3)
_SYSTEM = st.one_of(st.none(), _WORDS)
_CUT_SHORT, _GIVEN_CHUNKS = 1, 2
"""Which of ten answers runs into its limit, and which has its deltas prescribed."""
_UP_TO_2, _UP_TO_9 = st.integers(0, 2), st.integers(0, 9)
_FROM_1_TO_3 = st.integers(1, 3)
# These are made once, because making a strategy takes longer than drawing from it.
_among = cache(st.sampled_from)
_at_most = cache(lambda most: st.integers(1, most))


def texts() -> SearchStrategy[str]:
    """Texts that clients break on, and any others."""
    return _TEXTS


def words() -> SearchStrategy[str]:
    """Texts with something visible in them."""
    return _WORDS


def said() -> SearchStrategy[str]:
    """What a user says: words, now and then very many."""
    return _SAID


def chunkings() -> SearchStrategy[tuple[int, ...]]:
    """Sizes of pieces, in bytes, to cut a stream into, over and over; none: frame by frame."""
    return _CHUNKINGS


def image(colour: int, side: int = 32) -> str:
    """A data URI of a PNG in one colour, a number below 2**24."""
    row = b"\0" + struct.pack(">I", colour)[1:] * side

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    png = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(row * side))
        + chunk(b"IEND", b"")
    )
    return "data:image/png;base64," + base64.b64encode(png).decode()


def tools() -> SearchStrategy[dict[str, Any]]:
    """A function that may be offered, in the form of the wire."""
    names = st.sampled_from(["weather", "time", "get_current_weather", "f"])
    types = st.sampled_from(["string", "number", "boolean", "integer"])
    properties = st.dictionaries(st.sampled_from(["city", "unit", "zone"]), types, max_size=3)
    return st.builds(_tool, names, properties)


def _tool(name: str, properties: Mapping[str, str]) -> dict[str, Any]:
    described = {key: {"type": kind} for key, kind in properties.items()}
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": f"The {name} of something.",
            "parameters": {"type": "object", "properties": described, "required": list(described)},
        },
    }


def _reply(
    draw: st.DrawFn,
    *,
    names: Sequence[str] = (),
    thinking: bool = False,
    calls: bool | None = None,
    first: int = 0,
) -> dict[str, Any]:
    reply: dict[str, Any] = {}
    if thinking:
        reply["reasoning_content"] = draw(_WORDS)
    called = bool(names) and (draw(_FLAG) if calls is None else calls)
    if called:
        offered = _among(tuple(names))
        reply["tool_calls"] = [
            {"id": f"call_{first + at}", "name": draw(offered), "arguments": draw(_ARGUMENTS)}
            for at in range(draw(_FROM_1_TO_3))
        ]
        if draw(_FLAG):
            reply["content"] = draw(_WORDS)
        return reply
    rare = draw(_UP_TO_9)
    if rare == _GIVEN_CHUNKS:
        return {**reply, "chunks": draw(_PIECES)}
    reply["content"] = draw(_TEXTS)
    if rare == _CUT_SHORT:
        reply["finish_reason"] = "length"
    return reply


@st.composite
def replies(
    draw: st.DrawFn,
    *,
    names: Sequence[str] = (),
    thinking: bool = False,
    calls: bool | None = None,
    first: int = 0,
) -> dict[str, Any]:
    """A reply of the control API: a text, thinking before it, calls of the functions `names`.

    `calls` demands or forbids calls; `first` numbers their ids.
    """
    return _reply(draw, names=names, thinking=thinking, calls=calls, first=first)


def _turn(draw: st.DrawFn, *, case: Case, conversation: int, first: int) -> Turn:
    names = [tool["function"]["name"] for tool in case.tools]
    thinking = bool(case.options.get("enable_thinking"))
    given: list[dict[str, Any]] = []
    results: list[tuple[str, ...]] = []
    for number in range(draw(_UP_TO_2) if names else 0):
        reply = _reply(draw, names=names, thinking=thinking, calls=True, first=first + 10 * number)
        given.append(reply)
        results.append(tuple(draw(_RESULTS) for _ in reply["tool_calls"]))
    given.append(_reply(draw, thinking=thinking))
    return Turn(say=draw(_SAID), conversation=conversation, replies=tuple(given), results=tuple(results))


@st.composite
def turns(draw: st.DrawFn, *, case: Case, conversation: int = 0, first: int = 0) -> Turn:
    """A plain turn of a case: something said, and answered, with rounds of calls where it has tools.

    `first` numbers the ids of the calls.
    """
    return _turn(draw, case=case, conversation=conversation, first=first)


@st.composite
def conversations(draw: st.DrawFn, *, most: int = 5) -> Case:
    """A whole conversation: a case on one surface and in one mode, of 1 to `most` plain turns."""
    case = _world(draw, (), None)
    drawn = tuple(
        _turn(draw, case=case, conversation=at % case.conversations, first=100 * at)
        for at in range(draw(_at_most(most)))
    )
    return replace(case, turns=drawn)


def _world(draw: st.DrawFn, surfaces: Sequence[str], features: Sequence[str] | None) -> Case:
    kind = draw(_among(tuple(kind for kind in KINDS if kind.fits(surfaces, features))))
    surface = draw(_among(tuple(name for name in kind.surfaces if not surfaces or name in surfaces)))
    streams = features is None or "stream" in features
    mode = draw(_among(tuple(name for name in kind.modes if streams or name == "plain")))
    allowed = (features is None or "system" in features) and not kind.session
    return world(kind, surface=surface, mode=mode, system=draw(_SYSTEM) if allowed else None)


@st.composite
def worlds(draw: st.DrawFn, *, surfaces: Sequence[str] = (), features: Sequence[str] | None = None) -> Case:
    """The ground of a conversation: surface, mode, system message, tools, options; without turns yet."""
    return _world(draw, surfaces, features)


def parameter(name: str, *, surface: str) -> SearchStrategy[Any]:
    """A value of one generation parameter, as this surface allows it; `KeyError` when there is none.

    The same name may have other bounds elsewhere: an empty list of tools is refused by compat alone.
    """
    document = f"{surface}.request"
    keys = loaded(document)["properties"]
    return values(keys.get("parameters", {"properties": keys})["properties"][name], document)


def requests(surface: str) -> SearchStrategy[dict[str, Any]]:
    """The body of a request that the schema of its surface allows, every branch of it in reach."""
    return from_schema(f"{surface}.request")
