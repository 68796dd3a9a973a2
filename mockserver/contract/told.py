"""What was told in a conversation, and which histories of it a client may send."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, product
from typing import Any

from mockserver.talk.request import Message, ToolCall

_MOST_OPTIONAL = 6
"""How many groups of optional messages are tried in and out; older ones then count as left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One message of the truth.

    `group` is above 0 for the messages of a turn that failed or was stopped: all of one group may be missing,
    or its later rounds. `beginning`: any beginning of the text will do. `joined`: the text goes on from a
    prefix. `parts`: texts and media in their order, where there are both (`shape_of`).
    """

    role: str
    text: str = ""
    media: tuple[tuple[str, str], ...] = ()
    calls: tuple[ToolCall, ...] = ()
    call_id: str | None = None
    partial: bool = False
    group: int = 0
    beginning: bool = False
    joined: bool = False
    parts: tuple[str, ...] = ()


def shape_of(content: Iterable[Any]) -> tuple[str, ...]:
    """Texts and media of a content, in their order; neighbours of a kind are one, empty texts none."""
    texts = [part if isinstance(part, str) else part.get("text") for part in content]
    kinds = ["media" if text is None else "text" for text in texts if text != ""]
    return tuple(kind for kind, _ in groupby(kinds))


def optional(history: Sequence[Told], start: int, group: int) -> list[Told]:
    """The history with all messages from `start` on made optional together."""
    return [*history[:start], *(replace(told, group=group) for told in history[start:])]


def variants(history: Sequence[Told]) -> Iterator[list[Told]]:
    """The histories that a client may send: turns that failed may be in them or not."""
    groups = sorted({told.group for told in history if told.group})[-_MOST_OPTIONAL:]
    for choice in product((True, False), repeat=len(groups)):
        kept = {group for group, keep in zip(groups, choice, strict=True) if keep}
        yield [told for told in history if not told.group or told.group in kept]
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
                there = sent[at : at + len(choice)]
                if len(there) == len(choice) and all(map(_alike, choice, there)):
                    further.setdefault(at + len(choice), (*taken, *choice))
        reached = further
    whole = reached.get(len(sent))
    return None if whole is None else list(whole)


def likely(history: Sequence[Told], sent: Sequence[Message]) -> list[Told]:
    """The history that a request most likely means: of turns that failed, what of their words is in it."""
    there = {(message.role, message.text) for message in sent}
    begun = [message.text for message in sent if message.role == "assistant" and message.text]

    def said(told: Told) -> bool:
        if told.beginning:
            return any(told.text.startswith(text) for text in begun)
        return (told.role, told.text) in there

    return [
        told
        for choices in _blocks(history)
        for told in next((choice for choice in choices if all(map(said, choice))), choices[-1])
    ]


def _blocks(history: Sequence[Told]) -> Iterator[list[Sequence[Told]]]:
    """The parts of a history, each with what may stand for it, the longest first."""
    for group, told in groupby(history, key=lambda one: one.group):
        if group:
            yield _beginnings(list(told))
        else:
            for one in told:
                yield [[one]]


def _beginnings(told: Sequence[Told]) -> list[Sequence[Told]]:
    """The beginnings of a turn that leave no call without its results, and the whole of it."""
    ends, unanswered = [0], 0
    for end, one in enumerate(told, 1):
        unanswered += len(one.calls) - (one.role == "tool")
        if not unanswered or end == len(told):
            ends.append(end)
    return [told[:end] for end in reversed(ends)]


def _alike(told: Told, message: Message) -> bool:
    """Whether a message is the one that was told, as far as its words say."""
    same = message.text == told.text or (told.beginning and told.text.startswith(message.text))
    calls = len(told.calls) == len(message.tool_calls)
    return same and calls and (told.role, told.call_id) == (message.role, message.tool_call_id)
