"""The rules of a valid conversation, in one list.

A rule is data and a pure function from a request to findings. The server refuses with it, the
journal reports with it, the contract kit judges clients with it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import import_module

from mockserver.catalogue.errors import Errors, Refusal
from mockserver.wire.request import ChatRequest


class Severity(StrEnum):
    """What the cloud does with a conversation that breaks the rule."""

    REFUSED = "refused"
    REFUSED_BY_SOME = "refused-by-some"
    HARMFUL = "harmful"


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a request breaks a rule. `refusal` is None where the cloud accepts it."""

    rule: str
    severity: Severity
    path: str
    message: str
    refusal: Refusal | None = None


Broken = tuple[str, str, dict[str, object]]
"""Where a rule is broken, the catalogue entry that says so, and the values of its message."""

Check = Callable[[ChatRequest], Iterable[Broken]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `source` says where the cloud's behaviour is known from.

    `needs` are the parameters of which a request must carry one to be concerned; empty: every request is.
    """

    id: str
    severity: Severity
    source: str
    check: Check
    needs: frozenset[str] = frozenset()

    def concerns(self, request: ChatRequest) -> bool:
        """Whether the request can break the rule at all."""
        return not self.needs or not self.needs.isdisjoint(request.parameters)

    def findings(self, request: ChatRequest, errors: Errors) -> list[Finding]:
        """Every place where the request breaks the rule, with the refusal in its surface's words."""
        return [self._finding(broken, request, errors) for broken in self.check(request)]

    def _finding(self, broken: Broken, request: ChatRequest, errors: Errors) -> Finding:
        path, entry, values = broken
        refusal = errors.refuse(entry, **values)
        words = refusal.native if request.surface.native else refusal.compat
        return Finding(self.id, self.severity, path, words.message, refusal)


_RULES: list[Rule] = []


def rule(
    rule_id: str, *, severity: Severity, source: str, needs: Iterable[str] = ()
) -> Callable[[Check], Check]:
    """Enters a check into the registry under an id."""

    def enter(check: Check) -> Check:
        _RULES.append(Rule(rule_id, severity, source, check, frozenset(needs)))
        return check

    return enter


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, in the order in which they are checked."""
    import_module("mockserver.rules.conversation")
    import_module("mockserver.rules.forms")
    import_module("mockserver.rules.media")
    return tuple(_RULES)


def check(request: ChatRequest, errors: Errors) -> list[Finding]:
    """All findings of all rules."""
    return [
        finding
        for entry in all_rules()
        if entry.concerns(request)
        for finding in entry.findings(request, errors)
    ]
