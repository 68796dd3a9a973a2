"""The tokenizer endpoint: the tokens of a text, no template around it (recording: cnblogs/dashscope-sdk)."""

from typing import TYPE_CHECKING, Any

from mockserver.dialects.messages import read_prompt
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.endpoints.endpoint import Call

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine


def tokenize(engine: "Engine", call: Call) -> dict[str, Any]:
    """The tokens of a text. Raises `Refused`."""
    data = engine.door.parse(call.body)
    engine.door.allow("tokenizer.request", data, NATIVE_TEXT)
    model = engine.door.model(NATIVE_TEXT, data, {})
    texts = [message.text for message in read_prompt(data["input"])]
    tokenizer = engine.vocabularies.tokenizer(model)
    ids = tokenizer.read("".join(texts))
    tokens = [token.decode("utf-8", "replace") for token in tokenizer.tokens(ids)]
    return {
        "output": {"token_ids": ids, "tokens": tokens},
        "usage": {"input_tokens": len(ids)},
        "request_id": call.request_id,
    }
