"""Conditions on a whole conversation: its steps in order, or the very request that a client sent."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, overload

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


Step = Mapping[str, Any]
"""One step: who speaks, and what. A text of null is any."""


class Lead(Sequence[Step]):
    """The steps that lead to an answer: the last one with its test, once it is read, and those `before`.

    Each answer of a long conversation waits for all that was said before it. What two of them have in common
    they share, so that a conversation takes as much as its lines, and is let go as fast.
    """

    __slots__ = ("_length", "before", "opens_with_system", "step", "test")

    def __init__(self, before: "Lead | None", step: Step) -> None:
        """Adds a step to those before it."""
        self.before = before
        self.step = step
        self._length: int = 1 if before is None else len(before) + 1
        self.opens_with_system: bool = "system" in step if before is None else before.opens_with_system
        self.test: tuple[str, Text] | None = None

    @classmethod
    def of(cls, steps: Sequence[Step]) -> "Lead | None":
        """Steps as a lead; None for none at all."""
        lead = steps if isinstance(steps, Lead) else None
        for step in () if lead is not None else steps:
            lead = cls(lead, step)
        return lead

    def __len__(self) -> int:
        return self._length

    def back(self) -> Iterator["Lead"]:
        """The lead with each of its steps as the last one, the last one first."""
        at: Lead | None = self
        while at is not None:
            yield at
            at = at.before

    def __iter__(self) -> Iterator[Step]:
        return reversed([lead.step for lead in self.back()])

    @overload
    def __getitem__(self, at: int) -> Step: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Step]: ...
    def __getitem__(self, at: int | slice) -> Step | Sequence[Step]:
        return self.step if at == -1 else list(self)[at]

    def read(self, test: Callable[[Any], Text]) -> None:
        """Makes the tests of all steps that have none yet. Raises what `test` raises for a text."""
        new = []
        for lead in self.back():
            if lead.test is not None:
                break
            new.append(lead)
        for lead in reversed(new):
            lead.test = _step(lead.step, test)

    def fits(self, messages: Sequence[Message]) -> bool:
        """Whether messages are these steps; the last ones are looked at first, for in them talks differ."""
        for lead, message in zip(self.back(), reversed(messages), strict=True):
            assert lead.test is not None, "it is read before it is asked"
            role, test = lead.test
            text = message.text.strip() if role == "assistant" else message.text
            if kind(message) != role or not test(text):
                return False
        return True


def _step(spec: Step, test: Callable[[Any], Text]) -> tuple[str, Text]:
    role, text = next(iter(spec.items()))
    if text is None:
        return role, lambda _: True
    # Clients trim what the model said before they send it back.
    return role, test(text.strip() if role == "assistant" and isinstance(text, str) else text)


def conversation_test(steps: Sequence[Step], test: Callable[[Any], Text]) -> Holds:
    """Whether the conversation so far is these steps, each `{role: text}`; a text of null is any.

    `test` makes the test of a text. What instructs the model is left out unless the first step does.
    """
    lead = Lead.of(steps)
    if lead is None:
        return lambda request: not said(request, system=False)
    lead.read(test)

    def holds(request: ChatRequest) -> bool:
        messages = said(request, system=lead.opens_with_system)
        return len(messages) == len(lead) and lead.fits(messages)

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
