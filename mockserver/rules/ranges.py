"""The rules of ranges that depend on the model, or on another parameter."""

import math
from collections.abc import Iterator

from mockserver.rules.registry import Broken, rule
from mockserver.talk.finding import Severity
from mockserver.talk.request import ChatRequest


@rule(
    "ranges.max-tokens",
    severity=Severity.REFUSED,
    source="Model Studio docs, error codes (zh), 2025-12; limits: Model Studio docs, models, 2026-03; "
    "`max_completion_tokens` has no upper bound: mnfst/modelparams.dev#242, #300 and #338, probes, 2026-08",
    fix="Ask for 1 token at least, and by `max_tokens` for the model's most output at most.",
    museum="anomalyco/opencode#40770, Kilo-Org/kilocode#5871",
    refusals=("parameter.max-tokens-range", "parameter.max-tokens-checked"),
    needs=("max_tokens", "max_completion_tokens"),
)
def _max_tokens(request: ChatRequest) -> Iterator[Broken]:
    limit = request.model.max_output
    entry = "parameter.max-tokens-checked" if request.model.family.checks_bounds else ""
    for name, most in (("max_tokens", limit), ("max_completion_tokens", math.inf)):
        asked = request.get(name)
        if asked is not None and not 1 <= asked <= most:
            yield Broken(request.place(name), {"max": limit}, entry)


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
