"""What was told in a conversation, and which histories of it a client may send."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, product
from typing import Any

from mockserver.dialects.messages import Placed
from mockserver.talk.request import Message, ToolCall

_MOST_OPTIONAL = 6
"""How many groups of optional messages are tried in and out; older ones then count as left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One message of the truth.

    `group` is above 0 for the messages of a turn that failed or was stopped: all of one group may be missing,
    or its later rounds. `beginning`: any beginning of the text will do, with any of its first calls. `open`
    is above 0 for calls that the user spoke over and their results: they may be missing together. `free`:
    any text will do. `joined`: the text goes on from a prefix. `parts`: texts and media in their order, where
    there are both (`shape_of`). `thinking`: what was thought before an answer; None where that is not known.
    """

    role: str
    text: str = ""
    media: tuple[tuple[str, str], ...] = ()
    calls: tuple[ToolCall, ...] = ()
    call_id: str | None = None
    partial: bool = False
    group: int = 0
    beginning: bool = False
    open: int = 0
    free: bool = False
    joined: bool = False
    parts: tuple[str, ...] = ()
    thinking: str | None = None


def shape_of(content: Iterable[Any]) -> tuple[str, ...]:
    """Texts and media of a content, in their order; neighbours of a kind are one, empty texts none."""
    texts = [part if isinstance(part, str) else part.get("text") for part in content]
    kinds = ["media" if text is None else "text" for text in texts if text != ""]
    return tuple(kind for kind, _ in groupby(kinds))


def optional(history: Sequence[Told], start: int, group: int) -> list[Told]:
    """The history with all messages from `start` on made optional together."""
    return [*history[:start], *(replace(told, group=group) for told in history[start:])]


def spoken_over(history: Sequence[Told], number: int) -> list[Told]:
    """The history with the calls at its end made open ones: the user spoke before they had results."""
    *before, calling = history
    return [*before, *(replace(told, open=number) for told in (calling, *_closing(calling.calls)))]


def _closing(calls: Iterable[ToolCall]) -> list[Told]:
    """Results in the client's own words, one for each call."""
    return [Told(role="tool", call_id=call.id, free=True) for call in calls]


def settled(history: Sequence[Told], sent: Sequence[Message]) -> list[Told]:
    """The history with the texts that the client chose: where any will do, and beginnings in their places."""
    if not any(told.free or told.beginning for told in history):
        return list(history)
    texts = {message.tool_call_id: message.text for message in sent if message.role == "tool"}
    chosen = [replace(told, text=texts.get(told.call_id, "")) if told.free else told for told in history]
    return [*map(_begun, chosen, sent)] if len(chosen) == len(sent) else chosen


def _begun(told: Told, message: Message) -> Told:
    """A stopped answer with the beginning of it that was sent; another message as it is."""
    begun = told.beginning and told.role == message.role and told.text.startswith(message.text)
    return replace(told, text=message.text) if begun else told


def variants(history: Sequence[Told]) -> Iterator[list[Told]]:
    """The histories that a client may send: turns that failed, and open calls, may be in them or not."""
    blocks = [_in_or_out(list(told)) for told in _parts(history)]
    doubtful = [at for at, choices in enumerate(blocks) if len(choices) > 1]
    for at in doubtful[:-_MOST_OPTIONAL]:
        blocks[at] = blocks[at][:1] if blocks[at][0][0].open else [[]]
    for chosen in product(*blocks):
        yield [told for choice in chosen for told in choice]
    if any(told.beginning for told in history):
        yield from variants([told for told in history if not told.beginning])


def fitted(history: Sequence[Told], sent: Sequence[Message]) -> list[Told] | None:
    """The history that was sent, where it is one that a client may send; None where it is none.

    Any number of failed turns may be in it or not, each with all of its rounds or with the first ones.
    """
    reached: dict[int, tuple[Told, ...]] = {0: ()}
    for choices in _blocks(history):
        further: dict[int, tuple[Told, ...]] = {}
        for at, taken in reached.items():
            for choice in choices:
                if _there(choice, sent[at : at + len(choice)]):
                    further.setdefault(at + len(choice), (*taken, *choice))
        reached = further
    whole = reached.get(len(sent))
    return None if whole is None else settled(whole, sent)


def ended(history: Sequence[Told], sent: Sequence[Message]) -> Iterator[list[Told]]:
    """The histories that end as was sent; what is older has all of the turns that failed, or none of them."""
    blocks = list(_blocks(history))
    reached: dict[int, tuple[Told, ...]] = {len(sent): ()}
    for older in reversed(range(len(blocks))):
        further: dict[int, tuple[Told, ...]] = {}
        for at, taken in reached.items():
            for choice in blocks[older]:
                start = at - len(choice)
                if _there(choice, sent[start:at]):
                    further.setdefault(start, (*choice, *taken))
        whole = further.pop(0, None)
        if whole is not None:
            for which in (0, -1):
                yield [*(told for choices in blocks[:older] for told in choices[which]), *whole]
        reached = further


def rejoined(history: Sequence[Told], sent: Iterable[Placed]) -> list[Placed]:
    """What is sent, with an answer whose messages were sent one by one as the one that was told."""
    answers = [told.text for told in history if told.role == "assistant"]
    whole: list[Placed] = []
    for one in sent:
        before = whole[-1] if whole else None
        if before is None or not _goes_on(before.message, one.message, answers):
            whole.append(one)
            continue
        said = replace(one.message, text=before.message.text + one.message.text)
        whole[-1] = Placed(said, before.place, one.calls)
    return whole


def _goes_on(before: Message, behind: Message, answers: Iterable[str]) -> bool:
    """Whether two messages of the assistant are pieces of one of the answers, and nothing lies between."""
    if {before.role, behind.role} != {"assistant"} or before.tool_calls or not before.text:
        return False
    text = before.text + behind.text
    return bool(behind.text) and any(answer.startswith(text) for answer in answers)


def likely(history: Sequence[Told], sent: Sequence[Message]) -> list[Told]:
    """The history that a request most likely means: of turns that failed, what of their words is in it."""
    there = {(message.role, message.text) for message in sent}
    begun = [message.text for message in sent if message.role == "assistant" and message.text]
    answered = {message.tool_call_id for message in sent if message.role == "tool"}

    def said(told: Told) -> bool:
        if told.free:
            return told.call_id in answered
        if told.beginning:
            return any(told.text.startswith(text) for text in begun)
        return (told.role, told.text) in there

    return [
        told
        for choices in _blocks(history)
        for told in next((choice for choice in choices[:-1] if all(map(said, choice))), choices[-1])
    ]


def _parts(history: Sequence[Told]) -> Iterator[Iterable[Told]]:
    """The parts of a history of which each is there or not: turns that failed, open calls, other messages."""
    for (group, opened), told in groupby(history, key=lambda one: (one.group, one.open)):
        if group or opened:
            yield told
        else:
            yield from ([one] for one in told)


def _blocks(history: Sequence[Told]) -> Iterator[list[Sequence[Told]]]:
    """The parts of a history, each with what may stand for it, the longest first."""
    for part in _parts(history):
        told = list(part)
        *before, last = told
        if last.beginning:
            halves = [[*before, *_half(last, calls)] for calls in range(len(last.calls), -1, -1)]
            yield [*halves, *_beginnings(before)]
        else:
            yield _beginnings(told) if last.group else _in_or_out(told)


def _half(told: Told, calls: int) -> list[Told]:
    """A stopped answer with its first calls, which nobody answered."""
    kept = told.calls[:calls]
    return [replace(told, calls=kept), *(replace(one, group=told.group) for one in _closing(kept))]


def _in_or_out(told: list[Told]) -> list[Sequence[Told]]:
    """What may stand for a part of a history, however much of it is there: all, or nothing where it may go.

    Of open calls the words beside them may stay alone; of a stopped answer no calls are there.
    """
    first = told[0]
    if first.group:
        return [[replace(one, calls=()) if one.beginning else one for one in told], []]
    if first.open:
        words = [[replace(first, calls=())]] if first.text else []
        return [told, *words, []]
    return [told]


def _beginnings(told: Sequence[Told]) -> list[Sequence[Told]]:
    """The beginnings of a turn that leave no call without its results, and the whole of it."""
    ends, unanswered = [0], 0
    for end, one in enumerate(told, 1):
        unanswered += len(one.calls) - (one.role == "tool")
        if not unanswered or end == len(told):
            ends.append(end)
    return [told[:end] for end in reversed(ends)]


def _there(told: Sequence[Told], sent: Sequence[Message]) -> bool:
    """Whether messages are those that were told, as far as their words say."""
    return len(told) == len(sent) and all(map(_alike, told, sent))


def _alike(told: Told, message: Message) -> bool:
    """Whether a message is the one that was told, as far as its words say."""
    begun = told.beginning and told.text.startswith(message.text)
    same = message.text == told.text or told.free or begun
    calls = len(told.calls) == len(message.tool_calls)
    return same and calls and (told.role, told.call_id) == (message.role, message.tool_call_id)
