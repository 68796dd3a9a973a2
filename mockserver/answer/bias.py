"""`logit_bias`: tokens that must never appear, and tokens that are always taken (character models).

(Model Studio docs, role playing.) What is banned must not hide inside a merged token either, so the
banned texts themselves are taken out of the answer.
"""

from collections.abc import Mapping

from mockserver.meter.tokenizer import Tokenizer

_ALWAYS, _NEVER = 100, -100
_LOOP = 32
"""How often a token is repeated that is always taken, where the request sets no limit: a real model would
not stop by itself."""


def _texts(bias: Mapping[str, float], wanted: float, tokenizer: Tokenizer) -> list[str]:
    found = []
    for token_id, value in bias.items():
        if value == wanted:
            token = tokenizer.token(int(token_id))
            if token is not None:
                found.append(token.decode("utf-8", "ignore"))
    return [text for text in found if text]


def biased(text: str, bias: Mapping[str, float], tokenizer: Tokenizer, *, most: int | None = None) -> str:
    """The text as the biases allow it; a loop goes on beyond `most` tokens, where it will be cut."""
    forced = _texts(bias, _ALWAYS, tokenizer)
    if forced:
        text = forced[0] * (_LOOP if most is None else most + 1)
    banned = sorted({part.strip() or part for part in _texts(bias, _NEVER, tokenizer)}, key=len, reverse=True)
    before = None
    while before != text:
        before = text
        for part in banned:
            text = text.replace(part, "")
    return text
