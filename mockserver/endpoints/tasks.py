"""Asynchronous tasks: begun with a request, done by the clock of the server, asked for by their id.

What a kind of task answers lies in `fixtures/tasks.json`, with its sources, and what a model takes in
`fixtures/making.json`. Image and video models make placeholders, which the server serves itself
(`placeholders.py`).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from mockserver.answer import moderation
from mockserver.base import resources
from mockserver.base.jsontext import whole_numbers
from mockserver.base.values import value
from mockserver.catalogue import making
from mockserver.catalogue.errors import Refusal
from mockserver.corridor.work import Steps, sized
from mockserver.endpoints import placeholders
from mockserver.endpoints.endpoint import Call, Said
from mockserver.endpoints.paging import ZONE, day, page, whole
from mockserver.endpoints.refusing import model_of, plain
from mockserver.talk.refused import Refused

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine

SHELF = "task"
"""Where tasks lie on the shelf."""

ASYNC_HEADER = "x-dashscope-async"
KINDS = ("imageSynthesis", "imageToImage", "imageGeneration", "videoSynthesis")
"""The kinds of tasks, by the endpoints that begin them."""


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = resources.fixture("tasks")
    return table


@value(kw_only=True)
class Task:
    """One task. Times are seconds since 1970: it ends `seconds` after it was `submitted`.

    `count` is how many results it makes; `address` is where they will lie. `refusal` is why it fails.
    """

    id: str
    kind: str
    model: str
    request_id: str
    path: str
    submitted: float
    seconds: float
    count: int
    address: str
    prompt: str
    size: str
    duration: int
    style: int
    refusal: Refusal | None = None
    cancelled: float | None = None

    @property
    def traits(self) -> Mapping[str, Any]:
        """What its kind answers."""
        traits: Mapping[str, Any] = _table()["kinds"][self.kind]
        return traits

    @property
    def ended(self) -> float:
        """When it ends, or was cancelled."""
        return self.submitted + self.seconds if self.cancelled is None else self.cancelled

    def status(self, now: float) -> str:
        """What it is doing at a time: PENDING, RUNNING, SUCCEEDED, FAILED or CANCELED."""
        if self.cancelled is not None:
            return "CANCELED"
        if now >= self.ended:
            return "FAILED" if self.refusal is not None else "SUCCEEDED"
        return "PENDING" if now < self.submitted + self.seconds * _table()["pending_share"] else "RUNNING"

    def url(self, at: int) -> str:
        """Where its result of that number lies."""
        return f"{self.address}/{self.id}/{at}.{self.traits['media']}"


def _clock_text(seconds: float, *, fine: bool = True) -> str:
    """A time as tasks show it: on the clock of Beijing."""
    moment = datetime.fromtimestamp(seconds, ZONE)
    return moment.isoformat(" ", "milliseconds" if fine else "seconds")[: 23 if fine else 19]


def begin(engine: "Engine", call: Call, kind: str) -> Steps[dict[str, Any]]:
    """Begins a task. Raises `Refused`."""
    traits = _table()["kinds"][kind]
    data = yield from sized(len(call.body), engine.door.parse, call.body)
    model = model_of(
        engine, call.surface, data.get("model"), task=traits["task"], unknown="model.unknown-generation"
    )
    if not making.does(model.name, kind):
        raise Refused(engine.errors.refuse("path.wrong-task", model=model.name))
    if call.headers.get(ASYNC_HEADER, "").lower() != "enable":
        raise Refused(engine.errors.refuse("access.synchronous"))
    empty = data.get("input") == {} and making.empty_handed(model.name)
    held = data | {"input": {"prompt": None}} if empty else data
    yield from sized(len(call.body), plain, engine, "tasks.request", held, call.surface)
    given, options = whole_numbers(data["input"]), whole_numbers(data.get("parameters") or {})
    prompt = given.get("prompt") or ""
    found = yield from sized(len(prompt), engine.moderation.input.find, prompt)
    task = Task(
        id=engine.ids.request_id(),
        kind=kind,
        model=model.name,
        request_id=call.request_id,
        path=call.path,
        submitted=engine.clock(),
        seconds=engine.settings.task_seconds,
        count=(options.get("n") or 1) if traits["counted"] else 1,
        address=f"{call.origin}{making.RESULTS_PATH}",
        prompt=prompt,
        size=options.get("size") or ("1280*720" if traits["task"] == "video" else "1024*1024"),
        duration=options.get("duration") or 5,
        style=given.get("style_index") or 0,
        refusal=_fails(engine, model.name, given, options, blocked=found is not None),
    )
    _keep(engine, call, task)
    return {"request_id": call.request_id, "output": {"task_id": task.id, "task_status": "PENDING"}}


def _fails(
    engine: "Engine", model: str, given: Mapping[str, Any], options: Mapping[str, Any], *, blocked: bool
) -> Refusal | None:
    """Why a task is going to fail; None where it is not."""
    broken = making.broken(model, given, options)
    if broken is not None:
        return engine.errors.refuse("task.invalid", reason=broken)
    return engine.errors.refuse(moderation.INPUT) if blocked else None


def _keep(engine: "Engine", call: Call, task: Task) -> None:
    ends = task.submitted + task.seconds + _table()["lasts"]
    engine.shelf.put(call.world, SHELF, task.id, task, ends=ends, size=len(call.body) + 500)


def _found(engine: "Engine", call: Call) -> Task | None:
    task: Task | None = engine.shelf.get(call.world, SHELF, call.places["id"], now=engine.clock())
    return task


def state(engine: "Engine", call: Call) -> dict[str, Any]:
    """How a task is doing. One that is unknown, foreign or forgotten is no error, but UNKNOWN."""
    task = _found(engine, call)
    if task is None:
        output = {"task_id": call.places["id"], "task_status": "UNKNOWN"}
        return {"request_id": call.request_id, "output": output}
    return {"request_id": call.request_id, **_shown(task, engine.clock())}


def _shown(task: Task, now: float) -> dict[str, Any]:
    """Output and usage of a task at a time, in the recorded order of keys."""
    status, traits = task.status(now), task.traits
    output: dict[str, Any] = {"task_id": task.id, "task_status": status}
    output["submit_time"] = _clock_text(task.submitted)
    output["scheduled_time"] = _clock_text(task.submitted + _table()["scheduled_after"])
    done = status == "SUCCEEDED"
    if status not in ("PENDING", "RUNNING"):
        output["end_time"] = _clock_text(task.ended)
    values = {
        "results": [{"url": task.url(at)} for at in range(1, task.count + 1)],
        "url": task.url(1),
        "prompt": task.prompt,
        "started": _clock_text(task.submitted, fine=False),
        "style_index": task.style,
        "count": task.count,
        "duration": task.duration,
        "size": task.size,
    }
    if done:
        output |= _filled(traits["done"], values)
    if status == "FAILED" and task.refusal is not None:
        output |= {"code": task.refusal.code, "message": task.refusal.words["native"].message}
    if traits["metrics"]:
        failed = task.count if status == "FAILED" else 0
        output["task_metrics"] = {
            "TOTAL": task.count,
            "SUCCEEDED": task.count if done else 0,
            "FAILED": failed,
        }
    return {"output": output} | ({"usage": _filled(traits["usage"], values)} if done else {})


def result(engine: "Engine", task_id: str, name: str) -> bytes | None:
    """A file that was made, by a task or at once, for whoever knows its address; None where there is none."""
    if task_id == making.AT_ONCE:
        return placeholders.named(name)
    now = engine.clock()
    task: Task | None = engine.shelf.anywhere(SHELF, task_id, now=now)
    if task is None or task.status(now) != "SUCCEEDED":
        return None
    if name not in [f"{at}.{task.traits['media']}" for at in range(1, task.count + 1)]:
        return None
    return placeholders.png(task.size) if task.traits["media"] == "png" else placeholders.mp4(task.duration)


def _filled(shape: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A shape of the table with its holes, such as `$count`, filled."""
    return {
        name: values[hole[1:]] if isinstance(hole, str) and hole.startswith("$") else hole
        for name, hole in shape.items()
    }


def cancel(engine: "Engine", call: Call) -> Any:
    """Cancels a task that is still PENDING; another is refused, its keys in the recorded order."""
    task = _found(engine, call)
    now = engine.clock()
    if task is not None and task.status(now) == "PENDING":
        _keep(engine, call, replace(task, cancelled=now))
        return {"request_id": call.request_id}
    refusal = engine.errors.refuse("task.not-pending")
    words = {"code": refusal.code, "message": refusal.words["native"].message}
    return Said({"request_id": call.request_id, **words}, status=refusal.status)


def listing(engine: "Engine", call: Call) -> dict[str, Any]:
    """One page of the tasks of a key, the newest first. Raises `Refused`."""
    now = engine.clock()
    number = whole(engine, call, "page_no", 1)
    size = whole(engine, call, "page_size", _table()["page_size"])
    since, until = day(engine, call, "start_time"), day(engine, call, "end_time")
    found = [
        task
        for task in engine.shelf.all(call.world, SHELF, now=now)
        if call.asked("task_id") in (None, task.id)
        and call.asked("model_name") in (None, task.model)
        and call.asked("status") in (None, task.status(now))
        and call.asked("region") in (None, _table()["region"])
        and (since is None or task.submitted >= since)
        and (until is None or task.submitted <= until)
    ]
    return {
        "total": len(found),
        "data": [_row(task, call.world.key, now) for task in page(found, number, size)],
        "total_page": -(-len(found) // size),
        "page_no": number,
        "request_id": call.request_id,
        "page_size": size,
    }


def _row(task: Task, key: str, now: float) -> dict[str, Any]:
    """A task as a list shows it; accounts are numbers that tell keys apart and nothing else."""
    account = str(int.from_bytes(blake2b(key.encode(), digest_size=6).digest()))
    status = task.status(now)
    steps = task.path.split("/services/")[1].split("/")
    row = {
        "api_key_id": account[:5],
        "caller_parent_id": account,
        "caller_uid": account,
        "end_time": int(1000 * task.ended) if status not in ("PENDING", "RUNNING") else None,
        "gmt_create": int(1000 * task.submitted),
        "model_name": task.model,
        "region": _table()["region"],
        "request_id": task.request_id,
        "start_time": int(1000 * (task.submitted + _table()["scheduled_after"])),
        "status": status,
        "task_id": task.id,
        "user_api_unique_key": ":".join(["apikey:v1", *steps, task.model]),
    }
    return {name: value for name, value in row.items() if value is not None}
