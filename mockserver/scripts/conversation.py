"""Conditions on a whole conversation: its steps in order, or the very request that a client sent."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mockserver.dialects.dialect import Dialect
from mockserver.dialects.table import detect, dialect_of, named
from mockserver.talk.request import ChatRequest, Message
from mockserver.talk.surface import Trait

Text = Callable[[str], bool]
Holds = Callable[[ChatRequest], bool]

_SYSTEM = ("system", "developer")
"""The roles that instruct. They count only in a conversation that begins with one."""


def kind(message: Message) -> str:
    """What a message is in a transcript: its role, or `prefix` for one that is to be continued."""
    if message.role in _SYSTEM:
        return "system"
    return "prefix" if message.partial and message.role == "assistant" else message.role


def said(request: ChatRequest, *, system: bool) -> list[Message]:
    """The messages that a transcript is held against."""
    return [message for message in request.messages if system or message.role not in _SYSTEM]


def _step(spec: Mapping[str, Any], test: Callable[[Any], Text]) -> tuple[str, Text]:
    role, text = next(iter(spec.items()))
    if text is None:
        return role, lambda _: True
    # Clients trim what the model said before they send it back.
    return role, test(text.strip() if role == "assistant" and isinstance(text, str) else text)


def conversation_test(steps: Sequence[Mapping[str, Any]], test: Callable[[Any], Text]) -> Holds:
    """Whether the conversation so far is these steps, each `{role: text}`; a text of null is any.

    `test` makes the test of a text. What instructs the model is left out unless the first step does.
    """
    system = bool(steps) and "system" in steps[0]
    wanted = [_step(step, test) for step in steps]

    def holds(request: ChatRequest) -> bool:
        messages = said(request, system=system)
        return len(messages) == len(wanted) and all(
            kind(message) == role and fits(message.text.strip() if role == "assistant" else message.text)
            for message, (role, fits) in zip(messages, wanted, strict=True)
        )

    return holds


def messages_of(body: Mapping[str, Any], dialect: Dialect | None = None) -> tuple[Message, ...]:
    """The messages of a request's body, in this dialect or in that which it seems to be of.

    Raises `ValueError` when it has none.
    """
    try:
        return (dialect or detect(body)).messages(body)
    except (KeyError, TypeError, AttributeError) as error:
        msg = f"it holds no messages that can be read ({error!r})"
        raise ValueError(msg) from None


def request_test(body: Mapping[str, Any], surface: str | None = None) -> Holds:
    """Whether a request asks the very same as this body, on a surface where one is named.

    Raises `ValueError` for a body without messages.
    """
    dialect = dialect_of(named(surface)) if surface is not None else detect(body)
    messages, model = messages_of(body, dialect), body.get("model")
    parameters, streams = dialect.options(body), dialect.streams({}, body)

    def holds(request: ChatRequest) -> bool:
        return (
            request.surface.dialect == dialect.name
            and request.model.name == model
            and (request.stream == streams or Trait.APART in request.surface.traits)
            and request.parameters == parameters
            and request.messages == messages
        )

    return holds
