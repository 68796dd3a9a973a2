"""What every client program in Python shares: jobs come in, reports go out.

A job is one line of JSON on stdin, its report one line of JSON on stdout, in the same order; the program
ends with its input. The programs in other languages keep to the same lines. Jobs are written in ASCII, all
else escaped, so that no reader can break a line at U+2028.

The program keeps the history itself, and with what its SDK told it: a wrong first answer shows up in the
second request.
"""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, NotRequired, TypedDict

Message = dict[str, Any]
"""A message of the history: `role` and `content`, and `partial` where the answer was begun for the model."""


class Job(TypedDict):
    """A conversation to hold."""

    openai_url: str
    native_url: str
    surface: str
    key: str
    model: str
    say: list[str]
    system: str | None
    stream: bool
    n: int
    parameters: dict[str, Any]
    headers: NotRequired[dict[str, str]]
    begin: NotRequired[str | None]
    """How each answer begins: sent as a partial message, which the model goes on with."""


class Choice(TypedDict):
    """One answer, as the SDK told it."""

    content: str
    reasoning: str
    finish_reason: str | None


class Failure(TypedDict):
    """An error, as the SDK told it; `body` is a response that it could not read and handed on as text."""

    kind: str
    status: int | None
    code: str | None
    message: str
    body: NotRequired[str | None]


class Turn(TypedDict):
    """What came of one question: an answer, or `error`."""

    choices: NotRequired[list[Choice]]
    usage: NotRequired[dict[str, Any]]
    id: NotRequired[str]
    pieces: NotRequired[int]
    error: NotRequired[Failure]


class Report(TypedDict):
    """What came of a job; it ends with the first turn that failed."""

    turns: list[Turn]


class RefusedError(Exception):
    """Carries the failure of an SDK that returns errors instead of raising them."""

    def __init__(self, failure: Failure) -> None:
        """Keep `failure` for the report."""
        super().__init__(failure["message"])
        self.failure = failure


class Gathering:
    """Puts one turn together from whole responses or from the pieces of a stream.

    It reads strictly: pieces of one answer must agree on the id, a cumulative text may only grow, and nothing
    may follow the finish reason.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self._choices: dict[int, Choice] = {}
        self._ids: set[str] = set()
        self._usage: dict[str, Any] = {}
        self._pieces = 0

    def envelope(self, *, answer_id: str, usage: Mapping[str, Any] | None) -> None:
        """Note what surrounds the choices of one response or piece; the last usage counts."""
        self._ids.add(answer_id)
        self._pieces += 1
        if usage:
            self._usage = dict(usage)

    def choice(
        self,
        *,
        index: int,
        content: str | None,
        reasoning: str | None,
        finish_reason: str | None,
        cumulative: bool = False,
    ) -> None:
        """Note one choice of one response or piece; the native running mark, the text "null", means None."""
        choice = self._choices.setdefault(index, Choice(content="", reasoning="", finish_reason=None))
        if cumulative:
            if not (content or "").startswith(choice["content"]):
                message = f"cumulative text {content!r} does not begin with {choice['content']!r}"
                raise ValueError(message)
            choice["content"] = content or ""
            choice["reasoning"] = reasoning or choice["reasoning"]
        elif choice["finish_reason"] and (content or reasoning):
            message = f"text {content!r}, thoughts {reasoning!r} after {choice['finish_reason']!r}"
            raise ValueError(message)
        else:
            choice["content"] += content or ""
            choice["reasoning"] += reasoning or ""
        if finish_reason not in (None, "null"):
            choice["finish_reason"] = finish_reason

    def turn(self) -> Turn:
        """Give the finished turn, its choices in the order of their indexes."""
        if len(self._ids) != 1:
            message = f"the pieces carry the ids {sorted(self._ids)}, not one"
            raise ValueError(message)
        if sorted(self._choices) != list(range(len(self._choices))):
            message = f"the choices have the indexes {sorted(self._choices)}"
            raise ValueError(message)
        return Turn(
            choices=[self._choices[index] for index in sorted(self._choices)],
            usage=self._usage,
            id=self._ids.pop(),
            pieces=self._pieces,
        )


Ask = Callable[[Job, list[Message]], Turn]
"""Sends the history so far and gives the turn that came of it."""


def failure_of(error: Exception) -> Failure:
    """Describe an exception by the attributes that the Python SDKs agree on."""
    if isinstance(error, RefusedError):
        return error.failure
    return Failure(
        kind=type(error).__name__,
        status=getattr(error, "status_code", None),
        code=getattr(error, "code", None),
        message=str(getattr(error, "message", error)),
        body=unread if isinstance(unread := getattr(error, "body", None), str) else None,
    )


def converse(job: Job, ask: Ask) -> Report:
    """Hold one conversation; the first choice of an answer goes into the history."""
    history: list[Message] = [{"role": "system", "content": job["system"]}] if job["system"] else []
    turns: list[Turn] = []
    begin = job.get("begin") or ""
    begun: list[Message] = [{"role": "assistant", "content": begin, "partial": True}] if begin else []
    for text in job["say"]:
        history.append({"role": "user", "content": text})
        try:
            turns.append(ask(job, history + begun))
        except Exception as error:  # noqa: BLE001 -- whatever an SDK raises is to be reported
            turns.append(Turn(error=failure_of(error)))
            break
        history.append({"role": "assistant", "content": begin + turns[-1]["choices"][0]["content"]})
    return Report(turns=turns)


def serve(ask: Ask) -> None:
    """Answer every job on stdin with a report on stdout; what an SDK prints goes to stderr."""
    reports, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        reports.write(json.dumps(converse(json.loads(line), ask)) + "\n")
        reports.flush()
