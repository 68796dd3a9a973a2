"""Which format the words of a prompt ask for, told by its own markers (`fixtures/agents.json`)."""

from functools import cache

from mockserver.answer.course import known
from mockserver.talk.request import ChatRequest


@cache
def _marks() -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((entry["id"], tuple(entry["markers"])) for entry in known()["formats"]["known"])


def asked_format(request: ChatRequest) -> str:
    """The format's id; "" for plain words, and where tools or a format are asked for by parameters."""
    if request.tools or request.get("response_format"):
        return ""
    texts = [message.text for message in request.messages if message.role in ("system", "user")]
    for name, markers in _marks():
        if all(any(marker in text or marker in text.lower() for text in texts) for marker in markers):
            return name
    return ""
