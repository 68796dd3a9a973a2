"""Batches: the requests of a file, worked off through the server's own chat when their time has come.

A batch is checked when it begins and takes as long as a task. Its lines are asked when somebody looks at it
afterwards, so that one that is cancelled has asked for nothing.

Sources: recordings of cnblogs/dashscope-sdk, 2026-04; Model Studio docs, batch, 2026.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mockserver.corridor.work import LARGE, Steps, aside, sized
from mockserver.endpoints import batch_lines, files
from mockserver.endpoints.batch_lines import Line
from mockserver.endpoints.endpoint import Call, Said
from mockserver.endpoints.files import Stored, table
from mockserver.endpoints.paging import day
from mockserver.endpoints.refusing import plain, there, worded
from mockserver.state.worlds import World
from mockserver.talk.refused import Refused

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine

SHELF = "batch"
"""Where batches lie on the shelf."""

_TURN = 10
"""After so many lines, or `LARGE` bytes of them and what came of them, everybody else has a turn."""


@dataclass(slots=True, kw_only=True)
class Batch:
    """One batch. Times are seconds since 1970; `begun` says that its lines are being asked, `worked` that
    they were.
    """

    id: str
    endpoint: str
    window: str
    file_id: str
    metadata: Any
    created: float
    seconds: float
    lines: tuple[Line, ...]
    errors: Sequence[dict[str, Any]]
    cancelled: float | None = None
    begun: bool = False
    completed: int = 0
    failed: int = 0
    output: str | None = None
    faulty: str | None = None
    worked: bool = False

    @property
    def ended(self) -> float:
        """When it is done, if nothing is wrong with it."""
        return self.created + self.seconds

    def due(self, now: float) -> bool:
        """Whether its lines are to be asked by now."""
        return not self.errors and self.cancelled is None and now >= self.ended

    def status(self) -> str:
        """What it is doing, for who looks at it."""
        if self.errors:
            return "failed"
        if self.cancelled is not None:
            return "cancelled"
        return "completed" if self.worked else "in_progress"

    def shown(self, status: str | None = None) -> dict[str, Any]:
        """The batch as it is sent, all keys in the recorded order; `status` as in the first answers."""
        said = status or self.status()
        created = int(self.created)
        done = int(self.ended) if said == "completed" else None
        ended = int(self.cancelled) if said == "cancelled" and self.cancelled is not None else None
        failing = bool(self.errors) and said == "failed"
        running = not self.errors and said != "validating"
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": self.endpoint,
            "errors": {"object": "list", "data": self.errors} if failing else None,
            "input_file_id": self.file_id,
            "completion_window": self.window,
            "status": said,
            "output_file_id": self.output,
            "error_file_id": self.faulty if said != "cancelling" else None,
            "created_at": created,
            "in_progress_at": created if running else None,
            "expires_at": None,
            "finalizing_at": done,
            "completed_at": done,
            "failed_at": created if failing else None,
            "expired_at": None,
            "cancelling_at": ended,
            "cancelled_at": ended,
            "request_counts": {
                "total": len(self.lines) if running else 0,
                "completed": self.completed,
                "failed": self.failed if said != "cancelling" else 0,
            },
            "metadata": self.metadata,
        }


def creation(engine: "Engine", call: Call) -> Steps[Said]:
    """Begins a batch; what is wrong with its file shows when it is looked at. Raises `Refused`."""
    size = len(call.body)
    data = yield from sized(size, engine.door.parse, call.body)
    yield from sized(size, plain, engine, "batches.request", data, call.surface)
    stored = engine.shelf.get(call.world, files.SHELF, data["input_file_id"], now=engine.clock())
    if stored is None or stored.purpose != "batch":
        raise worded(call.surface, engine.errors.refuse("file.not-found", file=data["input_file_id"]))
    content = stored.content
    lines, errors = yield from sized(len(content), batch_lines.read, engine, content, data["endpoint"])
    batch = Batch(
        id=f"batch_{engine.ids.request_id()}",
        endpoint=data["endpoint"],
        window=data["completion_window"],
        file_id=stored.id,
        metadata=data.get("metadata"),
        created=engine.clock(),
        seconds=engine.settings.task_seconds,
        lines=lines,
        errors=errors,
    )
    ends = batch.created + table()["lasts"]
    engine.shelf.put(call.world, SHELF, batch.id, batch, ends=ends, size=len(content) + 1000)
    return Said(batch.shown("validating"), pretty=True)


def _found(engine: "Engine", call: Call) -> Batch:
    """The batch that a call names. Raises `Refused`."""
    batch: Batch | None = engine.shelf.get(call.world, SHELF, call.places["id"], now=engine.clock())
    return there(engine, batch, "resource.not-found")


def _work(engine: "Engine", world: World, batch: Batch) -> Steps[None]:
    """Asks the lines of a batch whose time has come, once."""
    if batch.begun or batch.worked or not batch.due(engine.clock()):
        return
    batch.begun = True
    try:
        good, bad = yield from _results(engine, world, batch)
    finally:
        # Who asked may have left in between; the next one begins anew.
        batch.begun = False
    batch.output = _kept(engine, world, batch, good, "success")
    batch.faulty = _kept(engine, world, batch, bad, "error")
    batch.worked = True


def _results(engine: "Engine", world: World, batch: Batch) -> Steps[tuple[bytes, bytes]]:
    """The results of all lines, and the errors."""
    good, bad = bytearray(), bytearray()
    batch.completed = batch.failed = lines = size = 0
    for line in batch.lines:
        went_well, result = yield from batch_lines.asked(engine, world, batch.endpoint, line)
        if went_well:
            good += result
        else:
            bad += result
        batch.completed += went_well
        batch.failed += not went_well
        lines, size = lines + 1, size + len(line.text) + len(result)
        if lines >= _TURN or size > LARGE:
            lines = size = 0
            yield _turn
    return bytes(good), bytes(bad)


def _turn() -> None:
    """Nothing: work for which the others are let pass."""


def _kept(engine: "Engine", world: World, batch: Batch, content: bytes, name: str) -> str | None:
    """The id of a new file of results; None for one without a line."""
    if not content:
        return None
    purpose = "batch_output"
    made = Stored(
        files.file_id(engine, purpose), f"{batch.id}_{name}.jsonl", purpose, content, engine.clock()
    )
    files.keep(engine, world, made)
    return made.id


def retrieval(engine: "Engine", call: Call) -> Steps[Said]:
    """How a batch is doing. Raises `Refused`."""
    batch = _found(engine, call)
    yield from _work(engine, call.world, batch)
    return Said(batch.shown(), pretty=True)


def cancel(engine: "Engine", call: Call) -> Steps[Said]:
    """Cancels a batch that is not done. Raises `Refused`."""
    batch = _found(engine, call)
    yield from _work(engine, call.world, batch)
    if batch.begun or batch.worked or batch.errors or batch.cancelled is not None:
        raise Refused(engine.errors.refuse("operation.unsupported"))
    batch.cancelled = engine.clock()
    batch.failed = len(batch.lines)
    refusal = engine.errors.refuse("batch.cancelled")
    ids = [engine.ids.request_id() for _ in batch.lines]
    lines = yield from aside(batch_lines.refusal_lines, engine, batch.lines, refusal, ids)
    batch.faulty = _kept(engine, call.world, batch, lines, "error")
    return Said(batch.shown("cancelling"), pretty=True)


def listing(engine: "Engine", call: Call) -> Steps[Said]:
    """A page of the batches, the newest first. Raises `Refused`."""
    since, until = day(engine, call, "create_after"), day(engine, call, "create_before")
    file_ids, statuses = _several(call, "input_file_ids"), _several(call, "status")
    kept = list(engine.shelf.all(call.world, SHELF, now=engine.clock()))
    for batch in kept:
        yield from _work(engine, call.world, batch)
    found = [
        batch
        for batch in kept
        if (file_ids is None or batch.file_id in file_ids)
        and (statuses is None or batch.status() in statuses)
        and (call.asked("ds_name") or "") in str((batch.metadata or {}).get("ds_name", ""))
        and (since is None or batch.created >= since)
        and (until is None or batch.created <= until)
    ]
    page, more = files.behind(engine, call, found, table()["page_size"])
    data = [batch.shown() for batch in page]
    return Said(
        {
            "object": "list",
            "data": data or None,
            "first_id": data[0]["id"] if data else None,
            "last_id": data[-1]["id"] if data else None,
            "has_more": more,
        },
        pretty=True,
    )


def _several(call: Call, name: str) -> list[str] | None:
    """The values of a parameter that are joined by commas; None when it was not sent."""
    value = call.asked(name)
    return None if value is None else value.split(",")
