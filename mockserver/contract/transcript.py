"""What was said and sent in a conversation, as lines that a person reads."""

import json
from dataclasses import dataclass, field
from typing import Any

from mockserver.base.jsontext import loads_bounded
from mockserver.contract.protocol import Report
from mockserver.contract.requirements import Failure

_LONG = 400
_MARK = "    <-- here"


@dataclass(slots=True)
class Transcript:
    """Lines of who and what, and the bodies of the requests, numbered from 1."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def add(self, who: str, what: str) -> None:
        """Notes something; a long text is shortened."""
        self.lines.append((who, what if len(what) <= _LONG else f"{what[:_LONG]}… ({len(what)} characters)"))

    def request(self, where: str, body: bytes) -> int:
        """Notes a request; gives its number."""
        self.bodies.append(body)
        number = len(self.bodies)
        self.add("client", f"request {number} to {where}")
        return number

    def report(self, report: Report) -> None:
        """Notes a report."""
        for choice in report.choices:
            parts = [f"text {choice.text!r}"]
            if choice.thinking:
                parts.append(f"thinking {choice.thinking!r}")
            parts += [f"calls {call.name}({call.arguments}) as {call.id!r}" for call in choice.tool_calls]
            self.add("report", ", ".join([*parts, f"finish reason {choice.finish_reason}"]))
        if report.usage is not None:
            self.add("report", f"usage {report.usage.input} in, {report.usage.output} out")
        if report.error is not None:
            error = report.error
            self.add(
                "report", f"error {error.kind}, code {error.code}, status {error.status}: {error.message}"
            )
        if report.cancelled:
            self.add("report", "stopped listening")

    def text(self) -> str:
        """The lines, one below the other."""
        return "\n".join(f"  {who:<7} {what}" for who, what in self.lines)


def marked(body: bytes, place: str) -> str:
    """A body as indented JSON with a mark at the place that is meant."""
    try:
        document: Any = loads_bounded(body)
    except ValueError:
        return body[:2000].decode("utf-8", "replace")
    return "\n".join(_lines(document, "", place, 0, ""))


def _lines(value: Any, path: str, place: str, depth: int, before: str) -> list[str]:
    mark = _MARK if path == place and place else ""
    indent = "  " * depth
    if isinstance(value, dict) and value:
        rows = []
        for at, (name, item) in enumerate(value.items()):
            inner = f"{path}.{name}" if path else name
            rows.append(
                _closed(_lines(item, inner, place, depth + 1, f"{json.dumps(name)}: "), at < len(value) - 1)
            )
        return [f"{indent}{before}{{{mark}", *(row for group in rows for row in group), f"{indent}}}"]
    if isinstance(value, list) and value:
        rows = [
            _closed(_lines(item, f"{path}[{at}]", place, depth + 1, ""), at < len(value) - 1)
            for at, item in enumerate(value)
        ]
        return [f"{indent}{before}[{mark}", *(row for group in rows for row in group), f"{indent}]"]
    return [f"{indent}{before}{json.dumps(value, ensure_ascii=False)}{mark}"]


def _closed(rows: list[str], more: bool) -> list[str]:  # noqa: FBT001 - a row of a list
    if not more:
        return rows
    last = rows[-1].removesuffix(_MARK)
    return [*rows[:-1], f"{last},{rows[-1][len(last) :]}"]


def explain(failure: Failure, transcript: Transcript) -> str:
    """A failure in words: the requirement, what is wrong and where, and the source."""
    lines = [f"{failure.severity} {failure.requirement}: {failure.message}"]
    if failure.place:
        lines.append(
            f"  at {failure.place}"
            + (f" of request {failure.request}" if failure.request else " of the report")
        )
    if failure.rule:
        lines.append(f"  rule {failure.rule}")
    lines.append(f"  source: {failure.cited}")
    if 0 < failure.request <= len(transcript.bodies):
        shown = marked(transcript.bodies[failure.request - 1], failure.place)
        lines += [f"  request {failure.request}:", *("    " + line for line in shown.split("\n"))]
    return "\n".join(lines)
