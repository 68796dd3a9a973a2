"""The rules of a valid conversation, in one list.

A rule is data and a pure function to findings. The server refuses with it, the journal reports with it,
the contract kit judges clients with it. Its room is a module of this package; what JSON Schema can say
alone is a rule too, listed in `fixtures/rules.json` and found by `mockserver.rules.schemas`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import import_module
from itertools import islice
from typing import Any, NamedTuple

from mockserver.base import resources
from mockserver.base.forgetting import memo
from mockserver.catalogue import errors as error_catalogue
from mockserver.catalogue.errors import Errors
from mockserver.dialects.table import SURFACES
from mockserver.rules.marks import Mark, marks_of
from mockserver.talk.finding import Finding, Severity
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Surface, Trait

ROOMS = (
    "model",
    "messages",
    "tools",
    "repetition",
    "partial",
    "thinking",
    "forms",
    "ranges",
    "media",
    "options",
    "agent",
)
LATER_ROOMS = ("parameters", "files", "prompt", "history")


class Moment(StrEnum):
    """When a rule is asked, which decides what its check is given.

    `READING`: no check, the door or the schema finds it. `REQUEST`: the request. `HISTORY`: the request
    and the `Trail` that it left in the world's past. `FILES`: the request, and whether its key has a file
    of an id. `PROMPT`: the request and its prompt's tokens. `DELIVERY`: the request, and how many frames of
    how many were sent.
    """

    READING = "reading"
    REQUEST = "request"
    HISTORY = "history"
    FILES = "files"
    PROMPT = "prompt"
    DELIVERY = "delivery"


class Broken(NamedTuple):
    """Where a rule is broken, the values of its message, and the catalogue entry that says so.

    Without an `entry` it is the rule's first one; `ACCEPTED` says that the cloud accepts it here.
    """

    path: str
    values: Mapping[str, object] = {}
    entry: str = ""


ACCEPTED = "accepted"
"""The `entry` of what this model or surface accepts, though others refuse it."""

Check = Callable[..., Iterable[Broken]]
"""From what its `Moment` gives a rule to the places where it is broken."""

MOST_PLACES = 50
"""In so many places of a request a rule is found broken: more have the same cause, and fill the journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    `source` says where the cloud's behaviour is known from, `fix` what a client does about it, `museum`
    which public bugs it would have caught. `refusals` are the entries of the error catalogue that it can
    answer with; `teaches` is its own message (`str.format`) where the cloud accepts. `needs` and `marks`:
    the parameters and marks of which a request must carry one to be concerned; both empty: every request
    is. `traits`: what must hold of a surface where it is asked. `fixed`: a request that breaks it cannot be
    answered, whatever the mode.
    """

    id: str
    severity: Severity
    source: str
    fix: str
    check: Check | None = None
    moment: Moment = Moment.REQUEST
    museum: str | None = None
    refusals: tuple[str, ...] = ()
    teaches: str = ""
    needs: frozenset[str] = frozenset()
    marks: frozenset[Mark] = frozenset()
    traits: frozenset[Trait] = frozenset()
    fixed: bool = False

    @property
    def surfaces(self) -> list[str]:
        """The names of the surfaces where it is asked, sorted."""
        return sorted(surface.name for surface in SURFACES.values() if surface.has(self.traits))

    def findings(self, errors: Errors, request: ChatRequest, *facts: Any) -> list[Finding]:
        """The first places where the request breaks the rule, with the refusal in its surface's words."""
        assert self.check is not None
        places = islice(self.check(request, *facts), MOST_PLACES)
        return [self.finding(broken, request.surface, errors) for broken in places]

    def finding(self, broken: Broken, surface: Surface, errors: Errors) -> Finding:
        """What is found at a place."""
        path, values, entry = broken
        if not self.refusals or entry == ACCEPTED:
            return Finding(self.id, self.severity, path, self.teaches.format(**values))
        refusal = errors.refuse(entry or self.refusals[0], **values)
        words = refusal.words[surface.voice]
        return Finding(self.id, self.severity, path, words.message, refusal)


_RULES: dict[str, list[Rule]] = {}


def rule(
    rule_id: str,
    *,
    severity: Severity,
    source: str,
    fix: str,
    refusals: Iterable[str] = (),
    needs: Iterable[str] = (),
    marks: Iterable[Mark] = (),
    traits: Iterable[Trait] = (),
    **more: Any,
) -> Callable[[Check], Check]:
    """Enters a check into the registry under an id; `more` are further fields of `Rule`."""

    def enter(check: Check) -> Check:
        made = Rule(
            id=rule_id,
            severity=severity,
            source=source,
            fix=fix,
            check=check,
            refusals=tuple(refusals),
            needs=frozenset(needs),
            marks=frozenset(marks),
            traits=frozenset(traits),
            **more,
        )
        _RULES.setdefault(check.__module__, []).append(made)
        return check

    return enter


def _read_at_the_door() -> list[Rule]:
    """The rules that the door and the schemas find, of `fixtures/rules.json`."""
    errors = error_catalogue.load()
    return [
        Rule(
            id=data["id"],
            severity=Severity.REFUSED,
            source="; ".join(dict.fromkeys(errors[entry].source for entry in data["refusals"])),
            fix=data["fix"],
            moment=Moment.READING,
            museum=data.get("museum"),
            refusals=tuple(data["refusals"]),
            traits=frozenset(map(Trait, data.get("traits", ()))),
            fixed=not (data.get("waivable") or data.get("left_out")),
        )
        for data in resources.fixture("rules")["rules"]
    ]


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, in the order in which they are asked: what the door finds first."""
    modules = [f"mockserver.rules.{room}" for room in (*ROOMS, *LATER_ROOMS)]
    for module in modules:
        import_module(module)
    return (*_read_at_the_door(), *(entry for module in modules for entry in _RULES[module]))


@cache
def rules_by_id() -> Mapping[str, Rule]:
    """Every rule by its id."""
    return {entry.id: entry for entry in all_rules()}


class _Plan(NamedTuple):
    """Which rules of a request alone a surface asks: always, and by what the request carries."""

    always: tuple[int, ...]
    by_sign: Mapping[str, tuple[int, ...]]


@cache
def _plan(surface: Surface) -> _Plan:
    always: list[int] = []
    by_sign: dict[str, tuple[int, ...]] = {}
    for index, entry in enumerate(all_rules()):
        if entry.moment is not Moment.REQUEST or not surface.has(entry.traits):
            continue
        signs = (*sorted(entry.needs), *sorted(entry.marks))
        if not signs:
            always.append(index)
        for sign in signs:
            by_sign[sign] = (*by_sign.get(sign, ()), index)
    return _Plan(tuple(always), by_sign)


@memo(most=4096)
def _checks(surface: Surface, signs: tuple[str, ...]) -> tuple[tuple[Rule, Check], ...]:
    """The rules that a request with these signs can break, each with its check."""
    always, by_sign = _plan(surface)
    numbers = {number for sign in signs for number in by_sign.get(sign, ())}.union(always)
    rules = [all_rules()[number] for number in sorted(numbers)]
    return tuple((entry, entry.check) for entry in rules if entry.check is not None)


def _signs(request: ChatRequest) -> tuple[str, ...]:
    """What of a request some rule cares for: parameters by name, and marks."""
    by_sign = _plan(request.surface).by_sign
    return (*[name for name in request.parameters if name in by_sign], *marks_of(request))


def concerned(request: ChatRequest) -> list[Rule]:
    """The rules, of those asked at `Moment.REQUEST`, that a request can break."""
    return [entry for entry, _ in _checks(request.surface, _signs(request))]


def check(request: ChatRequest, errors: Errors) -> list[Finding]:
    """The findings of all rules that need nothing but the request."""
    return [
        entry.finding(broken, request.surface, errors)
        for entry, asked in _checks(request.surface, _signs(request))
        for broken in islice(asked(request), MOST_PLACES)
    ]


@cache
def _asked_at(moment: Moment, surface: Surface) -> tuple[Rule, ...]:
    return tuple(entry for entry in all_rules() if entry.moment is moment and surface.has(entry.traits))


def check_at(moment: Moment, errors: Errors, request: ChatRequest, *facts: Any) -> list[Finding]:
    """All findings of the rules of a later moment, given its facts."""
    return [
        finding
        for entry in _asked_at(moment, request.surface)
        for finding in entry.findings(errors, request, *facts)
    ]
