"""Which format the words of a prompt ask for, told by its own markers (`fixtures/agents.json`)."""

from functools import cache

from mockserver.answer.course import known
from mockserver.talk.request import ChatRequest


@cache
def _marks() -> tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]:
    """The markers of each format, each in the cases in which it is written."""
    return tuple(
        (entry["id"], tuple((marker, marker.upper(), marker.title()) for marker in entry["markers"]))
        for entry in known()["formats"]["known"]
    )


@cache
def _first() -> tuple[str, ...]:
    """One marker of each format, in every case: a text without any of them asks for none."""
    return tuple(dict.fromkeys(spelled for _, markers in _marks() for spelled in markers[0]))


def asked_format(request: ChatRequest) -> str:
    """The format's id; "" for plain words, and where tools or a format are asked for by parameters."""
    said = "\n".join([message.text for message in request.messages])
    for marker in _first():  # every request is asked this: no generator
        if marker in said:
            return _told(request)
    return ""


def _told(request: ChatRequest) -> str:
    if request.tools or request.get("response_format"):
        return ""
    texts = [message.text for message in request.messages if message.role in ("system", "user")]
    for name, markers in _marks():
        if all(any(spelled in text for spelled in marker for text in texts) for marker in markers):
            return name
    return ""
