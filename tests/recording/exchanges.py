"""Interactions for tests."""

import json
from typing import Any

from mockserver.recording.interaction import Chunk, End, Interaction, Request, Response

COMPAT = "/compatible-mode/v1/chat/completions"
TEXT = "/api/v1/services/aigc/text-generation/generation"
MULTIMODAL = "/api/v1/services/aigc/multimodal-generation/generation"
NOW = "2026-02-02T02:40:00.250Z"
RID = "0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f"
JSON_TYPE = ("content-type", "application/json")
SSE_TYPE = ("content-type", "text/event-stream")
USAGE = {
    "total_tokens": 12,
    "completion_tokens": 3,
    "prompt_tokens": 9,
    "prompt_tokens_details": {"cached_tokens": 0},
}


def asked(
    said: str = "hi", *, model: str = "qwen-plus", system: str | None = None, **more: Any
) -> dict[str, Any]:
    """The body of a compatible request."""
    messages = [{"role": "system", "content": system}] if system else []
    return {"model": model, "messages": [*messages, {"role": "user", "content": said}], **more}


def native_asked(said: str = "hi", *, model: str = "qwen-plus", **parameters: Any) -> dict[str, Any]:
    """The body of a native request."""
    return {
        "model": model,
        "input": {"messages": [{"role": "user", "content": said}]},
        "parameters": parameters,
    }


def compat_body(content: str = "hello", **more: Any) -> dict[str, Any]:
    """A `chat.completion`, as the cloud writes it."""
    choice = {
        "message": {"content": content, "role": "assistant"},
        "finish_reason": "stop",
        "index": 0,
        "logprobs": None,
    }
    return {
        "choices": [choice],
        "object": "chat.completion",
        "usage": USAGE,
        "created": 1_770_000_000,
        "system_fingerprint": None,
        "model": "qwen-plus",
        "id": f"chatcmpl-{RID}",
        **more,
    }


def compat_frames(*pieces: str) -> list[bytes]:
    """A compatible stream of these pieces, classic serializer."""
    head = {
        "object": "chat.completion.chunk",
        "usage": None,
        "created": 1_770_000_000,
        "system_fingerprint": None,
    }
    tail = {"model": "qwen-plus", "id": f"chatcmpl-{RID}"}

    def frame(delta: dict[str, Any], finish: str | None) -> bytes:
        choice = {"finish_reason": finish, "logprobs": None, "delta": delta, "index": 0}
        return b"data: " + dumped({"choices": [choice], **head, **tail}) + b"\n\n"

    first = frame({"role": "assistant", "content": ""}, None)
    return [
        first,
        *(frame({"content": piece}, None) for piece in pieces),
        frame({"content": ""}, "stop"),
        b"data: [DONE]\n\n",
    ]


def native_body(content: str = "hello") -> dict[str, Any]:
    """A native answer in the text format."""
    return {
        "output": {"finish_reason": "stop", "text": content},
        "usage": {"total_tokens": 12, "output_tokens": 3, "input_tokens": 9},
        "request_id": RID,
    }


def native_frames(*pieces: str, growing: bool = False) -> list[bytes]:
    """A native stream in the text format; `growing`: each event repeats the text so far."""
    frames = []
    for at, piece in enumerate(pieces):
        text = "".join(pieces[: at + 1]) if growing else piece
        last = at == len(pieces) - 1
        data = {
            "output": {"finish_reason": "stop" if last else "null", "text": text},
            "usage": {"total_tokens": 10 + at, "output_tokens": 1 + at, "input_tokens": 9},
            "request_id": RID,
        }
        frames.append(b"id:%d\nevent:result\n:HTTP_STATUS/200\ndata:" % (at + 1) + dumped(data) + b"\n\n")
    return frames


MESSAGES = "/apps/anthropic/v1/messages"


def anthropic_asked(
    said: str = "hi", *, model: str = "qwen-plus", system: str | None = None, **more: Any
) -> dict[str, Any]:
    """The body of a request of Anthropic's dialect."""
    asked = {"model": model, "max_tokens": 256, "messages": [{"role": "user", "content": said}], **more}
    return {**asked, "system": system} if system else asked


ANTHROPIC_USAGE = {
    "output_tokens": 3,
    "cache_creation_input_tokens": 0,
    "input_tokens": 2,
    "cache_read_input_tokens": 7,
}


def anthropic_frames(*pieces: str) -> list[bytes]:
    """A stream of Anthropic's dialect with one text of these pieces."""

    def frame(kind: str, **more: Any) -> bytes:
        return b"event:%b\ndata:%b\n\n" % (kind.encode(), dumped({"type": kind, **more}))

    message = {"model": "qwen-plus", "id": f"msg_{RID}", "role": "assistant", "type": "message"}
    usage = {"input_tokens": 9, "output_tokens": 0}
    return [
        frame("message_start", message={**message, "content": [], "usage": usage}),
        frame("ping"),
        frame("content_block_start", content_block={"type": "text", "text": ""}, index=0),
        *(
            frame("content_block_delta", delta={"type": "text_delta", "text": piece}, index=0)
            for piece in pieces
        ),
        frame("content_block_stop", index=0),
        frame("message_delta", delta={"stop_reason": "end_turn"}, usage=ANTHROPIC_USAGE),
        frame("message_stop"),
    ]


def dumped(value: Any) -> bytes:
    """Compact JSON, raw UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def interaction(
    body: Any = None,
    answer: Any = None,
    *,
    path: str = COMPAT,
    method: str = "POST",
    query: str = "",
    status: int = 200,
    end: End = "complete",
    recorded: str = NOW,
    sent: list[tuple[str, str]] | None = None,
    headers: list[tuple[str, str]] | None = None,
) -> Interaction:
    """One exchange; an answer that is a list is a stream of these frames."""
    given = asked() if body is None else body
    said = compat_body() if answer is None else answer
    frames = said if isinstance(said, list) else [said if isinstance(said, bytes) else dumped(said)]
    return Interaction(
        request=Request(
            method=method,
            path=path,
            query=query,
            headers=sent or [],
            body=given if isinstance(given, bytes) else dumped(given),
        ),
        response=Response(
            status=status,
            headers=headers if headers is not None else [SSE_TYPE if isinstance(said, list) else JSON_TYPE],
            chunks=tuple(Chunk(10.0 * (at + 1), frame) for at, frame in enumerate(frames) if frame),
            end=end,
        ),
        recorded=recorded,
        client="tea/1.0",
    )
