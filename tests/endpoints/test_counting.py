"""Counting tokens in Anthropic's dialect."""

import json
from typing import Any

import pytest

from mockserver.corridor.engine import Engine
from mockserver.dialects.anthropic.surface import ANTHROPIC
from mockserver.endpoints.counting import count_tokens
from mockserver.endpoints.endpoint import Call
from mockserver.talk.refused import Refused
from tests.conftest import NOW, make_headers

ASKED = {
    "model": "qwen3.7-plus",
    "system": "You brew.",
    "messages": [{"role": "user", "content": "How long does tea steep?"}],
    "tools": [{"name": "brew_tea", "input_schema": {"type": "object"}}],
}


def counted(engine: Engine, body: Any) -> dict[str, int]:
    call = Call(
        request_id="1",
        world=engine.worlds.of("sk-test"),
        surface=ANTHROPIC,
        body=json.dumps(body).encode(),
    )
    return count_tokens(engine, call)


def test_what_is_counted_is_what_is_charged(engine: Engine) -> None:
    body = json.dumps({**ASKED, "max_tokens": 9}).encode()
    answer = engine.chat(ANTHROPIC, make_headers(), body, arrived=NOW)
    assert counted(engine, ASKED) == {"input_tokens": json.loads(answer.body)["usage"]["input_tokens"]}


def test_tools_and_the_system_cost_something(engine: Engine) -> None:
    bare = {name: ASKED[name] for name in ("model", "messages")}
    assert counted(engine, bare)["input_tokens"] < counted(engine, ASKED)["input_tokens"]


@pytest.mark.parametrize(
    ("body", "entry"),
    [
        ([], "body.malformed"),
        ({**ASKED, "model": ""}, "request.body-format"),
        ({**ASKED, "model": "claude-sonnet-4-5"}, "model.unknown-anthropic"),
        ({**ASKED, "model": "qwen-max"}, "model.unknown-native"),
        ({**ASKED, "messages": []}, "role.invalid"),
    ],
)
def test_what_cannot_be_counted_is_refused(engine: Engine, body: Any, entry: str) -> None:
    with pytest.raises(Refused) as caught:
        counted(engine, body)
    assert caught.value.refusal.id == entry
