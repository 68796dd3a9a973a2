"""The rules of a prompt's length, which is known once its tokens are counted."""

from collections.abc import Iterator

from mockserver.catalogue.models import Model
from mockserver.rules.registry import Broken, Moment, rule
from mockserver.talk.finding import Severity
from mockserver.talk.request import ChatRequest

SHARE = 0.7
"""From which share of the context on a growing conversation is reported."""


def far_from_limit(model: Model, tokens: int) -> bool:
    """Whether no rule of this room can find anything."""
    return tokens <= (model.max_input_thinking or model.max_input) and tokens <= SHARE * model.context


@rule(
    "prompt.too-long",
    severity=Severity.REFUSED,
    source="Model Studio docs, error codes (zh), 2025-12; limits: Model Studio docs, models, 2026-03",
    fix="Shorten the history: leave out or sum up its oldest turns.",
    refusals=("parameter.input-length",),
    moment=Moment.PROMPT,
)
def _too_long(request: ChatRequest, tokens: int) -> Iterator[Broken]:
    limit = request.model.input_limit(thinking=request.thinking)
    if tokens > limit:
        yield Broken(request.message_place(), {"max": limit})


@rule(
    "prompt.near-limit",
    severity=Severity.HARMFUL,
    source="Model Studio docs, models, 2026-03: the context holds prompt and answer",
    fix="Sum up or leave out the oldest turns before the service refuses the prompt.",
    teaches="The conversation's prompt has {tokens} tokens, {percent} % of the {context} that {model} holds.",
    moment=Moment.PROMPT,
)
def _near_limit(request: ChatRequest, tokens: int) -> Iterator[Broken]:
    context = request.model.context
    if tokens > SHARE * context and request.turn > 1:
        values = {
            "tokens": tokens,
            "percent": 100 * tokens // context,
            "context": context,
            "model": request.model.name,
        }
        yield Broken(request.message_place(), values)
