"""A run as a document: what the other reports are made of, and what a file keeps of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from mockserver.base.jsontext import dumps
from mockserver.base.version import __version__
from mockserver.contract.protocol import VERSION
from mockserver.contract.requirements import Severity, requirements
from mockserver.contract.suite import Outcome, Verdict


class State(StrEnum):
    """What a client does about one requirement. `unclear`: only faults that are not the client's."""

    PASSED = "passed"
    FAILED = "failed"
    MISSING = "missing"
    UNCLEAR = "unclear"
    UNCHECKED = "unchecked"


WORST = (State.FAILED, State.MISSING, State.UNCLEAR, State.PASSED)
"""The worst first."""
_HELD = (State.FAILED, State.UNCLEAR, State.PASSED, State.MISSING)
"""The worst first where gaps stand apart: a row is missing only where nothing of it could be held."""


@dataclass(frozen=True, slots=True)
class Held:
    """One conversation of a run, as a document keeps it."""

    id: str
    title: str
    requires: tuple[str, ...]
    verdict: Verdict
    message: str = ""
    failures: tuple[Mapping[str, Any], ...] = ()
    transcript: tuple[tuple[str, str], ...] = ()
    case: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lenient(self) -> bool:
        """Whether it fails in nothing that a client must do."""
        severities = {failure["severity"] for failure in self.failures}
        return self.verdict is Verdict.PASSED or severities == {Severity.SHOULD}


@dataclass(slots=True)
class Result:
    """One run of one client."""

    client: str
    seed: int | None = None
    held: list[Held] = field(default_factory=list)

    def add(self, outcome: Outcome) -> Held:
        """Takes what came of a conversation."""
        failures = tuple(
            {**asdict(failure), "severity": str(failure.severity), "source": failure.cited}
            for failure in outcome.failures
        )
        lines = () if outcome.transcript is None else tuple(outcome.transcript.lines)
        passed = outcome.verdict is Verdict.PASSED
        case = {} if passed else outcome.case.json()
        kept = Held(
            outcome.id,
            outcome.case.title,
            outcome.case.requires,
            outcome.verdict,
            outcome.message,
            failures,
            () if passed else lines,
            case,
        )
        self.held.append(kept)
        return kept

    def states(self, *, gaps: bool = True) -> dict[str, State]:
        """Each requirement with its state: failed where any conversation broke it.

        With `gaps`, one conversation that the client has no means for makes it missing; without, it is judged
        by those that were held, as long as there are any.
        """
        found: dict[str, set[State]] = {name: set() for name in requirements()}
        for held in self.held:
            broken = {failure["requirement"] for failure in held.failures}
            for name in broken:
                found[name].add(State.FAILED)
            state = {
                Verdict.PASSED: State.PASSED,
                Verdict.FAILED: State.PASSED,
                Verdict.MISSING: State.MISSING,
                Verdict.DRIVER: State.UNCLEAR,
                Verdict.KIT: State.UNCLEAR,
            }[held.verdict]
            # A conversation ends where it breaks what a client must do: what comes behind that is not shown.
            if held.verdict is not Verdict.FAILED or held.lenient:
                for name in set(held.requires) - broken:
                    found[name].add(state)
        order = WORST if gaps else _HELD
        return {
            name: next((state for state in order if state in states), State.UNCHECKED)
            for name, states in found.items()
        }

    def tried(self, name: str) -> tuple[int, int]:
        """How many of the conversations that show a requirement the client has the means for; of how many."""
        shown = [held for held in self.held if name in held.requires]
        return sum(held.verdict is not Verdict.MISSING for held in shown), len(shown)

    def score(self) -> tuple[int, int, int]:
        """How many requirements hold, of how many that could be judged, and how many could not for gaps."""
        states = list(self.states(gaps=False).values())
        counts = {state: states.count(state) for state in State}
        judged = len(states) - counts[State.UNCHECKED] - counts[State.MISSING]
        return counts[State.PASSED], judged, counts[State.MISSING]

    def count(self) -> dict[Verdict, int]:
        """How many conversations came to each verdict."""
        return {verdict: sum(held.verdict is verdict for held in self.held) for verdict in Verdict}

    def document(self) -> dict[str, Any]:
        """The run as JSON; the same run gives the same document."""
        return {
            "kit": __version__,
            "protocol": VERSION,
            "client": self.client,
            "seed": self.seed,
            "verdicts": {str(verdict): number for verdict, number in self.count().items()},
            "requirements": {name: str(state) for name, state in self.states().items()},
            "conversations": [
                {**asdict(held), "verdict": str(held.verdict), "case": dict(held.case)} for held in self.held
            ],
        }

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Result":
        """A run from its document. Raises `NoResultError` for what is none."""
        run = _fields(document, _RUN, "the run")
        held = [_held(item, f"conversations[{at}]") for at, item in enumerate(run["conversations"])]
        return cls(run["client"], run.get("seed"), held)


_KINDS: Mapping[str, Any] = {"a text": str, "a list": list | tuple, "an object": dict}

_RUN = {"client": "a text", "conversations": "a list"}
"""What the document of a run holds, and of what kind each is."""

_HELD_FIELDS = {
    "id": "a text",
    "title": "a text",
    "requires": "a list",
    "verdict": "a text",
    "message": "a text",
    "failures": "a list",
    "transcript": "a list",
    "case": "an object",
}
"""What each of its conversations holds."""

_FAILURE = dict.fromkeys(("requirement", "severity", "message", "source", "place", "rule"), "a text")
"""What each failure of one holds."""


class NoResultError(ValueError):
    """A document that is no run; the message says where what stands, and what belongs there."""


def _wrong(place: str, value: Any, wanted: str, *, part: str = "") -> NoResultError:
    where = f"the {part} of {place}" if part else place
    return NoResultError(
        f"this is no result of conform: {where} is {_shown(value)}, where {wanted} belongs; "
        "conform --json FILE writes one"
    )


def _shown(value: Any) -> str:
    text = dumps(value).decode()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


_LONGEST = 60


def _fields(value: Any, fields: Mapping[str, str], place: str) -> dict[str, Any]:
    """An object that has these fields, each of its kind. Raises `NoResultError`."""
    if not isinstance(value, dict):
        raise _wrong(place, value, "an object")
    for name, kind in fields.items():
        there = value.get(name)
        if not isinstance(there, _KINDS[kind]):
            raise _wrong(place, there, kind, part=name)
    return value


def _held(value: Any, place: str) -> Held:
    item = _fields(value, _HELD_FIELDS, place)
    if item["verdict"] not in list(Verdict):
        raise _wrong(place, item["verdict"], f"one of {', '.join(Verdict)}", part="verdict")
    for failure in item["failures"]:
        _fields(failure, _FAILURE, f"a failure of {place}")
    for name in [*item["requires"], *(failure["requirement"] for failure in item["failures"])]:
        if name not in list(requirements()):
            raise _wrong(place, name, "one of this version", part="requirements")
    for line in item["transcript"]:
        if not (isinstance(line, list | tuple) and list(map(type, line)) == [str, str]):
            raise _wrong(place, line, "a list of two texts", part="transcript")
    return Held(
        item["id"],
        item["title"],
        tuple(item["requires"]),
        Verdict(item["verdict"]),
        item["message"],
        tuple(item["failures"]),
        tuple((who, what) for who, what in item["transcript"]),
        item["case"],
    )
