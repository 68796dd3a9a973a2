"""What a script asks of an answer's form beyond what its backend does.

The renderers know the forms of the recordings. Here a rendered answer is taken up once more, in the few
scripts that ask for it: pictures and sounds behind the text, an id that a function call repeats or brings
late, a native stream that ends with an empty event.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from mockserver.base.jsontext import dumps, loads
from mockserver.dialects.rendering import Envelope, Stream
from mockserver.talk.reply import Choice, Reply
from mockserver.talk.request import ChatRequest, Part, ToolCall
from mockserver.wire import sse

IDS = ("restated", "late")
"""Where the id of a streamed function call may stand, beside the backend's own way.

`restated`: in the opening piece and the next one; those behind have none (users of qwen3-max and
qwen3-vl-235b-a22b-thinking, lobehub/lobehub#11649 and AstrBotDevs/AstrBot#7765, 2026). `late`: empty in the
opening piece, whole in the next one.
"""

_GOOD_FOR = 3600
"""For how many seconds a compatible client may name a sound again, where a script does not say."""


def wanted(reply: Reply) -> bool:
    """Whether an answer is to be taken up at all."""
    if reply.empty_finish:
        return True
    for choice in reply.choices:
        if choice.media or (choice.tool_calls and any(call.ids for call in choice.tool_calls)):
            return True
    return False


def body(rendered: bytes, reply: Reply, request: ChatRequest, envelope: Envelope) -> bytes:
    """A whole answer with its media. The native text format has no place for any."""
    document = loads(rendered)
    for shown in _choices(document):
        media = _choice(reply, shown).media
        if media:
            _add_media(shown["message"], media, request, envelope)
    return dumps(document)


def stream(rendered: Stream, reply: Reply, request: ChatRequest, envelope: Envelope) -> Stream:
    """A stream in the form that the script asks for."""
    events = list(map(_Event.of, rendered.frames, rendered.tokens))
    _place_ids(events, reply, cumulative=request.surface.native and not request.incremental)
    for index, choice in enumerate(reply.choices):
        if choice.media:
            add = _native_media if request.surface.native else _compat_media
            add(events, index, choice, request, envelope)
        if reply.empty_finish and request.surface.native:
            _empty_finish(events, index)
    frames = [event.frame(number) for number, event in enumerate(events, 1)]
    return Stream(frames, [event.tokens for event in events])


@dataclass(slots=True)
class _Event:
    """One frame of a stream, opened: what stands before its data, and that as JSON; None for `[DONE]`."""

    head: bytes
    payload: dict[str, Any] | None
    tokens: int
    raw: bytes

    @classmethod
    def of(cls, frame: bytes, tokens: int) -> "_Event":
        head, _, data = frame.partition(b"data:")
        payload = None if data.strip() == b"[DONE]" else loads(data)
        return cls(head.partition(b"\n")[2], payload, tokens, frame)

    def frame(self, number: int) -> bytes:
        """The frame again; native ones are numbered."""
        if self.payload is None:
            return self.raw
        data = dumps(self.payload)
        numbered = b"id:%d\n%bdata:%b\n\n" % (number, self.head, data)
        return numbered if self.head else sse.compat_frame(data)

    def after(self) -> "_Event":
        """A copy to stand behind it, which says nothing that costs."""
        return _Event(self.head, deepcopy(self.payload), 0, b"")


def _choices(document: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The choices of an answer or an event; none in the native text format."""
    found: list[dict[str, Any]] = (document or {}).get("output", document or {}).get("choices") or []
    return found


def _choice(reply: Reply, shown: Mapping[str, Any]) -> Choice:
    index: int = shown.get("index", 0)
    return reply.choices[index]


def _message(shown: Mapping[str, Any]) -> dict[str, Any]:
    """What a choice says: its delta, or its message."""
    said: dict[str, Any] = shown["delta"] if "delta" in shown else shown["message"]
    return said


def _of(events: list[_Event], index: int) -> list[tuple[int, dict[str, Any]]]:
    """The events of one choice: their places, and the choice in each."""
    return [
        (at, shown)
        for at, event in enumerate(events)
        for shown in _choices(event.payload)
        if shown.get("index", 0) == index
    ]


def _audio(value: Any, envelope: Envelope) -> dict[str, Any]:
    """A sound as the compatible surface carries it (Model Studio docs, Qwen-Omni, 2026)."""
    given = value if isinstance(value, Mapping) else {"data": value}
    own = {"expires_at": envelope.created + _GOOD_FOR, "id": f"audio_{envelope.request_id}"}
    return {"data": given.get("data", ""), **own, **given}


def _compat_part(part: Part, envelope: Envelope) -> dict[str, Any]:
    """The fields of a message that carry one medium on the compatible surface."""
    if part.kind == "audio":
        return {"audio": _audio(part.value, envelope)}
    return {"content": [{"type": "image_url", "image_url": {"url": part.value}}]}


def _add_media(
    message: dict[str, Any], media: tuple[Part, ...], request: ChatRequest, envelope: Envelope
) -> None:
    """Puts media behind the text of a whole message."""
    said = message["content"]
    if request.surface.native:
        text = said if isinstance(said, list) else [{"text": said}] * bool(said)
        message["content"] = [*text, *({part.kind: part.value} for part in media)]
        return
    for part in media:
        carried = _compat_part(part, envelope)
        if "content" in carried:
            before = message["content"]
            text = before if isinstance(before, list) else [{"type": "text", "text": before}] * bool(before)
            carried["content"] = [*text, *carried["content"]]
        message |= carried


def _native_media(
    events: list[_Event], index: int, choice: Choice, request: ChatRequest, envelope: Envelope
) -> None:
    """Media stand in the last event that says something: of deltas the last text, else the last event."""
    own = [shown for _, shown in _of(events, index)]
    said = [shown for shown in own if shown["message"]["content"]] if request.incremental else []
    for shown in (said or own)[-1:]:
        _add_media(shown["message"], choice.media, request, envelope)


def _compat_media(
    events: list[_Event], index: int, choice: Choice, _: ChatRequest, envelope: Envelope
) -> None:
    """Each medium is a chunk of its own, before the one that finishes the choice."""
    own = [at for at, _shown in _of(events, index)]
    for part in reversed(choice.media):
        event = events[own[-2]].after()
        for shown in _choices(event.payload):
            shown["delta"] = _compat_part(part, envelope)
        events.insert(own[-1], event)


def _empty_finish(events: list[_Event], index: int) -> None:
    """Moves the finish of a native choice to an event that says nothing, behind all that it said."""
    places = [at for at, _ in _of(events, index)] or [len(events) - 1]
    event = events[places[-1]]
    empty = event.after()
    output = (empty.payload or {})["output"]
    if "text" in output:
        output["text"], (event.payload or {})["output"]["finish_reason"] = "", "null"
        events.insert(places[-1] + 1, empty)
        return
    (shown,), (before,) = _choices(empty.payload), _choices(event.payload)
    message = shown["message"]
    if not (message["content"] or message.get("tool_calls") or message.get("reasoning_content")):
        return
    before["finish_reason"] = "null"
    shown.pop("logprobs", None)
    message.pop("tool_calls", None)
    message["content"] = [] if isinstance(message["content"], list) else ""
    if "reasoning_content" in message:
        message["reasoning_content"] = ""
    events.insert(places[-1] + 1, empty)


def _calls(event: _Event, reply: Reply) -> Iterator[tuple[tuple[int, int], ToolCall, dict[str, Any]]]:
    """The pieces of function calls in an event: which call, as it was scripted, and its piece."""
    for shown in _choices(event.payload):
        for piece in _message(shown).get("tool_calls") or ():
            place = shown.get("index", 0), piece["index"]
            yield place, reply.choices[place[0]].tool_calls[place[1]], piece


def _place_ids(events: list[_Event], reply: Reply, *, cumulative: bool) -> None:
    """Lets the id of each call stand where the script wants it.

    A call in one piece gets another one, without arguments. Events that repeat all that was said show a
    late id from the second on.
    """
    pieces = Counter(place for event in events for place, _, _ in _calls(event, reply))
    seen: Counter[tuple[int, int]] = Counter()
    for at in range(len(events) - 1, -1, -1):
        for place, call, _ in _calls(events[at], reply):
            if call.ids and pieces[place] == 1 and not cumulative:
                events.insert(at + 1, _alone(events[at]))
    for event in events:
        for place, call, piece in _calls(event, reply):
            number = seen[place]
            seen[place] += 1
            if call.ids == "late" and number == 0 and (not cumulative or pieces[place] > 1):
                piece["id"] = ""
            elif call.ids and number == 1:
                piece["id"] = call.id
            elif call.ids == "restated" and number > 1 and not cumulative:
                piece.pop("id", None)


def _alone(opening: _Event) -> _Event:
    """The piece behind the only one of a call; a native finish moves to it, as nothing comes behind one."""
    event = opening.after()
    for shown, before in zip(_choices(event.payload), _choices(opening.payload), strict=True):
        message = _message(shown)
        message.pop("role", None) if "delta" in shown else before.update(finish_reason="null")
        for piece in message["tool_calls"]:
            piece["function"] = {"arguments": ""}
    return event
