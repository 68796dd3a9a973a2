"""The rules about the form of an answer: JSON, continuations, choices, single turns."""

from collections.abc import Iterator

from mockserver.rules.registry import Broken, Severity, rule
from mockserver.wire.request import ChatRequest, Surface


def _json_object(request: ChatRequest) -> bool:
    return (request.get("response_format") or {}).get("type") == "json_object"


@rule(
    "response-format.json-word",
    severity=Severity.REFUSED,
    source="Model Studio docs, structured output, 2026",
    needs=("response_format",),
)
def _json_word(request: ChatRequest) -> Iterator[Broken]:
    if _json_object(request) and not any("json" in message.text.lower() for message in request.messages):
        yield request.message_place(), "response-format.no-json-word", {}


@rule(
    "thinking.json-mode",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio docs, error codes (zh), 2025-12; accepted by the newest (recording: maruel/genai, "
    "qwen3.8-max, 2026-08)",
    needs=("response_format",),
)
def _thinking_json(request: ChatRequest) -> Iterator[Broken]:
    if _json_object(request) and request.thinking and not request.model.thinking_plain:
        yield request.place("response_format"), "thinking.json-mode", {}


@rule(
    "partial.thinking",
    severity=Severity.REFUSED,
    source="Model Studio docs, partial mode, 2026",
)
def _partial_thinking(request: ChatRequest) -> Iterator[Broken]:
    if request.partial is not None and request.thinking:
        yield f"{request.message_place(len(request.messages) - 1)}.partial", "thinking.partial", {}


@rule(
    "partial.position",
    severity=Severity.REFUSED,
    source="Model Studio docs, partial mode, 2026; the words are the mock's own",
)
def _partial_position(request: ChatRequest) -> Iterator[Broken]:
    last = len(request.messages) - 1
    for index, message in enumerate(request.messages):
        if message.partial and (index != last or message.role != "assistant"):
            yield f"{request.message_place(index)}.partial", "partial.position", {}
            return


@rule(
    "messages.single-turn",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio docs, Qwen-OCR and Qwen3-Omni-Captioner, 2026",
)
def _single_turn(request: ChatRequest) -> Iterator[Broken]:
    if request.model.single_turn and request.turn > 1:
        yield request.message_place(), "messages.single", {}


@rule(
    "incremental-output.only",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio docs, DashScope API reference, 2026",
    needs=("incremental_output",),
)
def _incremental_only(request: ChatRequest) -> Iterator[Broken]:
    asked = request.get("incremental_output")
    if (
        request.surface is not Surface.COMPAT
        and request.stream
        and request.model.incremental_only
        and asked is False
    ):
        yield request.place("incremental_output"), "incremental-output.only", {}
