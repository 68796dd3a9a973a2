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
from typing import TYPE_CHECKING, Self

import workload
from servers import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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

    def __init__(self, name: str, python: str, *, core: int | None = None) -> None:
        super().__init__(name="mock", core=core)
        self.build, self.python = name, python

    @property
    def command(self) -> list[str]:
        """The same command, by the interpreter of the build, which does not look where it is started."""
        return [self.python, "-P", *super().command[1:]]


def said(kind: workload.Kind, version: int, *, fresh: bool) -> bytes:
    """Return a request; a fresh one differs from all others in a text of the same length."""
    whole = workload.request(kind, version % workload.BODIES, scripted=True)
    return workload.unlike(whole, version) if fresh else whole


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


class Contest:
    """Some builds that answer the same requests in turns, and the best of each; use it in a `with` statement.

    `pairs` name the interpreter of each build: `NAME=PYTHON`.
    """

    def __init__(self, pairs: Iterable[str], *, connections: int) -> None:
        named = (pair.partition("=") for pair in pairs)
        self.builds = [Build(name, python) for name, _, python in named]
        self._connections = connections
        self._open = contextlib.ExitStack()
        self._callers: dict[str, Caller] = {}
        self._best: dict[tuple[str, str], float] = {}

    def __enter__(self) -> Self:
        with self._open as opening:
            for build in self.builds:
                opening.enter_context(build)
                caller = opening.enter_context(Caller(build.port, self._connections))
                self._callers[build.build] = caller
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def ask(self, kind: str, requests: list[bytes], *, counts: bool) -> None:
        """Have each build answer the requests; a round that does not count warms up."""
        for build in self.builds:
            before = build.spent()
            self._callers[build.build].ask(requests)
            cost = (build.spent() - before) / len(requests) * 1e6
            if counts:
                self._best[kind, build.build] = min(cost, self._best.get((kind, build.build), cost))

    def table(self, title: str, ratio: Callable[[float, float], float]) -> str:
        """Return the best microseconds of an answer by kind and build, and a ratio of first and last."""
        names = [build.build for build in self.builds]
        lines = [f"| µs of an answer | {' | '.join(names)} | {title} |", "|---|" + "--:|" * (len(names) + 1)]
        for kind in dict.fromkeys(kind for kind, _ in self._best):
            costs = [self._best[kind, name] for name in names]
            shown = " | ".join(f"{cost:.1f}" for cost in costs)
            lines.append(f"| {kind} | {shown} | {ratio(costs[0], costs[-1]):.2f} |")
        return "\n".join(lines) + "\n"


def options_of(description: str | None, *, rounds: int, count: int) -> argparse.ArgumentParser:
    """Return the options of a comparison, as far as all have them."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument("builds", nargs="*", metavar="NAME=PYTHON", default=[f"this={sys.executable}"])
    parser.add_argument("--rounds", type=int, default=rounds, help=f"how often each is measured ({rounds})")
    parser.add_argument("--count", type=int, default=count, help=f"how many requests a round has ({count})")
    parser.add_argument("--connections", type=int, default=16, help="how many at once (16)")
    return parser


def main() -> int:
    """Measure and print a table; return the exit code."""
    options = options_of(__doc__, rounds=60, count=64).parse_args()
    with Contest(options.builds, connections=options.connections) as contest:
        for name, kind in KINDS.items():
            for build in contest.builds:
                build.script(kind)
            for number in range(options.rounds + 1):
                versions = range(number * options.count, (number + 1) * options.count)
                requests = [said(kind, version, fresh="alike" in name) for version in versions]
                contest.ask(name, requests, counts=number > 0)
    sys.stdout.write(contest.table(f"{contest.builds[0].build} / last", lambda first, last: first / last))
    return 0


if __name__ == "__main__":
    sys.exit(main())
