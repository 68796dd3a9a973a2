"""Anthropic's own SDK, held against its dialect: what it reports is what was said."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from contract_tests.world import World

anthropic: Any = pytest.importorskip("anthropic", reason="the test extra installs it")
MODEL = "qwen3.7-plus"
TOOL = {
    "name": "brew_tea",
    "description": "Brew a cup of tea",
    "input_schema": {"type": "object", "properties": {"leaf": {"type": "string"}}, "required": ["leaf"]},
}
BOTH = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])


@pytest.fixture(params=["api_key", "auth_token"])
def client(request: pytest.FixtureRequest, world: World) -> Iterator[Any]:
    """Give the SDK, which sends its key as `x-api-key` or as a bearer."""
    base_url = f"{str(world.control.base_url).rstrip('/')}/apps/anthropic"
    with anthropic.Anthropic(base_url=base_url, max_retries=0, **{request.param: world.key}) as own:
        yield own


def ask(client: Any, *, stream: bool, **more: Any) -> Any:
    """Ask, and give the whole message."""
    arguments: dict[str, Any] = {"model": MODEL, "max_tokens": 1024, **more}
    if not stream:
        return client.messages.create(**arguments)
    with client.messages.stream(**arguments) as events:
        return events.get_final_message()


@BOTH
def test_two_turns(client: Any, world: World, *, stream: bool) -> None:
    world.script({"content": "Three minutes."}, {"content": "Eighty degrees."})
    history: list[dict[str, Any]] = [{"role": "user", "content": "How long?"}]
    first = ask(client, stream=stream, system="You brew.", messages=history)
    history += [{"role": "assistant", "content": first.content}, {"role": "user", "content": "How hot?"}]
    second = ask(client, stream=stream, system="You brew.", messages=history)

    assert [message.content[0].text for message in (first, second)] == ["Three minutes.", "Eighty degrees."]
    assert (first.stop_reason, first.stop_sequence, first.role, first.model) == (
        "end_turn",
        None,
        "assistant",
        MODEL,
    )
    assert first.id.startswith("msg_")
    assert first.usage.input_tokens < second.usage.input_tokens
    asked = world.requests()
    assert [entry["surface"] for entry in asked] == ["anthropic", "anthropic"]
    assert [entry["findings"] for entry in asked] == [[], []]
    assert asked[1]["body"]["messages"][1]["content"][0]["text"] == "Three minutes."


@BOTH
def test_a_tool_is_called_and_answered(client: Any, world: World, *, stream: bool) -> None:
    call = {"name": "brew_tea", "arguments": {"leaf": "龙井"}}
    world.script({"reasoning_content": "Tea is meant.", "tool_calls": [call]}, {"content": "Done."})
    history: list[dict[str, Any]] = [{"role": "user", "content": "Tea, please."}]
    first = ask(client, stream=stream, messages=history, tools=[TOOL])
    thought, used = first.content

    assert (thought.type, thought.thinking, thought.signature) == ("thinking", "Tea is meant.", "")
    assert (used.type, used.name, used.input) == ("tool_use", "brew_tea", {"leaf": "龙井"})
    assert used.id.startswith("toolu_")
    assert first.stop_reason == "tool_use"
    history += [
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": used.id, "content": "A cup."}]},
    ]
    assert ask(client, stream=stream, messages=history, tools=[TOOL]).content[0].text == "Done."


@BOTH
def test_the_built_in_model_thinks_when_it_is_asked_to(client: Any, *, stream: bool) -> None:
    messages = [{"role": "user", "content": "Tea?"}]
    thinking = {"type": "enabled", "budget_tokens": 64}
    thought, said = ask(client, stream=stream, messages=messages, thinking=thinking).content
    assert thought.thinking
    assert said.text
    (alone,) = ask(client, stream=stream, messages=messages, thinking={"type": "disabled"}).content
    assert alone.type == "text"


@BOTH
def test_an_error_carries_the_words_of_the_service(client: Any, *, stream: bool) -> None:
    with pytest.raises(anthropic.BadRequestError) as caught:
        ask(client, stream=stream, model="claude-tea", messages=[{"role": "user", "content": "Tea?"}])
    told = caught.value
    assert told.status_code == 400
    assert told.response.json()["message"].startswith("The model `claude-tea` does not exist")
    assert told.response.json()["code"] == "InvalidParameter"


@BOTH
def test_a_scripted_limit_is_raised_as_such(client: Any, world: World, *, stream: bool) -> None:
    world.script({"error": {"code": "Throttling.RateQuota"}})
    with pytest.raises(anthropic.RateLimitError) as caught:
        ask(client, stream=stream, messages=[{"role": "user", "content": "Tea?"}])
    assert "Throttling" in json.dumps(caught.value.body)


def test_tokens_are_counted_as_they_are_charged(client: Any) -> None:
    said = {"model": MODEL, "messages": [{"role": "user", "content": "How long does tea steep?"}]}
    counted = client.messages.count_tokens(**said).input_tokens
    assert counted == client.messages.create(max_tokens=8, **said).usage.input_tokens


def test_a_stream_that_is_left_is_noted_and_harms_nobody(client: Any, world: World) -> None:
    world.script(
        {"content": "one two three four five six", "chunks": ["one", " two", " three four five six"]}
    )
    with client.messages.stream(
        model=MODEL, max_tokens=64, messages=[{"role": "user", "content": "Count!"}]
    ) as events:
        assert next(iter(events.text_stream)) == "one"
    assert len(world.requests()) == 1
