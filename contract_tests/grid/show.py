"""Runs the grid and writes docs/grid.md: ``python -m contract_tests.grid.show [--part N] [--first K]``.

`--part N` takes every N-th broken client, and the page says so; `--first K` begins with the K-th, counted
from 0: samples of different K have none in common. `--examples` is the machine's budget for each that the
suite lets live, `--jobs` in how many processes they are held: as many as there are processors.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from contract_tests.grid.held import LIVING, VISIBLE, Fallen, Fate, judged, spied
from contract_tests.grid.table import Mutation, impossible, mutations, table
from mockserver.contract import Stage, Verdict, built_in

_PATIENCE = 30.0
"""Seconds: more than a busy machine keeps a client from leaving."""

PAGE = Path(__file__).resolve().parents[2] / "docs" / "grid.md"

HEAD = """\
# The grid

Broken clients that nobody thought of: the reference client of the [contract kit](contract.md), broken at
one place, in one way, at one kind of moment. The three stand in `contract_tests/grid/table.json`: {whats}
places of what is sent, remembered, read and reported, {hows} ways to break one, {whens} kinds of moments.
Every place is broken in every way that its value allows, at any time and at {drawn} kinds of moments that are
drawn for it.

What no conversation can show is told apart by rule, and does not count: {hidden} combinations of the
whole table contradict themselves; a change is invisible where whoever reads it reads the same, and impossible
where no driver may report it. A broken client has fallen when the requirement named for its place fails.
"Aside" is one that only another requirement catches, "never played" one whose moment the suite does not have.

{whole} CI runs a sample, `scripts/nightly grid` all of it. The hand-made [gallery](gallery.md) is kept as
a museum.

<!-- From here on written by scripts/grid. -->
"""


def counted(fallen: Sequence[Fallen]) -> Counter[Fate]:
    """How many met each fate."""
    return Counter(one.fate for one in fallen)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def summary(fallen: Sequence[Fallen]) -> list[str]:
    """The figures of all."""
    counts = counted(fallen)
    visible = sum(counts[fate] for fate in VISIBLE)
    suite = counts[Fate.KILLED] + counts[Fate.ASIDE]
    rows = [
        ("broken clients", len(fallen), ""),
        ("invisible: read alike", counts[Fate.ALIKE], ""),
        ("impossible: no driver may report it", counts[Fate.NO_LINE], ""),
        ("invisible by rule", counts[Fate.HIDDEN], ""),
        ("**visible**", visible, ""),
        ("caught by the suite", suite, _share(suite, visible)),
        ("of these aside", counts[Fate.ASIDE], _share(counts[Fate.ASIDE], suite)),
        ("caught by the machine only", counts[Fate.MACHINE], _share(counts[Fate.MACHINE], visible)),
        ("survived", counts[Fate.SURVIVED], _share(counts[Fate.SURVIVED], visible)),
        ("never played", counts[Fate.UNPLAYED], _share(counts[Fate.UNPLAYED], visible)),
    ]
    return ["| | clients | share |", "|---|---|---|", *(f"| {a} | {b} | {c} |" for a, b, c in rows)]


def by(fallen: Sequence[Fallen], title: str, key: Callable[[Mutation], tuple[str, str]]) -> list[str]:
    """A table by places, ways or moments."""
    groups: dict[tuple[str, str], Counter[Fate]] = {}
    for one in fallen:
        groups.setdefault(key(one.mutation), Counter())[one.fate] += 1
    lines = [f"| {title} | | visible | suite | machine | alive |", "|---|---|---|---|---|---|"]
    for (name, words), counts in groups.items():
        visible = sum(counts[fate] for fate in VISIBLE)
        suite = counts[Fate.KILLED] + counts[Fate.ASIDE]
        alive = sum(counts[fate] for fate in LIVING)
        lines.append(f"| `{name}` | {words} | {visible} | {suite} | {counts[Fate.MACHINE]} | {alive} |")
    return lines


def page(fallen: Sequence[Fallen], *, drawn: int, part: int, first: int = 0) -> str:
    """docs/grid.md."""
    parts = table()
    head = HEAD.format(
        whats=len(parts["what"]),
        hows=len(parts["how"]),
        whens=len(parts["when"]),
        drawn=drawn,
        hidden=len(impossible()),
        whole="All were held."
        if part == 1
        else f"Of these one in {part} was held for this page, from number {first} on.",
    )
    alive = [one for one in fallen if one.fate in LIVING]
    rules = [(" and ".join(rule["tags"]), rule["why"]) for rule in parts["exclusive"]]
    rules += [
        (" ".join(name for part in ("what", "how", "when") for name in rule.get(part, ())), rule["why"])
        for rule in parts["invisible"]
    ]
    lines = [
        head,
        *summary(fallen),
        "\n## Places\n",
        *by(fallen, "place", lambda one: (one.what["id"], one.what["title"])),
        "\n## Ways\n",
        *by(fallen, "way", lambda one: (one.how["id"], one.how["title"])),
        "\n## Moments\n",
        *by(fallen, "moment", lambda one: (one.when["id"], one.when["title"])),
        "\n## What cannot be shown\n",
        "| what | why |",
        "|---|---|",
        *(f"| {what} | {why} |" for what, why in rules),
        "\n## Alive\n",
        *(f"- `{one.mutation.id}`: {one.fate}" for one in alive),
    ]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Share:
    """The broken clients that one process holds: those of every `jobs`-th place, from `job` on."""

    drawn: int
    part: int
    first: int
    examples: int
    job: int
    jobs: int

    @property
    def chosen(self) -> list[Mutation]:
        """Those of this share: a spy has fewer places to look at than there are."""
        found = mutations(drawn=self.drawn)[self.first :: self.part]
        places = list(dict.fromkeys(one.what["id"] for one in found))
        mine = frozenset(places[self.job :: self.jobs])
        return [one for one in found if one.what["id"] in mine]


def held(share: Share) -> tuple[list[Fallen], float]:
    """What becomes of a share, told at once where worth a look, and the seconds of processor that it took."""
    started = time.process_time()
    fallen = []
    with Stage(patience=_PATIENCE) as stage:
        plan = spied(stage, built_in(), share.chosen)
        if wrong := [one.explanation for one in plan.held if one.verdict is not Verdict.PASSED]:
            raise SystemExit("\n\n".join(["the reference does not pass:", *wrong]))
        for mutation in share.chosen:
            fallen.append(one := judged(stage, plan, mutation, examples=share.examples))
            if one.fate in (*LIVING, Fate.ASIDE, Fate.MACHINE):
                print(f"{mutation.id}: {one.fate} {one.by} {one.where}", flush=True)
    return fallen, time.process_time() - started


def main(arguments: Sequence[str]) -> int:
    """Runs it; exit status 1 when the suite alone catches less than 97 of 100."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--drawn", type=int, default=3)
    parser.add_argument("--examples", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    started = time.monotonic()
    shares = [Share(job=job, **vars(options)) for job in range(options.jobs)]
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        done = list(pool.map(held, shares))
    by_name = {one.mutation.id: one for found, _ in done for one in found}
    chosen = mutations(drawn=options.drawn)[options.first :: options.part]
    fallen = [by_name[one.id] for one in chosen]
    spent = sum(seconds for _, seconds in done)
    print("\n".join(summary(fallen)))
    print(f"{time.monotonic() - started:.0f} s, of processor {spent:.0f} s: {spent / len(fallen):.2f} s each")
    written = page(fallen, drawn=options.drawn, part=options.part, first=options.first)
    PAGE.write_text(written, "utf-8")
    counts = counted(fallen)
    visible = sum(counts[fate] for fate in VISIBLE)
    return 0 if counts[Fate.KILLED] + counts[Fate.ASIDE] >= 0.97 * visible else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
