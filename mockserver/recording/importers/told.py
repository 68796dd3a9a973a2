"""What importers hand on: what an entry of a file tells, and what became of it."""

from dataclasses import dataclass, field
from typing import Any, get_args

from mockserver.recording.interaction import End, Interaction, Kept
from mockserver.recording.redaction import Pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A body as it was read. `lost`: what of it is not as it was sent; `changed`: what was put right."""

    data: bytes = b""
    kept: Kept = "whole"
    lost: str = ""
    changed: str = ""


MARK = "dashscope-mock"
"""Under which name a file of another tool holds what a recording is, where ours was exported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a recording was when it was exported, where it was not complete."""

    end: End = "complete"
    kept: Kept = "whole"
    lost: str = ""


_ENDS: dict[str, End] = {one: one for one in get_args(End)}
_KEPT: dict[str, Kept] = {one: one for one in get_args(Kept)}


def mark_of(value: Any) -> Mark:
    """The mark that a file holds; what is none says nothing."""
    held = value if isinstance(value, dict) else {}
    lost = held.get("lost")
    return Mark(
        end=_ENDS.get(str(held.get("end")), "complete"),
        kept=_KEPT.get(str(held.get("kept")), "whole"),
        lost=lost if isinstance(lost, str) else "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an entry tells of an exchange.

    `first`, `last`: when the first and the last byte came, in milliseconds. `length`: how long the answer is
    as it was sent, in bytes, where the tool says so beside its headers. `sure`: the tool keeps every body, so
    that an empty one was empty. `headless`: it keeps no headers of requests. `failure`: how the tool says
    that there was no whole answer; `left`: it was the client that left. `mark`: what it was before it
    was exported.
    """

    method: str
    target: tuple[str, str]
    sent: Pairs
    asked: Body
    status: int
    headers: Pairs
    answered: Body
    recorded: str = ""
    first: float = 0.0
    last: float = 0.0
    length: int | None = None
    sure: bool = True
    headless: bool = False
    failure: str = ""
    left: bool = False
    mark: Mark = Mark()


@dataclass(frozen=True, slots=True)
class Taken:
    """An interaction, unredacted, and what was changed on the way."""

    interaction: Interaction
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """What could not be taken, and why."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Scripted:
    """What holds no bytes, as a script of a scenario."""

    where: str
    script: dict[str, Any] = field(default_factory=dict)


Found = Taken | Skipped | Scripted
