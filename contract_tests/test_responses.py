"""OpenAI's own SDKs and its agents, held against the Responses API: what they report is what was said."""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from contract_tests.drivers import HOMES, ROOT, SOURCES, Home, required
from contract_tests.matrix import NODE
from contract_tests.world import World

MODEL = "qwen3.7-plus"
TOOL: Any = {
    "type": "function",
    "name": "brew_tea",
    "description": "Brew a cup of tea",
    "parameters": {"type": "object", "properties": {"leaf": {"type": "string"}}, "required": ["leaf"]},
    "strict": None,
}
AGENTS = Home(name="openai-agents", sources=("openai_agents/requirements.txt",))
"""OpenAI's agents, in an environment of their own."""

BOTH = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])


@pytest.fixture
def client(world: World) -> Iterator[openai.OpenAI]:
    """Give the SDK."""
    with openai.OpenAI(base_url=world.openai_url, api_key=world.key, max_retries=0) as own:
        yield own


def ask(client: openai.OpenAI, said: Any, *, stream: bool, **more: Any) -> Any:
    """Ask, and give the whole response."""
    if not stream:
        return client.responses.create(model=MODEL, input=said, **more)
    with client.responses.stream(model=MODEL, input=said, **more) as events:
        return events.get_final_response()


@BOTH
def test_two_turns_by_the_id_of_the_first(client: openai.OpenAI, world: World, *, stream: bool) -> None:
    world.script({"content": "Three minutes."}, {"content": "Eighty degrees."})
    first = ask(client, "How long?", stream=stream, instructions="You brew.")
    second = ask(client, "How hot?", stream=stream, previous_response_id=first.id)
    assert [first.output_text, second.output_text] == ["Three minutes.", "Eighty degrees."]
    assert (first.status, first.model, first.object) == ("completed", MODEL, "response")
    assert (first.instructions, second.previous_response_id) == ("You brew.", first.id)
    assert first.usage.input_tokens < second.usage.input_tokens
    assert [entry["surface"] for entry in world.requests()] == ["responses", "responses"]
    assert [entry["findings"] for entry in world.requests()] == [[], []]


@BOTH
def test_two_turns_by_sending_all_of_it_again(client: openai.OpenAI, world: World, *, stream: bool) -> None:
    world.script({"content": "Three.", "reasoning_content": "Green."}, {"content": "Eighty."})
    history: list[Any] = [{"role": "user", "content": "How long?"}]
    first = ask(client, history, stream=stream, store=False)
    assert [item.type for item in first.output] == ["reasoning", "message"]
    assert first.output[0].summary[0].text == "Green."
    history += [item.model_dump(exclude_none=True) for item in first.output]
    history.append({"role": "user", "content": "How hot?"})
    assert ask(client, history, stream=stream, store=False).output_text == "Eighty."
    assert world.requests()[1]["status"] == 200


@BOTH
def test_a_tool_is_called_and_answered(client: openai.OpenAI, world: World, *, stream: bool) -> None:
    world.script({"tool_calls": [{"name": "brew_tea", "arguments": {"leaf": "龙井"}}]}, {"content": "Done."})
    first = ask(client, "Tea, please.", stream=stream, tools=[TOOL])
    (call,) = first.output
    assert (call.type, call.name, call.arguments) == ("function_call", "brew_tea", '{"leaf":"龙井"}')
    assert call.call_id.startswith("call_")
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "A cup."}
    second = ask(client, [result], stream=stream, tools=[TOOL], previous_response_id=first.id)
    assert second.output_text == "Done."
    assert [entry["findings"] for entry in world.requests()] == [[], []]


def test_the_events_of_a_stream(client: openai.OpenAI, world: World) -> None:
    world.script({"content": "one two", "chunks": ["one", " two"], "reasoning_content": "Hm."})
    events = list(client.responses.create(model=MODEL, input="Count!", stream=True))
    kinds = [event.type for event in events]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds[-1] == "response.completed"
    assert [event.delta for event in events if event.type == "response.output_text.delta"] == ["one", " two"]
    assert "".join(event.delta for event in events if event.type == "response.reasoning_text.delta") == "Hm."
    assert [event.sequence_number for event in events] == list(range(len(events)))


def test_the_arguments_of_a_call_in_pieces(client: openai.OpenAI, world: World) -> None:
    call = {"name": "brew_tea", "chunks": ['{"leaf":', ' "sencha"}']}
    world.script({"tool_calls": [call], "dialect": "arguments"})
    with client.responses.stream(model=MODEL, input="Tea!", tools=[TOOL]) as events:
        pieces = [event.delta for event in events if event.type == "response.function_call_arguments.delta"]
    assert pieces == call["chunks"]


def test_what_tools_of_the_service_did(client: openai.OpenAI) -> None:
    tools: Any = [{"type": "web_search"}, {"type": "code_interpreter", "container": "mock"}]
    response = client.responses.create(model=MODEL, input="Tea?", tools=tools)
    kinds = [item.type for item in response.output if item.type != "reasoning"]
    assert kinds == ["web_search_call", "code_interpreter_call", "message"]


@BOTH
def test_a_mistake_is_told_in_the_words_of_the_service(client: openai.OpenAI, *, stream: bool) -> None:
    if stream:
        # Within a 200: the SDK takes it for a response like any other, and it says that it failed.
        *_, last = client.responses.create(model="tea", input="Tea?", stream=True)
        assert last.type == "response.failed"
        assert last.response.error is not None
        assert last.response.error.message == "Unsupported model: 'tea'"
        return
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model="tea", input="Tea?")
    told = caught.value.response.json()
    assert (told["code"], told["message"]) == ("InvalidParameter", "Unsupported model: 'tea'")


def test_a_limit_is_no_error_of_the_sdk(client: openai.OpenAI, world: World) -> None:
    world.script({"error": {"code": "Throttling.RateQuota"}})
    response = client.responses.create(model=MODEL, input="Tea?")
    assert response.status == "failed"
    assert response.error is not None
    assert response.error.code == "server_error"


def test_a_stream_that_is_left_is_noted_and_harms_nobody(client: openai.OpenAI, world: World) -> None:
    world.script({"content": "one two three four", "chunks": ["one", " two", " three four"]})
    with client.responses.create(model=MODEL, input="Count!", stream=True) as events:
        for event in events:
            if event.type == "response.output_text.delta":
                assert event.delta == "one"
                break
    assert client.responses.create(model=MODEL, input="Again!").status == "completed"
    assert len(world.requests()) == 2


def test_what_is_stored_is_got_listed_and_deleted(client: openai.OpenAI) -> None:
    response = client.responses.create(model=MODEL, input="Tea?")
    assert client.responses.retrieve(response.id).output_text == response.output_text
    (item,) = client.responses.input_items.list(response.id).data
    assert item.type == "message"
    client.responses.delete(response.id)
    with pytest.raises(openai.NotFoundError, match="not found"):
        client.responses.retrieve(response.id)


def test_a_conversation(client: openai.OpenAI, world: World) -> None:
    world.script({"content": "Li."})
    said: Any = [{"type": "message", "role": "user", "content": "My name is Li."}]
    conversation = client.conversations.create(metadata={"leaf": "sencha"}, items=said)
    response = client.responses.create(model=MODEL, input="Who am I?", conversation=conversation.id)
    assert response.output_text == "Li."
    assert response.conversation is not None
    assert response.conversation.id == conversation.id
    items = client.conversations.items.list(conversation.id, order="asc").data
    assert [item.role for item in items if item.type == "message"] == ["user", "user", "assistant"]
    assert client.conversations.update(conversation.id, metadata={"cup": "blue"}).metadata == {"cup": "blue"}
    assert client.conversations.delete(conversation.id).deleted is True
    with pytest.raises(openai.NotFoundError):
        client.conversations.retrieve(conversation.id)


def told_by(home: Home, command: list[str], job: dict[str, Any]) -> Any:
    """Run a client program with one job, and give its report."""
    required(home.missing())
    unwanted = ("OPENAI_", "NODE_OPTIONS", "PYTHONPATH")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    environment |= {"NO_PROXY": "*", "no_proxy": "*", "NODE_PATH": str(HOMES / "node" / "node_modules")}
    done = subprocess.run(
        command,
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def by_node(world: World, way: str, *asks: dict[str, Any], model: str = MODEL) -> Any:
    """What the package for Node reports of some requests."""
    job = {"url": world.openai_url, "key": world.key, "model": model, "way": way, "asks": asks}
    return told_by(NODE, ["node", str(SOURCES / "node" / "responses.cjs")], job)


def by_agents(world: World, *asks: str, stream: bool, leave: bool = False) -> Any:
    """What an agent reports of some turns."""
    job = {"url": world.openai_url, "key": world.key, "model": MODEL, "stream": stream, "asks": asks}
    command = [str(AGENTS.path / "bin" / "python"), str(SOURCES / "openai_agents" / "program.py")]
    return told_by(AGENTS, command, {**job, "leave": True} if leave else job)


@pytest.mark.parametrize("way", ["plain", "events"])
def test_the_package_for_node(world: World, way: str) -> None:
    call = {"name": "brew_tea", "arguments": {"leaf": "sencha"}, "id": "call_1"}
    world.script(
        {"content": "Hm, tea.", "reasoning_content": "Tea."}, {"tool_calls": [call]}, {"content": "好."}
    )
    result = {"type": "function_call_output", "call_id": "call_1", "output": "A cup."}
    asks: list[dict[str, Any]] = [{"input": "Tea?"}, {"input": "Brew!", "tools": [TOOL]}]
    asks.append({"input": [result], "tools": [TOOL]})
    first, second, third = by_node(world, way, *asks)
    assert (first["text"], first["types"]) == ("Hm, tea.", ["reasoning", "message"])
    assert [one["arguments"] for one in second["calls"]] == ['{"leaf":"sencha"}']
    assert (third["text"], third["status"]) == ("好.", "completed")
    assert first["total"] < third["total"]
    assert [entry["findings"] for entry in world.requests()] == [[], [], []]


def test_the_package_for_node_hears_of_a_mistake(world: World) -> None:
    (told,) = by_node(world, "plain", {"input": "?"}, model="tea")
    assert (told["error"], told["status"]) == ("BadRequestError", 400)


def test_the_package_for_node_leaves_a_stream_and_harms_nobody(world: World) -> None:
    world.script({"content": "one two three", "chunks": ["one", " two", " three"]})
    (left,) = by_node(world, "leave", {"input": "Count!"})
    assert (left["text"], left["status"], left["total"]) == ("", "in_progress", 0)
    (whole,) = by_node(world, "events", {"input": "Count!"})
    assert whole["status"] == "completed"


def test_the_helper_of_the_package_for_node_has_no_place_for_a_thought(world: World) -> None:
    """The service's documents have no event that opens the text of a thought, which `stream()` waits for."""
    world.script({"content": "Tea."}, {"content": "Tea.", "reasoning_content": "Hm."})
    spoken, thought = by_node(world, "helper", {"input": "Tea?"}, {"input": "Tea?"})
    assert spoken["text"] == "Tea."
    assert (thought["error"], thought["message"]) == ("OpenAIError", "missing content at index 0")


@BOTH
def test_an_agent_with_a_tool(world: World, *, stream: bool) -> None:
    call = {"name": "brew_tea", "arguments": {"leaf": "sencha"}}
    world.script(
        {"tool_calls": [call], "reasoning_content": "Tea."}, {"content": "Here."}, {"content": "好."}
    )
    told = by_agents(world, "Tea, please.", "Thanks.", stream=stream)
    assert told == [{"text": "Here."}, {"text": "好."}]
    asked = world.requests()
    assert [entry["findings"] for entry in asked] == [[], [], []]
    assert asked[1]["body"]["input"][-1]["output"] == "A cup of sencha."
    thought, *_ = [item for item in asked[1]["body"]["input"] if item.get("type") == "reasoning"]
    assert thought["summary"] == [{"type": "summary_text", "text": "Tea."}]


@BOTH
def test_an_agent_hears_of_a_refusal(world: World, *, stream: bool) -> None:
    world.script({"error": {"code": "InvalidParameter", "message": "No tea."}}, {"content": "Tea."})
    refused, said = by_agents(world, "Tea?", "Tea?", stream=stream)
    assert set(refused) == {"error", "message"}
    assert said == {"text": "Tea."}


def test_an_agent_leaves_a_stream_and_harms_nobody(world: World) -> None:
    world.script(
        {"content": "one two three", "chunks": ["one", " two", " three"]},
        {"content": "So.", "chunks": ["So", "."]},
    )
    left = by_agents(world, "Count!", "Tea?", stream=True, leave=True)
    assert left == [{"left": "one"}, {"left": "So"}]
    assert len(world.requests()) == 2
