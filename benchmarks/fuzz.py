"""Fuzz every endpoint and the control API with requests that are nearly right, and with hostile sizes.

    python benchmarks/fuzz.py                          # an hour
    python benchmarks/fuzz.py --minutes 10 --check     # status 1 when something was not as it should be
    python benchmarks/fuzz.py --show 4711              # what request number 4711 is

Each request is made of its number: a good one of some endpoint is changed here and there, in its structure
more than in its bytes. Meanwhile the health is asked for every 20 ms. Nothing may end as an internal error,
nobody may wait longer than 250 ms for the health, and memory is flat. Everything stays on the loopback.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import re
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))
from holdups import EVERY, Health, Wait, memory
from mutants import NAMED, filled, made
from nasty import Ask
from soak import spawned

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.queues import Queue

BOUND = 0.25
"""Seconds that nobody may wait longer for the health."""

LINES = 4
"""So many requests are under way at once."""

PATIENCE = 20.0
"""Seconds after which a fuzzing client leaves: it may have asked for a slow pace itself."""

RESET_EVERY = 500
"""What was scripted is forgotten after so many requests."""

WARM_UP = 0.3
FLAT_SHARE, FLAT_MB = 0.1, 40.0
"""Memory is flat when it grows by no more than this share, or by so many MB, from first to last quarter."""

FAILED = re.compile(rb"could not be answered|Traceback|Exception in ASGI")
"""What the log of the server says of an internal error."""


@dataclass(frozen=True)
class Done:
    """What became of a request: its number, when it began and ended, and its status."""

    number: int
    begun: float
    ended: float
    status: str


def ask(port: int, request: Ask, draw: random.Random, names: dict[str, str]) -> str:
    """Ask, and listen to the end or leave early; return the status, or how it ended.

    `names` is what the server called files, batches and tasks, by their kind.
    """
    key = draw.choice(["sk-fuzz", "sk-fuzz", "sk-other", f"sk-{draw.randrange(10_000)}"])
    heard = b""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
        try:
            line.sendall(filled(request, names).encoded(key=key))
            if draw.random() < 0.03:
                return "left"
            until = time.monotonic() + PATIENCE
            while some := line.recv(1 << 18):
                heard = heard or some
                named = NAMED.search(some)
                if named is not None and named.lastgroup is not None:
                    names[named.lastgroup] = named[named.lastgroup].decode("latin-1")
                if time.monotonic() > until:
                    return f"{heard[9:12].decode('latin-1')}, left"
        except TimeoutError:
            return f"{heard[9:12].decode('latin-1')}, slow"
        except OSError:
            return "cut"
    return heard[9:12].decode("latin-1") or "none"


def fuzz(port: int, seed: int, first: int, until: float, told: Queue[Done | None]) -> None:
    """In a process of its own: ask one request after the other on several lines, and tell of each."""
    numbers = iter(range(first, 1 << 60))
    lock = threading.Lock()
    names: dict[str, str] = {}

    def go() -> None:
        while time.monotonic() < until:
            with lock:
                number = next(numbers)
            request = made(seed, number)
            begun = time.monotonic()
            status = ask(port, request, random.Random(number), names)
            told.put(Done(number, begun, time.monotonic(), status))
            if number % RESET_EVERY == 0:
                ask(port, Ask(path="/_mock/reset"), random.Random(0), names)

    threads = [threading.Thread(target=go) for _ in range(LINES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told.put(None)


@dataclass
class Run:
    """What was seen."""

    done: list[Done] = field(default_factory=list)
    waits: list[tuple[float, Wait]] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def late(self) -> list[tuple[float, list[int]]]:
        """Return each wait beyond the bound, with the numbers of the requests that were under way."""
        return [
            (
                wait.own,
                [each.number for each in self.done if each.begun <= at and each.ended >= at - wait.whole],
            )
            for at, wait in self.waits
            if wait.own > BOUND
        ]

    def growth(self) -> list[float]:
        """Return the memory of each quarter behind the warm-up, in MB."""
        kept = self.memory[int(WARM_UP * len(self.memory)) :]
        size = max(1, len(kept) // 4)
        return [statistics.median(kept[at * size : (at + 1) * size] or kept) for at in range(4)]

    def verdict(self) -> list[str]:
        """Return what was not as it should be."""
        first, *_, last = self.growth()
        found = [f"an internal error: {error}" for error in self.errors[:10]]
        found += [f"{wait:.2f} s for the health, during {numbers}" for wait, numbers in self.late()[:10]]
        if last - first > max(FLAT_MB, FLAT_SHARE * first):
            found.append(f"memory is not flat: {first:.0f} MB, then {last:.0f} MB")
        return found

    def table(self) -> str:
        """Return the report."""
        statuses = Counter(each.status for each in self.done)
        slowest = sorted(self.done, key=lambda each: each.begun - each.ended)[:5]
        own, whole = sorted(wait.own for _, wait in self.waits), max(wait.whole for _, wait in self.waits)
        lines = [
            "| status | times |",
            "|---|---:|",
            *(f"| {name} | {count} |" for name, count in statuses.most_common()),
        ]
        most = 1000 * own[int(0.999 * (len(own) - 1))]
        quarters = ", ".join(f"{size:.0f}" for size in self.growth())
        lines += [
            "",
            f"{len(self.done)} requests. The health was asked for {len(own)} times.",
            f"The longest wait of the server's own was {1000 * own[-1]:.0f} ms, of 99.9 % {most:.0f} ms.",
            f"The longest by the clock was {1000 * whole:.0f} ms.",
            f"Memory: {self.memory[0]:.0f} MB at first; then, a quarter of the time each: {quarters} MB.",
            "Slowest: " + ", ".join(f"{each.number} ({each.ended - each.begun:.1f} s)" for each in slowest),
        ]
        return "\n".join(lines)


def watch(run: Run, health: Health, told: Queue[Done | None], resident: Callable[[], float]) -> None:
    """Ask for the health until the fuzz is over, and note what it tells."""
    sampled = 0.0
    while True:
        wait = health.ask()
        now = time.monotonic()
        run.waits.append((now, wait))
        if now - sampled > 1:
            sampled = now
            run.memory.append(resident())
        while not told.empty():
            each = told.get()
            if each is None:
                return
            run.done.append(each)
        time.sleep(max(0.0, EVERY - wait.whole))


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, spawn the server, fuzz it, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (default 60)")
    parser.add_argument("--seed", type=int, default=1, help="which requests (default 1)")
    parser.add_argument("--first", type=int, default=1, help="the number of the first request (default 1)")
    parser.add_argument("--show", type=int, metavar="NUMBER", help="print a request and do nothing else")
    parser.add_argument("--check", action="store_true", help="status 1 when something was not right")
    options = parser.parse_args(arguments)
    if options.show is not None:
        sys.stdout.buffer.write(made(options.seed, options.show).encoded()[:20_000] + b"\n")
        return 0
    run = Run()
    with tempfile.TemporaryDirectory() as folder:
        process, port = spawned(Path(folder))
        try:
            until = time.monotonic() + 60 * options.minutes
            context = multiprocessing.get_context("spawn")
            told: Queue[Done | None] = context.Queue()
            given = (port, options.seed, options.first, until, told)
            sender = context.Process(target=fuzz, args=given, daemon=True)
            sender.start()
            watch(run, Health(port, process.pid), told, lambda: memory(process))
            sender.join()
        finally:
            process.terminate()
            process.wait(60)
        log = (Path(folder) / "log").read_bytes()
    pieces = re.split(rb"(?m)^(?=ERROR )", log)
    run.errors = sorted({piece[-600:].decode(errors="replace") for piece in pieces if FAILED.search(piece)})
    print(run.table())
    found = run.verdict()
    print(
        "\n".join(f"FAILED: {each}" for each in found) or "\nNothing failed, nobody waited, memory is flat."
    )
    return 1 if found and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
