"""Compare builds by the processor time of one answer: `python benchmarks/cost.py old=PYTHON new=PYTHON`.

Each PYTHON is the interpreter of an environment in which a build is installed; without any, this one is
measured alone. The builds take turns, round for round, and the best round counts: what else runs on the
machine makes an answer dearer, never cheaper. Wall time says nothing here, so nothing has to be quiet.
"""

from __future__ import annotations

import argparse
import contextlib
import selectors
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

import workload
from servers import Server

if TYPE_CHECKING:
    from collections.abc import Iterable

KINDS: dict[str, workload.Kind] = {
    "chat": "chat",
    "chat, no two alike": "chat",
    "stream of 100": "stream",
    "native chat": "native-chat",
    "native stream of 100": "native-stream",
}
"""The requests by what they are called; the kind of each says what is asked."""

END = b"\r\n0\r\n\r\n"


class Build(Server):
    """The server of one build."""

    def __init__(self, name: str, python: str) -> None:
        super().__init__(name="mock", core=None)
        self.build, self.python = name, python

    @property
    def command(self) -> list[str]:
        """The same command, by the interpreter of the build, which does not look where it is started."""
        return [self.python, "-P", *super().command[1:]]

    def spent(self) -> float:
        """Return the seconds of processor time that it has taken so far."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def said(kind: workload.Kind, version: int, *, fresh: bool) -> bytes:
    """Return a request; a fresh one differs from all others in a text of the same length."""
    whole = workload.request(kind, version % workload.BODIES, scripted=True)
    return whole.replace(b"Good morning!", b"Good %07d!" % version) if fresh else whole


class Caller:
    """Some kept connections to a server; use it in a `with` statement."""

    def __init__(self, port: int, connections: int) -> None:
        self.lines = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for line in self.lines:
            line.close()

    def ask(self, requests: Iterable[bytes]) -> None:
        """Have these requests answered, one at a time on each connection."""
        left = iter(requests)
        with selectors.DefaultSelector() as selector:
            for line, request in zip(self.lines, left, strict=False):
                line.sendall(request)
                selector.register(line, selectors.EVENT_READ, [line, b""])
            while selector.get_map():
                for key, _ in selector.select():
                    line, heard = key.data
                    piece = line.recv(1 << 20)
                    key.data[1] = (heard + piece)[-len(END) :]
                    if piece and key.data[1] != END:
                        continue
                    following = next(left, None) if piece else None
                    if following is None:
                        selector.unregister(line)
                    else:
                        line.sendall(following)


def measure(
    builds: list[Build], callers: dict[str, Caller], *, rounds: int, count: int
) -> dict[tuple[str, str], float]:
    """Return the best microseconds of an answer by name and build."""
    best: dict[tuple[str, str], float] = {}
    for name, kind in KINDS.items():
        for build in builds:
            build.script(kind)
        for number in range(rounds + 1):
            versions = range(number * count, (number + 1) * count)
            requests = [said(kind, version, fresh="alike" in name) for version in versions]
            for build in builds:
                before = build.spent()
                callers[build.build].ask(requests)
                cost = (build.spent() - before) / count * 1e6
                if number:  # the first one warms up
                    best[name, build.build] = min(cost, best.get((name, build.build), cost))
    return best


def main() -> int:
    """Measure and print a table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("builds", nargs="*", metavar="NAME=PYTHON", default=[f"this={sys.executable}"])
    parser.add_argument("--rounds", type=int, default=60, help="how often each is measured (60)")
    parser.add_argument("--count", type=int, default=64, help="how many requests a round has (64)")
    parser.add_argument("--connections", type=int, default=16, help="how many at once (16)")
    options = parser.parse_args()
    given = dict(pair.partition("=")[::2] for pair in options.builds)
    builds = [Build(name, python) for name, python in given.items()]
    with contextlib.ExitStack() as stack:
        for build in builds:
            stack.enter_context(build)
        callers = {
            build.build: stack.enter_context(Caller(build.port, options.connections)) for build in builds
        }
        best = measure(builds, callers, rounds=options.rounds, count=options.count)
    first = next(iter(given))
    sys.stdout.write(
        f"| µs of an answer | {' | '.join(given)} | {first} / last |\n|---|" + "--:|" * (len(given) + 1)
    )
    for name in KINDS:
        costs = [best[name, build] for build in given]
        shown = " | ".join(f"{cost:.1f}" for cost in costs)
        sys.stdout.write(f"\n| {name} | {shown} | {costs[0] / costs[-1]:.2f} |")
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
