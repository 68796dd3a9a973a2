"""Measure the mock beside a bare ASGI server and a plain Starlette one: `python benchmarks/run.py`.

One run measures all of them on the same two cores, in rounds that take turns, and reports medians and ratios.
Everything stays on 127.0.0.1, and every process it starts is ended with it. The README here says how to read
the report.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import resource
import signal
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import report
import workload
from servers import BenchmarkError, Server, choose_cores, loaded, pin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from servers import Cores
    from workload import Kind

OPEN_FILES = 12_000


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One measurement: the kind of request, how many at a time, and the servers that can answer it."""

    kind: Kind
    concurrency: int
    servers: tuple[str, ...]
    apart: bool = False
    """Whether it has servers of its own: thousands of connections are not in the memory after the run."""


MEASURES: dict[str, Measure] = {
    "chat-1": Measure(kind="chat", concurrency=1, servers=report.SERVERS),
    "chat-64": Measure(kind="chat", concurrency=64, servers=(*report.SERVERS, "ceiling")),
    "stream-64": Measure(kind="stream", concurrency=64, servers=(*report.SERVERS, "ceiling")),
    "paced-1000": Measure(kind="paced", concurrency=1000, servers=report.SERVERS),
    "paced-5000": Measure(kind="slow", concurrency=5000, servers=("bare", "mock"), apart=True),
    "native-chat-64": Measure(kind="native-chat", concurrency=64, servers=("mock",)),
    "native-stream-64": Measure(kind="native-stream", concurrency=64, servers=("mock",)),
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long and how often."""

    rounds: int
    starts: int
    warmup: float
    seconds: float


FULL = Plan(rounds=5, starts=7, warmup=0.5, seconds=2.5)
QUICK = Plan(rounds=3, starts=3, warmup=0.3, seconds=0.8)
STAGGER = 1.0
"""Seconds over which the paced streams start."""


def measure_load(measure: Measure, server: Server, plan: Plan) -> dict[str, float]:
    """Run the load client once against a server, and return what it measured."""
    paced = measure.kind in workload.PACED
    return loaded(
        server.name,
        measure.kind,
        port=server.port,
        scripted=server.scripted,
        concurrency=measure.concurrency,
        warmup=0.0 if paced else plan.warmup,
        seconds=STAGGER if paced else plan.seconds,
    )


def measure_starts(results: report.Results, plan: Plan, cores: Cores) -> None:
    """Start and end each server in turn; a server that does not come up is left out from then on."""
    names = list(report.SERVERS)
    for _ in range(plan.starts):
        for name in list(names):
            try:
                with Server(name=name, core=cores.server) as server:
                    sample = {
                        "port_open": server.port_open,
                        "first_answer": server.first_answer,
                        "rss_first": server.rss_first,
                    }
            except BenchmarkError as error:
                results.errors.append(f"start: {error}")
                names.remove(name)
            else:
                results.add("start", name, sample)


def measure_loads(
    results: report.Results, plan: Plan, cores: Cores, *, labels: Iterable[str], apart: bool
) -> None:
    """Start every server once, and measure them in turn, round for round; note their memory if not apart."""
    wanted = [(label, name) for label in labels for name in MEASURES[label].servers]
    with contextlib.ExitStack() as stack:
        servers: dict[str, Server] = {}
        for name in dict.fromkeys(name for _, name in wanted):
            try:
                servers[name] = stack.enter_context(Server(name=name, core=cores.server))
            except BenchmarkError as error:
                results.errors.append(f"load: {error}")
        pairs = [(label, servers[name]) for label, name in wanted if name in servers]
        for number in range(plan.rounds):
            for label, server in list(pairs):
                sys.stderr.write(f"round {number + 1} of {plan.rounds}: {label}, {server.name}\n")
                try:
                    measure_turn(results, plan, label, server, first=number == 0)
                except (BenchmarkError, OSError, subprocess.TimeoutExpired) as error:
                    results.errors.append(f"{label}, {server.name}: {error}")
                    pairs.remove((label, server))
        for server in () if apart else servers.values():
            try:
                results.add("memory", server.name, {"rss_after": server.resident_mb()})
            except BenchmarkError as error:
                results.errors.append(f"memory: {error}")


def measure_turn(results: report.Results, plan: Plan, label: str, server: Server, *, first: bool) -> None:
    """Measure one server once; before its first turn, see that its answer is the one all must give."""
    measure = MEASURES[label]
    server.script(measure.kind)
    if first and server.name != "ceiling":
        events = server.check_text(measure.kind)
        if events:
            results.notes.append(f"events in a stream, {label}, {server.name}: {events}")
    results.add(label, server.name, measure_load(measure, server, plan))


def allow_open_files() -> None:
    """Raise the soft limit of open files, for us and for what we start, so that 5,000 streams fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < OPEN_FILES:
        most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def setting(plan: Plan, cores: Cores) -> list[str]:
    """Say under which circumstances this was measured."""
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("uvicorn", "starlette", "uvloop", "httptools")
    )
    busy = os.getloadavg()[0]
    return [
        cores.note,
        f"Python {platform.python_version()}, {packages}",
        f"{plan.rounds} rounds of {plan.seconds} s after {plan.warmup} s of warm-up, {plan.starts} starts",
        f"load average when it began: {busy:.2f}" + (" (something else is running)" if busy > 1 else ""),
    ]


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    names = [*MEASURES, "start"]
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds: about a minute")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write every round's samples to this file")
    parser.add_argument(
        "--only",
        action="append",
        choices=names,
        metavar="NAME",
        help=f"measure only this: {', '.join(names)}",
    )
    parser.add_argument(
        "--check", action="store_true", help="exit with 1 when a floor is missed or a measurement failed"
    )
    return parser.parse_args(arguments)


def end_on_signal(number: int, frame: object) -> None:  # noqa: ARG001 - the signature of a handler
    """Leave through the `with` statements, so that no server outlives a run that is ended from outside."""
    sys.exit(128 + number)


def main() -> int:
    """Measure, print the report, and return the exit code."""
    options = parse()
    plan = QUICK if options.quick else FULL
    asked = set(options.only or [*MEASURES, "start"])
    signal.signal(signal.SIGTERM, end_on_signal)
    allow_open_files()
    cores = choose_cores()
    results = report.Results(notes=setting(plan, cores))
    pin(0, cores.client)
    if "start" in asked:
        measure_starts(results, plan, cores)
    for apart in (False, True):
        labels = [label for label, measure in MEASURES.items() if label in asked and measure.apart is apart]
        if labels:
            measure_loads(results, plan, cores, labels=labels, apart=apart)
            asked |= set() if apart else {"memory"}
    kept = report.floors(results, asked=asked)
    sys.stdout.write(report.render(results, asked=asked))
    if options.json:
        options.json.write_text(json.dumps(report.as_json(results, kept), indent=2) + "\n")
    complete = not results.errors and all(ok for _, _, ok in kept)
    return 1 if options.check and not complete else 0


if __name__ == "__main__":
    sys.exit(main())
