"""Context caches, as the SDKs tell them: what was read before, and what was put there on purpose."""

from typing import Any

import pytest

from contract_tests.clients.jobs import Message
from contract_tests.matrix import both_ways
from contract_tests.sdks import Sdk, every_sdk, sdks, text_sdks
from contract_tests.world import Server, World

LONG = "West Lake lies in the west of Hangzhou, and hills stand around it on three sides. " * 80


def conversation(answer: str = "") -> list[Message]:
    """Write a conversation that begins with a long text; with an answer, its second turn."""
    first: list[Message] = [
        {"role": "system", "content": LONG},
        {"role": "user", "content": "What is around the lake?"},
    ]
    second: list[Message] = [
        {"role": "assistant", "content": answer},
        {"role": "user", "content": "And to the east?"},
    ]
    return first + second if answer else first


@every_sdk
@both_ways
def test_second_turn_hits(sdk: Sdk, *, stream: bool) -> None:
    first = sdk.ask(conversation(), stream=stream)
    second = sdk.ask(conversation(first.content), stream=stream)

    assert first.usage.input > 1024
    assert first.usage.cached == 0
    assert first.usage.input - 256 < second.usage.cached < second.usage.input


@text_sdks
@pytest.mark.parametrize(("model", "block"), [("qwen-plus", 64), ("qwen-max", 256)])
def test_hits_are_whole_blocks(sdk: Sdk, model: str, block: int) -> None:
    """Streams are asked for: whole native answers of qwen-max are recorded without the cached tokens."""
    first = sdk.ask(conversation(), model=model, stream=True)
    second = sdk.ask(conversation(first.content), model=model, stream=True)

    assert second.usage.cached
    assert second.usage.cached % block == 0


@text_sdks
def test_short_prompts_are_not_cached(sdk: Sdk) -> None:
    assert [sdk.ask("Hello!").usage.cached for _ in range(2)] == [0, 0]


@text_sdks
def test_another_beginning_does_not_hit(sdk: Sdk) -> None:
    sdk.ask(conversation())
    other: list[Message] = [{"role": "system", "content": f"Really. {LONG}"}, *conversation()[1:]]

    assert sdk.ask(other).usage.cached == 0


@text_sdks
def test_another_model_does_not_hit(sdk: Sdk) -> None:
    sdk.ask(conversation(), model="qwen-plus")

    assert sdk.ask(conversation(), model="qwen-turbo").usage.cached == 0


@text_sdks
def test_another_key_does_not_hit(sdk: Sdk, server: Server) -> None:
    sdk.ask(conversation())
    other = server.world(f"{sdk.world.key}-other")

    assert type(sdk)(other).ask(conversation()).usage.cached == 0
    other.forget()


@text_sdks
def test_reset_empties_the_cache(sdk: Sdk, world: World) -> None:
    sdk.ask(conversation())
    world.forget()

    assert sdk.ask(conversation()).usage.cached == 0


def marked(text: str, *, native: bool) -> Message:
    """Write a system message that is to be cached."""
    part: dict[str, Any] = {"text": text, "cache_control": {"type": "ephemeral"}}
    return {"role": "system", "content": [part if native else {"type": "text", **part}]}


@sdks("openai", "multimodal")
@both_ways
def test_marked_prefix_is_created_then_hit(sdk: Sdk, *, stream: bool) -> None:
    """The first request pays for the cache, the second one reads it: the same tokens, whatever follows."""
    lead = marked(LONG, native=sdk.model != "qwen-plus")
    first, second = (
        sdk.ask([lead, {"role": "user", "content": said}], stream=stream)
        for said in ("What is around the lake?", "And to the east?")
    )

    assert first.usage.cached == 0
    assert first.usage.input > first.usage.created > 1024
    assert second.usage.created == 0
    assert second.usage.cached == first.usage.created


@sdks("openai", "multimodal")
def test_too_short_a_prefix_creates_nothing(sdk: Sdk) -> None:
    lead = marked("A short text.", native=sdk.model != "qwen-plus")
    answers = [sdk.ask([lead, {"role": "user", "content": "Hello!"}]) for _ in range(2)]

    assert [(answer.usage.created, answer.usage.cached) for answer in answers] == [(0, 0), (0, 0)]


@sdks("openai", "multimodal")
@pytest.mark.parametrize("word", ["<|im_start|>", "e\u0301", "<tool_call>"])
def test_no_cache_is_larger_than_its_prompt(sdk: Sdk, word: str) -> None:
    """Added tokens and composed letters cost in a cache what they cost in its prompt."""
    lead = marked(word * 1500, native=sdk.model != "qwen-plus")
    first, second = (sdk.ask([lead, {"role": "user", "content": "Hello!"}]).usage for _ in range(2))

    assert first.created is not None
    assert 1024 <= first.created < first.input
    assert first.input < 1600
    assert second.cached == first.created


@sdks("openai", "multimodal")
def test_a_text_of_few_tokens_creates_nothing_however_long(sdk: Sdk) -> None:
    lead = marked("<|im_start|>" * 250, native=sdk.model != "qwen-plus")
    usage = sdk.ask([lead, {"role": "user", "content": "Hello!"}]).usage

    assert (usage.created, usage.cached) == (0, 0)
    assert usage.input < 300
