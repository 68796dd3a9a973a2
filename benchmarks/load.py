"""The load client: reads a job as JSON from stdin, writes what it measured as JSON to stdout.

It costs as little as it can: prepared request bytes, keep-alive connections, no HTTP parser. An answer is
whole when it has the length its head names or ends with the last chunk's terminator; events are counted by
their blank line. Paced streams are only time-stamped while they run and are read afterwards.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import sys
import time
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

import uvloop
import workload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from workload import Kind

OK = b"HTTP/1.1 200"
HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length: "
TERMINATOR = b"\r\n0\r\n\r\n"
EVENT_END = b"\n\n"
CONNECT_BATCH = 50
PACED_GRACE = 20.0
MAX_ANSWERS = 2_000_000
FRESH = 40_000
"""So many requests are made of which no two are alike: more than a job has answered."""

_Connection = TypeVar("_Connection", bound=asyncio.BaseProtocol)


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to measure: the kind of request, where, with how many connections, and for how long."""

    kind: Kind
    port: int
    scripted: bool
    concurrency: int
    warmup: float
    seconds: float
    at: str = ""
    """Another path than the one that the kind is asked at."""
    fresh: bool = False
    """Whether no two requests are alike."""


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of the sorted values does not exceed."""
    return values[min(len(values) - 1, int(len(values) * share))]


def is_whole(data: bytes) -> bool:
    """Say whether these bytes hold a whole answer, by its length or by the chunk terminator."""
    head = data.find(HEAD_END)
    if head < 0:
        return False
    length = data.find(LENGTH, 0, head)
    if length < 0:
        return data.endswith(TERMINATOR)
    start = length + len(LENGTH)
    return len(data) >= head + len(HEAD_END) + int(data[start : data.index(b"\r", start)])


class Run:
    """The counters that all connections of a job share, and the window in which they count."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        """Take the requests to rotate through."""
        self.requests = requests
        self.running = True
        self.answers = 0
        self.events = 0
        self.latencies: list[float] = []
        self.error = ""
        self.finished = asyncio.Event()
        self.reset()

    def reset(self) -> None:
        """Begin the window: forget what the warm-up counted."""
        self.answers = self.events = 0
        self.latencies.clear()
        self.began, self.cpu_began = time.perf_counter(), time.process_time()

    def stop(self, error: str = "") -> None:
        """End the window; the first error given is the one that is told."""
        if self.running:
            self.running = False
            self.seconds = time.perf_counter() - self.began
            self.cpu_seconds = time.process_time() - self.cpu_began
            self.error = error
            self.finished.set()


class Connection(asyncio.Protocol):
    """One keep-alive connection that asks again as soon as it is answered."""

    transport: asyncio.Transport

    def __init__(self, run: Run) -> None:
        """Share the run's counters."""
        self.run = run
        self.sent_at = 0.0
        self.pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the run: no server of a comparison may hang up while it is asked."""
        self.run.stop(f"the server closed a connection before its answer was whole ({exc})")

    def ask(self) -> None:
        """Send the next request."""
        self.pending = b""
        self.sent_at = time.perf_counter()
        self.transport.write(next(self.run.requests))

    def answered(self) -> None:
        """Count an answer and ask again."""
        run = self.run
        if not run.running:
            return
        run.answers += 1
        run.latencies.append(time.perf_counter() - self.sent_at)
        if run.answers >= MAX_ANSWERS:
            run.stop()
            return
        self.ask()

    def refused(self, data: bytes) -> None:
        """End the run with the beginning of an answer that is not a 200."""
        self.run.stop(f"expected an answer with status 200, got: {data[:600].decode(errors='replace')}")


class BodyConnection(Connection):
    """Asks for bodies."""

    def data_received(self, data: bytes) -> None:
        """Wait for the whole body."""
        if self.pending:
            data = self.pending + data
        if is_whole(data):
            if data.startswith(OK):
                self.answered()
            else:
                self.refused(data)
        else:
            self.pending = data


class StreamConnection(Connection):
    """Asks for streams and counts their events; keeps the last bytes only, to see the terminator."""

    def data_received(self, data: bytes) -> None:
        """Count the events in these bytes."""
        if not self.pending and not data.startswith(OK):
            self.refused(data)
            return
        # A read may cut an event's blank line in two: a newline on either side of the cut is one more.
        cut = self.pending[-1:] == b"\n" and data[:1] == b"\n"
        self.run.events += data.count(EVENT_END) + cut
        self.pending = data[-len(TERMINATOR) :] if len(data) >= len(TERMINATOR) else self.pending + data
        if self.pending.endswith(TERMINATOR):
            self.answered()


class PacedStream(asyncio.Protocol):
    """One stream whose reads are stamped with their time."""

    transport: asyncio.Transport

    def __init__(self, request: bytes) -> None:
        """Take the request to send when it is this stream's turn."""
        self.request = request
        self.sent_at = 0.0
        self.reads: list[tuple[float, bytes]] = []
        self.done = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the reads tell how far it came
        """Stop waiting."""
        self.done.set()

    def ask(self) -> None:
        """Send the request."""
        self.sent_at = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        """Stamp the read, and see whether it is the last one."""
        self.reads.append((time.perf_counter(), data))
        if data.endswith(TERMINATOR) or (len(data) < len(TERMINATOR) and self.ends()):
            self.done.set()

    def ends(self) -> bool:
        """Say whether the last two reads together end with the terminator."""
        return b"".join(data for _, data in self.reads[-2:]).endswith(TERMINATOR)

    def arrivals(self) -> list[float]:
        """Return when each content event arrived; none of an answer that is refused."""
        if not self.reads or not self.reads[0][1].startswith(OK):
            return []
        mark = workload.TICK.encode()
        times: list[float] = []
        carry = b""
        for at, data in self.reads:
            seen = carry + data
            times += [at] * seen.count(mark)
            carry = seen[1 - len(mark) :]
        return times


async def connect(job: Job, make: Callable[[int], _Connection]) -> list[_Connection]:
    """Open the connections, some at a time so that the server's backlog holds them."""
    loop = asyncio.get_running_loop()
    connections: list[_Connection] = []
    for first in range(0, job.concurrency, CONNECT_BATCH):
        makers = [partial(make, n) for n in range(first, min(first + CONNECT_BATCH, job.concurrency))]
        opened = await asyncio.gather(
            *(loop.create_connection(maker, "127.0.0.1", job.port) for maker in makers)
        )
        connections += [connection for _, connection in opened]
    return connections


async def measure_rate(job: Job, requests: list[bytes]) -> dict[str, float | str]:
    """Keep every connection asking for the job's seconds; return the rates and the latencies."""
    run = Run(itertools.cycle(requests))
    make = BodyConnection if job.kind.endswith("chat") else StreamConnection
    connections = await connect(job, lambda _: make(run))
    loop = asyncio.get_running_loop()
    for connection in connections:
        connection.ask()
    loop.call_later(job.warmup, run.reset)
    loop.call_later(job.warmup + job.seconds, run.stop)
    await run.finished.wait()
    for connection in connections:
        connection.transport.abort()
    latencies = sorted(run.latencies)
    if run.error or not latencies:
        return {"error": run.error or f"no answer within {job.seconds} s"}
    return {
        "requests_per_second": run.answers / run.seconds,
        "events_per_second": run.events / run.seconds,
        "latency_p50_ms": percentile(latencies, 0.50) * 1000,
        "latency_p99_ms": percentile(latencies, 0.99) * 1000,
        "client_busy": run.cpu_seconds / run.seconds,
    }


async def measure_pace(job: Job, requests: list[bytes]) -> dict[str, float | str]:
    """Start the streams spread over the job's seconds; return how late their events came.

    An event's due time is the first content event's arrival plus its number of steps, whatever came between.
    """
    streams = await connect(job, lambda number: PacedStream(requests[number % len(requests)]))
    loop = asyncio.get_running_loop()
    began, cpu_began = time.perf_counter(), time.process_time()
    for number, stream in enumerate(streams):
        loop.call_later(number * job.seconds / len(streams), stream.ask)
    schedule = workload.PACED[job.kind]
    limit = job.seconds + schedule.events * schedule.step + PACED_GRACE
    waits = [asyncio.create_task(stream.done.wait()) for stream in streams]
    await asyncio.wait(waits, timeout=limit)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
    late: list[float] = []
    first: list[float] = []
    failures = 0
    for stream in streams:
        arrivals = stream.arrivals()
        if len(arrivals) != schedule.events or not stream.ends():
            failures += 1
        if arrivals:
            first.append(arrivals[0] - stream.sent_at)
            late += [at - arrivals[0] - n * schedule.step for n, at in enumerate(arrivals)]
        stream.transport.abort()
    if not late:
        example = b"".join(data for _, data in streams[0].reads)[:600].decode(errors="replace")
        return {"error": f"no content event in any stream; the first one got: {example or 'nothing'}"}
    late.sort()
    first.sort()
    return {
        "late_p50_ms": percentile(late, 0.50) * 1000,
        "late_p99_ms": percentile(late, 0.99) * 1000,
        "first_event_p99_ms": percentile(first, 0.99) * 1000,
        "failures": failures,
        "client_busy": cpu_seconds / seconds,
    }


def main() -> None:
    """Do the job on stdin."""
    job = Job(**json.load(sys.stdin))
    requests = [
        workload.request(job.kind, version, scripted=job.scripted, at=job.at)
        for version in range(workload.BODIES)
    ]
    if job.fresh:
        requests = [workload.unlike(requests[at % len(requests)], at) for at in range(FRESH)]
    # A collection in the middle of a window would be counted as the server's lateness.
    gc.disable()
    measure = measure_pace if job.kind in workload.PACED else measure_rate
    json.dump({"job": asdict(job), **uvloop.run(measure(job, requests))}, sys.stdout)


if __name__ == "__main__":
    main()
