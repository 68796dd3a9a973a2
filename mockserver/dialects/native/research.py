"""The stream of a deep research: what is planned, sought and found, and then the answer.

The first turn asks back, the next ones search. Each event has one message with its phase and status
(recordings: cnblogs/dashscope-sdk, qwen-deep-research, 2025-12: single events, so their number and the last
one's values are assumed; the misspelt keys are the wire's).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.base.jsontext import dumps
from mockserver.dialects.rendering import Envelope, Stream
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import ChatRequest
from mockserver.wire import sse
from mockserver.wire.chunking import Chunker

_ONE = 1
"""The number of the one search."""

Message = tuple[str, str, str, Mapping[str, Any], int]
"""Phase, status, text, what is told of the research, and tokens."""


def _pieces(choice: Choice, kind: str, request: ChatRequest, chunker: Chunker) -> Iterator[tuple[str, int]]:
    for run in chunker.runs(choice, request.model.family):
        if run.kind == kind:
            yield from zip(run.texts, run.sizes, strict=True)


def _found(reply: Reply) -> list[Mapping[str, Any]]:
    """The sources, as the search tells of them."""
    found: list[Mapping[str, Any]] = (reply.search_info or {}).get("search_results") or []
    return found


def _searched(request: ChatRequest, reply: Reply, chunker: Chunker) -> Iterator[Message]:
    planned = "ResearchPlanning"
    for text, size in _pieces(reply.choices[0], "reasoning", request, chunker):
        yield planned, "typing", text, {}, size
    yield planned, "finished", "", {}, 0
    query = " ".join(request.last_user.split())
    sites = [
        {"description": site["title"], "title": site["title"], "favicon": site["icon"], "url": site["url"]}
        for site in _found(reply)
    ]
    for status, told in (
        ("streamingQueries", {"id": _ONE, "query": query}),
        ("streamingQueries", {"researchGoal": query, "id": _ONE, "query": query}),
        ("streamingWebResult", {"id": _ONE, "webSites": sites}),
        ("streamingWebResult", {"id": _ONE, "learningMap": {str(_ONE): query}}),
        ("WebResultFinished", {"id": _ONE}),
    ):
        yield "WebResearch", status, "", {"research": told}, 0
    yield "KeepAlive", "typing", "", {}, 0


def _messages(request: ChatRequest, reply: Reply, chunker: Chunker) -> Iterator[Message]:
    references: dict[str, Any] = {}
    if request.researches:
        yield from _searched(request, reply, chunker)
        references["references"] = [
            {
                "icon": site["icon"],
                "description": site["title"],
                "index_number": site["index"],
                "title": site["title"],
                "url": site["url"],
            }
            for site in _found(reply)
        ]
    for text, size in _pieces(reply.choices[0], "content", request, chunker):
        yield "answer", "typing", text, references, size
    yield "answer", "finished", "", references, 0


def render_stream(
    request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope, chunker: Chunker
) -> Stream:
    """The events of an answer, each with the tokens so far."""
    messages = list(_messages(request, reply, chunker))
    head, said = sse.native_prefix(), 0
    frames, tokens = [], []
    for number, (phase, status, text, told, size) in enumerate(messages, 1):
        last = number == len(messages)
        said += size
        shown: dict[str, Any] = {
            "output": {
                "message": {
                    "phase": phase,
                    "role": "assistant",
                    "content": text,
                    "extra": {"deep_research": told},
                    "status": status,
                },
                "fininshed": last,
                "fininshed_reason": reply.choices[0].finish_reason if last else "null",
            },
            "usage": {"input_tokens": usage.input, "output_tokens": usage.output if last else said},
            "request_id": envelope.request_id,
        }
        if last and reply.usage:
            shown["usage"] |= reply.usage
        frames.append(b"id:%d%b%b\n\n" % (number, head, dumps(shown)))
        tokens.append(size)
    return Stream(frames, tokens)
