"""Ask for the health every 20 ms while a nasty request runs, alone and 20 at once: the longest wait for it.

    python benchmarks/holdups.py                      # every row of nasty.py and nasty_schemas.py
    python benchmarks/holdups.py --only tool --check  # those whose name has "tool"; status 1 above the bound
    python benchmarks/holdups.py --bodies FOLDER --within 1 --check   # chats of files, no row

The server, who asks for its health, and whoever is nasty are processes of their own. The first lines show the
longest wait without anything nasty: what the machine itself costs.

Three figures of a wait are shown: how long it was by the clock, how much of that was the server's own, and
for how long the server had a core meanwhile. For the rest somebody else had it: the kernel tells how long a
thread that could run had to wait for one. What is the server's own is held to the bound; on a machine that
does nothing else it is the whole. Where it is much longer than on a core, the server slept, or a machine of
which this one is a part gave it no time, which nobody here can tell.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import socket
import statistics
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))
import nasty
import nasty_schemas  # noqa: F401 - its rows are entered by reading it
from children import tie_to_caller
from servers import spent
from soak import spawned

if TYPE_CHECKING:
    import subprocess
    from multiprocessing.queues import Queue

EVERY = 0.02
"""Seconds between two questions for the health."""

BOUND = 0.1
"""Seconds that nobody may wait longer for it."""

AT_ONCE = 20
RESTING = 2.0
PATIENCE = 180.0


def talk(port: int, said: bytes) -> tuple[str, float]:
    """Say something on a connection of its own; return the status and how long the whole answer took."""
    begin = time.monotonic()
    status = b""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
        with suppress(OSError):  # the server may not want to hear it all
            line.sendall(said)
        try:
            while some := line.recv(1 << 20):
                status = status or some[9:12]
        except OSError:
            status = status or b"cut"
    return status.decode() or "none", time.monotonic() - begin


def send(port: int, name: str, number: int, told: Queue[tuple[str, float] | None]) -> None:
    """In a process of its own: prepare a row, say so, ask that many times at once and tell of each answer."""
    tie_to_caller()
    row = (
        nasty.ROWS[name]() if name in nasty.ROWS else nasty.Nasty(ask=nasty.Ask(body=Path(name).read_bytes()))
    )
    for call in row.before:
        talk(port, call.encoded())
    said = row.ask.encoded()
    told.put(None)
    threads = [threading.Thread(target=lambda: told.put(talk(port, said))) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@dataclass(frozen=True, order=True)
class Wait:
    """A wait for the health, in seconds: how much of it was the server's `own`, and the `whole`.

    `busy` is for how long its threads had a core meanwhile: who held the others up without one slept, or was
    itself kept from it by others.
    """

    own: float
    whole: float
    busy: float = 0.0


@dataclass(frozen=True)
class Held:
    """What one row did: its statuses, its slowest answer in seconds, and the waits for the health."""

    statuses: str
    slowest: float
    waits: list[Wait]

    @property
    def own(self) -> float:
        """The longest wait that was the server's own."""
        return max(wait.own for wait in self.waits)

    @property
    def busy(self) -> float:
        """For how long the server had a core in that one."""
        return max(self.waits).busy

    @property
    def whole(self) -> float:
        """The longest wait by the clock."""
        return max(wait.whole for wait in self.waits)


def waiting(pid: int) -> dict[str, float]:
    """Return for how many seconds each thread of a process could have run and had no core."""
    found = {}
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # it may have ended
            _, waited, _ = map(int, (thread / "schedstat").read_text().split())
            found[thread.name] = waited / 1e9
    return found


class Health:
    """Who asks for the health of a server all the time, on one connection that is kept."""

    def __init__(self, port: int, pid: int) -> None:
        """Connect."""
        self._pids = (pid, os.getpid())
        self._line = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self) -> Wait:
        """Ask once; return how long that took. Where several threads had no core, the longest time counts."""
        before, begun = [waiting(pid) for pid in self._pids], spent(self._pids[0])
        whole = self._asked()
        busy, after = spent(self._pids[0]) - begun, [waiting(pid) for pid in self._pids]
        lost = sum(
            max(waited - was.get(thread, 0.0) for thread, waited in now.items())
            for was, now in zip(before, after, strict=True)
        )
        return Wait(max(0.0, whole - lost), whole, busy)

    def _asked(self) -> float:
        begin = time.monotonic()
        self._line.sendall(b"GET /_mock/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        heard = b""
        while b"\r\n\r\n" not in heard or not heard.endswith(b"}"):
            some = self._line.recv(65536)
            if not some:
                raise SystemExit("the server ended the connection that asks for its health")
            heard += some
        return time.monotonic() - begin

    def during(self, running: multiprocessing.process.BaseProcess | None) -> list[Wait]:
        """Ask again and again, as long as a process runs, or for two seconds."""
        until, waits = time.monotonic() + RESTING, []
        while running.is_alive() if running is not None else time.monotonic() < until:
            waits.append(self.ask())
            time.sleep(max(0.0, EVERY - waits[-1].whole))
        return waits


def hold(port: int, health: Health, name: str, number: int) -> Held:
    """Run a row so many times at once."""
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    sender = context.Process(target=send, args=(port, name, number, told))
    sender.start()
    told.get(timeout=PATIENCE)
    waits = health.during(sender)
    answers = [answer for answer in (told.get(timeout=PATIENCE) for _ in range(number)) if answer is not None]
    sender.join()
    statuses = ",".join(sorted({status for status, _ in answers}))
    talk(port, nasty.Ask(path="/_mock/reset").encoded())
    return Held(statuses, max(seconds for _, seconds in answers), waits)


def line(name: str, alone: Held, together: Held) -> str:
    """Return a line of the table."""
    mark = " **" if max(alone.own, together.own) > BOUND else ""
    name = name if name in nasty.ROWS else Path(name).stem
    cells = (
        f"{held.slowest:.2f} | {1000 * held.own:.0f} | {1000 * held.busy:.0f} | {1000 * held.whole:.0f}"
        for held in (alone, together)
    )
    return f"| {name} | {together.statuses} | {' | '.join(cells)}{mark} |"


def memory(process: subprocess.Popen[bytes]) -> float:
    """Return the resident memory of a process, in MB."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, spawn the server, run the rows."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", help="rows whose name has this")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help=f"how many at once (default {AT_ONCE})")
    parser.add_argument("--bodies", type=Path, help="a folder of JSON files: these chats, and no row")
    parser.add_argument("--within", type=float, default=PATIENCE, help="seconds that one alone may take")
    parser.add_argument("--check", action="store_true", help=f"fail when a wait is above {BOUND} s")
    options = parser.parse_args(arguments)
    late = []
    rows = list(nasty.ROWS) if options.bodies is None else sorted(map(str, options.bodies.glob("*.json")))
    with tempfile.TemporaryDirectory() as folder:
        process, port = spawned(Path(folder))
        try:
            while not talk(port, nasty.Ask(method="GET", path="/_mock/health").encoded())[0].startswith("2"):
                time.sleep(0.1)
            health = Health(port, process.pid)
            quiet = Held("", 0.0, health.during(None))
            middle = 1000 * statistics.median(wait.whole for wait in quiet.waits)
            print(
                f"At rest: longest wait {1000 * quiet.own:.0f} ms of its own, {1000 * quiet.whole:.0f} ms by "
                f"the clock, median {middle:.1f} ms.\n"
            )
            waits = "longest wait, own: ms | on a core: ms | by the clock: ms"
            print(f"| row | status | alone: s | {waits} | {options.at_once} at once: s | {waits} |")
            print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|", flush=True)
            for name in rows:
                if options.only in name:
                    alone = hold(port, health, name, 1)
                    together = hold(port, health, name, options.at_once)
                    held = max(alone.own, together.own) > BOUND
                    late += [name] * (held or alone.slowest > options.within)
                    print(line(name, alone, together), flush=True)
            print(f"\nThe server holds {memory(process):.0f} MB.")
        finally:
            begin = time.monotonic()
            process.terminate()
            process.wait(PATIENCE)
            print(f"It ended {time.monotonic() - begin:.1f} s after SIGTERM.")
    print("\n".join(f"LATE: {name}" for name in late))
    return 1 if late and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
