"""Log probabilities for the tokens of an answer: made up, always the same, in the recorded form.

(recording: cnblogs/dashscope-sdk, 2025: `top_logprobs` first, then `logprob`, `bytes`, `token`.)
"""

from dataclasses import replace
from math import exp, log
from typing import Any

from mockserver.base.jsontext import dumps
from mockserver.meter.tokenizer import Tokenizer
from mockserver.talk.reply import Reply
from mockserver.talk.request import ChatRequest

MOST = 32_768
"""The most tokens with log probabilities: what is behind them has none. Hardly a model says more."""

_SLIGHT = 1e-9
"""What a certain token leaves to the others."""


def _candidate(token: bytes, logprob: float) -> dict[str, Any]:
    return {"logprob": logprob, "bytes": list(token), "token": token.decode("utf-8", "replace")}


def _likelihood(token_id: int, position: int) -> float:
    """A number from -0.5 to 0 that follows from token and place; every third token is certain."""
    mixed = (token_id * 2_654_435_761 + position * 40_503) % 1000
    return 0.0 if mixed % 3 == 0 else -round(mixed / 2000, 6)


def token_logprobs(text: str, tokenizer: Tokenizer, *, top: int) -> tuple[bytes, ...]:
    """One JSON object for each token of a text, up to `MOST`; `top` candidates (0 to 5) stand in each.

    The others share what the token leaves, each half of what is left.
    """
    entries = []
    ids = tokenizer.encode(text)[:MOST]
    for position, (token_id, token) in enumerate(zip(ids, tokenizer.tokens(ids), strict=True)):
        logprob = _likelihood(token_id, position)
        others = (tokenizer.token(token_id + step) or b"?" for step in range(1, top))
        left = log(max(1 - exp(logprob), _SLIGHT))
        candidates = [_candidate(token, logprob)] if top else []
        candidates += [_candidate(other, round(left - n * log(2), 6)) for n, other in enumerate(others, 1)]
        entries.append(dumps({"top_logprobs": candidates, **_candidate(token, logprob)}))
    return tuple(entries)


def with_logprobs(request: ChatRequest, reply: Reply, tokenizer: Tokenizer) -> Reply:
    """The reply with the log probabilities of its contents, as many candidates as the request asks for."""
    top = int(request.get("top_logprobs") or 0)
    choices = (
        replace(choice, logprobs=token_logprobs(choice.content, tokenizer, top=top))
        for choice in reply.choices
    )
    return replace(reply, choices=tuple(choices))
