"""What a test of a rule is made of."""

from typing import NamedTuple

from mockserver.wire.request import ChatRequest


class Case(NamedTuple):
    """A rule, a request that breaks it, what is found, and requests that come near and keep it."""

    rule: str
    broken: ChatRequest
    path: str
    message: str
    kept: tuple[ChatRequest, ...]
