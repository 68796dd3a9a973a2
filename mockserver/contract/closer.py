"""A closer look at a request whose history is right: how its messages say what was told.

What the dialects read alike may still be written wrongly: the order of media, whose thoughts are sent back,
what stands before a result in its turn, and which results are marked as failed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mockserver.contract.requirements import Failure
from mockserver.contract.told import Told, fitted, shape_of
from mockserver.contract.truth import first_difference
from mockserver.talk.request import Message


def at_place(body: Any, place: str) -> Any:
    """What stands at a place of a body, such as `messages[0].content`; None where nothing does."""
    for step in re.findall(r"\w+", place):
        if isinstance(body, list) and step.isdigit() and int(step) < len(body):
            body = body[int(step)]
        elif isinstance(body, Mapping):
            body = body.get(step)
        else:
            return None
    return body


def closer_look(
    body: Mapping[str, Any],
    history: Sequence[Told],
    sent: Sequence[Message],
    places: Sequence[str],
    *,
    number: int,
    read_from: int,
) -> list[Failure]:
    """What is wrong with the request of this number; thoughts are read from the message `read_from` on."""
    told = fitted(history, sent) or ()
    return [
        Failure(requirement, text, number, place)
        for at, (one, message, stands) in enumerate(zip(told, sent, places, strict=False))
        for requirement, text, place in (
            *_media(body, one, stands),
            *(_thought(one, message, stands) if at >= read_from else ()),
            *(_result(body, one, stands) if one.role == "tool" else ()),
        )
    ]


_Found = Iterator[tuple[str, str, str]]
"""The requirements that a message breaks, each with why and where."""


def _media(body: Mapping[str, Any], told: Told, place: str) -> _Found:
    """Media that stand otherwise among the texts of their message than they were said."""
    content = at_place(body, f"{place}.content") if told.parts else None
    shape = shape_of(content) if isinstance(content, list) else told.parts
    if shape != told.parts:
        text = f"said in the order {', '.join(told.parts)}, sent in the order {', '.join(shape)}"
        yield "media.sent", text, f"{place}.content"


def _thought(told: Told, message: Message, place: str) -> _Found:
    """A thought that the answer did not have; of one that was stopped its beginning will do."""
    if told.thinking is None or not message.reasoning or message.reasoning == told.thinking:
        return
    if not (told.beginning and told.thinking.startswith(message.reasoning)):
        yield "thinking.own", first_difference(told.thinking, message.reasoning), place


def _result(body: Mapping[str, Any], told: Told, place: str) -> _Found:
    """A result in a block: what stands before it in its turn, and whether it is said to have failed."""
    turn, _, step = place.partition(".content")
    blocks = at_place(body, f"{turn}.content") if step else ()
    before = [block["type"] for block in blocks[: int(step.strip("[]"))]] if step else []
    if set(before) - {"tool_result"}:
        text = f"another block stands between the calls and the result of {told.call_id!r}"
        yield "tools.order", text, place
    block = at_place(body, place)
    if isinstance(block, Mapping) and block.get("is_error") and not told.free:
        yield "tools.failed", f"the result of {told.call_id!r} is said to be of a call that failed", place
