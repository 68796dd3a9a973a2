"""Compare builds by 10,000 imported recordings: `python benchmarks/imported.py old=PYTHON new=PYTHON`.

Each PYTHON is the interpreter of an environment in which a build is installed; without any, this one is
measured alone. This build imports an archive; then `replay` servers of all builds take turns, one with the
recordings and one with none. Of each the processor time to open counts, the memory once it is open and once
it has answered, and how long a request waits for its answer. The best of the rounds counts: what else runs
makes it dearer, never cheaper.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from children import tied
from recording import recording

from mockserver.recording import index
from mockserver.recording.exporting import har
from mockserver.recording.intake import take_in
from mockserver.recording.redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Iterator

FLOORS = {"open_s": 1.0, "memory": 1.2}
"""The most seconds to open, and memory as a share of an empty server's and the index."""

_STILL = 1.0
"""Seconds without growth behind which a server has loaded all that it loads by itself."""

_EACH = 2_000
"""How many recordings an archive has; a larger one is not imported."""


def imported(folder: Path, count: int) -> float:
    """Import so many recordings into a folder; return the seconds that it took."""
    source = folder.with_name("archives")
    source.mkdir()
    for start in range(0, count, _EACH):
        made = [recording(number) for number in range(start, min(start + _EACH, count))]
        (source / f"{start:06}.har").write_text(har(made), encoding="utf-8")
    begun = time.perf_counter()
    lines = list(take_in(source, folder, Redaction.of()))
    assert {line.verdict for line in lines} == {"complete"}, {str(line) for line in lines[:3]}
    assert len(lines) == count
    return time.perf_counter() - begun


@dataclass(frozen=True, slots=True)
class Opened:
    """A replay server that runs: its process, its port, and the processor seconds that it took to open."""

    pid: int
    port: int
    spent: float

    def memory(self) -> int:
        """Return the bytes that it holds in memory, those that it shares with others included."""
        rows = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(row.split()[1]) * 1024 for row in rows if row.startswith("VmRSS:"))

    def settled(self) -> int:
        """Return the same once it grows no more: a server loads vocabularies when its port is open."""
        before, now = 0, self.memory()
        while now != before:
            time.sleep(_STILL)
            before, now = now, self.memory()
        return now


def _spent(pid: int) -> float:
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


@contextlib.contextmanager
def replaying(python: str, folder: Path) -> Iterator[Opened]:
    """Run `replay` of a build on a folder."""
    ready = folder.with_name(f"ready-{time.monotonic_ns()}.json")
    command = [python, "-P", "-m", "mockserver", "replay", str(folder)]
    command += ["--port", "0", "--quiet", "--ready-file", str(ready)]
    process = subprocess.Popen(tied(command))
    try:
        while not ready.exists() and process.poll() is None:
            time.sleep(0.005)
        port = int(json.loads(ready.read_text())["port"])
        yield Opened(process.pid, port, _spent(process.pid))
    finally:
        process.terminate()
        process.wait()


def waited(port: int, numbers: range) -> list[float]:
    """Ask for recordings one after the other; return the milliseconds to the head of each answer."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"authorization": "Bearer sk-benchmark", "content-type": "application/json"}
    took = []
    for number in numbers:
        request = recording(number).request
        begun = time.perf_counter()
        line.request("POST", request.path, request.body, headers)
        answer = line.getresponse()
        took.append((time.perf_counter() - begun) * 1000)
        answer.read()
        assert answer.status == 200, answer.status
    line.close()
    return took


def measured(python: str, folder: Path, empty: Path, *, number: int, count: int) -> dict[str, float]:
    """Measure a build once: with the recordings, and with none."""
    with replaying(python, empty) as server:
        bare, nothing = server.spent, server.settled()
    with replaying(python, folder) as server:
        opened, memory = server.spent - bare, server.settled()
        waited(server.port, range(20))
        start = 20 + number * 1000 % (count - 1020)
        times = sorted(waited(server.port, range(start, start + 1000)))
        after = server.memory()
    wanted = nothing + (folder / index.NAME).stat().st_size
    return {
        "open_s": opened,
        "p50_ms": times[len(times) // 2],
        "p99_ms": times[len(times) * 99 // 100],
        "memory": memory / wanted,
        "after": after / wanted,
        "empty_mb": nothing / 1e6,
        "full_mb": memory / 1e6,
        "after_mb": after / 1e6,
    }


def main() -> int:
    """Measure and print a table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("builds", nargs="*", metavar="NAME=PYTHON", default=[f"this={sys.executable}"])
    parser.add_argument("--check", action="store_true", help="exit with 1 when the last build misses a floor")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (5)")
    parser.add_argument(
        "--count", type=int, default=10_000, help="how many recordings, 2000 at least (10000)"
    )
    options = parser.parse_args()
    builds = dict(pair.partition("=")[::2] for pair in options.builds)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in builds}
    with tempfile.TemporaryDirectory() as name:
        empty, template = Path(name) / "empty", Path(name) / "cassette"
        empty.mkdir()
        took = imported(template, options.count)
        folders = {build: Path(name) / f"of-{at}" for at, build in enumerate(builds)}
        for build, folder in folders.items():
            # Each build has an index of its own beside the same files.
            subprocess.run(["cp", "-rl", str(template), str(folder)], check=True)
            with replaying(builds[build], folder):
                pass
        for number in range(options.rounds):
            for build, python in builds.items():
                found[build].append(
                    measured(python, folders[build], empty, number=number, count=options.count)
                )
    best = {build: {key: min(row[key] for row in rows) for key in rows[0]} for build, rows in found.items()}
    sys.stdout.write(f"{options.count} recordings imported in {took:.1f} s\n\n")
    sys.stdout.write(
        f"| best of {options.rounds} | {' | '.join(builds)} | floor |\n|---|" + "--:|" * (len(builds) + 1)
    )
    for key in next(iter(best.values())):
        shown = " | ".join(f"{best[build][key]:.3f}" for build in builds)
        sys.stdout.write(f"\n| {key} | {shown} | {FLOORS.get(key, '')} |")
    sys.stdout.write("\n")
    kept = all(best[[*builds][-1]][key] < floor for key, floor in FLOORS.items())
    return 1 if options.check and not kept else 0


if __name__ == "__main__":
    sys.exit(main())
