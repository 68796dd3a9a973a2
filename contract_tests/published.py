"""The pages on which the matrix is published: docs/matrix.md and docs/verdicts.md."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from contract_tests.conformity import ROOT, Explanation, Table
from mockserver.contract.report import Result, State
from mockserver.contract.report.matrix import as_html
from mockserver.contract.report.result import Held
from mockserver.contract.report.terminal import failure_text
from mockserver.contract.requirements import requirements
from mockserver.contract.suite import Verdict

DOCS = ROOT / "docs"
NOTE = "<!-- Written by scripts/matrix --pages from the runs and contract_tests/clients/verdicts.json. -->"

SIGNS = {
    State.PASSED: "ok",
    State.FAILED: "**no**",
    State.MISSING: "n/a",
    State.UNCLEAR: "?",
    State.UNCHECKED: "",
}
_LINES, _WIDTH = 24, 400
"""How much of a transcript a page shows: lines, and characters of a line."""

_MATRIX = """# The matrix: real clients, held to the contract

{note}

Each client is driven by its driver in `contract_tests/clients/` through every conversation of the suite on
the surfaces that it speaks: `scripts/matrix`, twice with seed {seed}, with the same result. The versions
are pinned; `scripts/install-clients --all` sets every client up in an environment of its own.

`ok`: every conversation that shows the requirement was held well. `no`: at least one broke it; why, and
with which conversation, is in [the verdicts](verdicts.md); [the same as HTML](matrix.html) has three
conversations behind each cell. `n/a`: the client cannot do what is asked.
Empty: nothing that it was led through showed it, or what would have shown it broke something else before.

## The clients

{clients}

## The requirements

{cells}
"""

_VERDICTS = """# The verdicts: why a cell of the matrix is not green

{note}

Each cell of [the matrix](matrix.md) that is not `ok` was looked at by hand: the transcript against the
source code of the client in the version named, and the request or the bytes on the wire against the sources
of this project. A cell stands here only where the cause is in the client. `scripts/matrix` fails when a
cell has no explanation here, or an explanation no cell. The transcript under each verdict is the shortest
conversation that shows it.

What the drivers themselves decide is not judged: they do what the documentation of their client shows.

{verdicts}
"""


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join([_row(head), "|" + "---|" * len(head), *map(_row, rows)])


def _surfaces(result: Result) -> str:
    return ", ".join(dict.fromkeys(held.id.split("/")[1] for held in result.held))


def _client_row(number: int, name: str, result: Result) -> list[str]:
    counts, states = result.count(), list(result.states().values())
    looked_at = [state for state in states if state is not State.UNCHECKED]
    return [
        str(number),
        f"`{name}`",
        result.client,
        _surfaces(result),
        f"{sum(state is State.PASSED for state in states)} of {len(looked_at)}",
        f"{counts[Verdict.PASSED]} of {len(result.held)}",
    ]


def matrix_page(table: Table) -> str:
    """The page of all cells."""
    results = table.results
    head = ["", "name", "client", "surfaces", "requirements", "conversations"]
    rows = [_client_row(number, *item) for number, item in enumerate(results.items(), start=1)]
    states = [result.states() for result in results.values()]
    cells = [
        [f"`{name}`", requirement.severity, *[SIGNS[column[name]] for column in states]]
        for name, requirement in requirements().items()
    ]
    seeds = {str(result.seed) for result in results.values()}
    numbers = [str(number) for number in range(1, len(results) + 1)]
    return _MATRIX.format(
        note=NOTE,
        seed=", ".join(sorted(seeds)),
        clients=_table(head, rows),
        cells=_table(["requirement", "severity", *numbers], cells),
    )


def _shows(held: Held, known: Explanation) -> bool:
    broken = {str(failure["requirement"]) for failure in held.failures}
    missing = held.verdict is Verdict.MISSING and set(held.requires) & set(known.requirements)
    return bool(broken & set(known.requirements) or missing)


def shown(table: Table, known: Explanation) -> tuple[str, Held] | None:
    """The conversation that shows a verdict, with its client: the one that is named, or else the shortest."""
    found = [
        (name, held)
        for name in known.clients
        if name in table.results
        for held in table.results[name].held
        if _shows(held, known) and (not known.shown_by or held.id == known.shown_by)
    ]
    return min(found, key=lambda pair: len(str(pair[1].transcript)), default=None)


def _transcript(held: Held, known: Explanation) -> list[str]:
    lines = [
        line
        for failure in held.failures
        if failure["requirement"] in known.requirements
        for line in failure_text(failure).splitlines()
    ]
    lines += [held.message] if held.message else []
    lines += [""] + [f"{who:<7} {what}" for who, what in held.transcript]
    lines = [part for line in lines for part in line.split("\n")]
    cut = [line if len(line) <= _WIDTH else f"{line[:_WIDTH]}… ({len(line)} characters)" for line in lines]
    more = len(cut) - _LINES
    return [*cut[:_LINES], *([f"… {more} lines more"] if more > 0 else [])]


def _printable(text: str) -> str:
    shown_text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return shown_text.replace("```", "'''")


def _verdict(table: Table, known: Explanation) -> str:
    requirement_words = ", ".join(
        f"`{name}` ({requirements()[name].severity})" for name in known.requirements
    )
    clients = ", ".join(f"`{name}`" for name in known.clients)
    parts = [f"## {known.title}", f"{requirement_words}; {clients}", known.why, f"Where: {known.code}"]
    example = shown(table, known)
    if example is not None and example[1].transcript:
        name, held = example
        lines = "\n".join(_printable(line) for line in _transcript(held, known))
        parts.append(f"`{held.id}`, {table.results[name].client}:\n\n```text\n{lines}\n```")
    return "\n\n".join(parts)


def verdicts_page(table: Table, known: Sequence[Explanation]) -> str:
    """The page of all explanations, each with its transcript."""
    return _VERDICTS.format(note=NOTE, verdicts="\n\n".join(_verdict(table, one) for one in known))


def write(table: Table, known: Sequence[Explanation], *, folder: Path = DOCS) -> None:
    """Writes both pages, and the matrix as HTML with a transcript behind each cell."""
    folder.joinpath("matrix.md").write_text(matrix_page(table), "utf-8")
    folder.joinpath("verdicts.md").write_text(verdicts_page(table, known), "utf-8")
    folder.joinpath("matrix.html").write_text(as_html(list(table.results.values())), "utf-8")
