"""What a check of recordings found, and how it is told: as text, as JSON, as JUnit."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from mockserver.base.junit import Case, Complaint, junit


class Weight(StrEnum):
    """How much a deviation matters."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


ORDER = (Weight.ERROR, Weight.WARNING, Weight.INFO)
"""From heavy to light."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """One thing that does not hold.

    `kind` names the check; `path` is where in the documents; the last three say what the schema has, what
    was recorded, and what the live answer has. "" where there is nothing to say.
    """

    recording: str
    weight: Weight
    kind: str
    path: str
    message: str
    schema: str = ""
    recorded: str = ""
    live: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All deviations of a run over so many recordings."""

    title: str
    recordings: Sequence[str]
    deviations: Sequence[Deviation]

    def count(self, weight: Weight) -> int:
        """How many deviations of a weight there are."""
        return sum(deviation.weight is weight for deviation in self.deviations)

    def status(self, fail_on: str) -> int:
        """The exit status: 1 when there is a deviation as heavy as `fail_on` or heavier; `never` for 0."""
        if fail_on == "never":
            return 0
        heavy = ORDER[: ORDER.index(Weight(fail_on)) + 1]
        return int(any(deviation.weight in heavy for deviation in self.deviations))

    def summary(self) -> str:
        """One line: how many recordings, how many deviations of each weight."""
        counts = ", ".join(f"{self.count(weight)} {weight.value}" for weight in ORDER)
        return f"{self.title}: {len(self.recordings)} recordings; {counts}"


def text(report: Report) -> str:
    """The report for people; three columns where a deviation has them."""
    lines = []
    for weight in ORDER:
        for found in report.deviations:
            if found.weight is not weight:
                continue
            place = f" {found.path}" if found.path else ""
            lines.append(f"{weight.value:7} {found.recording}: {found.kind}{place}: {found.message}")
            if found.schema or found.recorded or found.live:
                columns = (("schema", found.schema), ("recording", found.recorded), ("live", found.live))
                lines.append("        " + " | ".join(f"{name}: {value or '-'}" for name, value in columns))
    return "\n".join([*lines, report.summary()]) + "\n"


def as_json(report: Report) -> str:
    """The report for programs."""
    document = {
        "title": report.title,
        "recordings": len(report.recordings),
        "counts": {weight.value: report.count(weight) for weight in ORDER},
        "deviations": [asdict(deviation) for deviation in report.deviations],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _case(title: str, name: str, mine: Sequence[Deviation]) -> Case:
    errors = [Complaint(_line(found)) for found in mine if found.weight is Weight.ERROR]
    light = [_line(found) for found in mine if found.weight is not Weight.ERROR]
    return Case(name, title, errors, "\n".join(light))


def as_junit(report: Report) -> str:
    """The report for CI: a test case for each recording, failed by errors; what is lighter is its output."""
    found: dict[str, list[Deviation]] = {name: [] for name in report.recordings}
    for deviation in report.deviations:
        if deviation.recording in found:
            found[deviation.recording].append(deviation)
    return junit(report.title, (_case(report.title, name, mine) for name, mine in found.items()))


def _line(found: Deviation) -> str:
    columns = f" (schema {found.schema or '-'}, recording {found.recorded or '-'}, live {found.live or '-'})"
    shown = columns if found.schema or found.recorded or found.live else ""
    return f"{found.weight.value} {found.kind} {found.path}: {found.message}{shown}"


WRITERS = {"text": text, "json": as_json, "junit": as_junit}
"""The forms of a report by their names."""
