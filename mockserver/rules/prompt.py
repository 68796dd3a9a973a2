"""The rules of a prompt's length, which is known once its tokens are counted."""

from collections.abc import Iterator

from mockserver.catalogue.cutting import kept_of
from mockserver.catalogue.models import Model
from mockserver.rules.registry import Broken, Moment, rule
from mockserver.talk.finding import Severity
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Surface, Trait

SHARE = 0.7
"""From which share of the context on a growing conversation is reported."""


def far_from_limit(model: Model, surface: Surface, tokens: int) -> bool:
    """Whether no rule of this room can find anything."""
    if Trait.INPUT_CUT in surface.traits and tokens > kept_of(model):
        return False
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
    if tokens > limit and Trait.INPUT_CUT not in request.surface.traits:
        yield Broken(request.message_place(), {"max": limit})


@rule(
    "prompt.cut",
    severity=Severity.HARMFUL,
    source="probes of pi-alibaba-models on the Responses API, 2026-10: head and tail of the input stay",
    fix="Shorten the history yourself, so that what matters is read.",
    teaches="The input has {tokens} tokens: {model} is shown {kept} of them, the middle is cut away.",
    moment=Moment.PROMPT,
    traits=(Trait.INPUT_CUT,),
)
def _cut(request: ChatRequest, tokens: int) -> Iterator[Broken]:
    kept = kept_of(request.model)
    if tokens > kept:
        values = {"tokens": tokens, "kept": kept, "model": request.model.name}
        yield Broken(request.message_place(), values)


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
