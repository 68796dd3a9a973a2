"""What a world remembers of its own answers, to tell whether a history repeats them.

Kept are numbers only: a hash of each conversation that was answered, and of its answers. A request
costs one hash for each message. System messages, thinking and the bytes of media do not count, nor
how JSON arguments are written: blanks, escapes, the order of keys, 0.0 for 0.
"""

from collections.abc import Iterable, Iterator
from enum import Enum, auto
from itertools import count
from typing import Any, NamedTuple, cast

from mockserver.base.jsontext import canonical
from mockserver.talk.reply import Reply
from mockserver.talk.request import ChatRequest, Message, ToolCall

MOST = 10_000
"""How many answered conversations a world remembers."""

_ALTERNATIVES = 16
"""How many answers to the same conversation are remembered: choices, seeds, retries."""


class Deviation(Enum):
    """How a history may differ from what was answered."""

    CHANGED = auto()
    DROPPED = auto()
    DOUBLED = auto()
    REORDERED = auto()


class Trail(NamedTuple):
    """What a request leaves: the hashes of its conversation, question and last turn, and what deviates.

    Each deviation comes with the index of its message. `prefix` is the text that is to be continued.
    """

    conversation: int
    question: int
    turn: int | None = None
    deviations: tuple[tuple[Deviation, int], ...] = ()
    prefix: str = ""


class Course(NamedTuple):
    """What a history comes to where nothing of it was answered: its trail, and what was looked for.

    `asked` are conversations, `turns` are questions with their answers.
    """

    request: ChatRequest
    trail: Trail
    asked: tuple[int, ...]
    turns: tuple[int, ...]


class _Turn(NamedTuple):
    """An answered turn: its place among all, and the turn before it in its conversation."""

    number: int
    before: int | None


def _calls(calls: Iterable[ToolCall]) -> int:
    return hash(tuple((call.id, call.name, canonical(call.arguments)) for call in calls))


def _key(message: Message) -> int:
    """The hash of a message that is more than a text."""
    calls = _calls(message.tool_calls) if message.tool_calls else 0
    return hash((message.role, message.text, calls, message.tool_call_id, len(message.media)))


def _said(content: str, calls: tuple[ToolCall, ...]) -> int:
    """The hash that an answer has when it comes back as a message."""
    if not calls:
        return hash(("assistant", content))
    return hash(("assistant", content, _calls(calls), None, 0))


def heard(trail: Trail, reply: Reply) -> tuple[int, ...]:
    """The hashes under which the answers of a reply come back; clients may leave media out."""
    return tuple(_heard(trail, reply))


def _heard(trail: Trail, reply: Reply) -> Iterator[int]:
    for choice in reply.choices:
        text = trail.prefix + choice.content
        yield _said(text, choice.tool_calls)
        if choice.media:
            calls = _calls(choice.tool_calls) if choice.tool_calls else 0
            yield hash(("assistant", text, calls, None, len(choice.media)))


class Past:
    """The answers of one world."""

    def __init__(self) -> None:
        self._answers: dict[int, tuple[int, ...]] = {}
        self._turns: dict[int, _Turn] = {}
        self._numbers = count()

    def __len__(self) -> int:
        return max(len(self._answers), len(self._turns))

    def trace(self, request: ChatRequest) -> Trail:
        """The trail of a request, held against what was answered."""
        messages = request.messages
        prefix = request.partial
        if prefix is not None:
            messages = messages[:-1]
        answers, turns = self._answers, self._turns
        conversation = question = 0
        reader: _Reader | None = None
        for index, message in enumerate(messages):
            role = message.role
            if role == "system":
                continue
            if message.tool_calls or message.media or message.tool_call_id:
                key = _key(message)
            else:
                key = hash((role, message.text))
            if role != "assistant":
                question = key
                if conversation in answers and role == "user":
                    reader = reader or _Reader(turns)
                    reader.deviates(Deviation.DROPPED, index)
            else:
                turn = hash((question, key))
                if turn in turns or conversation in answers:
                    reader = reader or _Reader(turns)
                    reader.read(index, turn, key, answers.get(conversation))
            conversation = hash((conversation, key))
        text = "" if prefix is None else prefix.text
        if reader is None:
            return Trail(conversation, question, None, (), text)
        return Trail(conversation, question, reader.before, tuple(reader.found), text)

    def follow(self, course: Course) -> Trail:
        """The trail of a request whose course is known; gone once more only where some of it was answered."""
        if self._answers.keys().isdisjoint(course.asked) and self._turns.keys().isdisjoint(course.turns):
            return course.trail
        return self.trace(course.request)

    def remember(self, trail: Trail, said: Iterable[int]) -> None:
        """Keeps what is `heard` of the answer to a conversation; the oldest go when there are too many."""
        answers, turns, conversation = self._answers, self._turns, trail.conversation
        for key in said:
            known = answers.get(conversation)
            if known is None:
                answers[conversation] = (key,)
            elif key in known:
                continue
            else:
                answers[conversation] = (*known, key)[-_ALTERNATIVES:]
            turns[hash((trail.question, key))] = _Turn(next(self._numbers), trail.turn)
        if len(answers) > MOST:
            del answers[next(iter(answers))]
        while len(turns) > MOST:
            del turns[next(iter(turns))]


class _Reader:
    """Reads a history against what is remembered.

    `before` is the last turn that was recognised; None at the beginning and behind an answer that was
    changed or is missing, from where on any turn may follow. A history that begins late was shortened on
    purpose: it deviates in nothing.
    """

    def __init__(self, turns: dict[int, _Turn]) -> None:
        self.found: list[tuple[Deviation, int]] = []
        self.before: int | None = None
        self._turns = turns
        self._seen: set[int] = set()

    def read(self, index: int, turn: int, key: int, known: tuple[int, ...] | None) -> None:
        """An answer; `known` are those that were given at its place, None where nothing was asked."""
        if known is None:
            self._recognise(turn, index)
        elif key not in known:
            self.deviates(Deviation.CHANGED, index)
            return
        if turn in self._turns:
            self._seen.add(turn)
            self.before = turn

    def _recognise(self, turn: int, index: int) -> None:
        """An answer that was given, at a place where nothing was asked."""
        remembered = self._turns[turn]
        if turn in self._seen:
            self.deviates(Deviation.DOUBLED, index)
        elif self.before is not None and remembered.before != self.before:
            late = remembered.number < self._turns[self.before].number
            self.deviates(Deviation.REORDERED if late else Deviation.DROPPED, index)

    def deviates(self, how: Deviation, index: int) -> None:
        """Something is not as it was answered."""
        self.found.append((how, index))
        self.before = None


class _Noted(dict[int, Any]):
    """Holds nothing, and notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __contains__(self, one: object) -> bool:
        self.asked.append(cast("int", one))
        return False


def course_of(request: ChatRequest) -> Course:
    """The course of a request, which follows from it alone."""
    past, answers, turns = Past(), _Noted(), _Noted()
    past._answers, past._turns = answers, turns  # noqa: SLF001 - of this module
    return Course(request, past.trace(request), tuple(answers.asked), tuple(turns.asked))
