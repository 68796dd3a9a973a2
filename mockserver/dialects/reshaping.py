"""What a script asks of an answer's form beyond what its backend does.

The renderers know the forms of the recordings. Here a rendered answer is taken up once more, in the few
scripts that ask for it: pictures and sounds behind the text, an id that a function call repeats or brings
late, a native stream that ends with an empty event. So is one of a model that puts notes beside its text.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mockserver.base.jsontext import dumps, loads
from mockserver.dialects.dialect import Dialect
from mockserver.dialects.events import Event, Shown, message_of
from mockserver.dialects.rendering import Envelope, Stream
from mockserver.dialects.table import dialect_of
from mockserver.talk.reply import Choice, Reply
from mockserver.talk.request import ChatRequest, ToolCall

IDS = ("restated", "late")
"""Where the id of a streamed function call may stand, beside the backend's own way.

`restated`: in the opening piece and the next one; those behind have none (users of qwen3-max and
qwen3-vl-235b-a22b-thinking, lobehub/lobehub#11649 and AstrBotDevs/AstrBot#7765, 2026). `late`: empty in the
opening piece, whole in the next one.
"""


def wanted(reply: Reply) -> bool:
    """Whether an answer is to be taken up at all."""
    if reply.empty_finish:
        return True
    for choice in reply.choices:
        if (
            choice.media
            or choice.notes
            or (choice.tool_calls and any(call.ids for call in choice.tool_calls))
        ):
            return True
    return False


def body(rendered: bytes, reply: Reply, request: ChatRequest, envelope: Envelope) -> bytes:
    """A whole answer with its media. The native text format has no place for any."""
    document, dialect = loads(rendered), dialect_of(request.surface)
    for shown in dialect.choices(document):
        choice = _choice(reply, shown)
        if choice.media:
            dialect.add_media(shown["message"], choice.media, envelope)
        if choice.notes:
            dialect.add_notes(shown["message"], choice.notes)
    return dumps(document)


def stream(rendered: Stream, reply: Reply, request: ChatRequest, envelope: Envelope) -> Stream:
    """A stream in the form that the script asks for."""
    dialect = dialect_of(request.surface)
    events = list(map(Event.of, rendered.frames, rendered.tokens))
    _place_ids(events, reply, dialect, cumulative=request.cumulative)
    for index, choice in enumerate(reply.choices):
        if choice.media:
            dialect.show_media(events, _of(events, index, dialect), choice, request, envelope)
        if choice.notes:
            dialect.show_notes(_of(events, index, dialect), choice.notes, request)
        if reply.empty_finish:
            dialect.empty_finish(events, _of(events, index, dialect))
    frames = [event.frame(number) for number, event in enumerate(events, 1)]
    return Stream(frames, [event.tokens for event in events])


def _choice(reply: Reply, shown: Mapping[str, Any]) -> Choice:
    index: int = shown.get("index", 0)
    return reply.choices[index]


def _of(events: Sequence[Event], index: int, dialect: Dialect) -> list[Shown]:
    """The events of one choice: their places, and the choice in each."""
    return [
        (at, shown)
        for at, event in enumerate(events)
        for shown in dialect.choices(event.payload or {})
        if shown.get("index", 0) == index
    ]


def _calls(
    event: Event, reply: Reply, dialect: Dialect
) -> Iterator[tuple[tuple[int, int], ToolCall, dict[str, Any]]]:
    """The pieces of function calls in an event: which call, as it was scripted, and its piece."""
    for shown in dialect.choices(event.payload or {}):
        for piece in message_of(shown).get("tool_calls") or ():
            place = shown.get("index", 0), piece["index"]
            yield place, reply.choices[place[0]].tool_calls[place[1]], piece


def _place_ids(events: list[Event], reply: Reply, dialect: Dialect, *, cumulative: bool) -> None:
    """Lets the id of each call stand where the script wants it.

    A call in one piece gets another one, without arguments. Events that repeat all that was said show a
    late id from the second on.
    """
    pieces = Counter(place for event in events for place, _, _ in _calls(event, reply, dialect))
    seen: Counter[tuple[int, int]] = Counter()
    for at in range(len(events) - 1, -1, -1):
        for place, call, _ in _calls(events[at], reply, dialect):
            if call.ids and pieces[place] == 1 and not cumulative:
                events.insert(at + 1, _alone(events[at], dialect))
    for event in events:
        for place, call, piece in _calls(event, reply, dialect):
            number = seen[place]
            seen[place] += 1
            if call.ids == "late" and number == 0 and (not cumulative or pieces[place] > 1):
                piece["id"] = ""
            elif call.ids and number == 1:
                piece["id"] = call.id
            elif call.ids == "restated" and number > 1 and not cumulative:
                piece.pop("id", None)


def _alone(opening: Event, dialect: Dialect) -> Event:
    """The piece behind the only one of a call; a native finish moves to it, as nothing comes behind one."""
    event = opening.after()
    for shown, before in zip(*(dialect.choices(one.payload or {}) for one in (event, opening)), strict=True):
        message = message_of(shown)
        message.pop("role", None) if "delta" in shown else before.update(finish_reason="null")
        for piece in message["tool_calls"]:
            piece["function"] = {"arguments": ""}
    return event
