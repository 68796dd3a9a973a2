"""How a call beside chat becomes an answer: refusals before the body, what is answered, what is refused."""

import json
from contextlib import suppress
from functools import partial
from typing import Any

from mockserver.base.masking import mask
from mockserver.corridor.answers import Answer
from mockserver.corridor.engine import Engine
from mockserver.corridor.work import LARGE, Steps, at_once
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.endpoints import answering
from mockserver.endpoints.endpoint import Said
from mockserver.state.worlds import World
from mockserver.talk.refused import Refused
from mockserver.wire.incoming import RequestHeaders
from tests.conftest import KEY, NOW, MakeHeaders

NATIVE = NATIVE_TEXT


def test_a_refusal_before_the_body_belongs_to_no_key(engine: Engine, headers: MakeHeaders) -> None:
    answer = answering.refusal(engine, "method.unsupported", COMPAT, headers(), arrived=NOW, method="GET")
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

    good = answering.simple(engine, COMPAT, headers(), produce, arrived=NOW)
    assert json.loads(good.body) == {"tea": dict(good.headers)[b"x-request-id"].decode()}
    assert answering.simple(engine, NATIVE_TEXT, headers(), refuse, arrived=NOW).status == 404
    assert answering.simple(engine, COMPAT, headers(key=None), produce, arrived=NOW).status == 401
    assert len(engine.journal) == 0


def asked(engine: Engine, headers: RequestHeaders, content: Any = None, body: bytes = b"{}") -> Answer:
    """The answer of an endpoint that is remembered."""
    return at_once(
        answering.steps(engine, NATIVE, headers, lambda *_: content, arrived=NOW, endpoint="task", body=body)
    )


def test_a_call_of_an_endpoint_is_remembered_apart_from_the_chats(
    engine: Engine, headers: MakeHeaders
) -> None:
    asked(engine, headers(), body=b'{"said":"%b"}' % KEY.encode())
    asked(engine, headers(key=None))
    good, refused = engine.calls
    shown = good.shown()
    assert (shown["endpoint"], shown["status"], shown["body"]) == ("task", 200, {"said": mask(KEY)})
    assert (refused.status, refused.world.name) == (401, "none")
    assert len(engine.journal) == 0
    engine.reset(KEY)
    assert list(engine.calls) == [refused]


def test_content_may_be_pretty_or_bytes_or_come_in_steps(engine: Engine, headers: MakeHeaders) -> None:
    def steps() -> Steps[Any]:
        tea = yield lambda: "oolong"
        return Said({"tea": tea}, status=201, pretty=True)

    answer = asked(engine, headers(), steps())
    assert (answer.status, answer.body) == (201, b'{\n  "tea": "oolong"\n}')
    assert asked(engine, headers(), Said(b"\x00tea")).body == b"\x00tea"


def test_an_error_that_the_header_names_stands_for_the_answer(engine: Engine, headers: MakeHeaders) -> None:
    answer = asked(engine, headers({"X-Mock-Fault": "Throttling.RateQuota"}))
    assert (answer.status, json.loads(answer.body)["code"]) == (429, "Throttling.RateQuota")
    (entry,) = engine.calls
    assert str(entry.fault) == "error=Throttling.RateQuota"


def test_a_fault_that_the_key_names_strikes_the_bytes(engine: Engine, headers: MakeHeaders) -> None:
    answer = asked(engine, headers({"Accept-Encoding": "gzip"}, key="sk-mock-reset"), {"tea": 1})
    assert answer.plan is not None
    assert answer.plan.ending == "reset"
    assert answer.body == b'{"tea":1}'


def test_a_fault_that_nobody_knows_is_refused(engine: Engine, headers: MakeHeaders) -> None:
    answer = asked(engine, headers({"X-Mock-Fault": "tea"}))
    assert (answer.status, json.loads(answer.body)["code"]) == (400, "InvalidFault")


def test_what_is_stateless_or_long_is_made_and_written_aside(engine: Engine, headers: MakeHeaders) -> None:
    def handed(content: Any, *, large: bool = False, body: bytes = b"") -> list[str]:
        def produce(_id: str, _world: World) -> Any:
            return content

        steps = answering.steps(engine, COMPAT, headers(), produce, arrived=NOW, large=large, body=body)
        names = []
        with suppress(StopIteration):
            work = next(steps)
            while True:
                assert isinstance(work, partial)
                names.append(work.func.__name__)
                work = steps.send(work())
        return names

    assert handed([1, 2], large=True) == ["produce", "_answer"]
    assert handed([1, 2]) == []
    assert handed(b"t" * (LARGE + 1)) == ["_answer"]
    assert handed({"teas": ["sencha" * 10] * 10_000}) == ["_answer"]
    assert handed([1, 2], body=b"t" * (LARGE + 1)) == ["without_key"]
