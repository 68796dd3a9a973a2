"""What sampling parameters do to an answer, as the SDKs tell it."""

import math
import re
from typing import Any

import pytest
from openai import OpenAI

from contract_tests.clients.jobs import Message, RefusedError
from contract_tests.matrix import both_ways
from contract_tests.sdks import GenerationSdk, Sdk, every_sdk, sdks, text_sdks, token_ids

TELL = "Tell me about West Lake."
BRACKETS = (7, 8, 7552, 9909, 320, 873, 42344, 58359, 96899, 6599, 10297, 91093, 12832)
"""The tokens that the docs ban so that a character writes no brackets (Model Studio docs, role playing)."""


@every_sdk
def test_seed_decides(sdk: Sdk) -> None:
    first, second = sdk.ask(TELL, seed=7).content, sdk.ask(TELL, seed=7).content
    others = {sdk.ask(TELL, seed=seed).content for seed in range(8)}

    assert first == second
    assert len(others) > 1


@every_sdk
def test_stream_says_the_same(sdk: Sdk) -> None:
    assert sdk.ask(TELL, seed=7, stream=True).content == sdk.ask(TELL, seed=7).content


@text_sdks
@both_ways
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_several_answers(sdk: Sdk, n: int, *, stream: bool) -> None:
    answer = sdk.ask(TELL, n=n, stream=stream)
    one = sdk.ask(TELL)

    assert [choice.finish_reason for choice in answer.choices] == ["stop"] * n
    assert answer.content == one.content
    assert len({choice.content for choice in answer.choices}) == n
    assert answer.usage.input == one.usage.input
    if not stream:
        assert (answer.usage.output > one.usage.output) is (n > 1)


@text_sdks
def test_streamed_answers_take_turns(sdk: Sdk) -> None:
    pieces = sdk.ask(TELL, n=3, stream=True).pieces

    indexes = [
        choice.get("index") or 0
        for piece in pieces
        for choice in (piece.get("output") or piece).get("choices") or ()
    ]
    assert set(indexes) == {0, 1, 2}
    assert indexes != sorted(indexes)


@text_sdks
@pytest.mark.parametrize("n", [0, 5])
def test_answers_are_four_at_most(sdk: Sdk, n: int) -> None:
    with pytest.raises(RefusedError, match=re.escape("Range of n should be [1, 4]")):
        sdk.ask(TELL, n=n)


@every_sdk
@both_ways
@pytest.mark.parametrize("several", [False, True], ids=["text", "texts"])
def test_stop_text_ends_the_answer(sdk: Sdk, *, several: bool, stream: bool) -> None:
    """It may begin in one piece of the stream and end in another; it is not part of the answer."""
    whole = sdk.ask(TELL).content
    stop = whole[40:70]
    answer = sdk.ask(TELL, stop=["no such text", stop] if several else stop, stream=stream)

    assert answer.content == whole[:40]
    assert answer.finish_reason == "stop"


@sdks("openai", "generation", "multimodal")
@both_ways
@pytest.mark.parametrize("runs", [False, True], ids=["tokens", "runs"])
def test_stop_tokens_end_the_answer(sdk: Sdk, *, runs: bool, stream: bool) -> None:
    whole = sdk.ask(TELL).content
    tokens = token_ids(whole)
    stop: list[Any] = [tokens[9:11]] if runs else [tokens[9]]
    answer = sdk.ask(TELL, stop=stop, stream=stream)

    assert answer.content
    assert whole.startswith(answer.content)
    assert len(answer.content) < len(whole)
    assert answer.finish_reason == "stop"
    said = token_ids(answer.content)
    if runs:
        assert said == tokens[:9]
    else:
        assert tokens[9] not in said


@text_sdks
def test_stops_are_not_mixed(sdk: Sdk) -> None:
    with pytest.raises(RefusedError, match='The "stop" parameter must be of type "str"'):
        sdk.ask(TELL, stop=["lake", 7])


def role_play() -> list[Message]:
    """Write the conversation of the docs; its profile asks for brackets."""
    return [
        {"role": "system", "content": "You are Jiang Rang. Use parentheses () to indicate actions (nods)."},
        {"role": "assistant", "content": "Class monitor, what are you up to?"},
        {"role": "user", "content": "（抬头）I'm reading a book (a long one) (or two)(or three)."},
    ]


@text_sdks
@both_ways
def test_banned_brackets_do_not_appear(sdk: Sdk, *, stream: bool) -> None:
    free = sdk.ask(role_play(), model="qwen-plus-character", stream=stream)
    banned = sdk.ask(
        role_play(),
        model="qwen-plus-character",
        stream=stream,
        logit_bias={str(token): -100 for token in BRACKETS},
    )

    assert set(free.content) & set("()（）")
    assert banned.content
    assert not set(banned.content) & set("()（）")


@text_sdks
@both_ways
@pytest.mark.parametrize("limit", [20, 200])
def test_only_token_loops_until_the_limit(sdk: Sdk, limit: int, *, stream: bool) -> None:
    (token,) = token_ids("喵")
    answer = sdk.ask(
        TELL, model="qwen-plus-character", stream=stream, max_tokens=limit, logit_bias={str(token): 100}
    )

    assert answer.content == "喵" * limit
    assert (answer.usage.output, answer.finish_reason) == (limit, "length")


@text_sdks
def test_loop_without_a_limit_ends_all_the_same(sdk: Sdk) -> None:
    (token,) = token_ids("喵")
    answer = sdk.ask(TELL, model="qwen-plus-character", logit_bias={str(token): 100})

    assert set(answer.content) == {"喵"}


@every_sdk
@both_ways
@pytest.mark.parametrize("limit", [1, 2, 13])
def test_max_tokens(sdk: Sdk, limit: int, *, stream: bool) -> None:
    whole = sdk.ask(TELL)
    answer = sdk.ask(TELL, max_tokens=limit, stream=stream)

    assert whole.content.startswith(answer.content)
    assert answer.usage.output == limit
    assert answer.finish_reason == "length"


@text_sdks
@pytest.mark.parametrize(
    "parameters",
    [
        {"temperature": 0},
        {"temperature": 1.99},
        {"top_p": 0},
        {"top_p": 1.0},
        {"top_k": 0},
        {"top_k": 50},
        {"presence_penalty": -2.0},
        {"presence_penalty": 2.0},
        {"repetition_penalty": 1.1},
        {"seed": 0},
        {"seed": 2**31 - 1},
    ],
    ids=str,
)
def test_within_their_ranges(sdk: Sdk, parameters: dict[str, Any]) -> None:
    assert sdk.ask(TELL, **parameters).finish_reason == "stop"


@text_sdks
@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"temperature": 2}, "Temperature should be in [0.0, 2.0)"),
        ({"top_p": 1.5}, "Range of top_p should be (0.0, 1.0]"),
        ({"top_k": -1}, "Parameter top_k be greater than or equal to 0"),
        ({"presence_penalty": 2.1}, "Presence_penalty should be in [-2.0, 2.0]"),
        ({"repetition_penalty": 0}, "Repetition_penalty should be greater than 0.0"),
        ({"max_tokens": 0}, "Range of max_tokens should be [1, 32768]"),
        ({"max_tokens": 32769}, "Range of max_tokens should be [1, 32768]"),
        ({"top_logprobs": 6, "logprobs": True}, "Range of top_logprobs should be [0, 5]"),
    ],
    ids=str,
)
def test_outside_their_ranges(sdk: Sdk, parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(RefusedError, match=re.escape(words)):
        sdk.ask(TELL, **parameters)


def text_of(logprobs: list[dict[str, Any]]) -> str:
    """Join the tokens of log probabilities."""
    return b"".join(bytes(token["bytes"]) for token in logprobs).decode()


@sdks("openai", "generation")
@both_ways
@pytest.mark.parametrize("top", [0, 1, 5])
def test_log_probabilities(sdk: Sdk, top: int, *, stream: bool) -> None:
    """Every token of the answer has one, with as many alternatives as asked for, likeliest first."""
    answer = sdk.ask(
        TELL, model="qwen3-32b", enable_thinking=False, logprobs=True, top_logprobs=top, stream=stream
    )

    tokens = answer.choices[0].logprobs
    assert text_of(tokens) == answer.content
    assert len(tokens) == answer.usage.output
    for token in tokens:
        assert token["logprob"] <= 0
        assert len(token["top_logprobs"]) == top
        likely = [other["logprob"] for other in token["top_logprobs"]]
        assert likely == sorted(likely, reverse=True)
        assert math.fsum(math.exp(value) for value in likely) <= 1 + 1e-6
        if top:
            assert token["token"] in [other["token"] for other in token["top_logprobs"]]


def test_openai_reads_log_probabilities(openai: OpenAI) -> None:
    completion = openai.chat.completions.create(
        model="qwen3-32b",
        messages=[{"role": "user", "content": TELL}],
        logprobs=True,
        top_logprobs=2,
        extra_body={"enable_thinking": False},
    )

    (choice,) = completion.choices
    assert choice.logprobs is not None
    tokens = choice.logprobs.content or []
    assert "".join(token.token for token in tokens) == choice.message.content
    assert {len(token.top_logprobs) for token in tokens} == {2}


@sdks("generation")
def test_dashscope_merges_several_answers_itself(sdk: GenerationSdk) -> None:
    """The last of its growing answers holds all choices, and their usage together."""
    whole = sdk.ask(TELL, n=2)
    *_, last = sdk.call(
        model="qwen-plus",
        messages=[{"role": "user", "content": TELL}],
        result_format="message",
        n=2,
        stream=True,
        incremental_output=False,
    )

    contents = [choice["message"]["content"] for choice in last["output"]["choices"]]
    assert contents == [choice.content for choice in whole.choices]
    assert last["usage"]["output_tokens"] == whole.usage.output


@sdks("openai")
@pytest.mark.parametrize(("said", "tokens"), [("<|fim_prefix|>x<|fim_suffix|>", 3), ("<|vision_pad|>", 1)])
def test_an_added_token_of_the_vocabulary_costs_one(sdk: Sdk, said: str, tokens: int) -> None:
    assert sdk.ask(said, model="qwen3-coder-plus").usage.input == tokens + 8
