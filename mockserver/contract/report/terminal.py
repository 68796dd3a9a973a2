"""The report on a terminal: progress while it runs, then a table and every failure once."""

import textwrap
from collections.abc import Mapping
from typing import IO, Any

from mockserver.base.names import several
from mockserver.contract.report.expected import Expected
from mockserver.contract.report.result import Held, Result, State
from mockserver.contract.requirements import requirements
from mockserver.contract.suite import Verdict

_WIDTH, _ROW, _NARROWEST = 30, 120, 10
_NONE = Expected()
_SIGNS = {
    State.FAILED: "FAILED",
    State.UNCLEAR: "unclear",
    State.MISSING: "missing",
    State.PASSED: "ok",
}
"""What a state is called in the table, in its order; what was not looked at does not stand there."""

_ORDER = tuple(_SIGNS)


class Progress:
    """One line that is written over and over, on a terminal only."""

    def __init__(self, stream: IO[str], total: int) -> None:
        self._stream = stream
        self._total = max(1, total)
        self._done = 0
        self._bad = 0

    def step(self, verdict: Verdict) -> None:
        """One conversation more."""
        self._done += 1
        self._bad += verdict is not Verdict.PASSED
        if self._stream.isatty():
            full = _WIDTH * self._done // self._total
            bar = "#" * full + "-" * (_WIDTH - full)
            self._stream.write(f"\r[{bar}] {self._done}/{self._total}, {self._bad} not passed ")
            self._stream.flush()

    def end(self) -> None:
        """Leaves the line."""
        if self._stream.isatty():
            self._stream.write("\n")


def table(result: Result, *, width: int = _ROW) -> str:
    """The requirements that were looked at, what is wrong first, each on one line of so many columns.

    Each is judged by the conversations that the client has the means for; a gap says how many these are.
    """
    rows = []
    states = {
        name: state for name, state in result.states(gaps=False).items() if state is not State.UNCHECKED
    }
    for name in sorted(states, key=lambda name: _ORDER.index(states[name])):
        requirement, (tried, shown) = requirements()[name], result.tried(name)
        gap = f"({tried} of {shown} tried) " if tried < shown else ""
        head = f"{_SIGNS[states[name]]:<8} {requirement.severity:<7} {name:<24} "
        text = textwrap.shorten(
            gap + requirement.title, max(_NARROWEST, width - len(head)), placeholder=" ..."
        )
        rows.append(head + text)
    return "\n".join(rows)


def failure_text(failure: Mapping[str, Any]) -> str:
    """A failure in a few lines."""
    where = f" at {failure['place']}" if failure["place"] else ""
    rule = f", rule {failure['rule']}" if failure["rule"] else ""
    return (
        f"{failure['severity']} {failure['requirement']}{where}{rule}\n"
        f"    {failure['message']}\n    source: {failure['source']}"
    )


def held_text(held: Held) -> str:
    """A conversation that did not pass: why, and the transcript."""
    lines = [f"{held.verdict}: {held.id}  {held.title}"]
    if held.message:
        lines.append(f"  {held.message}")
    lines += ["  " + failure_text(failure) for failure in held.failures]
    lines += [f"    {who:<7} {what}" for who, what in held.transcript]
    return "\n".join(lines)


def failures(result: Result, expected: Expected = _NONE) -> str:
    """For each broken requirement the shortest conversation that shows it; what is missing, unclear.

    What is known to fail is not shown again.
    """
    first: dict[str, Held] = {}
    also: dict[str, int] = {}
    unknown = [held for held in result.held if not expected.covers(held)]
    for held in sorted(unknown, key=lambda one: len(one.transcript)):
        reasons = [failure["requirement"] for failure in held.failures[:1]] or (
            [f"{held.verdict}: {held.message}"] if held.verdict is not Verdict.PASSED else []
        )
        for reason in reasons:
            first.setdefault(reason, held)
            also[reason] = also.get(reason, 0) + 1
    texts = []
    for reason, held in first.items():
        more = also[reason] - 1
        texts.append(held_text(held) + (f"\n  (and {more} more conversations)" if more else ""))
    return "\n\n".join(texts)


def summary(result: Result, expected: Expected = _NONE) -> str:
    """The numbers in two lines; with known failures also how many of them there are, and how many are new."""
    counts = ", ".join(f"{number} {verdict}" for verdict, number in result.count().items() if number)
    line = f"{result.client}: {several(len(result.held), 'conversation')}: {counts or 'none'}"
    if expected.patterns:
        open_ones = [held for held in result.held if held.verdict is not Verdict.PASSED]
        known = sum(map(expected.covers, open_ones))
        line += f" ({known} known, {len(open_ones) - known} new)"
    held, judged, gaps = result.score()
    missed = f"; {gaps} need what the client cannot do" if gaps else ""
    return f"{line}\n{held} of {judged} requirements that apply hold{missed}"
