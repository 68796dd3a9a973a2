"""What many engines that are one server do not share: what is refused instead, and what is not done.

No answer depends on the process that gives it.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from mockserver.catalogue.errors import Refusal, Voice, Words
from mockserver.scripts.sandbox import TemplateError
from mockserver.state.journal import Entry
from mockserver.talk.refused import Refused

APPS, CONVERSATIONS, COUNTERS = "apps", "conversations", "counters"
FILES, MOVES, SESSIONS = "files", "moves", "sessions"

ALONE: Mapping[str, str] = {
    CONVERSATIONS: "stored responses and conversations are refused, and no answer is stored",
    FILES: "files, batches and asynchronous tasks are refused",
    APPS: "apps are refused",
    SESSIONS: "the long-term memory of character models is refused",
    COUNTERS: "counter() in a template is refused",
    MOVES: "to put a script in the place of one for another key is refused: remove that one, and enter this",
    "caches": "no prompt finds a context cache: cached tokens are 0",
    "history": "no history is held against what was answered before",
}
"""What is not shared, and what is done about it."""

GONE = "state.unavailable"
"""The id of the refusal while the engine of the state does not answer."""


def _refused(status: int, id_: str, code: str, name: str, kind: str, message: str) -> Refused:
    words: Mapping[Voice, Words] = {
        "native": Words(code, message),
        "compat": Words(name, message, kind),
    }
    return Refused(Refusal(status, words, "door", id=id_))


def gone(reason: object) -> Refused:
    """The refusal while the engine does not answer."""
    message = (
        f"the shared state of this mock server cannot be used: {reason}; ask again when it answers "
        "(模拟服务器的共享状态暂不可用，请稍后重试)"
    )
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return _refused(status, GONE, "StateUnavailable", "state_unavailable", "server_error", message)


def is_gone(entry: Entry | None) -> bool:
    """Whether an exchange was refused because the engine did not answer."""
    return entry is not None and entry.refusal is not None and entry.refusal.id == GONE


def alone(what: str) -> Refused:
    """The refusal of what is not shared."""
    message = (
        f"a server with --state does not share this: {ALONE[what]}; ask one without --state "
        "(带 --state 的服务器不共享此功能，请使用不带 --state 的服务器)"
    )
    status = HTTPStatus.NOT_IMPLEMENTED
    return _refused(
        status, "state.not-shared", "NotShared", "state_not_shared", "invalid_request_error", message
    )


class NoCounters(dict[str, int]):
    """The counters of a template: there are none."""

    def get(self, _name: str, _default: Any = None) -> Any:
        """Raises `TemplateError`."""
        msg = f"a server with --state does not share this: {ALONE[COUNTERS]}; `use` counts a script's uses"
        raise TemplateError(msg)
