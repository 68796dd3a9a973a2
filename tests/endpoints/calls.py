"""Calls of endpoints as a server reads them off the network."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver.base.jsontext import dumps
from mockserver.corridor.answers import Answer
from mockserver.corridor.engine import Engine
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.endpoints.answering import simple
from mockserver.endpoints.endpoint import Call, Produce
from mockserver.endpoints.form import Form
from mockserver.state.worlds import World
from mockserver.talk.surface import Surface
from tests.conftest import KEY

REQUEST_ID = "86e6ef04-0f75-9fdf-b542-1d2c2f44fc28"
ORIGIN = "http://mock.test:8123"


def call(
    engine: Engine,
    body: Any = None,
    *,
    surface: Surface = NATIVE_TEXT,
    key: str = KEY,
    query: dict[str, str | list[str]] | None = None,
    form: Form | None = None,
    headers: dict[str, str] | None = None,
    path: str = "",
    **places: str,
) -> Call:
    """A call; a body that is not bytes is sent as JSON."""
    return Call(
        request_id=REQUEST_ID,
        world=engine.worlds.of(key),
        surface=surface,
        places=places,
        query={name: [value] if isinstance(value, str) else value for name, value in (query or {}).items()},
        body=body if isinstance(body, bytes) else b"" if body is None else dumps(body),
        form=form,
        headers=headers or {},
        path=path,
        origin=ORIGIN,
    )


def answered(engine: Engine, produce: Produce, made: Call, headers: Mapping[str, str]) -> Answer:
    """The answer that a server sends to a call."""

    def content(request_id: str, world: World) -> Any:
        return produce(engine, replace(made, request_id=request_id, world=world))

    return simple(engine, made.surface, headers, content, arrived=engine.clock())
