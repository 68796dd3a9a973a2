"""How a call beside chat becomes an answer: refusals before the body, what is answered, what is refused."""

import json
from typing import Any

from mockserver.door import Refused
from mockserver.endpoints import answering
from mockserver.engine import Engine
from mockserver.wire.request import Surface
from mockserver.worlds import World
from tests.conftest import NOW, MakeHeaders


def test_a_refusal_before_the_body_belongs_to_no_key(engine: Engine, headers: MakeHeaders) -> None:
    answer = answering.refusal(
        engine, "method.unsupported", Surface.COMPAT, headers(), arrived=NOW, method="GET"
    )
    assert answer.status == 400
    (entry,) = engine.journal
    assert (entry.world.name, entry.body) == ("none", b"")


def test_an_endpoint_beside_chat_is_answered_or_refused_and_not_remembered(
    engine: Engine, headers: MakeHeaders
) -> None:
    def produce(request_id: str, _: World) -> Any:
        return {"tea": request_id}

    def refuse(_id: str, _world: World) -> Any:
        raise Refused(engine.errors.refuse("path.unknown"))

    good = answering.simple(engine, Surface.COMPAT, headers(), produce, arrived=NOW)
    assert json.loads(good.body) == {"tea": dict(good.headers)[b"x-request-id"].decode()}
    assert answering.simple(engine, Surface.NATIVE_TEXT, headers(), refuse, arrived=NOW).status == 404
    assert answering.simple(engine, Surface.COMPAT, headers(key=None), produce, arrived=NOW).status == 401
    assert len(engine.journal) == 0
