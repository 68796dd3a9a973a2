"""Which of several refusals a client hears: the order of the checks, a table in `fixtures/rules.json`."""

from collections.abc import Iterable
from functools import cache

from mockserver.base import resources
from mockserver.base.values import value
from mockserver.catalogue.errors import Refusal
from mockserver.talk.finding import Finding


@value(kw_only=True)
class Check:
    """One check of a request: the entries of the error catalogue that it refuses with, or their origins."""

    check: str
    asks: str
    source: str
    entries: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    def holds(self, refusal: Refusal) -> bool:
        """Whether a refusal comes from this check."""
        return refusal.id in self.entries or refusal.origin in self.origins


@cache
def checks() -> tuple[Check, ...]:
    """All checks, the first one first."""
    rows = resources.fixture("rules")["order"]
    lists = ("entries", "origins")
    return tuple(Check(**{**row, **{name: tuple(row.get(name, ())) for name in lists}}) for row in rows)


def rank(finding: Finding) -> int:
    """The place of a finding among the checks; what the cloud accepts comes last."""
    refusal = finding.refusal
    if refusal is None:
        return len(checks())
    return next(place for place, check in enumerate(checks()) if check.holds(refusal))


def first(findings: Iterable[Finding]) -> Finding | None:
    """The finding that a client hears of: the one of the earliest check, the first of these; None of none."""
    return min(findings, key=rank, default=None)
