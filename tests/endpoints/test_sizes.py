"""Whatever a client makes large is read aside, on every endpoint: what is read in its place is counted."""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from mockserver.base import jsontext
from mockserver.base.jsontext import dumps
from mockserver.corridor.engine import Engine
from mockserver.corridor.replay import Playing, Recorded
from mockserver.corridor.threads import Conversation
from mockserver.corridor.work import LARGE, Steps, pause
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.table import SURFACES, named
from mockserver.endpoints import answering, apps
from mockserver.endpoints.endpoint import Call, Endpoint
from mockserver.endpoints.table import endpoints
from mockserver.recording.library import Library
from mockserver.recording.redaction import Redaction
from mockserver.state.worlds import World
from mockserver.talk.refused import Refused
from tests.conftest import NOW, make_headers

BODY = dumps({"model": "qwen-plus", "messages": [{"role": "user", "content": "tea " * LARGE}]})
READING = [row for row in endpoints() if row.reads == "body"]


class Spy:
    """Who reads JSON in the place of orjson, and notes where: within a step of its own, or on the way."""

    def __init__(self) -> None:
        self.aside = False
        self.seen: list[tuple[int, bool]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(orjson, name)

    def loads(self, text: Any) -> Any:
        """Read a text."""
        self.seen.append((len(text), self.aside))
        return orjson.loads(text)

    def walk(self, steps: Steps[Any]) -> None:
        """Go all steps; nothing large is read on the way, and something is in a step."""
        try:
            work = next(steps)
            while True:
                self.aside = True
                try:
                    done, error = work(), None
                except Exception as raised:  # noqa: BLE001 - the steps decide what is done about it
                    done, error = None, raised
                self.aside = False
                work = steps.send(done) if error is None else steps.throw(error)
        except StopIteration:
            pass
        assert [size for size, aside in self.seen if size > LARGE and not aside] == []
        assert [size for size, aside in self.seen if size > LARGE and aside] != []


def names(steps: Steps[Any]) -> list[str]:
    """What is done in steps of their own."""
    found = []
    with suppress(StopIteration):
        work = next(steps)
        while True:
            if work is not pause:
                assert isinstance(work, partial)
                found.append(work.func.__name__)
            try:
                done = work()
            except Refused as refused:
                work = steps.throw(refused)
            else:
                work = steps.send(done)
    return found


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spy]:
    made = Spy()
    monkeypatch.setattr(jsontext, "orjson", made)
    return made


@pytest.mark.parametrize("row", READING, ids=[row.id for row in READING])
def test_beside_chat(engine: Engine, spy: Spy, row: Endpoint) -> None:
    headers = make_headers({"X-DashScope-Async": "enable"})
    answered = answering.steps(
        engine,
        row.surface,
        headers,
        lambda request_id, world: row.produce(engine, call(request_id, world)),
        arrived=NOW,
        large=row.stateless,
        endpoint=row.id,
        body=BODY,
    )

    def call(request_id: str, world: World) -> Call:
        engine.threads.put(world, Conversation("conv_1", 0, {}), now=engine.clock())
        places = {"id": "conv_1"}
        return Call(
            request_id=request_id, world=world, surface=row.surface, headers=headers, body=BODY, places=places
        )

    spy.walk(answered)


@pytest.mark.parametrize("name", SURFACES)
def test_a_chat(engine: Engine, spy: Spy, name: str) -> None:
    spy.walk(engine.steps(named(name), make_headers(), BODY, arrived=NOW))


def test_an_app(engine: Engine, spy: Spy) -> None:
    spy.walk(apps.completion(engine, "tea", make_headers(), BODY, arrived=NOW))


@pytest.mark.parametrize(
    ("how", "scripted", "handed"),
    [
        (Playing(), False, ["_taped", "report"]),
        (Playing(), True, ["_taped", "_read", "first", "report"]),
        (Playing(strict_miss=False), True, ["_taped", "_read", "first", "parse", "_read"]),
    ],
)
def test_a_replay(engine: Engine, tmp_path: Path, how: Playing, handed: list[str], *, scripted: bool) -> None:
    if scripted:
        engine.scripts.add({"match": {"turn": 9}, "reply": {"content": "Tea."}}, engine.errors)
    engine.recorded = Recorded(Library(tmp_path), Redaction.of(), how)
    found = names(engine.steps(COMPAT, make_headers(), BODY, arrived=NOW))
    assert found[: len(handed) + 1] == ["without_key", *handed]
