"""The rules of files that a conversation names: they are there, and are its key's own."""

import re
from collections.abc import Callable, Iterator

from mockserver.rules.registry import Broken, Moment, rule
from mockserver.talk.finding import Severity
from mockserver.talk.request import ChatRequest

FILE = "fileid://"
"""How a system message begins that names documents of Qwen-Long; each may follow a turn."""

_ID = re.compile(rf"{FILE}((?:(?!{FILE})[A-Za-z0-9_-])+)")
"""An id ends where anything follows that no id has: a comma, a word of Chinese, the next one."""
_LINE = "long"
"""The models that read files by their ids."""


def named(request: ChatRequest) -> list[tuple[int, str]]:
    """The files that a request names: the index of the message, and the id."""
    if request.model.line != _LINE:
        return []
    return [
        (index, name)
        for index, message in enumerate(request.messages)
        if message.role == "system" and message.text.startswith(FILE)
        for name in _ID.findall(message.text)
    ]


@rule(
    "files.unknown",
    severity=Severity.REFUSED,
    source="Model Studio docs, error codes (zh), 2025-12: an id that is mistyped or of another account",
    fix="Upload the file with the same key, for `file-extract`, and name it by the id of the answer.",
    refusals=("file.invalid",),
    moment=Moment.FILES,
)
def _unknown(request: ChatRequest, there: Callable[[str], bool]) -> Iterator[Broken]:
    for index, name in named(request):
        if not there(name):
            yield Broken(f"{request.message_place(index)}.content", {"file": name})
