"""What is answered beside the corridor: refusals before the body, catalogues, the tokenizer."""

import json
from typing import Any

from mockserver import beside
from mockserver.door import Refused
from mockserver.engine import Engine
from mockserver.rules.schemas import validator
from mockserver.wire.ids import Ids
from mockserver.wire.request import Surface
from tests.conftest import NOW, MakeHeaders


def test_a_refusal_before_the_body_belongs_to_no_key(engine: Engine, headers: MakeHeaders) -> None:
    answer = beside.refusal(
        engine, "method.unsupported", Surface.COMPAT, headers(), arrived=NOW, method="GET"
    )
    assert answer.status == 400
    (entry,) = engine.journal
    assert (entry.world.name, entry.body) == ("none", b"")


def test_an_endpoint_beside_chat_is_answered_or_refused_and_not_remembered(
    engine: Engine, headers: MakeHeaders
) -> None:
    def produce(request_id: str) -> Any:
        return {"tea": request_id}

    def refuse(_: str) -> Any:
        raise Refused(engine.errors.refuse("path.unknown"))

    good = beside.simple(engine, Surface.COMPAT, headers(), produce, arrived=NOW)
    assert json.loads(good.body) == {"tea": dict(good.headers)[b"x-request-id"].decode()}
    assert beside.simple(engine, Surface.NATIVE_TEXT, headers(), refuse, arrived=NOW).status == 404
    assert beside.simple(engine, Surface.COMPAT, headers(key=None), produce, arrived=NOW).status == 401
    assert len(engine.journal) == 0


def test_a_text_is_cut_into_the_tokens_of_its_model(engine: Engine) -> None:
    asked = {"model": "qwen-plus", "input": {"prompt": "Which tea?"}}
    answer = beside.tokenize(engine, json.dumps(asked).encode(), "1")
    validator("tokenizer.response").validate({**answer, "request_id": Ids(1).request_id()})
    assert answer["output"]["tokens"] == ["Which", " tea", "?"]
    assert answer["usage"] == {"input_tokens": 3}
