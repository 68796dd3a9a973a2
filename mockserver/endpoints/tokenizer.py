"""The tokenizer endpoint: the tokens of a text, no template around it (recording: cnblogs/dashscope-sdk)."""

from typing import TYPE_CHECKING

from mockserver.base.jsontext import dumps
from mockserver.dialects.messages import read_prompt
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.endpoints.endpoint import Call, Said

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine

_ANSWER = b'{"output":{"token_ids":[%b],"tokens":[%b]},"usage":{"input_tokens":%d},"request_id":%b}'


def tokenize(engine: "Engine", call: Call) -> Said:
    """The tokens of a text, written as they are found. Raises `Refused`.

    All of them at once, as values, would take forty times the text.
    """
    data = engine.door.parse(call.body)
    engine.door.allow("tokenizer.request", data, NATIVE_TEXT)
    model = engine.door.model(NATIVE_TEXT, data, {}, beside=True)
    text = "".join(message.text for message in read_prompt(data["input"]))
    del data
    tokenizer = engine.vocabularies.tokenizer(model)
    ids, tokens, count = bytearray(), bytearray(), 0
    for piece in filter(None, tokenizer.pieces(text)):
        texts = [token.decode("utf-8", "replace") for token in tokenizer.tokens(piece)]
        ids += (b"," if count else b"") + dumps(piece)[1:-1]
        tokens += (b"," if count else b"") + dumps(texts)[1:-1]
        count += len(piece)
    return Said(_ANSWER % (ids, tokens, count, dumps(call.request_id)))
