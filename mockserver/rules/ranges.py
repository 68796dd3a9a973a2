"""The rules of ranges that depend on the model, or on another parameter."""

from collections.abc import Iterator

from mockserver.rules.registry import Broken, rule
from mockserver.talk.finding import Severity
from mockserver.talk.request import ChatRequest


@rule(
    "ranges.max-tokens",
    severity=Severity.REFUSED,
    source="Model Studio docs, error codes (zh), 2025-12; limits: Model Studio docs, models, 2026-03",
    fix="Ask for 1 token at least and for the model's most output at most.",
    refusals=("parameter.max-tokens-range",),
    needs=("max_tokens", "max_completion_tokens"),
)
def _max_tokens(request: ChatRequest) -> Iterator[Broken]:
    for name in ("max_tokens", "max_completion_tokens"):
        asked = request.get(name)
        limit = request.model.max_output
        if asked is not None and not 1 <= asked <= limit:
            yield Broken(request.place(name), {"max": limit})


@rule(
    "ranges.top-logprobs-alone",
    severity=Severity.HARMFUL,
    source="Model Studio docs, OpenAI-compatible chat, 2026: `top_logprobs` needs `logprobs`",
    fix="Send `logprobs: true` with it.",
    teaches="`top_logprobs` without `logprobs: true`: nothing comes of it.",
    needs=("top_logprobs",),
)
def _top_logprobs_alone(request: ChatRequest) -> Iterator[Broken]:
    if request.get("top_logprobs") and not request.get("logprobs"):
        yield Broken(request.place("top_logprobs"))
