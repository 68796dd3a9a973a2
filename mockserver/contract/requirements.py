"""What a client has to do: the requirements of `fixtures/requirements.json`, each with its source."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from mockserver.base import resources


class Severity(StrEnum):
    """How much a client owes it (RFC 2119)."""

    MUST = "MUST"
    SHOULD = "SHOULD"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a client has to do; `source` says where that is known from.

    `form` is the fault of the server that writes a stream in the form that is to be read; "" for most.
    """

    id: str
    severity: Severity
    title: str
    source: str
    form: str = ""


@cache
def requirements() -> dict[str, Requirement]:
    """All requirements by id, in the order of the fixture."""
    rows = resources.fixture("requirements")["requirements"]
    return {
        row["id"]: Requirement(
            row["id"], Severity(row["severity"]), row["title"], row["source"], row.get("form", "")
        )
        for row in rows
    }


@dataclass(frozen=True, slots=True)
class Failure:
    """One place where a client broke a requirement.

    `request` is the number of the request of the conversation (from 1; 0: none, the report is meant)
    and `place` the place in its body. `rule` names the rule of `mockserver.rules` that was broken, and
    `source` then is that rule's.
    """

    requirement: str
    message: str
    request: int = 0
    place: str = ""
    rule: str = ""
    source: str = ""

    @property
    def severity(self) -> Severity:
        """That of the requirement."""
        return requirements()[self.requirement].severity

    @property
    def cited(self) -> str:
        """The source of the rule, or else of the requirement."""
        return self.source or requirements()[self.requirement].source
