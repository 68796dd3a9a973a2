"""Measure the mock beside builds of it and mocks of other people: `python benchmarks/peers.py old=PYTHON`.

Each NAME=PYTHON is the interpreter of an environment in which another build is installed. A peer is run where
its command is on the PATH and left out, with a note, where not:

    cargo install llmposter@0.5.0

All are pinned to one core, the client to another; they take turns, round for round, and give the same text.
Told are medians of the rounds, and the processor time of an answer or an event beside the rate: a rate also
holds what a server waits for.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import workload
from cost import Build
from servers import Server, choose_cores, loaded, pin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workload import Kind

CONNECTIONS = 64
WARMUP = 0.5

OPENAI_PATH = "/v1/chat/completions"

KINDS: dict[Kind, str] = {
    "chat": "requests_per_second",
    "stream": "events_per_second",
    "native-chat": "requests_per_second",
    "native-stream": "events_per_second",
}
"""What is asked, and what is counted of it; peers are asked for what OpenAI's path answers."""


class Llmposter(Server):
    """llmposter, of Rust: one fixture answers everything, in pieces of our average length."""

    def __init__(self, folder: Path, core: int | None) -> None:
        super().__init__(name="llmposter", core=core, at=OPENAI_PATH)
        self._fixtures = folder / "llmposter.yaml"
        piece = round(len(workload.TEXT) / len(workload.CHUNKS))
        answer = {"response": {"content": workload.TEXT}, "streaming": {"latency": 0, "chunk_size": piece}}
        self._fixtures.write_text(json.dumps({"fixtures": [answer]}))

    @property
    def command(self) -> list[str]:
        """Its own command; JSON is YAML."""
        return [self.name, "--fixtures", str(self._fixtures), "--port", str(self.port)]


PEERS = {"llmposter": Llmposter}


def measure(server: Server, kind: Kind, seconds: float) -> dict[str, float]:
    """Load a server for some seconds; return its rate, and what an answer or event costs in µs."""
    before = server.spent()
    result = loaded(
        server.name,
        kind,
        port=server.port,
        scripted=server.scripted,
        concurrency=CONNECTIONS,
        warmup=WARMUP,
        seconds=seconds,
        at=server.at,
    )
    spent = server.spent() - before
    rate = result[KINDS[kind]]
    # What is spent holds the warm-up too, in which it answers as fast.
    return {"rate": rate, "cost": spent / (rate * (seconds + WARMUP)) * 1e6, "client": result["client_busy"]}


def compare(
    servers: dict[str, Server], *, rounds: int, seconds: float
) -> dict[Kind, dict[str, list[dict[str, float]]]]:
    """Measure all servers in turns; return the samples of each round by kind and server."""
    samples: dict[Kind, dict[str, list[dict[str, float]]]] = {}
    for kind in KINDS:
        asked = {
            name: server for name, server in servers.items() if not (server.at and kind.startswith("native"))
        }
        for server in asked.values():
            server.script(kind)
            server.check_text(kind)
        for _ in range(rounds):
            for name, server in asked.items():
                samples.setdefault(kind, {}).setdefault(name, []).append(measure(server, kind, seconds))
    return samples


def tables(samples: dict[Kind, dict[str, list[dict[str, float]]]]) -> Iterable[str]:
    """Write the medians as a table for each kind; the last column compares the first server with each."""
    for kind, by_name in samples.items():
        counted = KINDS[kind].removesuffix("_per_second")
        rates = {name: statistics.median(sample["rate"] for sample in kept) for name, kept in by_name.items()}
        costs = {name: statistics.median(sample["cost"] for sample in kept) for name, kept in by_name.items()}
        ours = next(iter(by_name))
        yield f"\n| {kind} | {counted} a second | µs of processor each | our rate | our cost |\n"
        yield "|---|--:|--:|--:|--:|\n"
        for name, rate in rates.items():
            yield (
                f"| {name} | {rate:,.0f} | {costs[name]:.2f} | {rates[ours] / rate:.2f} "
                f"| {costs[ours] / costs[name]:.2f} |\n"
            )


def main() -> int:
    """Measure and print tables; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("builds", nargs="*", metavar="NAME=PYTHON", help="other builds of this project")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (5)")
    parser.add_argument("--seconds", type=float, default=2.5, help="how long a round takes (2.5)")
    options = parser.parse_args()
    cores = choose_cores()
    pin(0, cores.client)
    with contextlib.ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        found: dict[str, Server] = {"this": Server(name="mock", core=cores.server)}
        for pair in options.builds:
            name, _, python = pair.partition("=")
            found[name] = Build(name, python, core=cores.server)
        for name, peer in PEERS.items():
            if shutil.which(name):
                found[name] = peer(folder, cores.server)
            else:
                sys.stdout.write(f"{name} is not on the PATH: left out\n")
        for server in found.values():
            opened.enter_context(server)
        samples = compare(found, rounds=options.rounds, seconds=options.seconds)
    sys.stdout.writelines(tables(samples))
    return 0


if __name__ == "__main__":
    sys.exit(main())
