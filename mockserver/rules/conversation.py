"""The rules that need more than a schema: the model's abilities, and parameters that forbid each other."""

from collections.abc import Iterator

from mockserver.rules.registry import Broken, Severity, rule
from mockserver.wire.request import ChatRequest, Surface


@rule(
    "model.surface",
    severity=Severity.REFUSED,
    source="Model Studio docs, error codes (zh), 2025-12; qwen3.5 and newer are on the multimodal path only",
)
def _surface(request: ChatRequest) -> Iterator[Broken]:
    model = request.model
    if request.surface is Surface.COMPAT:
        if not (model.compat and model.chat):
            yield "model", "model.compat-unsupported", {"model": model.name}
    elif model.native != request.surface.removeprefix("native-"):
        yield "model", "path.wrong-task", {}


@rule(
    "stream.required",
    severity=Severity.REFUSED,
    source="Model Studio docs, error codes (zh), 2025-12",
)
def _stream_only(request: ChatRequest) -> Iterator[Broken]:
    if request.model.stream_only and not request.stream:
        yield request.place("stream"), "stream.required", {}


@rule(
    "thinking.unsupported",
    severity=Severity.REFUSED,
    source="Model Studio docs, error codes (zh), 2025-12",
    needs=("enable_thinking",),
)
def _thinking_unsupported(request: ChatRequest) -> Iterator[Broken]:
    asked = request.get("enable_thinking")
    if asked and request.model.thinking == "none":
        yield request.place("enable_thinking"), "thinking.unsupported", {"model": request.model.name}
    if asked is False and request.model.thinking == "only":
        yield request.place("enable_thinking"), "thinking.always-on", {}


@rule(
    "thinking.non-streaming",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio docs, deep thinking, 2026; the newest accept it (recording: vercel/ai, qwen3-max)",
)
def _thinking_plain(request: ChatRequest) -> Iterator[Broken]:
    if request.thinking and not request.stream and not request.model.thinking_plain:
        only = request.model.thinking == "only"
        yield request.place("enable_thinking"), "stream.required" if only else "thinking.non-streaming", {}


@rule(
    "thinking.incremental-output",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio docs, error codes (zh), 2025-12; the newest models accept it without a stream "
    "(recording: cnblogs/dashscope-sdk, deepseek-v4-pro, 2026-06)",
    needs=("incremental_output",),
)
def _thinking_incremental(request: ChatRequest) -> Iterator[Broken]:
    asked = request.get("incremental_output")
    if request.surface.native and request.stream and request.thinking and asked is False:
        yield request.place("incremental_output"), "thinking.incremental-output", {}


@rule(
    "thinking.result-format",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio docs, error codes (zh), 2025-12",
    needs=("result_format",),
)
def _thinking_result_format(request: ChatRequest) -> Iterator[Broken]:
    text = request.get("result_format") == "text" and request.surface is Surface.NATIVE_TEXT
    if text and request.thinking and not request.model.thinking_plain:
        yield request.place("result_format"), "thinking.result-format", {}


@rule(
    "thinking.tool-choice",
    severity=Severity.REFUSED,
    source="recording: maruel/genai, qwen3.8-max, 2026-08",
    needs=("tool_choice",),
)
def _thinking_tool_choice(request: ChatRequest) -> Iterator[Broken]:
    choice = request.get("tool_choice")
    if request.thinking and (choice == "required" or isinstance(choice, dict)):
        yield request.place("tool_choice"), "thinking.tool-choice", {}


@rule(
    "messages.last-assistant",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio docs, error codes (zh), 2025-12; accepted on the compatible surface "
    "(recordings: alibaba/loongsuite-python-agent, qwen-turbo, 2026)",
)
def _last_assistant(request: ChatRequest) -> Iterator[Broken]:
    last = request.messages[-1] if request.messages else None
    if request.surface.native and last is not None and last.role == "assistant" and request.partial is None:
        yield f"{request.message_place(len(request.messages) - 1)}.role", "role.invalid", {}


@rule(
    "parameter.max-tokens",
    severity=Severity.REFUSED,
    source="Model Studio docs, error codes (zh), 2025-12; limits: Model Studio docs, models, 2026-03",
    needs=("max_tokens", "max_completion_tokens"),
)
def _max_tokens(request: ChatRequest) -> Iterator[Broken]:
    for name in ("max_tokens", "max_completion_tokens"):
        asked = request.get(name)
        limit = request.model.max_output
        if asked is not None and not 1 <= asked <= limit:
            yield request.place(name), "parameter.max-tokens-range", {"max": limit}


@rule(
    "parameter.thinking-budget",
    severity=Severity.REFUSED,
    source="Model Studio docs, error codes (zh), 2025-12",
    needs=("thinking_budget",),
)
def _thinking_budget(request: ChatRequest) -> Iterator[Broken]:
    asked = request.get("thinking_budget")
    limit = request.model.max_thinking
    if asked is not None and (asked < 1 or (limit is not None and asked > limit)):
        yield request.place("thinking_budget"), "thinking.budget-range", {"max": limit or "the model's limit"}
