"""The matrix of real clients: each driven through the suite, twice, and what is published of it.

What is known of each client stands beside its driver: `contract_tests/clients/expected/NAME.txt` names the
conversations that fail (for `dashscope-mock conform --expect`), and `verdicts.json` says of each requirement
that a client breaks which code of the client does it. Both have to be exact: a failure that nobody explained
fails the run, and so does an explanation of what no longer fails.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mockserver.contract.report import Result, State
from mockserver.contract.suite import Verdict

ROOT = Path(__file__).parent.parent
CLIENTS = ROOT / "contract_tests" / "clients"
HOMES = Path(".cache") / "clients"
RUNS = ROOT / ".cache" / "matrix"
PATIENCE = "600"
"""For how many seconds a driver is waited for: what a client does hangs not on how busy a machine is."""
OPEN = (State.FAILED, State.MISSING)
"""The states of a cell that has to be explained."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """One client of the matrix. `home` is its environment; none: that of the tests."""

    name: str
    command: tuple[str, ...]
    home: str = ""
    ci: bool = False

    def line(self) -> str:
        """The command that starts its driver, in the root of the project."""
        places = {"home": str(HOMES / self.home), "python": sys.executable}
        return shlex.join(word.format(**places) for word in self.command)

    def missing(self) -> str | None:
        """Why it cannot be driven here, or None."""
        tool = shlex.split(self.line())[0]
        if self.home and not (ROOT / HOMES / self.home / "stamp").is_file():
            return f"{self.name} is not installed: run scripts/install-clients {self.home}"
        return None if shutil.which(tool, path=os.environ["PATH"]) or (ROOT / tool).exists() else f"no {tool}"

    @property
    def expected(self) -> Path:
        """The conversations that are known to fail."""
        return CLIENTS / "expected" / f"{self.name}.txt"

    def run(self, report: Path, *, seed: int) -> "subprocess.CompletedProcess[str]":
        """Leads it through the suite. The status is 0 when exactly what is known to fail failed."""
        report.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "mockserver", "conform", "--client", self.line(), "--strict"]
        command += ["--json", str(report), "--seed", str(seed), "--seconds", "0"]
        command += ["--jobs", "1"]  # several clients are led at a time already
        command += ["--driver-patience", PATIENCE]
        if self.expected.is_file():
            command += ["--expect", str(self.expected)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        environment["NODE_PATH"] = str(HOMES / self.home / "node_modules")
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Why a requirement is broken: what the client does, and where in its code.

    `shown_by` is the conversation whose transcript is published; none: the shortest.
    """

    title: str
    clients: tuple[str, ...]
    requirements: tuple[str, ...]
    why: str
    code: str
    shown_by: str = ""

    def covers(self, client: str, requirement: str) -> bool:
        """Whether it explains this cell."""
        return client in self.clients and requirement in self.requirements


@dataclass(frozen=True)
class Table:
    """What came of the clients, by name, in the order of the table."""

    results: Mapping[str, Result] = field(default_factory=dict)

    def open_cells(self) -> list[tuple[str, str]]:
        """The cells that are not green: client and requirement."""
        return [
            (name, requirement)
            for name, result in self.results.items()
            for requirement, state in result.states().items()
            if state in OPEN
        ]


def clients() -> tuple[Client, ...]:
    """The clients of `matrix.json`."""
    rows = json.loads((CLIENTS / "matrix.json").read_text("utf-8"))["clients"]
    return tuple(Client(**{**row, "command": tuple(row["command"])}) for row in rows)


def explanations() -> tuple[Explanation, ...]:
    """The explanations of `verdicts.json`."""
    rows = json.loads((CLIENTS / "verdicts.json").read_text("utf-8"))["verdicts"]
    return tuple(
        Explanation(**{**row, "clients": tuple(row["clients"]), "requirements": tuple(row["requirements"])})
        for row in rows
    )


def read(path: Path) -> Result:
    """A run from its file."""
    return Result.read(json.loads(path.read_text("utf-8")))


def showed(result: Result) -> dict[str, str]:
    """What a run showed: the verdict of each conversation, the state of each requirement.

    Which of two requirements a conversation broke may hang on the moment at which a client reads, where it is
    broken by the boundaries of reads.
    """
    verdicts = {held.id: str(held.verdict) for held in result.held}
    return verdicts | {name: str(state) for name, state in result.states().items()}


def differences(first: Result, second: Result) -> list[str]:
    """Where two runs with the same seed showed different things."""
    left, right = showed(first), showed(second)
    return [
        f"{name}: first {left.get(name)}, then {right.get(name)}"
        for name in sorted({*left, *right})
        if left.get(name) != right.get(name)
    ]


def unexplained(table: Table, known: Sequence[Explanation]) -> list[str]:
    """Cells that are not green for no known reason, and reasons that explain no such cell."""
    cells = table.open_cells()
    told = [
        f"{client}: nobody explained why {requirement} does not hold"
        for client, requirement in cells
        if not any(one.covers(client, requirement) for one in known)
    ]
    for one in known:
        stale = [
            f"{client}: {requirement} holds, which {one.title!r} explains away"
            for client in one.clients
            for requirement in one.requirements
            if client in table.results and (client, requirement) not in cells
        ]
        told += stale
    return told


def known_failures(result: Result) -> str:
    """The file of known failures for a run: groups and cases are folded where all of them failed."""
    failed = {held.id for held in result.held if held.verdict is not Verdict.PASSED}
    patterns = ["*"] if failed and len(failed) == len(result.held) else _folded(result, failed)
    head = [f"# What {result.client} is known to fail; docs/verdicts.md says why. Written by scripts/matrix."]
    return "\n".join([*head, *patterns]) + "\n"


def _folded(result: Result, failed: set[str]) -> list[str]:
    patterns: list[str] = []
    cases = list(dict.fromkeys(held.id.partition("/")[0] for held in result.held))
    for case in cases:
        of_case = [held.id for held in result.held if held.id.partition("/")[0] == case]
        if all(name in failed for name in of_case):
            patterns.append(f"{case}/*")
            continue
        for surface in dict.fromkeys(name.split("/")[1] for name in of_case):
            of_surface = [name for name in of_case if name.split("/")[1] == surface]
            if all(name in failed for name in of_surface):
                patterns.append(f"{case}/{surface}/*")
            else:
                patterns += [name for name in of_surface if name in failed]
    return patterns


def document(results: Mapping[str, Result]) -> dict[str, Any]:
    """What is kept of a table beside the docs: versions, counts, and the state of each cell."""
    return {
        name: {
            "client": result.client,
            "seed": result.seed,
            "conversations": {str(verdict): number for verdict, number in result.count().items() if number},
            "requirements": {key: str(state) for key, state in result.states().items()},
        }
        for name, result in results.items()
    }
