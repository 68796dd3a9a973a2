"""Fuzz every endpoint and the control API with requests that are nearly right, and with hostile sizes.

    python benchmarks/fuzz.py                          # an hour
    python benchmarks/fuzz.py --minutes 10 --check     # status 1 when something was not as it should be
    python benchmarks/fuzz.py --show 4711              # what request number 4711 is
    python benchmarks/fuzz.py --only '^/apps/anthropic'        # the endpoints whose paths have this

Each request is made of its number: a good one of some endpoint is changed here and there, in its structure
more than in its bytes. Meanwhile the health is asked for every 20 ms. Nothing may end as an internal error,
or with a status 500 that was not scripted; nobody may wait longer than 250 ms for the health; memory is flat.
What failed is told as it is found, with a file of the request that did it, and each minute how it goes.
Everything stays on the loopback.
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
from children import tie_to_caller
from failing import reason
from good import FORM, GOOD
from holdups import EVERY, Health, Wait, memory, talk
from holdups import PATIENCE as SILENT
from mutants import NAMED, chosen, filled, made
from nasty import Ask
from soak import spawned

from mockserver.endpoints.table import endpoints

if TYPE_CHECKING:
    from collections.abc import Callable, MutableSequence
    from multiprocessing.queues import Queue

BOUND = 0.25
"""Seconds that nobody may wait longer for the health."""

LINES = 4
"""So many requests are under way at once."""

PATIENCE = 20.0
"""Seconds after which a fuzzing client leaves: it may have asked for a slow pace itself."""

RESET_EVERY = 500
"""What was scripted is forgotten after so many requests."""

TOLD = 16_384
"""So many bytes of an answer are looked at, but all of one that failed: its end may say why it was to."""

MINUTE = 60.0
WARM_UP = 0.3
FLAT_SHARE, FLAT_MB = 0.1, 40.0
"""Memory is flat when it grows by no more than this share, or by so many MB, from first to last quarter."""

KEPT = re.compile(rb'_kept_bytes\{what="(\w+)"\} ([\d.e+]+)')
"""What the metrics say of everything that has a bound."""

FAILED = re.compile(rb"could not be answered|Traceback|Exception in ASGI")
"""What the log of the server says of an internal error."""


@dataclass(frozen=True)
class Done:
    """What became of a request: its number, when it began and ended, its status, and why it failed with 500.

    A `fault` is a failure that nobody scripted.
    """

    number: int
    begun: float
    ended: float
    status: str
    why: str = ""
    fault: bool = False


def ask(port: int, request: Ask, draw: random.Random, names: dict[str, str]) -> tuple[str, bytes]:
    """Ask, and listen to the end or leave early; return the status, or how it ended, and what was heard.

    `names` is what the server called files, batches, tasks and more, by their kind.
    """
    key = draw.choice(["sk-fuzz", "sk-fuzz", "sk-other", f"sk-{draw.randrange(10_000)}"])
    heard = b""
    try:
        line = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    except OSError:
        return "no connection", b""
    with line:
        try:
            line.sendall(filled(request, names).encoded(key=key))
            if draw.random() < 0.03:
                return "left", b""
            until = time.monotonic() + PATIENCE
            while some := line.recv(1 << 18):
                failed = (heard or some)[9:12] == b"500"
                heard += some if failed else some[: TOLD - len(heard)]
                named = NAMED.search(some)
                if named is not None and named.lastgroup is not None:
                    names[named.lastgroup] = named[named.lastgroup].decode("latin-1")
                if time.monotonic() > until:
                    return f"{heard[9:12].decode('latin-1')}, left", heard
        except TimeoutError:
            return f"{heard[9:12].decode('latin-1')}, slow", heard
        except OSError:
            return "cut", heard
    return heard[9:12].decode("latin-1") or "none", heard


def fuzz(
    port: int,
    seed: int,
    first: int,
    only: str,
    until: float,
    told: Queue[Done | None],
    under_way: MutableSequence[int],
) -> None:
    """In a process of its own: ask one request after the other on several lines, and tell of each.

    `under_way` holds the number of the request of each line.
    """
    tie_to_caller()
    rows = chosen(only)
    numbers = iter(range(first, 1 << 60))
    lock = threading.Lock()
    names: dict[str, str] = {}

    def go(each: int) -> None:
        while time.monotonic() < until:
            with lock:
                number = under_way[each] = next(numbers)
            request = made(seed, number, rows)
            begun = time.monotonic()
            status, heard = ask(port, request, random.Random(number), names)
            why, meant = reason(heard) if status == "500" else ("", True)
            told.put(Done(number, begun, time.monotonic(), status, why, not meant))
            if number % RESET_EVERY == 0:
                ask(port, Ask(path="/_mock/reset"), random.Random(0), names)

    threads = [threading.Thread(target=go, args=(each,)) for each in range(LINES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told.put(None)


def said(wait: Wait) -> str:
    """Return a wait in words."""
    return f"{wait.own:.2f} s ({wait.busy:.2f} s on a core, {wait.whole:.2f} s by the clock)"


def kept(port: int) -> dict[str, float]:
    """Return what the server keeps of all that has a bound, in MB; nothing where it does not answer."""
    heard = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
            line.sendall(Ask(method="GET", path="/_mock/metrics").encoded())
            while some := line.recv(1 << 18):
                heard += some
    except OSError:
        return {}
    return {what.decode(): float(size) / 1e6 for what, size in KEPT.findall(heard)}


def amounts(sizes: dict[str, float]) -> str:
    """Return them in words."""
    return ", ".join(f"{what} {size:.1f} MB" for what, size in sizes.items())


@dataclass
class Run:
    """What was seen."""

    done: list[Done] = field(default_factory=list)
    waits: list[tuple[float, Wait]] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    kept: dict[str, float] = field(default_factory=dict)
    """The most that was kept of all that has a bound, in MB, as it was asked for each minute."""

    silent: list[int] = field(default_factory=list)
    """The requests under way when the health had no answer at all."""

    def failures(self) -> dict[str, list[int]]:
        """Return the numbers of the requests that failed with a status 500 that nobody scripted, by kind."""
        found: dict[str, list[int]] = {}
        for each in self.done:
            if each.fault:
                found.setdefault(each.why, []).append(each.number)
        return found

    def late(self) -> list[tuple[Wait, list[int]]]:
        """Return each wait beyond the bound, with the numbers of the requests that were under way."""
        return [
            (
                wait,
                [each.number for each in self.done if each.begun <= at and each.ended >= at - wait.whole],
            )
            for at, wait in self.waits
            if wait.own > BOUND
        ]

    def growth(self, of: Callable[[list[float]], float] = statistics.median) -> list[float]:
        """Return the memory of each quarter behind the warm-up, in MB: its median, or what else of it."""
        kept = self.memory[int(WARM_UP * len(self.memory)) :]
        size = max(1, len(kept) // 4)
        return [of(kept[at * size : (at + 1) * size] or kept) for at in range(4)]

    def verdict(self) -> list[str]:
        """Return what was not as it should be."""
        first, *_, last = self.growth()
        found = [f"an internal error: {error}" for error in self.errors[:10]]
        if self.silent:
            found.append(f"no answer for the health in {SILENT:.0f} s, during {self.silent}")
        found += [
            f"status 500, {len(numbers)} times: {why}; the first was {numbers[0]}"
            for why, numbers in self.failures().items()
        ]
        found += [f"{said(wait)} for the health, during {numbers}" for wait, numbers in self.late()[:10]]
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
        meant = Counter(each.why for each in self.done if each.why and not each.fault)
        most = 1000 * own[int(0.999 * (len(own) - 1))]
        middle, least, most_mb = (
            ", ".join(f"{size:.0f}" for size in self.growth(of)) for of in (statistics.median, min, max)
        )
        lines += [
            "",
            "Status 500 as it was meant: "
            + (", ".join(f"{why} ({count})" for why, count in meant.most_common()) or "none")
            + ".",
            f"{len(self.done)} requests. The health was asked for {len(own)} times.",
            f"The longest wait of the server's own was {1000 * own[-1]:.0f} ms, of 99.9 % {most:.0f} ms.",
            f"The longest by the clock was {1000 * whole:.0f} ms.",
            f"Memory: {self.memory[0]:.0f} MB at first; then, a quarter of the time each: {middle} MB;",
            f"at least, which is soon behind a reset: {least} MB; at most: {most_mb} MB.",
            "Kept, at most, as far as was asked: " + (amounts(self.kept) or "nobody asked") + ".",
            "Slowest: " + ", ".join(f"{each.number} ({each.ended - each.begun:.1f} s)" for each in slowest),
        ]
        return "\n".join(lines)


class Log:
    """Who tells how it goes while it goes, and keeps the requests that did harm as files."""

    def __init__(
        self, run: Run, folder: Path, make: Callable[[int], Ask], ask: Callable[[], dict[str, float]]
    ) -> None:
        """Begin; `ask` tells what the server keeps."""
        self._run, self._folder, self._make, self._ask = run, folder, make, ask
        self._known: set[str] = set()
        self._waits, self._minute = 0, time.monotonic()

    def failed(self, each: Done) -> None:
        """Tell of a failure of a kind that is new."""
        if each.fault and each.why not in self._known:
            self._known.add(each.why)
            print(f"status 500: {each.why}: {self._kept(each.number)}", flush=True)

    def go(self, now: float) -> None:
        """Each minute, tell how many requests there were, how much memory, and who waited."""
        if now - self._minute < MINUTE:
            return
        self._minute, run = now, self._run
        sizes = self._ask()
        run.kept = {what: max(size, run.kept.get(what, 0.0)) for what, size in sizes.items()} or run.kept
        print(f"{len(run.done)} requests, {run.memory[-1]:.0f} MB: {amounts(sizes)}", flush=True)
        late = run.late()
        for wait, numbers in late[self._waits :]:
            print(f"waited {said(wait)} during {', '.join(map(self._kept, numbers))}", flush=True)
        self._waits = len(late)

    def silent(self, numbers: list[int]) -> None:
        """Tell of the requests under way when nothing was answered any more."""
        self._run.silent = numbers
        print(f"no answer any more during {', '.join(map(self._kept, numbers))}", flush=True)

    def _kept(self, number: int) -> str:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{number}.http"
        path.write_bytes(self._make(number).encoded())
        return str(path)


def watch(
    run: Run,
    health: Health,
    told: Queue[Done | None],
    resident: Callable[[], float],
    log: Log,
    under_way: MutableSequence[int],
) -> None:
    """Ask for the health until the fuzz is over, or nothing is answered any more; note what it tells."""
    sampled = 0.0
    while True:
        try:
            wait = health.ask()
        except TimeoutError:
            log.silent(list(under_way))
            return
        now = time.monotonic()
        run.waits.append((now, wait))
        if now - sampled > 1:
            sampled = now
            run.memory.append(resident())
            log.go(now)
        while not told.empty():
            each = told.get()
            if each is None:
                return
            run.done.append(each)
            log.failed(each)
        time.sleep(max(0.0, EVERY - wait.whole))


def unasked() -> list[str]:
    """Return the endpoints of the server that no good request asks."""
    paths = {("POST" if method == FORM else method, path.partition("?")[0]) for method, path, _ in GOOD}
    return [
        f"{row.method} {row.path}"
        for row in endpoints()
        if "/protocols/" not in row.path  # the same as those of the newer path
        and not any(method == row.method and _fits(row.path, path) for method, path in paths)
    ]


def _fits(pattern: str, path: str) -> bool:
    open_places = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(pattern))
    return re.fullmatch(open_places, path) is not None


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, spawn the server, fuzz it, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (default 60)")
    parser.add_argument("--seed", type=int, default=1, help="which requests (default 1)")
    parser.add_argument("--first", type=int, default=1, help="the number of the first request (default 1)")
    parser.add_argument(
        "--only", default="", metavar="REGEX", help="which endpoints, by their paths (default all)"
    )
    parser.add_argument("--found", type=Path, default=Path(".cache/fuzz"), help="where what failed is kept")
    parser.add_argument("--show", type=int, metavar="NUMBER", help="print a request and do nothing else")
    parser.add_argument("--check", action="store_true", help="status 1 when something was not right")
    options = parser.parse_args(arguments)
    rows = chosen(options.only)
    if not rows:
        parser.exit(2, f"no endpoint's path has {options.only!r}\n")
    if options.show is not None:
        sys.stdout.buffer.write(made(options.seed, options.show, rows).encoded()[:20_000] + b"\n")
        return 0
    if left := unasked():
        parser.exit(2, f"benchmarks/good.py has no request for {', '.join(left)}\n")
    run = Run()
    with tempfile.TemporaryDirectory() as folder:
        process, port = spawned(Path(folder))
        try:
            while not talk(port, Ask(method="GET", path="/_mock/health").encoded())[0].startswith("2"):
                time.sleep(0.1)  # what it loads first is no doing of any request
            until = time.monotonic() + 60 * options.minutes
            context = multiprocessing.get_context("spawn")
            told: Queue[Done | None] = context.Queue()
            under_way = context.Array("q", LINES, lock=False)
            given = (port, options.seed, options.first, options.only, until, told, under_way)
            sender = context.Process(target=fuzz, args=given, daemon=True)
            sender.start()
            log = Log(run, options.found, lambda number: made(options.seed, number, rows), lambda: kept(port))
            watch(run, Health(port, process.pid), told, lambda: memory(process), log, under_way)
            if run.silent:
                sender.terminate()
            sender.join()
        finally:
            process.terminate()
            process.wait(60)
        logged = (Path(folder) / "log").read_bytes()
    pieces = re.split(rb"(?m)^(?=ERROR )", logged)
    run.errors = sorted({piece[-600:].decode(errors="replace") for piece in pieces if FAILED.search(piece)})
    print(run.table())
    found = run.verdict()
    print(
        "\n".join(f"FAILED: {each}" for each in found) or "\nNothing failed, nobody waited, memory is flat."
    )
    return 1 if found and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
