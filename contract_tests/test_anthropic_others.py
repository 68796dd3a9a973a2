"""Other clients that speak Anthropic's dialect: its SDK for Node, Vercel's provider, LiteLLM, dashscope 2."""

import json
import os
import shutil
import subprocess
from typing import Any

import dashscope
import pytest

from contract_tests.drivers import SOURCES, Home, required
from contract_tests.world import World

MODEL = "qwen3.7-plus"
NODE = Home(
    name="anthropic-node",
    sources=("anthropic_node/package.json", "anthropic_node/package-lock.json"),
)
TOOL = {
    "name": "brew_tea",
    "description": "Brew a cup of tea",
    "input_schema": {"type": "object", "properties": {"leaf": {"type": "string"}}, "required": ["leaf"]},
}
CALL = {"name": "brew_tea", "arguments": {"leaf": "龙井"}, "id": "toolu_7"}
BOTH = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
CLIENTS = pytest.mark.parametrize(
    ("client", "stops"),
    [
        ("sdk", {"end": "end_turn", "call": "tool_use"}),
        ("vercel", {"end": "stop", "call": "tool-calls"}),
    ],
    ids=["sdk", "vercel"],
)


def base_url(world: World) -> str:
    return f"{str(world.control.base_url).rstrip('/')}/apps/anthropic"


def talk(client: str, world: World, **job: Any) -> dict[str, Any]:
    """Let a program for Node hold a conversation; what it tells."""
    required(NODE.missing() if shutil.which("node") else "node is not there")
    given = {"base_url": base_url(world), "key": world.key, "model": MODEL, **job}
    done = subprocess.run(
        ["node", str(SOURCES / "anthropic_node" / "talk.mjs"), client, json.dumps(given)],
        env={**os.environ, "CLIENT_HOME": str(NODE.path), "NO_PROXY": "*", "AI_SDK_LOG_WARNINGS": "false"},
        capture_output=True,
        check=True,
        timeout=60,
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@BOTH
@CLIENTS
def test_a_thought_a_tool_and_its_result(
    client: str, stops: dict[str, str], world: World, *, stream: bool
) -> None:
    world.script({"reasoning_content": "Tea.", "content": "Hm.", "tool_calls": [CALL]}, {"content": "Done."})
    result = [{"type": "tool_result", "tool_use_id": "toolu_7", "content": "A cup."}]
    told = talk(client, world, stream=stream, tools=[TOOL], turns=["Tea, please.", result])
    first, second = told["answers"]
    assert (first["text"], first["thinking"], first["finish"]) == ("Hm.", "Tea.", stops["call"])
    assert first["calls"] == [{"id": "toolu_7", "name": "brew_tea", "input": {"leaf": "龙井"}}]
    assert (second["text"], second["finish"]) == ("Done.", stops["end"])
    asked = world.requests()
    assert [entry["surface"] for entry in asked] == ["anthropic", "anthropic"]
    assert [entry["findings"] for entry in asked] == [[], []]
    for entry, answer in zip(asked, (first, second), strict=True):
        assert (answer["input"], answer["output"]) == (
            entry["usage"]["input_tokens"],
            entry["usage"]["output_tokens"],
        )


@BOTH
@CLIENTS
def test_a_refusal_has_its_status_and_its_words_somewhere(
    client: str, stops: dict[str, str], world: World, *, stream: bool
) -> None:
    assert stops
    world.script({"error": {"code": "Throttling.RateQuota"}})
    told = talk(client, world, stream=stream, turns=["Tea?"])["error"]
    assert told["status"] == 429
    # A refused stream is one frame; neither opens it, so its whole text is all they tell.
    assert "Throttling.RateQuota" in json.dumps(told)


@CLIENTS
def test_a_stream_that_is_left_harms_nobody(client: str, stops: dict[str, str], world: World) -> None:
    assert stops
    world.script({"content": "one two three", "chunks": ["one", " two", " three"]})
    assert talk(client, world, stream=True, leave=True, turns=["Count!"])["answers"] == [{"left": True}]
    assert len(world.requests()) == 1


LITELLM = Home(name="litellm", sources=("litellm/requirements.txt",))


def lite(world: World, *, stream: bool, **job: Any) -> dict[str, Any]:
    """Let LiteLLM ask one thing; what it tells."""
    if LITELLM.missing():
        pytest.skip("LiteLLM is one of the heavy clients: scripts/install-clients --all")
    folder, name = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    given = {"base_url": base_url(world), "key": world.key, "model": MODEL, "stream": stream, **job}
    done = subprocess.run(
        [
            str(LITELLM.path / folder / name),
            str(SOURCES / "litellm" / "blocks.py"),
            json.dumps(given),
        ],
        env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"},
        capture_output=True,
        check=True,
        timeout=120,
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@BOTH
def test_litellm_puts_its_messages_into_blocks(world: World, *, stream: bool) -> None:
    world.script({"reasoning_content": "Tea.", "tool_calls": [CALL]}, {"content": "Done."})
    function = {"name": TOOL["name"], "parameters": TOOL["input_schema"]}
    tools = [{"type": "function", "function": function}]
    history: list[dict[str, Any]] = [
        {"role": "system", "content": "You brew."},
        {"role": "user", "content": "Tea, please."},
    ]
    first = lite(world, stream=stream, messages=history, tools=tools)
    assert (first["thinking"], first["finish"]) == ("Tea.", "tool_calls")
    assert first["calls"] == [{"id": "toolu_7", "name": "brew_tea", "arguments": {"leaf": "龙井"}}]
    used = {"name": "brew_tea", "arguments": '{"leaf": "龙井"}'}
    history += [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "toolu_7", "type": "function", "function": used}],
        },
        {"role": "tool", "tool_call_id": "toolu_7", "content": "A cup."},
    ]
    second = lite(world, stream=stream, messages=history, tools=tools)
    assert (second["text"], second["finish"]) == ("Done.", "stop")
    asked = world.requests()
    assert [entry["surface"] for entry in asked] == ["anthropic", "anthropic"]
    assert [entry["findings"] for entry in asked] == [[], []]
    assert [entry["usage"]["output_tokens"] for entry in asked] == [first["output"], second["output"]]


@BOTH
def test_litellm_tells_a_refusal(world: World, *, stream: bool) -> None:
    world.script({"error": {"code": "Throttling.RateQuota"}})
    told = lite(world, stream=stream, messages=[{"role": "user", "content": "Tea?"}])
    assert told["status"] == 429
    assert "Throttling.RateQuota" in told["message"]


@pytest.fixture
def second(world: World) -> Any:
    """Give the client of dashscope 2, which speaks this dialect when it is told to."""
    return dashscope.Client(api_key=world.key, base_url=base_url(world), protocol="anthropic")


@BOTH
def test_dashscopes_own_client_calls_a_tool(second: Any, world: World, *, stream: bool) -> None:
    world.script({"reasoning_content": "Tea.", "tool_calls": [CALL]}, {"content": "Done."})
    tools = [
        {"type": "function", "function": {"name": TOOL["name"], "parameters": TOOL["input_schema"]}},
    ]
    history: list[dict[str, Any]] = [
        {"role": "system", "content": "You brew."},
        {"role": "user", "content": "Tea, please."},
    ]

    def ask() -> Any:
        asked = second.chat.completions.create(model=MODEL, messages=history, tools=tools, stream=stream)
        return asked.get_final_message() if stream else asked

    first = ask()
    said = first.choices[0].message
    assert (said.reasoning_content, first.choices[0].finish_reason) == ("Tea.", "tool_calls")
    (call,) = said.tool_calls
    assert (call.id, call.function.name) == ("toolu_7", "brew_tea")
    assert json.loads(call.function.arguments) == {"leaf": "龙井"}
    calls = [
        {"id": call.id, "type": "function", "function": {"name": "brew_tea", "arguments": '{"leaf": "龙井"}'}}
    ]
    history += [
        {"role": "assistant", "content": "", "tool_calls": calls},
        {"role": "tool", "tool_call_id": call.id, "content": "A cup."},
    ]
    assert ask().choices[0].message.content == "Done."
    asked = world.requests()
    assert [entry["surface"] for entry in asked] == ["anthropic", "anthropic"]
    assert [entry["findings"] for entry in asked] == [[], []]


def test_dashscopes_own_client_leaves_a_stream_and_harms_nobody(second: Any, world: World) -> None:
    world.script({"content": "one two three", "chunks": ["one", " two", " three"]}, {"content": "Done."})
    asked: list[dict[str, Any]] = [{"role": "user", "content": "Count!"}]
    stream = second.chat.completions.create(model=MODEL, messages=asked, stream=True)
    said = next(text for chunk in stream if chunk.choices and (text := chunk.choices[0].delta.content))
    stream.close()
    assert said == "one"
    answer = second.chat.completions.create(model=MODEL, messages=asked)
    assert answer.choices[0].message.content == "Done."
    assert len(world.requests()) == 2


@BOTH
def test_dashscopes_own_client_tells_a_refusal(second: Any, *, stream: bool) -> None:
    with pytest.raises(Exception, match="`claude-tea` does not exist") as caught:
        list(
            second.chat.completions.create(
                model="claude-tea", messages=[{"role": "user", "content": "Tea?"}], stream=stream
            )
        )
    assert getattr(caught.value, "status_code", None) == 400
