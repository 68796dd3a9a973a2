"""The word by which a conversation of several is told that its work is done."""

from mockserver.answer.course import any_of
from mockserver.talk.request import ChatRequest

_HEAD = 4_000
"""How much of the words of the system is read."""

_SPOKEN = 2
"""How many messages there are at least when something was done that may be done now."""


def closed(request: ChatRequest, said: str) -> str:
    """What is said, with the word behind it that the system wants to hear when the work is done.

    It is done when nothing is called any more and another had the word before.
    """
    spoken = sum(message.role != "system" for message in request.messages)
    if spoken < _SPOKEN:
        return said
    told = "\n".join(message.text[:_HEAD] for message in request.messages if message.role == "system")
    found = any_of("closing", "says").search(told) if told else None
    return f"{said} {found['word']}" if found else said
