"""Soak the server: mixed good requests, errors, faults, resets and vanishing clients, at a steady rate.

    python benchmarks/soak.py                # ten minutes at 200 requests a second
    python benchmarks/soak.py --minutes 2

A server is spawned; every good answer is compared with the one that is due to that question. Each second its
resident memory and open files are read from /proc. The run ends with a table and with status 1 when memory
or open files are not flat after warm-up, when an answer was wrong, or when a client waited in vain.

Faults are asked for by the header x-mock-fault where the server knows it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import uvloop
from children import tied

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Json = dict[str, Any]
    Job = Callable[["Soak"], Awaitable[str]]

COMPAT = "/compatible-mode/v1/chat/completions"
TEXT = "/api/v1/services/aigc/text-generation/generation"
KEY = "sk-soak"
QUESTIONS = 16
PATIENCE = 30.0
"""Seconds after which a client has waited in vain."""

WARM_UP = 0.25
"""The share of the run that does not count: caches, the journal and the allocator fill."""

FLAT_SHARE, FLAT_MB = 0.03, 4.0
"""Memory is flat when it grows by no more than this share, or by no more than so many MB."""

RESTING_FILES = 2
"""So many more files may be open behind the run than before it."""

WHOLE = ("one-byte", "split", "mid-character", "crlf", "heartbeat", "all-in-one")
"""Faults under which the answer is still the whole one."""

BROKEN = (
    "reset-before-headers",
    "reset-mid-chunk",
    "reset-before-done",
    "close-mid-chunk",
    "garbage",
    "empty",
)
"""Faults under which it must not look whole."""

REFUSED = {"Throttling.RateQuota": 429, "InternalError": 500}


class WrongAnswerError(Exception):
    """An answer that was not the one that is due."""


def demand(condition: object, *seen: object) -> None:
    """Raise `WrongAnswerError` with what was seen, when a condition does not hold."""
    if not condition:
        raise WrongAnswerError(" ".join(repr(each)[:300] for each in seen))


def answer_to(number: int) -> str:
    """Return the answer that is due to a question: no two alike, with characters of 3 bytes."""
    return f"Tea number {number} is 乌龙茶. " + f"Pour {number} cups and wait. " * (5 + number)


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One chat request: its dialect, its question, and whether it wants a stream."""

    native: bool
    stream: bool
    number: int
    fault: str = ""
    key: str | None = KEY
    model: str = "qwen-plus"
    body: bytes | None = None

    def encoded(self) -> bytes:
        """Return its bytes."""
        messages = [{"role": "user", "content": f"question {self.number}"}]
        if self.native:
            parameters = {"incremental_output": self.stream, "result_format": "message"}
            asked: Json = {"model": self.model, "input": {"messages": messages}, "parameters": parameters}
        else:
            asked = {"model": self.model, "messages": messages, "stream": self.stream}
            if self.stream:
                asked["stream_options"] = {"include_usage": True}
        body = json.dumps(asked).encode() if self.body is None else self.body
        lines = [f"POST {TEXT if self.native else COMPAT} HTTP/1.1", "Host: localhost"]
        if self.key:
            lines.append(f"Authorization: Bearer {self.key}")
        if self.native and self.stream:
            lines.append("X-DashScope-SSE: enable")
        if self.fault:
            lines.append(f"x-mock-fault: {self.fault}")
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def check(self, body: bytes) -> None:
        """Raise `WrongAnswerError` unless a body is the whole answer to this."""
        documents, ended = documents_of(body) if self.stream else ([json.loads(body)], True)
        text = "".join(text_of(document) for document in documents)
        demand(text == answer_to(self.number), "text", text, "for", self.number)
        demand(ended or self.native, "no [DONE]", body[-200:])
        last = documents[-1]
        choices = [choice for item in documents for choice in item.get("output", item)["choices"]]
        demand(choices[-1]["finish_reason"] == "stop", "finish reason", choices[-1])
        usage = last["usage"]
        names = ("input_tokens", "output_tokens") if self.native else ("prompt_tokens", "completion_tokens")
        demand(usage["total_tokens"] == sum(usage[name] for name in names), "usage", usage)


def documents_of(body: bytes) -> tuple[list[Json], bool]:
    """Return the JSON of each event, and whether the stream ended with `[DONE]`."""
    lines = body.replace(b"\r\n", b"\n").split(b"\n")
    data = [line[5:].strip() for line in lines if line.startswith(b"data:")]
    return [json.loads(line) for line in data if line != b"[DONE]"], bool(data) and data[-1] == b"[DONE]"


def text_of(document: Json) -> str:
    """Return the content of a body or an event of either dialect."""
    choices = document.get("output", document)["choices"]
    return "".join((choice.get("message") or choice["delta"]).get("content") or "" for choice in choices)


class Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take the two ends of it."""
        self.reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, port: int) -> Line:
        """Connect."""
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=1 << 20))

    async def head(self) -> tuple[int, dict[bytes, bytes]]:
        """Read the status and the headers of an answer."""
        first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        pairs = (line.partition(b": ") for line in lines if line)
        return int(first.split(b" ")[1]), {name: value for name, _, value in pairs}

    async def body(self, headers: dict[bytes, bytes]) -> bytes:
        """Read the body of an answer."""
        if b"content-length" in headers:
            return await self.reader.readexactly(int(headers[b"content-length"]))
        parts = []
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            parts.append((await self.reader.readexactly(size + 2))[:-2])
        await self.reader.readexactly(2)
        return b"".join(parts)

    def reset(self) -> None:
        """Close it as a killed process does."""
        raw = cast("socket.socket | None", self.writer.get_extra_info("socket"))
        if raw is not None:  # the server may have been faster
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def close(self) -> None:
        """Close it in good order."""
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The server at one moment: seconds since the start, memory in MB, open files, answers so far."""

    second: float
    memory: float
    files: int
    answers: int


@dataclass(kw_only=True)
class Soak:
    """One run: what it draws, whom it asks, and what it saw."""

    port: int
    process: int
    draw: random.Random
    faults: bool = False
    idle: list[Line] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    latest: float = 0.0

    def ask(self, **more: Any) -> Ask:
        """Draw a request."""
        draw = self.draw
        drawn = {
            "native": draw.random() < 0.5,
            "stream": draw.random() < 0.5,
            "number": draw.randrange(QUESTIONS),
        }
        return Ask(**{**drawn, **more})

    async def say(self, ask: Ask) -> tuple[int, bytes]:
        """Ask on a kept connection, and return the status and the body."""
        line = self.kept() or await Line.to(self.port)
        try:
            line.writer.write(ask.encoded())
            status, headers = await line.head()
            body = await line.body(headers)
        except BaseException:
            line.reset()
            raise
        if headers.get(b"connection") == b"close":
            await line.close()
        else:
            self.idle.append(line)
        return status, body

    def kept(self) -> Line | None:
        """Return a connection that is still open; the server closes those at rest for too long."""
        while self.idle:
            line = self.idle.pop()
            if not line.reader.at_eof():
                return line
            line.reset()
        return None

    async def good(self) -> str:
        """Ask something, and see that the answer is the right one."""
        ask = self.ask()
        status, body = await self.say(ask)
        demand(status == 200, "status", status, body)
        ask.check(body)
        return "good"

    async def refused(self) -> str:
        """Ask what the cloud refuses."""
        more, wanted = self.draw.choice(
            (
                ({"body": b'{"model":"qwen-plus",'}, 400),
                ({"key": None}, 401),
                ({"key": "sk-invalid"}, 401),
                ({"model": "qwen-tea"}, 404),
            )
        )
        status, body = await self.say(self.ask(stream=False, **more))
        demand(status in {wanted, 400 if wanted == 404 else wanted}, "status", status, "for", more, body)
        demand(b"message" in body, body)
        return "refused"

    async def refused_by_fault(self) -> str:
        """Have an error of the catalogue."""
        fault, wanted = self.draw.choice(list(REFUSED.items()))
        status, body = await self.say(self.ask(stream=False, fault=fault))
        demand(status == wanted, "status", status, "for", fault, body)
        return "refused by fault"

    async def strange(self) -> str:
        """Have a whole answer in strange pieces."""
        ask = self.ask(fault=self.draw.choice(WHOLE))
        status, body = await self.say(ask)
        demand(status == 200, "status", status, body)
        ask.check(body)
        return "strange, whole"

    async def broken(self) -> str:
        """Have an answer that breaks, and see that it does not look whole."""
        ask = self.ask(fault=self.draw.choice(BROKEN))
        try:
            _, body = await self.say(ask)
            ask.check(body)
        except (OSError, EOFError, ValueError, LookupError, WrongAnswerError):
            return "broken by fault"
        raise WrongAnswerError(f"{ask.fault} left the answer whole, native {ask.native}, stream {ask.stream}")

    async def reset_within_request(self) -> str:
        """Leave before the request is said."""
        said = self.ask().encoded()
        line = await Line.to(self.port)
        line.writer.write(said[: self.draw.randrange(1, len(said))])
        await asyncio.sleep(0)
        line.reset()
        return "reset within the request"

    async def reset_within_stream(self) -> str:
        """Leave once the stream has begun."""
        line = await Line.to(self.port)
        line.writer.write(self.ask(stream=True).encoded())
        await line.head()
        line.reset()
        return "reset within the stream"

    async def vanish(self) -> str:
        """Leave a paced stream, whose end would be a minute away, in good order."""
        line = await Line.to(self.port)
        line.writer.write(self.ask(stream=True, number=QUESTIONS).encoded())
        await line.head()
        await line.close()
        return "vanished from a paced stream"

    async def run(self, job: Job) -> None:
        """Do one job, and note how it ended."""
        began = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE):
                self.seen[await job(self)] += 1
        except Exception as error:  # noqa: BLE001 - whatever went wrong is told, and the run goes on
            self.wrong.append(f"{job.__name__}: {type(error).__name__}: {error}"[:600])
        self.latest = max(self.latest, time.perf_counter() - began)

    def jobs(self) -> list[Job]:
        """Return what is done, each as often as it stands here."""
        kinds: list[tuple[int, Job]] = [
            (60, Soak.good),
            (12, Soak.refused),
            (6, Soak.reset_within_request),
            (6, Soak.reset_within_stream),
            (6, Soak.vanish),
        ]
        if self.faults:
            kinds += [(3, Soak.refused_by_fault), (4, Soak.strange), (3, Soak.broken)]
        return [job for count, job in kinds for _ in range(count)]

    def sample(self, second: float) -> Sample:
        """Look at the server's process."""
        status = Path(f"/proc/{self.process}/status").read_text()
        memory = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
        files = len(list(Path(f"/proc/{self.process}/fd").iterdir()))
        return Sample(second=second, memory=memory * 1024 / 1e6, files=files, answers=sum(self.seen.values()))

    async def rest(self) -> int:
        """Close what is open, wait until the server has done so, and return how many files it holds then."""
        while self.idle:
            await self.idle.pop().close()
        await asyncio.sleep(2)
        return self.sample(0).files

    async def go(self, *, seconds: float, rate: float) -> None:
        """Begin a job every 1/rate seconds, on an absolute schedule."""
        jobs, running, began, sampled = self.jobs(), set[asyncio.Task[None]](), time.perf_counter(), 0.0
        for number in range(int(seconds * rate)):
            late = time.perf_counter() - began - number / rate
            await asyncio.sleep(max(0.0, -late))
            task = asyncio.create_task(self.run(self.draw.choice(jobs)))
            running.add(task)
            task.add_done_callback(running.discard)
            if (second := time.perf_counter() - began) >= sampled:
                self.samples.append(self.sample(second))
                sampled += 1
        await asyncio.gather(*running)
        self.seconds = time.perf_counter() - began


def script(number: int) -> Json:
    """Return the scripted reply to a question; the one behind the last is paced over a minute."""
    reply: Json = {"content": answer_to(number)}
    if number == QUESTIONS:
        reply["pace"] = {"per_token_ms": 60_000 / 200}
    return {"match": {"key": KEY, "last_user": f"question {number}"}, "reply": reply}


async def control(port: int, path: str, body: Json) -> None:
    """Call the control API."""
    line = await Line.to(port)
    data = json.dumps(body).encode()
    line.writer.write(
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data
    )
    status, headers = await line.head()
    demand(status == 201, path, status, await line.body(headers))
    await line.close()


def medians(soak: Soak) -> tuple[Sample, Sample]:
    """Return the middle of the first and of the last quarter behind the warm-up."""
    kept = [sample for sample in soak.samples if sample.second >= WARM_UP * soak.samples[-1].second]
    size = max(1, len(kept) // 4)

    def middle(samples: list[Sample]) -> Sample:
        return Sample(
            second=statistics.median(sample.second for sample in samples),
            memory=statistics.median(sample.memory for sample in samples),
            files=round(statistics.median(sample.files for sample in samples)),
            answers=samples[-1].answers,
        )

    return middle(kept[:size]), middle(kept[-size:])


def verdict(soak: Soak, resting: tuple[int, int]) -> list[str]:
    """Return what was not as it should be."""
    first, last = medians(soak)
    found = [f"{len(soak.wrong)} wrong: {soak.wrong[0]}"] if soak.wrong else []
    if last.memory - first.memory > max(FLAT_MB, FLAT_SHARE * first.memory):
        found.append(f"memory is not flat: {first.memory:.1f} MB, then {last.memory:.1f} MB")
    if resting[1] > resting[0] + RESTING_FILES:
        found.append(f"open files are not flat: {resting[0]} at rest before, {resting[1]} behind")
    return found


def table(soak: Soak, resting: tuple[int, int]) -> str:
    """Return the report: the server over time, then what was asked."""
    lines = ["| second | resident MB | open files | answers |", "|---:|---:|---:|---:|"]
    step = max(1, len(soak.samples) // 12)
    lines += [
        f"| {sample.second:.0f} | {sample.memory:.1f} | {sample.files} | {sample.answers} |"
        for sample in [*soak.samples[::step], soak.samples[-1]]
    ]
    first, last = medians(soak)
    total = sum(soak.seen.values())
    lines += ["", "| what was asked | times |", "|---|---:|"]
    lines += [f"| {name} | {count} |" for name, count in soak.seen.most_common()]
    lines += [
        f"| wrong or in vain | {len(soak.wrong)} |",
        "",
    ]
    faults = "yes" if soak.faults else "not known to this server"
    lines.append(
        f"{total} requests in {soak.seconds:.0f} s: {total / soak.seconds:.0f} a second; the slowest took "
        f"{soak.latest:.2f} s. Faults by header: {faults}."
    )
    lines.append(
        f"Behind the warm-up, first and last quarter (medians): memory {first.memory:.1f} MB, then "
        f"{last.memory:.1f} MB; open files {first.files}, then {last.files}; at rest {resting[0]} before and "
        f"{resting[1]} behind."
    )
    return "\n".join(lines)


async def soaked(process: int, port: int, options: argparse.Namespace) -> int:
    """Run it all against a server, print the report, and return the exit status."""
    soak = Soak(port=port, process=process, draw=random.Random(options.seed))
    for number in range(QUESTIONS + 1):
        await control(port, "/_mock/replies", script(number))
    for native in (False, True):
        await soak.say(Ask(native=native, stream=True, number=0))
    status, _ = await soak.say(Ask(native=False, stream=False, number=0, fault="Throttling.RateQuota"))
    soak.faults = status == REFUSED["Throttling.RateQuota"]
    before = await soak.rest()
    await soak.go(seconds=options.minutes * 60, rate=options.rate)
    resting = (before, await soak.rest())
    print(table(soak, resting))
    found = verdict(soak, resting)
    print("\n".join(f"FAILED: {each}" for each in found) or "\nFlat, and every answer right.")
    return 1 if found else 0


def spawned(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Start a server; return its process and its port once it is ready."""
    ready = folder / "ready.json"
    command = [
        sys.executable,
        "-m",
        "mockserver",
        "serve",
        "--port",
        "0",
        "--quiet",
        "--ready-file",
        str(ready),
    ]
    with (folder / "log").open("wb") as log:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(tied(command), env=environment, stderr=log)
    until = time.monotonic() + PATIENCE
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            raise SystemExit("the server did not start")
        time.sleep(0.05)
    return process, int(json.loads(ready.read_text())["port"])


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, spawn the server and soak it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="how long (default 10)")
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second (default 200)")
    parser.add_argument("--seed", type=int, default=1, help="what is asked, and in which order (default 1)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        process, port = spawned(Path(folder))
        try:
            return uvloop.run(soaked(process.pid, port, options))
        finally:
            process.terminate()
            process.wait(PATIENCE)


if __name__ == "__main__":
    sys.exit(main())
