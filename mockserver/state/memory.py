"""The long-term memory of character models: a session's history, kept by the server.

A request that enables it sends new messages only; what was said before is loaded from the session
named by its `x-dashscope-aca-session` header. Every so many entries the history is summed up in at
most 1,000 tokens (Model Studio docs, role playing).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mockserver.meter.tokenizer import Tokenizer
from mockserver.talk.reply import Reply
from mockserver.talk.request import ChatRequest, Message

SESSION_HEADER = "x-dashscope-aca-session"
SUMMARY_TOKENS = 1000
"""The most tokens of a summary."""

DEFAULT_ENTRIES = 50
_EXCERPT = 60
_ENTRY = 200
"""About what a message takes in bytes beside its text."""


@dataclass(slots=True)
class Session:
    """What the server remembers of one conversation."""

    entries: list[Message] = field(default_factory=list)
    summary: str = ""
    size: int = 0
    """About how many bytes it takes."""


def _memory(request: ChatRequest) -> Mapping[str, Any]:
    return request.options("character_options").get("memory") or {}


def session_id(request: ChatRequest) -> str | None:
    """The session whose memory the request uses; None when it uses none."""
    if not (request.model.character and _memory(request).get("enable_long_term_memory")):
        return None
    return request.headers.get(SESSION_HEADER) or None


def recall(request: ChatRequest, session: Session | None) -> ChatRequest:
    """The request in its whole context: profile and summary first, then the history, then what is new."""
    if session is None and not request.model.character:
        return request
    options = request.options("character_options") if request.model.character else {}
    profile = str(options.get("profile") or "")
    summary = session.summary if session is not None else ""
    lead = "\n\n".join(text for text in (profile, summary) if text)
    before = [Message("system", lead)] if lead else []
    if session is not None:
        before += session.entries
    return replace(request, messages=(*before, *request.messages)) if before else request


def _summed_up(session: Session, tokenizer: Tokenizer) -> str:
    lines = [session.summary] if session.summary else ["[mock summary]"]
    # Each line has a token at least, and in the beginning of a text there are no more words than characters.
    lines += [
        f"{entry.role}: {' '.join(entry.text.split(maxsplit=_EXCERPT)[:_EXCERPT])[:_EXCERPT]}"
        for entry in session.entries[:SUMMARY_TOKENS]
    ]
    return tokenizer.head("\n".join(lines), SUMMARY_TOKENS)


def save(request: ChatRequest, reply: Reply, session: Session, tokenizer: Tokenizer) -> None:
    """Keeps what this turn added, as far as `skip_save_types` lets it, and sums up when it is time.

    `request` is the request as it was sent, without what was recalled.
    """
    skipped = set(_memory(request).get("skip_save_types") or ())
    session.entries += [message for message in request.messages if message.role not in skipped]
    if "output" not in skipped and reply.choices:
        session.entries.append(Message("assistant", reply.choices[0].content))
    if len(session.entries) >= int(_memory(request).get("memory_entries") or DEFAULT_ENTRIES):
        session.summary = _summed_up(session, tokenizer)
        session.entries.clear()
    session.size = len(session.summary) + sum(_ENTRY + len(entry.text) for entry in session.entries)
