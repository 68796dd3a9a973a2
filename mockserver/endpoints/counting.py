"""What a request of Anthropic's Messages would cost (a client's live test, 2026; no body is recorded)."""

from typing import TYPE_CHECKING

from mockserver.dialects.anthropic.read import read_request
from mockserver.endpoints.endpoint import Call
from mockserver.meter.prompt import prompt_tokens
from mockserver.talk.refused import Refused

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine


def count_tokens(engine: "Engine", call: Call) -> dict[str, int]:
    """The input tokens of a request, caches left out. Raises `Refused`."""
    data = engine.door.parse(call.body)
    model = engine.door.model(call.surface, data, call.headers)
    if not model.anthropic:
        raise Refused(engine.errors.refuse("model.unknown-native"))
    engine.door.allow("anthropic-count.request", data, call.surface)
    tokenizer = engine.vocabularies.tokenizer(model)
    return {"input_tokens": prompt_tokens(read_request(data, model, call.headers), tokenizer).total}
