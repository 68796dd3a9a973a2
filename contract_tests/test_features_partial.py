"""Going on with a begun answer, through every client that sends `partial` along."""

import ast
import json

import pytest

from contract_tests.clients.jobs import Message, RefusedError
from contract_tests.conftest import Converse
from contract_tests.drivers import Client
from contract_tests.matrix import CLIENTS, both_ways, clients
from contract_tests.sdks import MultiModalSdk, Sdk, every_sdk, text_sdks
from contract_tests.world import World

partial_clients = clients(client for client in CLIENTS if client.name != "dashscope-client-openai")
"""That one drops `partial` from the messages."""


def begun(said: str, prefix: str) -> list[Message]:
    """Write a question, and how its answer begins."""
    return [
        {"role": "user", "content": said},
        {"role": "assistant", "content": prefix, "partial": True},
    ]


@partial_clients
@both_ways
def test_every_client_gets_the_rest_of_its_json(
    client: Client, converse: Converse, world: World, *, stream: bool
) -> None:
    """Two turns: the second one's history holds the first answer whole, and is begun again."""
    begin = '{"city": "Hangzhou", "sights": ["West Lake", "'
    report = converse("Name the sights.", "And the best one?", begin=begin, stream=stream)

    assert [turn.get("error") for turn in report["turns"]] == [None, None]
    for turn in report["turns"]:
        (choice,) = turn["choices"]
        assert json.loads(begin + choice["content"])["city"] == "Hangzhou"
        assert choice["finish_reason"] == "stop"
    body = world.requests()[1]["body"]
    *history, last = body["input"]["messages"] if client.native else body["messages"]
    assert last["partial"] is True
    assert [message["role"] for message in history] == ["user", "assistant", "user"]


@every_sdk
@both_ways
@pytest.mark.parametrize(
    "prefix",
    [
        "{",
        "[1, 2",
        '{"a": {"b": [true, ',
        '{"a": "an open',
        '{"a": "a \\',
        '{"a": nu',
        '{"a": 1.',
        '{"a',
        '{"a":',
        '[{"a": [], "b": "c"},',
    ],
)
def test_half_open_json_is_closed(sdk: Sdk, prefix: str, *, stream: bool) -> None:
    answer = sdk.ask(begun("As JSON, please.", prefix), stream=stream)

    json.loads(prefix + answer.content)


@every_sdk
@both_ways
def test_code_block_is_closed(sdk: Sdk, *, stream: bool) -> None:
    prefix = "Here it is:\n\n```python\ndef add(a, b):\n    return a + b\n"
    answer = sdk.ask(begun("Add two numbers in Python.", prefix), stream=stream)

    whole = prefix + answer.content
    assert whole.count("```") == 2
    ast.parse(whole.split("```python\n")[1].split("```")[0])


@text_sdks
@both_ways
@pytest.mark.parametrize("speaker", ["Ling Lu:", "凌路："])
def test_speaker_is_not_named_again(sdk: Sdk, speaker: str, *, stream: bool) -> None:
    answer = sdk.ask(begun("What are you two up to?", speaker), model="qwen-plus-character", stream=stream)

    assert answer.content.strip()
    assert speaker not in answer.content
    assert speaker.strip(":：") not in answer.content


@every_sdk
@both_ways
def test_prose_goes_on(sdk: Sdk, *, stream: bool) -> None:
    prefix = "Spring has come, and the"
    answer = sdk.ask(begun("Write about spring.", prefix), stream=stream)

    assert answer.content.startswith(" ")
    assert prefix not in answer.content


@text_sdks
def test_prompt_is_counted_without_the_closing_tag(sdk: Sdk) -> None:
    """The prefix costs its own tokens: it stands behind the opening of an answer, which is there anyway."""
    ask = {"role": "user", "content": "Write about spring."}
    bare = sdk.ask([ask]).usage.input
    prefix = sdk.ask(begun("Write about spring.", "Spring")).usage.input

    assert prefix == bare + 1


@every_sdk
@both_ways
def test_thinking_refuses_a_partial_message(sdk: Sdk, *, stream: bool) -> None:
    model = "qwen3.5-plus" if isinstance(sdk, MultiModalSdk) else "qwen3-max"
    with pytest.raises(RefusedError, match="Partial mode is not supported when enable_thinking is true"):
        sdk.ask(begun("Write about spring.", "Spring"), model=model, stream=stream, enable_thinking=True)


@text_sdks
def test_partial_must_be_the_last_message(sdk: Sdk) -> None:
    with pytest.raises(RefusedError, match="Partial mode continues the last message only"):
        sdk.ask([*begun("Write about spring.", "Spring"), {"role": "user", "content": "Go on."}])


@text_sdks
def test_partial_must_be_the_assistants(sdk: Sdk) -> None:
    with pytest.raises(RefusedError, match="it must be the assistant's"):
        sdk.ask([{"role": "user", "content": "Spring", "partial": True}])
