"""Processes that share a Redis, under load: `python benchmarks/many.py`.

Workers are killed, then the engine is ended and begun again, while clients ask for the steps of one sequence.
What was answered has to be in the journal; no step may be given twice or left out; nobody may wait for long.
Then what an answer costs: processor time of a server by itself, and of one that shares. That engine writes
nothing to its disk, whose time is no server's.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import workload
from children import tied
from servers import free_port, loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).resolve().parent
CLIENTS, LONGEST_S, START_S = 8, 15.0, 60.0
KEY = "sk-benchmark"
JOURNAL = 100_000
BODY = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Next?"}]}
RATE = 0.5
"""The least share of a server by itself that one with a shared state answers of, by processor time."""
PAIR = 1.7
"""So many times what one worker answers two answer at least, by processor time."""


class Engine:
    """One redis-server; a `durable` one writes each change to its disk, and comes back with all of it."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        """Begin it on a free port."""
        self.port = free_port()
        self._folder = folder
        self._options = ["--appendonly", "yes", "--appendfsync", "always"] if durable else []
        self.begin()

    def begin(self) -> None:
        """Start it and wait until it listens and has read what it knew."""
        program = shutil.which("redis-server") or "redis-server"
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        command += ["--save", "", "--logfile", "log", *self._options]
        self.process = subprocess.Popen(tied(command), cwd=self._folder)

    def end(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def serving(*options: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run a server; give its process and its port."""
    port = free_port()
    command = [sys.executable, "-m", "mockserver", "serve", "--quiet", "--port", str(port), *options]
    process = subprocess.Popen(tied(command), stdout=subprocess.DEVNULL)
    try:
        ends = time.monotonic() + START_S
        while not _healthy(port):
            if process.poll() is not None or time.monotonic() > ends:
                message = f"the server is not up: {process.poll()}"
                raise RuntimeError(message)
            time.sleep(0.05)
        yield process, port
    finally:
        process.terminate()
        process.wait()


def _healthy(port: int) -> bool:
    try:
        return ask(port, "GET", "/_mock/health")[0] == 200
    except OSError:
        return False


def ask(port: int, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Ask by a connection of its own; give the status and the JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST_S)
    try:
        head = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}
        connection.request(method, path, None if body is None else json.dumps(body), head)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text[:1] in (b"{", b"[") else None
    finally:
        connection.close()


@dataclass
class Load:
    """Clients that ask for the next step until they are told to end, and what they heard."""

    port: int
    answered: list[str] = field(default_factory=list)
    unavailable: int = 0
    broken: int = 0
    slowest: float = 0.0
    others: list[str] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        """Begin to ask."""
        self._threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self.ending.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self.ending.is_set():
            began = time.monotonic()
            try:
                status, said = ask(self.port, "POST", workload.COMPAT_PATH, BODY)
            except (OSError, http.client.HTTPException) as error:
                self.broken += 1
                if isinstance(error, TimeoutError):
                    self.others.append("a client hung")
                continue
            finally:
                self.slowest = max(self.slowest, time.monotonic() - began)
            if status == 200:
                self.answered.append(said["choices"][0]["message"]["content"])
            elif status == 503:
                self.unavailable += 1
                time.sleep(0.05)
            else:
                self.others.append(f"status {status}")


def wait_for(what: Callable[[], bool]) -> None:
    """Look until something is so."""
    ends = time.monotonic() + START_S
    while not what():
        if time.monotonic() > ends:
            message = "nothing was answered any more"
            raise RuntimeError(message)
        time.sleep(0.02)


def disturbed(url: str, times: int, disturb: Callable[[subprocess.Popen[bytes]], None]) -> dict[str, Any]:
    """Answer under load while something is broken so often; what came of it."""
    with serving("--state", url, "--workers", "2", "--journal", str(JOURNAL)) as (process, port):
        script = {"reply": {"content": "{{ use }}"}, "template": True, "match": {"key": KEY}}
        ask(port, "POST", "/_mock/replies", script)
        with Load(port) as load:
            for _ in range(times):
                disturb(process)
                heard = len(load.answered)
                wait_for(lambda heard=heard: len(load.answered) > heard + CLIENTS)  # type: ignore[misc]
        followed = follow(port, load)
        _, told = ask(port, "GET", f"/_mock/requests?key={KEY}")
        _, replies = ask(port, "GET", "/_mock/replies")
    entered = [shown["answer"][0]["content"] for shown in told["requests"] if shown["answer"]]
    given = replies["replies"][0]["used"]
    return {
        "times": times,
        "answered": len(load.answered),
        "missing": len(set(load.answered) - set(entered)),
        "twice": len(load.answered) - len(set(load.answered)) + len(entered) - len(set(entered)),
        "skipped": given - len(load.answered),
        "given_back_at_the_end": followed,
        "unavailable": load.unavailable,
        "broken": load.broken,
        "slowest_s": round(load.slowest, 2),
        "others": sorted(set(load.others)),
    }


def follow(port: int, load: Load) -> int:
    """Ask for the steps that nobody asked for again, until one follows that is new; how many there were.

    What was given back is given before anything new, so nothing but what was skipped is left out then.
    """
    most, number = max(map(int, load.answered), default=0), 0
    while True:
        status, said = ask(port, "POST", workload.COMPAT_PATH, BODY)
        if status != 200:
            load.others.append(f"status {status} in the end")
            return number
        load.answered.append(said["choices"][0]["message"]["content"])
        if int(load.answered[-1]) > most:
            return number
        number += 1


def kill_one(process: subprocess.Popen[bytes]) -> None:
    """Kill a worker, any."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(random.choice(children)), signal.SIGKILL)


def _cpu_s(pids: list[int]) -> float:
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def cost(seconds: float, engine: Engine, *options: str, fresh: bool = False) -> tuple[float, float]:
    """Return the milliseconds of processor time for an answer, of a server and of the engine.

    64 connections ask; of `fresh` requests no two are alike.
    """
    with serving(*options) as (process, port):
        ask(port, "POST", "/_mock/replies", workload.script("chat"))
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()
        pids = [process.pid, *map(int, children)]
        before = _cpu_s(pids), _cpu_s([engine.process.pid])
        _, usage = ask(port, "GET", "/_mock/usage")
        loaded("the server", "chat", port=port, seconds=seconds, warmup=1.0, fresh=fresh)
        after = _cpu_s(pids), _cpu_s([engine.process.pid])
        _, usage = ask(port, "GET", "/_mock/usage")
        answers = sum(row["requests"] for row in usage["usage"])
        return 1000 * (after[0] - before[0]) / answers, 1000 * (after[1] - before[1]) / answers


def main() -> int:
    """Measure, print, and say by the exit status whether all is as it has to be."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--stops", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--check", action="store_true", help="fail where a floor is broken")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Path(folder))
        url = f"redis://127.0.0.1:{engine.port}"

        def stop(_: object) -> None:
            engine.end()
            engine.begin()

        try:
            found = {
                "workers killed": disturbed(f"{url}?prefix=kills", options.kills, kill_one),
                "engine stopped": disturbed(f"{url}?prefix=stops", options.stops, stop),
            }
        finally:
            engine.end()
        print(json.dumps(found, indent=1))
        shares: dict[bool, list[float]] = {False: [], True: []}
        pairs = []
        engine = Engine(Path(folder), durable=False)
        url = f"redis://127.0.0.1:{engine.port}"
        try:
            for number in range(options.rounds):
                for fresh, name in ((True, "no two requests alike"), (False, "the same requests")):
                    state = f"{url}?prefix={number}-{fresh}"
                    alone, _ = cost(options.seconds, engine, fresh=fresh)
                    shared, one = cost(options.seconds, engine, "--state", state, fresh=fresh)
                    shares[fresh].append(alone / shared)
                    told = f"alone {alone:.3f}, shared {shared:.3f} and {one:.3f} of the engine's"
                    print(f"milliseconds of processor time for an answer, {name}: {told}", flush=True)
                both, two = cost(
                    options.seconds, engine, "--state", f"{url}?prefix={number}", "--workers", "2"
                )
                pairs.append(2 * shared / both)
                print(f"by two processes: {both:.3f} and {two:.3f} of the engine's", flush=True)
        finally:
            engine.end()
    bad = [
        f"{name}: {told}"
        for name, told in found.items()
        if told["missing"]
        or told["twice"]
        or told["skipped"]
        or told["others"]
        or told["slowest_s"] > LONGEST_S
    ]
    for what, found_shares, floor in (
        ("alone, one that shares", shares[False], RATE),
        ("alone where no two requests are alike, one that shares", shares[True], RATE),
        ("by one worker, a pair", pairs, PAIR),
    ):
        if found_shares:
            share = sorted(found_shares)[len(found_shares) // 2]
            print(f"of what is answered {what} answers {share:.2f}")
            if share < floor:
                bad.append(f"{what}: {share:.2f} is less than {floor}")
    for line in bad:
        print(line)
    return int(bool(bad) and options.check)


if __name__ == "__main__":
    sys.exit(main())
