"""Which tool message answers which call."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from enum import Enum, auto

from mockserver.talk.request import Message

RESULTS = ("tool", "function", "plugin")
"""The roles of a message that tells what a function returned."""


class Kind(Enum):
    """How calls and results may fail to fit; each is found at the message that is wrong."""

    WITHOUT_CALL = auto()
    UNKNOWN_ID = auto()
    DUPLICATE_ID = auto()
    OUT_OF_ORDER = auto()
    WITHOUT_RESULT = auto()


class _Open:
    """An assistant message with calls, while its results are read; each costs the same, however many."""

    def __init__(self, index: int, message: Message) -> None:
        self.index = index
        self._order = deque(call.id for call in message.tool_calls)
        self._left = Counter(self._order)
        self._early: Counter[str] = Counter()

    @property
    def first(self) -> str | None:
        """The id of the first call that has no result yet; None when all have one."""
        order, early = self._order, self._early
        while order and early[order[0]]:
            early[order.popleft()] -= 1
        return order[0] if order else None

    def answer(self, called: str | None, *, named: bool) -> Kind | None:
        """Takes one result; what is wrong with it."""
        first = self.first
        if not called and not named:
            # An older native client names the function alone: its results go by their order.
            if first is None:
                return Kind.DUPLICATE_ID
            called = first
        elif called is None or called not in self._left:
            return Kind.UNKNOWN_ID
        elif not self._left[called]:
            return Kind.DUPLICATE_ID
        self._left[called] -= 1
        self._early[called] += 1
        return None if first == called else Kind.OUT_OF_ORDER


def pairs(messages: Sequence[Message], *, named: bool) -> Iterator[tuple[Kind, int]]:
    """What does not fit, and the index of its message. `named`: a tool message has to carry its call's id."""
    open_: _Open | None = None
    for index, message in enumerate(messages):
        if message.role in RESULTS:
            if open_ is None:
                # Only the role `tool` is documented to be paired.
                if message.role == "tool":
                    yield Kind.WITHOUT_CALL, index
                continue
            kind = open_.answer(message.tool_call_id, named=named and message.role == "tool")
            if kind is not None:
                yield kind, index
            continue
        if open_ is not None and open_.first is not None:
            yield Kind.WITHOUT_RESULT, open_.index
        open_ = _Open(index, message) if message.tool_calls else None
    if open_ is not None and open_.first is not None:
        yield Kind.WITHOUT_RESULT, open_.index
