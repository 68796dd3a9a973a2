"""How far the work of a conversation has come: what was asked for, what was called for it, what came back.

Frameworks send the result of a call as a tool's message or as a user's, and tell in either what was wrong
with an answer. Which words they use is data (`fixtures/agents.json`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from mockserver.base import resources
from mockserver.base.jsontext import canonical
from mockserver.base.values import value
from mockserver.talk.request import ChatRequest, Message

_HEAD = 400
"""How much of a message is read to tell what it is."""

_STRETCH, _BORDER = 20_000, 1_000
"""How much of a text is searched at once, and how far what begins in it may go on behind it."""


@cache
def known() -> Mapping[str, Any]:
    """What is known of agents."""
    data: Mapping[str, Any] = resources.fixture("agents")
    return data


@cache
def any_of(topic: str, part: str, *, at_start: bool = False) -> re.Pattern[str]:
    """One expression for all patterns of a topic."""
    joined = "|".join(f"(?:{pattern})" for pattern in known()[topic][part])
    return re.compile(rf"\s*+(?:{joined})" if at_start else joined, re.IGNORECASE)


def may(topic: str, text: str) -> bool:
    """Whether a text has a word without which no pattern of a topic holds: to search for all takes long."""
    said = text.lower()
    return any(cue in said for cue in known()[topic]["cues"])


def is_result(text: str) -> bool:
    """Whether a user's message holds what a tool has answered."""
    return any_of("results", "begins", at_start=True).match(text[:_HEAD]) is not None


def complains(text: str) -> bool:
    """Whether a text says that an answer could not be used."""
    head = text[:_HEAD]
    return may("complaints", head) and any_of("complaints", "says").search(head) is not None


@cache
def _marks() -> re.Pattern[str]:
    return re.compile(f"<(/?)({'|'.join(map(re.escape, known()['asides']['tags']))})>")


def parted(message: Message) -> tuple[str, str]:
    """The words of a user's message, and what a framework reminds the model of within them."""
    text = message.text
    if message.role != "user":
        return text, ""
    head, text = _headed(text)
    if "</" not in text:
        return text, head
    words, asides = list[str](), [head] if head else list[str]()
    done, open_at, depth, name = 0, 0, 0, ""
    for mark in _marks().finditer(text):
        if (mark[2] != name) if depth else mark[1]:
            continue
        if not depth:
            open_at, name = mark.start(), mark[2]
        depth += -1 if mark[1] else 1
        if not depth:
            words.append(text[done:open_at])
            asides.append(text[open_at : mark.end()])
            done = mark.end()
    words.append(text[done:])
    return ("".join(words).strip(), "\n".join(asides)) if asides else (text, "")


def _headed(text: str) -> tuple[str, str]:
    """What a framework puts in front of a user's words under marks of its own, and the words."""
    for begins, ends in known()["asides"]["heads"]:
        if text.startswith(begins) and ends in text:
            head, _, words = text.partition(ends)
            return head, words.strip()
    return "", text


_RESULT = 1_000_000
"""How much of what a tool has answered may have such words in it: nothing else runs while they are sought."""


@cache
def _strips() -> re.Pattern[str]:
    return re.compile(
        "|".join(f"(?:{one})" for one in known()["formats"]["strip"]), re.IGNORECASE | re.MULTILINE
    )


def bare(text: str) -> str:
    """What a tool has answered, without the words that a framework puts around it."""
    return (_strips().sub("", text[:_RESULT]) + text[_RESULT:]).strip()


@value
class Course:
    """The work on one question.

    `question` is the text that asks; `calls` were made since and served; `tried` were made, each with its
    canonical arguments, whether or not it served; `said` is what the model wrote beside them, and
    `results` is what came back. `complaint`
    says what was wrong with the last attempt, "" when nothing was. `answered`: a result is the last word.
    `reminded` is what a framework has told the model meanwhile.
    """

    question: str
    calls: tuple[str, ...] = ()
    tried: tuple[tuple[str, str], ...] = ()
    said: str = ""
    results: tuple[str, ...] = ()
    complaint: str = ""
    answered: bool = False
    reminded: str = ""

    def times(self, name: str) -> int:
        """How often a tool was called with success, by a call or by words that stand for one."""
        if self.tried or not (self.answered or self.complaint):
            return self.calls.count(name)
        return len(re.findall(rf"(?<!\w){re.escape(name)}(?!\w)", self.said)) if name in self.said else 0

    def failures(self, name: str) -> int:
        """How often a tool was called with arguments that it could not use."""
        return sum(name == tried for tried, _ in self.tried) - self.calls.count(name)


def course_of(request: ChatRequest) -> Course:
    """The work on the last question of a conversation."""
    messages, reminded = _spoken(request.messages)
    start = _question(messages)
    question = messages[start].text if start >= 0 else request.last_user
    behind = messages[start + 1 :]
    if not behind:
        return Course(question, reminded=reminded)
    last = behind[-1]
    complaint = last.text if last.role in ("user", "tool") and complains(last.text) else ""
    failed = {
        message.tool_call_id for message in behind if message.role == "tool" and complains(message.text)
    }
    calls = [call for message in behind for call in message.tool_calls]
    return Course(
        question,
        tuple(call.name for call in calls if call.id not in failed),
        tuple((call.name, canonical(call.arguments)) for call in calls),
        "\n".join(message.text for message in behind if message.role == "assistant" and message.text),
        tuple(
            bare(message.text) if message.role == "user" else message.text
            for message in behind
            if message.role in ("tool", "user") and message.text and not complains(message.text)
        ),
        complaint,
        last.role in ("user", "tool") and not complaint,
        reminded,
    )


def _spoken(messages: tuple[Message, ...]) -> tuple[tuple[Message, ...], str]:
    """The messages without what a framework reminds the model of, and that; all where no word is left."""
    if not any(_may_hold_asides(message.text) for message in messages):
        return messages, ""
    found = [parted(message) for message in messages]
    reminded = "\n".join(aside for _, aside in found if aside)
    if not reminded or not any(
        words for message, (words, _) in zip(messages, found, strict=True) if message.role == "user"
    ):
        return messages, ""
    spoken = (
        replace(message, text=words) if aside else message
        for message, (words, aside) in zip(messages, found, strict=True)
        if words or not aside
    )
    return tuple(spoken), reminded


def _may_hold_asides(text: str) -> bool:
    return "</" in text or text.startswith(_heads())


@cache
def _heads() -> tuple[str, ...]:
    return tuple(begins for begins, _ in known()["asides"]["heads"])


def _question(messages: tuple[Message, ...]) -> int:
    """Where the last user's message stands that is neither a result nor a complaint; -1 for none."""
    at = next((at for at, message in enumerate(messages) if message.role in ("user", "assistant")), 0) + 1
    for index in range(len(messages) - 1, -1, -1):
        message = messages[index]
        if message.role != "user":
            continue
        if index < at or not (is_result(message.text) or complains(message.text)):
            return index
    return -1


def ends(name_parts: Iterable[str], description: str) -> bool:
    """Whether a tool's name or description says that it ends the work."""
    return not set(known()["ending"]["parts"]).isdisjoint(name_parts) or bool(
        any_of("ending", "says").search(description[:_HEAD])
    )


def directory(request: ChatRequest) -> str:
    """The folder that the conversation says it works in; "" when it names none."""
    expression = _directories()
    for message in reversed(request.messages):
        if message.role == "assistant" or not may("directory", message.text):
            continue
        if found := _searched(expression, message.text):
            return next(path for path in found.groups() if path).rstrip("/.") or "/"
    return ""


def _searched(expression: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Search a text stretch by stretch: nothing else runs while an expression looks through one."""
    for at in range(0, len(text), _STRETCH):
        if found := expression.search(text, at, at + _STRETCH + _BORDER):
            return expression.match(text, found.start())
    return None


@cache
def _directories() -> re.Pattern[str]:
    patterns = (pattern.replace("?P<path>", "") for pattern in known()["directory"]["says"])
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
