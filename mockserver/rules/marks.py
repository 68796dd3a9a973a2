"""What of a request some rule cares for beside its parameters, found in one pass."""

from enum import StrEnum

from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Trait

ERROR_STARTS = ("{", "data:", "id:", "event:")
"""How an error begins that a client took for an answer: a JSON body, or a frame of a stream."""


class Mark(StrEnum):
    """Something that most requests do not have.

    `NARROW_MODEL`: the model takes one turn only, or streams only. `THINKS_AT_ONCE`: it may think, no
    stream is asked for, and it is none of those that are known to think without. `ASYNCHRONOUS`: a native
    request asks for a task.
    """

    TOOLS = "@tools"
    PARTIAL = "@partial"
    MEDIA = "@media"
    REASONING = "@reasoning"
    EMPTY = "@empty"
    LATE_SYSTEM = "@late-system"
    NO_USER = "@no-user"
    ERROR_TEXT = "@error-text"
    NARROW_MODEL = "@narrow-model"
    THINKS_AT_ONCE = "@thinks-at-once"
    ASYNCHRONOUS = "@asynchronous"


def marks_of(request: ChatRequest) -> list[Mark]:  # noqa: C901, PLR0912 - one pass, for every request
    """The marks of a request, some of them perhaps more than once."""
    marks: list[Mark] = []
    model = request.model
    if model.single_turn or model.stream_only:
        marks.append(Mark.NARROW_MODEL)
    if not request.stream and model.thinking != "none" and not model.thinking_plain:
        marks.append(Mark.THINKS_AT_ONCE)
    if Trait.TASKS in request.surface.traits and request.headers.get("x-dashscope-async") == "enable":
        marks.append(Mark.ASYNCHRONOUS)
    asked = spoken = False
    for message in request.messages:
        role = message.role
        if role == "user":
            asked = spoken = True
        elif role == "assistant":
            spoken = True
            if message.text.startswith(ERROR_STARTS):
                marks.append(Mark.ERROR_TEXT)
        elif role == "system":
            if spoken:
                marks.append(Mark.LATE_SYSTEM)
        else:
            spoken = True
            marks.append(Mark.TOOLS)
        if not message.text or message.media or message.reasoning or message.partial:
            if message.media:
                marks.append(Mark.MEDIA)
            elif not message.text:
                marks.append(Mark.EMPTY)
            if message.reasoning:
                marks.append(Mark.REASONING)
            if message.partial:
                marks.append(Mark.PARTIAL)
        if message.tool_calls:
            marks.append(Mark.TOOLS)
    if not asked:
        marks.append(Mark.NO_USER)
    return marks
