"""The suite: every case on every surface and in every mode, with what came of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from mockserver.contract.cases import SURFACES, Case
from mockserver.contract.client import Client
from mockserver.contract.protocol import KNOWN_FEATURES, OPTIONAL, ProtocolError
from mockserver.contract.requirements import Failure
from mockserver.contract.session import Session
from mockserver.contract.stage import Stage
from mockserver.contract.transcript import Transcript, explain


class Verdict(StrEnum):
    """What came of one conversation. Only `passed` is a pass.

    `missing`: the client cannot do what the case needs. `driver` and `kit`: the fault is not the client's.
    """

    PASSED = "passed"
    FAILED = "failed"
    MISSING = "missing"
    DRIVER = "driver"
    KIT = "kit"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One conversation that was held. `message` says why where no requirement is to blame."""

    case: Case
    surface: str
    mode: str
    verdict: Verdict
    failures: tuple[Failure, ...] = ()
    transcript: Transcript | None = None
    message: str = ""

    @property
    def id(self) -> str:
        """The name of the conversation: case, surface and mode."""
        return f"{self.case.id}/{self.surface}/{self.mode}"

    @property
    def explanation(self) -> str:
        """Why it did not pass, in full, with the transcript."""
        transcript = self.transcript or Transcript()
        parts = [
            self.message,
            transcript.text(),
            *(explain(failure, transcript) for failure in self.failures),
        ]
        return "\n".join(part for part in parts if part)


def permutations(
    cases: Sequence[Case],
    surfaces: Sequence[str] = SURFACES,
    *,
    features: Sequence[str] = KNOWN_FEATURES,
) -> list[tuple[Case, str, str]]:
    """Every case with each of its surfaces that is among these, and each of its modes.

    What needs an optional feature that is not among `features` is left out.
    """
    unasked = set(OPTIONAL) - set(features)
    return [
        (case, surface, mode)
        for case in cases
        if unasked.isdisjoint(case.features)
        for surface in case.surfaces
        if surface in surfaces and case.held_on(surface)
        for mode in case.modes
    ]


def needs(case: Case, mode: str) -> set[str]:
    """What a client has to be able to do to be led through a case."""
    return {
        *case.features,
        *({"stream"} if mode != "plain" else set()),
        *({"system"} if any(case.of(at).system for at in range(case.conversations)) else set()),
    }


def hold(stage: Stage, client: Client, case: Case, surface: str, mode: str) -> Outcome:
    """Leads a client through one conversation. Raises nothing: a fault is an outcome too."""
    if surface not in client.hello.surfaces:
        text = f"{client.hello.client} does not speak {surface}"
        return Outcome(case, surface, mode, Verdict.MISSING, message=text)
    lacking = sorted(needs(case, mode) - set(client.hello.features))
    if lacking:
        text = f"{client.hello.client} cannot do {', '.join(lacking)}, which this case needs"
        return Outcome(case, surface, mode, Verdict.MISSING, message=text)
    session = Session(stage, client, case, surface, mode)
    try:
        session.run()
    except ProtocolError as error:
        return Outcome(case, surface, mode, Verdict.DRIVER, transcript=session.transcript, message=str(error))
    except Exception as error:  # noqa: BLE001 - the kit's own fault must not look like the client's
        text = f"{type(error).__name__}: {error}"
        return Outcome(case, surface, mode, Verdict.KIT, transcript=session.transcript, message=text)
    verdict = Verdict.FAILED if session.failures else Verdict.PASSED
    return Outcome(case, surface, mode, verdict, tuple(session.failures), session.transcript)


def replay(
    client: Client, document: object, *, surface: str, mode: str = "plain", patience: float = 3.0
) -> Outcome:
    """Leads a client through the only case of a document, as a failure prints it.

    Raises `CaseError` for a document that is none.
    """
    from mockserver.contract.cases import read_cases  # noqa: PLC0415 - for the name to stand alone

    (case,) = read_cases(document, where="the case")
    with Stage(patience=patience) as stage:
        return hold(stage, client, replace(case, surfaces=(surface,)), surface, mode)
