"""The reports that are files: JSON, JUnit, Markdown, a badge."""

import json
from collections.abc import Callable
from html import escape
from typing import Literal

from mockserver.base.junit import Case, Complaint, junit
from mockserver.contract.report.expected import Expected
from mockserver.contract.report.result import Held, Result, State
from mockserver.contract.report.terminal import held_text, summary
from mockserver.contract.requirements import requirements
from mockserver.contract.suite import Verdict

_NONE = Expected()


def as_json(result: Result, _: Expected = _NONE) -> str:
    """The run as JSON."""
    return json.dumps(result.document(), indent=1, ensure_ascii=True) + "\n"


def _case(held: Held, expected: Expected) -> Case:
    group = held.id.partition(".")[0]
    if held.verdict is Verdict.PASSED:
        return Case(held.id, group)
    message = held.message or str(held.failures[0]["message"])
    kind: Literal["failure", "error", "skipped"] = "failure"
    if held.verdict in (Verdict.DRIVER, Verdict.KIT):
        kind = "error"
    elif expected.covers(held):
        kind, message = "skipped", f"known to fail: {message}"
    return Case(held.id, group, [Complaint(message, held_text(held), kind)])


def as_junit(result: Result, expected: Expected = _NONE) -> str:
    """The run as JUnit XML.

    The client's faults are failures, those that are expected skipped; all other faults are errors.
    """
    return junit(f"conform {result.client}", (_case(held, expected) for held in result.held))


def _cell(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("|", "\\|")
    return escaped.replace("\r", " ").replace("\n", " ")


def as_markdown(result: Result, _: Expected = _NONE) -> str:
    """The run for the summary page of a CI job."""
    lines = [f"### Contract of {_cell(result.client)}", "", summary(result), ""]
    open_states = {
        name: state
        for name, state in result.states(gaps=False).items()
        if state not in (State.PASSED, State.UNCHECKED)
    }
    if open_states:
        lines += ["| state | severity | requirement | what is wrong |", "|---|---|---|---|"]
    for name, state in open_states.items():
        requirement = requirements()[name]
        why = next(
            (failure for held in result.held for failure in held.failures if failure["requirement"] == name),
            None,
        )
        said = (
            str(why["message"])
            if why
            else next((h.message for h in result.held if name in h.requires and h.message), "")
        )
        lines.append(
            f"| {state} | {requirement.severity} | `{name}` {requirement.title} | {_cell(said[:200])} |"
        )
    shown = next((held for held in result.held if held.verdict is Verdict.FAILED), None)
    if shown is not None:
        lines += [
            "",
            "<details><summary>One transcript</summary>",
            "",
            "```text",
            *_fenced(shown),
            "```",
            "</details>",
        ]
    return "\n".join(lines) + "\n"


def _fenced(held: Held) -> list[str]:
    return held_text(held).replace("```", "'''").splitlines()


def as_badge(result: Result, _: Expected = _NONE) -> str:
    """An SVG badge: how many of the requirements hold that the client has the means for."""
    passed, judged, _gaps = result.score()
    colour = "#2e7d32" if judged and passed == judged else "#b71c1c"
    left, right = "DashScope contract", f"{passed}/{judged}"
    wide, narrow = 7 * len(left) + 12, 7 * len(right) + 12
    title = escape(f"{result.client}: {passed} of {judged} requirements that apply hold")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide + narrow}" height="20" role="img" '
        f'aria-label="{title}">'
        f'<title>{title}</title><rect width="{wide}" height="20" fill="#444"/>'
        f'<rect x="{wide}" width="{narrow}" height="20" fill="{colour}"/>'
        '<g fill="#fff" font-family="Verdana,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{wide / 2:g}" y="14">{left}</text>'
        f'<text x="{wide + narrow / 2:g}" y="14">{right}</text></g></svg>\n'
    )


FORMATS: dict[str, Callable[[Result, Expected], str]] = {
    "json": as_json,
    "junit": as_junit,
    "markdown": as_markdown,
    "badge": as_badge,
}
"""Each format by the name of its option; it takes a run and what is known to fail in it."""
