"""Vercel's provider for OpenAI on the Responses API, and LiteLLM by its routes `responses` and `messages`."""

import json
import os
import subprocess
from typing import Any

import pytest

from contract_tests.drivers import SOURCES
from contract_tests.test_anthropic_others import BOTH, CALL, LITELLM, MODEL, TOOL, base_url, talk
from contract_tests.world import World

RESULT = [{"type": "tool_result", "tool_use_id": "toolu_7", "content": "A cup."}]
WHOLE = {"openai": {"store": False}}
"""Tells Vercel's provider to send what was said, and not the ids of the items under which it is stored."""

OLDER = {"dialect": "summary"}
"""The name of a thought's pieces that this provider listens to."""


def vercel(world: World, **job: Any) -> dict[str, Any]:
    """Let Vercel's provider for OpenAI hold a conversation."""
    return talk("vercel-openai", world, base_url=world.openai_url, **job)


@BOTH
def test_vercel_a_thought_a_tool_and_its_result(world: World, *, stream: bool) -> None:
    first_reply = {"reasoning_content": "Tea.", "content": "Hm.", "tool_calls": [CALL], **OLDER}
    world.script(first_reply, {"content": "Done."})
    told = vercel(world, stream=stream, tools=[TOOL], turns=["Tea, please.", RESULT], options=WHOLE)
    first, second = told["answers"]
    assert (first["text"], first["thinking"], first["finish"]) == ("Hm.", "Tea.", "tool-calls")
    assert first["calls"] == [{"id": "toolu_7", "name": "brew_tea", "input": {"leaf": "龙井"}}]
    assert (second["text"], second["finish"]) == ("Done.", "stop")
    asked = world.requests()
    assert [entry["surface"] for entry in asked] == ["responses", "responses"]
    assert [entry["findings"] for entry in asked] == [[], []]
    for entry, answer in zip(asked, (first, second), strict=True):
        usage = entry["usage"]
        assert (answer["input"], answer["output"]) == (usage["input_tokens"], usage["output_tokens"])


def test_vercel_does_not_hear_the_newer_name_of_a_thought(world: World) -> None:
    world.script({"reasoning_content": "Tea.", "content": "Hm."})
    (answer,) = vercel(world, stream=True, turns=["Tea?"])["answers"]
    assert (answer["text"], answer["thinking"]) == ("Hm.", "")


@BOTH
def test_vercel_names_stored_items_which_this_service_does_not_take(world: World, *, stream: bool) -> None:
    world.script({"content": "Hm.", "tool_calls": [CALL]})
    told = vercel(world, stream=stream, tools=[TOOL], turns=["Tea, please.", RESULT])["error"]
    assert told["status"] == 400
    assert "Input should be ['message'," in json.dumps(told)
    (finding, *_) = world.requests()[1]["findings"]
    assert (finding["path"], finding["message"][:16]) == ("input[1].type", "'item_reference'")


@BOTH
def test_vercel_tells_a_refusal_and_a_limit(world: World, *, stream: bool) -> None:
    refused = vercel(world, stream=stream, turns=["Tea?"], model="tea")["error"]
    assert (refused["kind"], refused["status"]) == ("APICallError", 400)
    assert "Unsupported model: 'tea'" in json.dumps(refused)
    world.script({"error": {"code": "Throttling.RateQuota"}})
    limited = vercel(world, stream=stream, turns=["Tea?"])["error"]
    # A limit is a response that failed, in a 200: whole, that is no answer to this provider; streamed, a 500.
    assert limited["status"] == (500 if stream else 200)
    assert "rate limit exceeded" in json.dumps(limited)


def test_vercel_leaves_a_stream_and_harms_nobody(world: World) -> None:
    world.script({"content": "one two three", "chunks": ["one", " two", " three"]})
    assert vercel(world, stream=True, leave=True, turns=["Count!"])["answers"] == [{"left": True}]
    assert len(world.requests()) == 1


ROUTES = pytest.mark.parametrize(
    ("route", "stream"),
    [("responses", False), ("responses", True), ("messages", False)],
    ids=["responses-plain", "responses-stream", "messages-plain"],
)


def lite(route: str, world: World, *, stream: bool, **job: Any) -> list[dict[str, Any]]:
    """Let LiteLLM hold a conversation by one of its routes; what it tells of each turn."""
    if LITELLM.missing():
        pytest.skip("LiteLLM is one of the heavy clients: scripts/install-clients --all")
    url = world.openai_url if route == "responses" else base_url(world)
    given = {"base_url": url, "key": world.key, "model": MODEL, "stream": stream, **job}
    program = str(SOURCES / "litellm" / "routes.py")
    done = subprocess.run(
        [str(LITELLM.path / "bin" / "python"), program, route, json.dumps(given)],
        env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return told


@ROUTES
def test_litellm_a_thought_a_tool_and_its_result(route: str, world: World, *, stream: bool) -> None:
    world.script({"reasoning_content": "Tea.", "tool_calls": [CALL]}, {"content": "Done."})
    flat = {"type": "function", "name": TOOL["name"], "parameters": TOOL["input_schema"]}
    output = {"type": "function_call_output", "call_id": "toolu_7", "output": "A cup."}
    tools, result = ([flat], [output]) if route == "responses" else ([TOOL], RESULT)
    first, second = lite(route, world, stream=stream, tools=tools, turns=["Tea, please.", result])
    assert first["thinking"] == "Tea."
    assert first["calls"] == [{"id": "toolu_7", "name": "brew_tea", "arguments": {"leaf": "龙井"}}]
    assert second["text"] == "Done."
    asked = world.requests()
    surface = "responses" if route == "responses" else "anthropic"
    assert [entry["surface"] for entry in asked] == [surface, surface]
    assert [entry["findings"] for entry in asked] == [[], []]


@ROUTES
def test_litellm_tells_a_refusal(route: str, world: World, *, stream: bool) -> None:
    (told,) = lite(route, world, stream=stream, model="claude-tea", turns=["Tea?"])
    words = {
        "responses": "Unsupported model: 'claude-tea'",
        "messages": "The model `claude-tea` does not exist",
    }
    assert words[route] in json.dumps(told)


def test_litellm_leaves_a_stream_and_harms_nobody(world: World) -> None:
    world.script({"content": "one two three", "chunks": ["one", " two", " three"]})
    (told,) = lite("responses", world, stream=True, leave=True, turns=["Count!"])
    # It makes pieces of its own of those that it hears.
    assert told["left"] != "one two three"
    assert "one two three".startswith(told["left"])
    assert len(world.requests()) == 1


def test_litellm_streams_messages_only_where_its_proxy_is_installed(world: World) -> None:
    """A stream of this route imports the proxy, whose packages litellm 1.106.2 does not bring."""
    (told,) = lite("messages", world, stream=True, turns=["Tea?"])
    assert told["kind"] == "ModuleNotFoundError"
