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
    "`max_completion_tokens` has no upper bound but for three: mnfst/modelparams.dev#242, #245, #299, #300, "
    "#338 and #366, probes, 2026-08 and 2026-09; models that speak want 10 tokens: probes of a user, 2026-08",
    fix="Ask for 1 token at least, and by `max_tokens` for the model's most output at most.",
    museum="anomalyco/opencode#40770, Kilo-Org/kilocode#5871",
    refusals=("parameter.max-tokens-range", "parameter.max-tokens-checked"),
    needs=("max_tokens", "max_completion_tokens"),
)
def _max_tokens(request: ChatRequest) -> Iterator[Broken]:
    family, limit = request.model.family, request.model.max_output
    entry = "parameter.max-tokens-checked" if family.checks_bounds else ""
    bound = limit if family.caps_completion else math.inf
    for name, most in (("max_tokens", limit), ("max_completion_tokens", bound)):
        asked = request.get(name)
        if asked is not None and not family.least_output <= asked <= most:
            yield Broken(request.place(name), {"min": family.least_output, "max": limit}, entry)


@rule(
    "ranges.sampling-unsupported",
    severity=Severity.REFUSED_BY_SOME,
    source="mnfst/modelparams.dev#343 and notes of two users, 2026-08 and 2026-09: kimi-k3 takes 0 alone",
    fix="Leave `temperature` and `top_p` out for a model that chooses them itself.",
    refusals=("parameter.sampling-unsupported",),
    needs=("temperature", "top_p"),
)
def _sampling_unsupported(request: ChatRequest) -> Iterator[Broken]:
    if not request.model.family.refuses_sampling:
        return
    for name in ("temperature", "top_p"):
        asked = request.get(name)
        if asked:
            values = {"name": name, "value": asked, "model": request.model.name}
            yield Broken(request.place(name), values)


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
