"""Where findings show: a header, a line of the log, never a key."""

import json
import logging
from typing import Any

import pytest

from mockserver.base.masking import mask
from mockserver.corridor.engine import Answer, Engine
from mockserver.corridor.showing import findings_header
from mockserver.dialects.compat.surface import COMPAT
from tests.conftest import NOW, make_headers

KEY = "sk-secret"


def chat(engine: Engine, *, stream: bool = False, **body: Any) -> Answer:
    said = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Hi"}], "stream": stream, **body}
    return engine.chat(COMPAT, make_headers(key=KEY), json.dumps(said).encode(), arrived=NOW)


@pytest.mark.parametrize("stream", [False, True])
def test_the_header_names_each_rule_once(engine: Engine, *, stream: bool) -> None:
    answer = chat(engine, stream=stream, stream_options={"include_usage": True}, tea=1, milk=1)
    assert dict(answer.headers)[b"x-mock-findings"] == b"parameters.unknown"
    clean = chat(engine, stream=stream, stream_options={"include_usage": True})
    assert b"x-mock-findings" not in dict(clean.headers)


def test_a_refusal_has_the_header_too(engine: Engine) -> None:
    answer = chat(engine, model="qwen-tea")
    assert answer.entry is not None
    assert findings_header(answer.entry.findings) in answer.headers


def test_the_log_teaches_in_one_line_for_each_finding(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "mockserver")
    chat(engine, top_logprobs=2)
    chat(engine, max_tokens=0)
    engine.chat(COMPAT, make_headers(key=KEY), b"{", arrived=NOW)
    said = [record.getMessage() for record in caplog.records if record.getMessage().startswith("rule ")]
    assert said == [
        (
            f"rule {mask(KEY)} compat: ranges.top-logprobs-alone at top_logprobs: `top_logprobs` without "
            "`logprobs: true`: nothing comes of it. Send `logprobs: true` with it."
        ),
        (
            f"rule {mask(KEY)} compat: ranges.max-tokens at max_tokens: Range of max_tokens should be "
            "[1, 32768] Ask for 1 token at least, and by `max_tokens` for the model's most output at most."
        ),
        (
            f"rule {mask(KEY)} compat: request.json: Required body invalid, please check the request body "
            "format. Send one JSON object as the body, in UTF-8."
        ),
    ]


def test_nothing_is_logged_unless_it_is_wanted(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "mockserver")
    chat(engine, tea=1)
    assert caplog.records == []


def test_a_key_in_the_name_of_a_parameter_is_masked(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "mockserver")
    named: dict[str, Any] = {KEY: 1}
    answer = chat(engine, **named)
    assert answer.entry is not None
    assert KEY not in json.dumps(answer.entry.shown()["findings"])
    assert KEY not in caplog.text


PACED = {"content": "One two three.", "chunks": ["One", " two", " three."], "pace": {"per_token_ms": 10}}


@pytest.mark.parametrize(
    ("usage", "sent", "rules"),
    [(True, 1, ["usage.not-read"]), (True, 99, []), (False, 1, ["usage.not-asked"])],
)
def test_usage_that_was_asked_for_and_not_read_is_found(
    engine: Engine, *, usage: bool, sent: int, rules: list[str]
) -> None:
    engine.scripts.add({"reply": PACED}, engine.errors)
    answer = chat(engine, stream=True, stream_options={"include_usage": usage})
    answer.sent = min(sent, len(answer.frames) - 1)
    engine.left(answer)
    assert answer.entry is not None
    assert [finding.rule for finding in answer.entry.findings] == rules


def test_a_rule_that_is_off_finds_no_usage_unread(engine: Engine) -> None:
    policies = engine.door.policies
    policies.put(policies.default.changed(rules={"usage.not-read": "off"}))
    answer = chat(engine, stream=True, stream_options={"include_usage": True})
    engine.left(answer)
    assert answer.entry is not None
    assert answer.entry.findings == ()


def test_a_client_that_leaves_a_whole_answer_breaks_no_rule(engine: Engine) -> None:
    answer = chat(engine)
    engine.left(answer)
    assert answer.entry is not None
    assert answer.entry.findings == ()
