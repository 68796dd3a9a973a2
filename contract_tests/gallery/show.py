"""Shows what the kit catches, as the table of docs/contract.md: ``python -m contract_tests.gallery.show``.

With names of broken clients, only those. `--examples` is the machine's budget for each; `--seeds` how many
seeds of the machine the reference has to pass.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from contract_tests.gallery import DEFECTS, Defect
from contract_tests.gallery.reference import Reference
from mockserver.contract import PythonClient, Stage, Verdict, built_in, client_under_test, run
from mockserver.contract.cases import SURFACES
from mockserver.contract.machine import Budget, explore
from mockserver.contract.protocol import KNOWN_FEATURES


@dataclass(frozen=True)
class Shown:
    """What came of one broken client."""

    defect: Defect
    conversations: int
    caught: bool
    turns: int | None
    named: bool

    def row(self) -> str:
        found = "–" if self.turns is None else f"{self.turns}{'' if self.named else ' (another requirement)'}"
        suite = str(self.conversations) if self.caught else "MISSED"
        title = self.defect.title.replace("|", "\\|")
        return f"| `{self.defect.name}` | {title} | `{self.defect.requirement}` | {suite} | {found} |"


def client_of(defect: Defect, spoken: Sequence[str]) -> PythonClient:
    surfaces = [name for name in defect.surfaces if name in spoken]
    return client_under_test(surfaces=surfaces, features=KNOWN_FEATURES, name=defect.name)(defect.client)


def show(stage: Stage, defect: Defect, spoken: Sequence[str], *, examples: int) -> Shown:
    client = client_of(defect, spoken)
    cases = [case for case in built_in() if defect.requirement in case.requires]
    failures = [outcome.failures for outcome in run(stage, lambda: client, cases)]
    caught = sum(any(one.requirement == defect.requirement for one in found) for found in failures)
    budget = Budget(examples=examples, seed=0)
    found = explore(stage, client_of(defect, spoken), budget=budget) if examples else None
    named = found is not None and any(one.requirement == defect.requirement for one in found.failures)
    turns = None if found is None or found.verdict is not Verdict.FAILED else len(found.case.turns)
    return Shown(defect, caught, bool(caught), turns, named)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--surface", action="append", choices=SURFACES, help="only there; may be repeated")
    parser.add_argument("--examples", type=int, default=500)
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    started = time.monotonic()
    spoken = options.surface or SURFACES
    chosen = [
        defect
        for defect in DEFECTS
        if (not options.names or defect.name in options.names) and set(defect.surfaces) & set(spoken)
    ]
    print("| client | what it does wrong | requirement | suite: conversations | machine: turns |")
    print("|---|---|---|---|---|")
    shown = []
    with Stage(patience=0.5) as stage:
        for defect in chosen:
            shown.append(show(stage, defect, spoken, examples=options.examples))
            print(shown[-1].row(), flush=True)
        reference = client_under_test(surfaces=spoken, features=KNOWN_FEATURES, name="reference")(Reference)
        budgets = [Budget(examples=options.examples, seed=seed) for seed in range(options.seeds)]
        passed = sum(explore(stage, reference, budget=budget) is None for budget in budgets)
    turns = [one.turns for one in shown if one.turns is not None]
    caught = sum(one.caught for one in shown)
    print(f"\nSuite: {caught} of {len(shown)} caught by the requirement named for them.")
    if options.examples:
        median = statistics.median(turns) if turns else 0
        print(f"Machine: {len(turns)} of {len(shown)} found, median {median:g} turns.")
    print(f"Reference: {passed} of {options.seeds} seeds passed. {time.monotonic() - started:.0f} s.")
    return 0 if caught == len(shown) and passed == options.seeds else 1


if __name__ == "__main__":
    raise SystemExit(main())
