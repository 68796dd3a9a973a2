"""Answers whose text or thinking comes in two: blocks, parts or messages, whole or in a stream."""

from collections.abc import Mapping
from typing import Any

from mockserver.base.values import value
from mockserver.dialects.events import message_of
from mockserver.faults.planned import Frame, Planned
from mockserver.wire.ids import derived

_OF_A_PART = frozenset(
    {
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
    }
)
_OF_A_MESSAGE = _OF_A_PART | {"response.output_item.added", "response.output_item.done"}
"""The events of a part of a message, and of a message, in a stream of responses."""

_TEXTS: Mapping[str | None, str] = {None: "text", "text": "text", "output_text": "text"}
"""The types of a part or a block that is a text, and where it stands; native parts have no type."""

_THOUGHTS: Mapping[str | None, str] = {"thinking": "thinking", "summary_text": "text"}
"""The types of a block that is a thought, and of a part of one."""


def with_several_texts(planned: Planned) -> tuple[Frame, ...]:
    """The text of an answer in two blocks on Anthropic's surface, in two parts of one message in responses.

    A whole answer of the native multimodal surface has two parts too; how parts of its events would belong
    together is not known. Other surfaces have one text.
    """
    if not planned.streamed:
        return planned.changed(_two_texts)
    said = [at for at, frame in enumerate(planned.frames) if _text_piece(frame.payload or {})]
    if not said[1:]:
        return planned.frames
    if "output_index" in (planned.frames[said[0]].payload or {}):
        return _retold(planned, said, messages=False)
    return _two_blocks(planned.frames, said[len(said) // 2])


def with_several_thoughts(planned: Planned) -> tuple[Frame, ...]:
    """The thinking of an answer in two blocks on Anthropic's surface; in a whole response in two parts.

    Other surfaces have one text for it, and a stream of responses says of no part where it begins.
    """
    if not planned.streamed:
        return planned.changed(_two_thoughts)
    thought = [at for at, frame in enumerate(planned.frames) if _piece_of(_payload(frame), "thinking_delta")]
    return _two_blocks(planned.frames, thought[len(thought) // 2]) if thought[1:] else planned.frames


def with_several_messages(planned: Planned) -> tuple[Frame, ...]:
    """The text of a response in two messages, one behind the other. Other dialects have one message."""
    if not planned.streamed:
        return planned.changed(_two_messages)
    said = [at for at, frame in enumerate(planned.frames) if _text_piece(frame.payload or {})]
    if not said[1:] or "output_index" not in (planned.frames[said[0]].payload or {}):
        return planned.frames
    return _retold(planned, said, messages=True)


# Whole answers.


def _two_texts(payload: dict[str, Any]) -> bool:
    """Parts every text of a body that stands in a list; whether there was one."""
    output = payload.get("output")
    holders = [payload]
    if isinstance(output, list):
        holders = output
    elif output is not None:
        holders = [message_of(choice) for choice in output.get("choices") or ()]
    lists = [holder for holder in holders if isinstance(holder.get("content"), list)]
    for holder in lists:
        holder["content"] = [half for part in holder["content"] for half in _halves(part)]
    return bool(lists)


def _two_thoughts(payload: dict[str, Any]) -> bool:
    """Parts every thought of a body that stands in a list; whether there may be one."""
    output, content = payload.get("output"), payload.get("content")
    if isinstance(content, list):
        payload["content"] = [half for block in content for half in _halves(block, _THOUGHTS)]
    items = output if isinstance(output, list) else []
    for item in items:
        if "summary" in item:
            item["summary"] = [half for part in item["summary"] for half in _halves(part, _THOUGHTS)]
    return bool(items or content)


def _halves(part: dict[str, Any], kinds: Mapping[str | None, str] = _TEXTS) -> list[dict[str, Any]]:
    """What is of one of these kinds in two; what is not, or is too short for that, as it is."""
    name = kinds.get(part.get("type"), "")
    text = part.get(name, "")
    if not text[1:]:
        return [part]
    half = len(text) // 2
    return [{**part, name: text[:half]}, {**part, name: text[half:]}]


def _two_messages(payload: dict[str, Any]) -> bool:
    """Parts every message of a whole response; whether there was one."""
    output = payload.get("output")
    if isinstance(output, list):
        payload["output"] = [one for item in output for one in _halved(item)]
    return isinstance(output, list)


def _halved(item: dict[str, Any]) -> list[dict[str, Any]]:
    """An item of a whole response; a message whose text is long enough is two."""
    texts = [half["text"] for half in _halves(item["content"][0])] if item["type"] == "message" else []
    return _Two((texts[0], texts[1]), messages=True).items(item) if texts[1:] else [item]


@value
class _Two:
    """The text of a response in two: what each half says, and whether they are messages or parts of one."""

    texts: tuple[str, str]
    messages: bool

    def items(self, item: dict[str, Any]) -> list[dict[str, Any]]:
        """What an item becomes: one that is no message stays as it is. The first half is never cut."""
        if item["type"] != "message":
            return [item]
        first, second = ([{**part, "text": text} for part in item["content"]] for text in self.texts)
        if not self.messages:
            return [{**item, "content": first + second}]
        status = "completed" if item["status"] == "incomplete" else item["status"]
        later = {**item, "id": self.second(item["id"]), "content": second}
        return [{**item, "status": status, "content": first}, later]

    def second(self, item_id: str) -> str:
        """The id of the item that the second half is in."""
        return f"msg_{derived(item_id, 'second')}" if self.messages else item_id

    def event(self, payload: dict[str, Any], half: int) -> dict[str, Any]:
        """An event of the text as one of a half of it."""
        told = dict(payload)
        if "text" in told:
            told["text"] = self.texts[half]
        if told.get("part", {}).get("text"):
            told["part"] = {**told["part"], "text": self.texts[half]}
        if "item" in told:
            told["item"] = self.items(told["item"])[half]
        if half and not self.messages:
            return told | {"content_index": 1}
        if half:
            told["output_index"] += 1
            if "item_id" in told:
                told["item_id"] = self.second(told["item_id"])
        return told

    def behind(self, payload: dict[str, Any]) -> dict[str, Any]:
        """An event behind the text: it counts on, and repeats what was said in two."""
        told = dict(payload)
        if "output_index" in told:
            told["output_index"] += self.messages
        if "item" in told:
            told["item"] = self.items(told["item"])[0]
        if "response" in told:
            output = [one for item in told["response"]["output"] for one in self.items(item)]
            told["response"] = {**told["response"], "output": output}
        return told


# Streams.


def _payload(frame: Frame) -> dict[str, Any]:
    return frame.payload or {}


def _piece_of(payload: dict[str, Any], kind: str) -> bool:
    """Whether an event has a piece of a block of this kind."""
    delta = payload.get("delta")
    return isinstance(delta, dict) and delta.get("type") == kind


def _text_piece(payload: dict[str, Any]) -> bool:
    """Whether an event has a piece of the text of a block or of a part."""
    return _piece_of(payload, "text_delta") or payload.get("type") == "response.output_text.delta"


def _two_blocks(frames: tuple[Frame, ...], half: int) -> tuple[Frame, ...]:
    """Anthropic's events, a block in two from one of its pieces on."""
    index = (frames[half].payload or {})["index"]
    ended = {"type": "content_block_stop", "index": index}
    started = next(one for one in map(_payload, frames) if one.get("index") == index)
    begun = {**started, "index": index + 1}
    later = []
    for frame in frames[half:]:
        payload = frame.payload or {}
        moved = {**payload, "index": payload["index"] + 1} if "index" in payload else payload
        later.append(frame.saying(moved))
    return (*frames[:half], frames[half].beside(ended), frames[half].beside(begun), *later)


def _retold(planned: Planned, said: list[int], *, messages: bool) -> tuple[Frame, ...]:
    """The events of a response, what it says in two from one of its pieces on: messages, or parts of one.

    The events that begin and end the text are there twice: for each half with what is its own.
    """
    frames = planned.frames
    payloads = [frame.payload or {} for frame in frames]
    half, kinds = said[len(said) // 2], _OF_A_MESSAGE if messages else _OF_A_PART
    item = payloads[half]["item_id"]
    own = [at for at, one in enumerate(payloads) if one.get("type") in kinds and _item(one) == item]
    start, end = own[0], own[-1] + 1
    spoken = [(at, payloads[at]["delta"]) for at in said]
    first = "".join(text for at, text in spoken if at < half)
    second = "".join(text for at, text in spoken if at >= half)
    two = _Two((first, second), messages=messages)
    told = [
        *frames[:half],
        *(frames[half].beside(two.event(payloads[at], 0)) for at in range(said[-1] + 1, end)),
        *(frames[half].beside(two.event(payloads[at], 1)) for at in range(start, said[0])),
        *(frames[at].saying(two.event(payloads[at], 1)) for at in range(half, end)),
        *(frames[at].saying(two.behind(payloads[at])) for at in range(end, len(frames))),
    ]
    return planned.numbered(
        frame.saying({**(frame.payload or {}), "sequence_number": number})
        for number, frame in enumerate(told)
    )


def _item(payload: dict[str, Any]) -> str:
    """The id of the item that an event belongs to; "" where it belongs to none."""
    return str(payload.get("item_id") or payload.get("item", {}).get("id", ""))
