"""Why an answer has the status 500: who fuzzes knows what it scripted, and what the cloud answers so.

Whatever else fails is a fault of the server. `reason` names it, so that each kind is told once.
"""

from __future__ import annotations

import json
import re

from good import BROKEN

from mockserver.catalogue import errors
from mockserver.wire import sse

SCRIPTS = {
    "mock_template": "a template that cannot be filled",
    "mock_match": "a condition that cannot be decided",
}
"""The codes of what is wrong with a script, which only who fuzzes can have entered."""

RECORDED = ("internal.algo-translation-role",)
"""What the cloud itself answers with the status 500 to a request: entries of `fixtures/errors.json`."""

_ENTRIES = errors.load()
_CHUNK = re.compile(rb"(?:\r\n)?[0-9a-f]+\r\n")


def reason(answer: bytes) -> tuple[str, bool]:
    """Return why an answer failed, and whether it was to fail: the bytes are those off the network."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if b"chunked" in head.lower():
        body = _CHUNK.sub(b"", body)
    try:
        said = json.loads(body if body[:1] in b"{[" else sse.read(body)[-1].data or "")
    except (ValueError, IndexError):
        if f'"{BROKEN["code"]}"'.encode() in body:  # of a long answer only the beginning was heard
            return "the error that was scripted", True
        return f"no JSON: {body[:200]!r}", False
    words = said.get("error", said)
    code, message = str(words.get("code")), str(words.get("message"))
    if code in SCRIPTS:
        return SCRIPTS[code], True
    if code == BROKEN["code"] or message == BROKEN["message"]:
        return "the error that was scripted", True
    for name in RECORDED:
        if any(words.message in message for words in _ENTRIES[name].words.values()):
            return name, True
    return f"{code}: {message[:200]}", False
