"""Measure recordings: `python benchmarks/recording.py`.

How fast a folder of 10,000 opens and matches, what the recorder adds to the first byte of an answer, and how
the rate of a replay compares with that of the built-in model, in rounds that take turns.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import workload
from children import tied
from servers import loaded

from mockserver.corridor.replay import Recorded
from mockserver.corridor.work import at_once
from mockserver.recording import cassette
from mockserver.recording.canonical import keys_of
from mockserver.recording.interaction import Chunk, Interaction, Request, Response
from mockserver.recording.library import Library
from mockserver.recording.redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workload import Kind

HERE = Path(__file__).resolve().parent
FLOORS = {"open_s": 1.0, "match_ms": 0.5, "match_p99_ms": 5.0, "overhead_ms": 2.0, "rate": 0.8}
"""The most seconds to open 10,000, milliseconds to match, milliseconds to the first byte; the least rate."""

COUNT = 10_000


def recording(number: int) -> Interaction:
    """Return one of many recordings."""
    body = {**workload.body("stream", number % 64), "seed": number}
    frames = [
        workload.frame(workload.chunk({"content": text}, model=workload.MODEL, created=1))
        for text in workload.CHUNKS[:20]
    ]
    frames.append(b"data: [DONE]\n\n")
    return Interaction(
        request=Request(method="POST", path=workload.COMPAT_PATH, body=json.dumps(body).encode()),
        response=Response(
            status=200, chunks=tuple(Chunk(float(at), frame) for at, frame in enumerate(frames))
        ),
        recorded="2026-01-01T00:00:00.000Z",
    )


def many(folder: Path) -> dict[str, float]:
    """Fill a folder and measure how it opens, without and with an index, and how a request matches.

    Processor time counts: what else runs on the machine is none of theirs.
    """
    for number in range(COUNT):
        made = recording(number)
        (folder / f"{cassette.stem_of(made)}.json").write_bytes(cassette.encode(made))
    times = []
    for _ in range(4):
        begun = time.thread_time()
        library = Library(folder)
        times.append(time.thread_time() - begun)
    recorded = Recorded(library, Redaction.of())
    headers = [("authorization", "Bearer sk-benchmark")]
    matches = []
    for number in range(0, COUNT, 10):
        request = recording(number).request
        begun = time.thread_time()
        tape = at_once(recorded.tape("POST", request.path, headers, request.body))
        found = recorded.match(tape)
        matches.append((time.thread_time() - begun) * 1000)
        assert found is not None
        assert found.rows[0].strict == keys_of(request).strict
    return {
        "rebuild_s": times[0],
        "open_s": statistics.median(times[1:]),
        "match_ms": statistics.median(matches),
        "match_p99_ms": sorted(matches)[len(matches) * 99 // 100],
    }


@contextlib.contextmanager
def running(folder: Path, *arguments: str) -> Iterator[int]:
    """Run a command of ours and give its port, once it answers."""
    ready = folder / f"ready-{time.monotonic_ns()}.json"
    command = [sys.executable, "-m", "mockserver", *arguments, "--port", "0", "--quiet"]
    process = subprocess.Popen(tied([*command, "--ready-file", str(ready)]))
    try:
        while not ready.exists() and process.poll() is None:
            time.sleep(0.01)
        port = int(json.loads(ready.read_text())["port"])
        while b" 200 " not in first_byte(port, b"GET /_mock/health HTTP/1.1\r\nHost: x\r\n\r\n")[1]:
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def first_byte(port: int, request: bytes, line: socket.socket | None = None) -> tuple[float, bytes]:
    """Ask once; return the milliseconds to the first bytes, and the bytes up to the end of the answer."""
    with contextlib.ExitStack() as stack:
        if line is None:
            line = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
        begun = time.perf_counter()
        line.sendall(request)
        heard = line.recv(65536)
        took = (time.perf_counter() - begun) * 1000
        while request.startswith(b"POST") and not heard.endswith(b"0\r\n\r\n"):
            heard += line.recv(65536)
        return took, heard


def overhead(folder: Path, rounds: int) -> dict[str, float]:
    """Measure the first byte of a stream without and with the recorder between, in turns."""
    direct, through = [], []
    with (
        running(folder, "serve") as mock,
        running(
            folder,
            "record",
            "--upstream",
            f"http://127.0.0.1:{mock}",
            "--mode",
            "all",
            "--cassette",
            str(folder / "o"),
        ) as recorder,
        socket.create_connection(("127.0.0.1", mock), timeout=20) as one,
        socket.create_connection(("127.0.0.1", recorder), timeout=20) as other,
    ):
        for line in (one, other):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in range(rounds):
            request = workload.request("stream", number % 64, scripted=True)
            direct.append(first_byte(mock, request, one)[0])
            through.append(first_byte(recorder, request, other)[0])
    kept = slice(rounds // 10, None)
    bare, proxied = statistics.median(direct[kept]), statistics.median(through[kept])
    return {"direct_ms": bare, "through_ms": proxied, "overhead_ms": proxied - bare}


def rate(port: int, kind: Kind, seconds: float) -> float:
    """Return the requests per second of a server."""
    return loaded("the server", kind, port=port, seconds=seconds)["requests_per_second"]


def rates(folder: Path, rounds: int, seconds: float) -> dict[str, float]:
    """Compare a replay with the built-in model: the same requests, in turns."""
    kinds: tuple[Kind, ...] = ("chat", "stream")
    found: dict[str, list[float]] = {}
    with running(folder, "serve") as mock:
        upstream = f"http://127.0.0.1:{mock}"
        with running(
            folder, "record", "--upstream", upstream, "--mode", "all", "--cassette", str(folder / "r")
        ) as recorder:
            for kind in kinds:
                for version in range(workload.BODIES):
                    first_byte(recorder, workload.request(kind, version, scripted=True))
        with running(folder, "replay", str(folder / "r")) as player:
            for _ in range(rounds):
                for kind in kinds:
                    found.setdefault(f"{kind} built-in", []).append(rate(mock, kind, seconds))
                    found.setdefault(f"{kind} replayed", []).append(rate(player, kind, seconds))
    medians = {name: statistics.median(values) for name, values in found.items()}
    shares = {kind: medians[f"{kind} replayed"] / medians[f"{kind} built-in"] for kind in kinds}
    return {
        **medians,
        **{f"{kind} share": share for kind, share in shares.items()},
        "rate": min(shares.values()),
    }


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description="Measure recordings.")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a floor is missed")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the comparison of rates")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "many").mkdir()
        found = {**many(folder / "many"), **overhead(folder, 400), **rates(folder, options.rounds, 2.0)}
    print(f"load average: {os.getloadavg()[0]:.2f}")
    for key, value in found.items():
        floor = f"  (floor {FLOORS[key]})" if key in FLOORS else ""
        print(f"{key:18} {value:10.3f}{floor}")
    kept = all(found[key] < FLOORS[key] for key in ("open_s", "match_ms", "match_p99_ms", "overhead_ms"))
    kept = kept and found["rate"] >= FLOORS["rate"]
    return 1 if options.check and not kept else 0


if __name__ == "__main__":
    sys.exit(main())
