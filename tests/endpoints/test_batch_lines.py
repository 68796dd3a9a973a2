"""The lines of a batch: what is wrong with a file, and what its lines answer."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.base.jsontext import dumps, loads
from mockserver.corridor.engine import Engine
from mockserver.corridor.work import at_once
from mockserver.endpoints.batch_lines import Line, asked, read
from mockserver.endpoints.files import table
from tests.conftest import KEY

CHAT = "/v1/chat/completions"
TEST = "/v1/chat/ds-test"


def body(said: str = "Which tea?", *, model: str = "qwen-plus", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": said}], **more}


def line(custom_id: str = "1", url: str = CHAT, **more: Any) -> dict[str, Any]:
    return {"custom_id": custom_id, "method": "POST", "url": url, "body": body(), **more}


def of_file(asked: dict[str, Any]) -> Line:
    """A line as it is kept of a file."""
    return Line("a", dumps(line("a", body=asked)))


def content(*lines: Any) -> bytes:
    return b"\n".join(each if isinstance(each, bytes) else dumps(each) for each in lines)


def codes(engine: Engine, *lines: Any, endpoint: str = CHAT) -> list[tuple[str, int]]:
    return [(error["code"], error["line"]) for error in read(engine, content(*lines), endpoint)[1]]


def test_a_good_file_is_read_and_blank_lines_are_none(engine: Engine) -> None:
    lines, errors = read(engine, content(line("a"), b"", line("b"), b"  "), CHAT)
    assert errors == []
    assert [each.custom_id for each in lines] == ["a", "b"]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([], [("empty_file", 1)]),
        ([b"tea"], [("invalid_json_line", 1)]),
        ([b"[]", line()], [("invalid_json_line", 1)]),
        ([{**line(), "custom_id": ""}], [("missing_required_parameter", 1)]),
        ([{**line(), "body": []}], [("missing_required_parameter", 1)]),
        ([line(url="/v1/chat/completion")], [("url_not_found", 1)]),
        ([line(url="/v1/embeddings")], [("mismatched_url", 1)]),
        ([line(body=body(model="batch-test-model"))], [("mismatched_test_url", 1)]),
        ([line(url=TEST)], [("mismatched_test_url", 1)]),
        ([line(body=body(model="tea"))], [("model_not_found", 1)]),
        ([line(body=body(model="text-embedding-v4"))], [("model_not_found", 1)]),
        ([line("a"), line("b", body=body(model="qwen-max"))], [("mismatched_model", 2)]),
        ([line("a"), line("b"), line("a")], [("duplicate_custom_id", 3)]),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    engine: Engine, lines: list[Any], found: list[tuple[str, int]]
) -> None:
    assert codes(engine, *lines) == found


def test_an_error_has_the_recorded_words(engine: Engine) -> None:
    _, (error,) = read(engine, content(line(url="/v1/chat/completion")), TEST)
    assert error == {
        "code": "url_not_found",
        "message": "The provided url '/v1/chat/completion' is not supported by the Batch API.",
        "param": "url",
        "line": 1,
    }


def test_no_more_errors_are_told_than_a_hundred(engine: Engine) -> None:
    assert len(codes(engine, *[b"tea"] * 200)) == 100


def test_a_line_is_answered_by_the_chat_in_an_order_of_its_own(engine: Engine) -> None:
    given = of_file(body(stream=True, stream_options={"include_usage": True}))
    good, result = at_once(asked(engine, engine.worlds.of(KEY), CHAT, given))
    said = loads(result)
    assert good
    assert result.endswith(b"\n")
    assert list(said) == ["id", "custom_id", "response", "error"]
    assert list(said["response"]["body"]) == ["created", "usage", "model", "id", "choices", "object"]
    assert list(said["response"]["body"]["usage"]) == ["completion_tokens", "prompt_tokens", "total_tokens"]
    assert said["response"]["body"]["id"] == f"chatcmpl-{said['id']}"
    assert said["error"] is None
    (entry,) = engine.journal
    assert (entry.request_id, entry.stream) == (said["id"], False)


def test_a_line_that_thinks_and_calls_shows_it(engine: Engine) -> None:
    call = {"name": "brew", "arguments": {}}
    reply = {"reasoning_content": "Hm.", "content": "", "tool_calls": [call]}
    engine.scripts.add({"reply": reply}, engine.errors)
    tool = {"type": "function", "function": {"name": "brew", "parameters": {"type": "object"}}}
    given = of_file(body(model="qwen3.8-max", enable_thinking=True, tools=[tool]))
    _, result = at_once(asked(engine, engine.worlds.of(KEY), CHAT, given))
    message = loads(result)["response"]["body"]["choices"][0]["message"]
    assert message["reasoning_content"] == "Hm."
    assert message["tool_calls"][0]["function"] == {"name": "brew", "arguments": "{}"}


def test_a_refused_line_tells_the_refusal(engine: Engine) -> None:
    given = of_file(body(temperature=9))
    good, result = at_once(asked(engine, engine.worlds.of(KEY), CHAT, given))
    said = loads(result)
    assert not good
    assert said["response"]["status_code"] == 400
    assert said["error"]["code"] == said["response"]["body"]["error"]["code"]


def test_a_line_holds_no_quota(engine: Engine) -> None:
    from mockserver.meter.quotas import Quota  # noqa: PLC0415 - for this test alone

    engine.quotas.put(Quota(model="*", concurrency=1))
    for _ in range(3):
        good, _ = at_once(asked(engine, engine.worlds.of(KEY), CHAT, of_file(body())))
        assert good


def test_a_line_of_embeddings_is_embedded_or_refused(engine: Engine) -> None:
    given = of_file({"model": "text-embedding-v4", "input": "tea"})
    good, result = at_once(asked(engine, engine.worlds.of(KEY), "/v1/embeddings", given))
    assert good
    assert loads(result)["response"]["body"]["object"] == "list"
    bad = of_file({"model": "text-embedding-v4", "input": ["tea"] * 11})
    good, result = at_once(asked(engine, engine.worlds.of(KEY), "/v1/embeddings", bad))
    assert not good
    assert loads(result)["response"]["status_code"] == 400


def test_a_test_costs_nothing_and_asks_nobody(engine: Engine) -> None:
    given = of_file(body(model="batch-test-model"))
    good, result = at_once(asked(engine, engine.worlds.of(KEY), TEST, given))
    assert good
    assert loads(result)["response"]["body"]["usage"]["total_tokens"] == 0
    assert len(engine.journal) == 0


ANY = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5)
SOME = st.dictionaries(st.sampled_from(["model", "messages", "tea"]), ANY | st.just("qwen-plus"))
LINES = st.fixed_dictionaries(
    {},
    optional={
        "custom_id": ANY,
        "url": ANY | st.sampled_from(table()["endpoints"]),
        "body": ANY | SOME,
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINES.map(dumps) | st.binary(max_size=20), max_size=5), st.sampled_from(table()["endpoints"]))
def test_any_file_is_read_or_told_what_is_wrong(engine: Engine, lines: list[bytes], endpoint: str) -> None:
    good, errors = read(engine, b"\n".join(lines), endpoint)
    assert good or errors
    for each in good:
        _, result = at_once(asked(engine, engine.worlds.of(KEY), endpoint, each))
        assert loads(result)["custom_id"] == each.custom_id
