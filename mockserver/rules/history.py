"""The rules of a history: it repeats what the server answered, and all of it."""

from collections.abc import Iterator

from mockserver.rules.past import Deviation, Trail
from mockserver.rules.registry import Broken, Moment, rule
from mockserver.talk.finding import Severity
from mockserver.talk.request import ChatRequest

_SOURCE = (
    "Model Studio docs, multi-turn conversations, 2026: each answer is appended to the messages as it came"
)


def _found(request: ChatRequest, trail: Trail, deviation: Deviation) -> Iterator[Broken]:
    for how, index in trail.deviations:
        if how is deviation:
            yield Broken(request.message_place(index))


@rule(
    "history.changed",
    severity=Severity.HARMFUL,
    source=_SOURCE,
    fix="Append the answer as it came: all deltas of a stream joined, calls with their ids and arguments.",
    museum="QwenLM/qwen-code#5598, experientiallabs/experiential#742",
    teaches="The server answered something else at this place of the conversation.",
    moment=Moment.HISTORY,
)
def _changed(request: ChatRequest, trail: Trail) -> Iterator[Broken]:
    return _found(request, trail, Deviation.CHANGED)


@rule(
    "history.dropped",
    severity=Severity.HARMFUL,
    source=_SOURCE,
    fix="Keep every turn, or drop the oldest ones together; a gap makes the model guess.",
    teaches="Before this message the server answered a turn that the history leaves out.",
    moment=Moment.HISTORY,
)
def _dropped(request: ChatRequest, trail: Trail) -> Iterator[Broken]:
    return _found(request, trail, Deviation.DROPPED)


@rule(
    "history.doubled",
    severity=Severity.HARMFUL,
    source=_SOURCE,
    fix="Append each answer once; a retry after an error appends nothing.",
    museum="dify-official-plugins#501",
    teaches="The server gave this answer once, the history has it twice.",
    moment=Moment.HISTORY,
)
def _doubled(request: ChatRequest, trail: Trail) -> Iterator[Broken]:
    return _found(request, trail, Deviation.DOUBLED)


@rule(
    "history.reordered",
    severity=Severity.HARMFUL,
    source=_SOURCE,
    fix="Send the turns in the order in which they were spoken.",
    teaches="The server gave this answer earlier than the one that stands before it.",
    moment=Moment.HISTORY,
)
def _reordered(request: ChatRequest, trail: Trail) -> Iterator[Broken]:
    return _found(request, trail, Deviation.REORDERED)
