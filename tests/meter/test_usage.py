"""What an answer costs, against the output tokens that the cloud counted."""

from dataclasses import replace

import pytest
from hypothesis import given

from mockserver.catalogue.thinking import THINK_CLOSE, THINK_OPEN
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.meter import tokenizer as tokenizers
from mockserver.meter.prompt import PromptTokens
from mockserver.meter.tokenizer import Tokenizer
from mockserver.meter.usage import call_tokens, choice_tokens, reasoning_tokens, usage_of
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import ChatRequest, ToolCall
from tests.asking import Messages, ask
from tests.wire.strategies import replies, texts

WORKING = tokenizers.load()
"""Hypothesis runs a test many times on one fixture, so its tests take the tokenizer from here."""

MAX = ask("请问 1+1 是多少？", model="qwen-max", surface=NATIVE_TEXT)
FLASH = ask("Say hello. Use only one word.", model="qwen3-vl-flash", enable_thinking=False)
STOPPED = ask("Talk about Canada.", model="qwen3-vl-flash", enable_thinking=False, stop=["is"])
THINKING = ask("请问 1+1 是多少？", model="qwen-plus-latest", stream=True, enable_thinking=True)
BREW = {"type": "function", "function": {"name": "brew", "parameters": {"type": "object"}}}
THOUGHT = Choice(
    "1+1 等于 **2**。这是数学中最基本的加法运算之一。\n\n"
    "如果你有其他关于数学、科学或任何领域的问题，欢迎继续提问！😊",
    "嗯，用户问的是“1+1是多少",
)


@pytest.mark.parametrize(
    ("source", "request_", "choice", "output"),
    [
        ("cnblogs/dashscope-sdk, 2025-03", MAX, Choice("1+1等于2。这是最基本的数学加法运算之一。"), 14),
        ("cnblogs/dashscope-sdk, 2024-11", MAX, Choice("1+1等于2。"), 6),
        ("loongsuite-python-agent, 2026-03", MAX, Choice("Paris"), 1),
        ("maruel/genai, 2026-02", FLASH, Choice("Hello."), 3),
        ("maruel/genai, 2026-04", FLASH, Choice('{"is_fruit": true}'), 8),
        ("maruel/genai, 2026-02", STOPPED, Choice("Canada "), 2),
        (
            "loongsuite-python-agent, 2026-02",
            ask("Hi", model="qwen-turbo"),
            Choice("**The", "", (), "length"),
            2,
        ),
        ("cnblogs/dashscope-sdk, 2025-06", THINKING, THOUGHT, 53),
        (
            "loongsuite-python-agent, 2026-02",
            ask("Format this"),
            Choice(tool_calls=(ToolCall("format", "{}"),), finish_reason="tool_calls"),
            14,
        ),
        (
            "maruel/genai, 2026-02",
            FLASH,
            Choice(tool_calls=(ToolCall("best_country", ' {"country": "USA"}'),), finish_reason="tool_calls"),
            20,
        ),
        ("nothing said", MAX, Choice(), 0),
    ],
)
def test_an_answer_costs_what_the_cloud_counted(
    tokenizer: Tokenizer, source: str, request_: ChatRequest, choice: Choice, output: int
) -> None:
    assert choice_tokens(request_, choice, tokenizer) == output, source


def test_the_end_token_counts_on_vision_models_unless_something_cut_the_answer(tokenizer: Tokenizer) -> None:
    assert choice_tokens(FLASH, Choice("Hello."), tokenizer) == 3
    assert choice_tokens(FLASH, Choice("Hello.", finish_reason="length"), tokenizer) == 2
    assert choice_tokens(STOPPED, Choice("Hello."), tokenizer) == 2
    called = Choice("", "", (ToolCall("f", "{}"),), "tool_calls")
    more = choice_tokens(STOPPED, called, tokenizer) - call_tokens(
        called.tool_calls[0], STOPPED.model.family, tokenizer
    )
    assert more == 1


@given(texts.filter(bool))
def test_plain_text_costs_its_tokens(text: str) -> None:
    assert choice_tokens(MAX, Choice(text), WORKING) == len(WORKING.encode(text))


def test_thinking_costs_its_marks_and_line_ends_besides(tokenizer: Tokenizer) -> None:
    cost = choice_tokens(THINKING, Choice("Two", "Well"), tokenizer)
    assert cost == THINK_OPEN + 1 + THINK_CLOSE + 1
    assert reasoning_tokens(THINKING, Reply((THOUGHT, Choice("a"), THOUGHT)), tokenizer) == 20


def test_the_newer_vocabulary_counts_its_models_as_the_cloud_does() -> None:
    flash = ask("Return json.", model="qwen3.7-flash", stream=True, enable_thinking=False)
    assert choice_tokens(flash, Choice('{"a": 2}'), tokenizers.load("qwen3.5")) == 6
    newest = ask("Say hello. Use only one word.", model="qwen3.8-max", stream=True, enable_thinking=True)
    thought = (
        'We need to respond to user: "Say hello. Use only one word." Need only one word final. '
        "Need final one word: Hello. Ensure only one word.\n"
    )
    usage = usage_of(newest, Reply((Choice("Hello", thought),)), tokenizers.load("qwen3.5"))
    assert (usage.input, usage.output) == (56, 40)
    parts = [
        {
            "type": "text",
            "text": "The capital of Quackiland is Quack. The Big Canard Statue is located in Quack.",
        },
        {"type": "text", "text": "What is the capital of Quackiland?"},
    ]
    told = ask([{"role": "user", "content": parts}], model="qwen3.8-max", enable_thinking=False)
    answer = Reply((Choice("The capital of Quackiland is **Quack**."),))
    assert usage_of(told, answer, tokenizers.load("qwen3.5")) == Usage(41, 11)


def test_several_calls_cost_their_sum(tokenizer: Tokenizer) -> None:
    first, second = ToolCall("brew", '{"leaf": "sencha"}'), ToolCall("rest", "{}")
    family = MAX.model.family
    both = choice_tokens(MAX, Choice("", "", (first, second), "tool_calls"), tokenizer)
    assert both == call_tokens(first, family, tokenizer) + call_tokens(second, family, tokenizer)


@pytest.mark.parametrize("model", ["qwen3-235b-a22b", "qwen3.5-plus", "qwen-plus"])
def test_several_calls_are_written_one_a_line(tokenizer: Tokenizer, model: str) -> None:
    request, calls = ask("Tea?", model=model, stream=True), (ToolCall("brew", "{}"), ToolCall("rest", "{}"))
    alone = [choice_tokens(request, Choice("", "", (call,), "tool_calls"), tokenizer) for call in calls]
    both = choice_tokens(request, Choice("", "", calls, "tool_calls"), tokenizer)
    assert both == sum(alone) + 1


@pytest.mark.parametrize(
    ("model", "choice", "less"),
    [("qwen-plus", "required", 3), ("qwen-plus", "auto", 0), ("qwen3-max", "required", 0)],
)
def test_the_mark_of_a_call_that_must_come_may_be_the_prompts(
    tokenizer: Tokenizer, model: str, choice: str, less: int
) -> None:
    said = Choice("", "", (ToolCall("brew", "{}"),), "tool_calls")
    family = ask("Tea?", model=model).model.family
    forced = ask("Tea?", model=model, tools=[BREW], tool_choice=choice)
    assert choice_tokens(forced, said, tokenizer) == call_tokens(said.tool_calls[0], family, tokenizer) - less


@pytest.mark.parametrize("model", ["qwen3.5-plus", "qwen3.7-max", "qwen3-235b-a22b", "qwen-plus"])
def test_in_json_mode_an_answer_stands_right_behind_its_thought(tokenizer: Tokenizer, model: str) -> None:
    plain, forced = (
        choice_tokens(
            ask("Return json.", model=model, stream=True, response_format={"type": kind}),
            Choice('{"leaf": "sencha"}', "Green."),
            tokenizer,
        )
        for kind in ("text", "json_object")
    )
    assert forced == plain - 1
    assert choice_tokens(ask("Hi", model=model), Choice('{"a": 1}'), tokenizer) == tokenizer.count('{"a": 1}')


@pytest.mark.parametrize(
    ("model", "more"),
    [
        ("qwen3-max", 2),
        ("qwen3.5-397b-a17b", 2),
        ("qwen3.5-plus", 2),
        ("qwen3.7-max", 2),
        ("qwen3.8-max", 2),
        ("qwen3.5-35b-a3b", 0),
        ("qwen-plus", 0),
    ],
)
def test_a_backend_may_write_on_before_it_notices_a_stop_sequence(
    tokenizer: Tokenizer, model: str, more: int
) -> None:
    stopped, cut = Choice("Tea "), Choice("Tea ", finish_reason="length")
    request = ask("Tea?", model=model, stream=True, stop=["is"])
    assert choice_tokens(request, stopped, tokenizer) == choice_tokens(request, cut, tokenizer) + more


@pytest.mark.parametrize(
    ("model", "less"),
    [("qwen3.5-plus", 1), ("qwen3.5-122b-a10b", 1), ("qwen3.7-max", 1), ("qwen3.8-max", 0), ("qwen3-32b", 0)],
)
def test_a_streamed_answer_of_one_piece_costs_one_less_on_some_backends(
    tokenizer: Tokenizer, model: str, less: int
) -> None:
    brief, long = Choice("Two words", "Hm"), Choice("And three words", "Hm")
    for choice, saved in ((brief, less), (long, 0)):
        whole, streamed = (
            choice_tokens(ask("Tea?", model=model, stream=stream), choice, tokenizer)
            for stream in (False, True)
        )
        assert streamed == whole - saved
    called = replace(brief, tool_calls=(ToolCall("f", "{}"),))
    asked = [ask("Tea?", model=model, stream=stream) for stream in (False, True)]
    assert len({choice_tokens(request, called, tokenizer) for request in asked}) == 1


def test_a_thought_that_ends_in_a_line_end_has_it_within_its_last_token(tokenizer: Tokenizer) -> None:
    assert reasoning_tokens(THINKING, Reply((Choice("a", "Hot tea"),)), tokenizer) == 2
    assert tokenizer.count("Hot tea.") == 3
    assert reasoning_tokens(THINKING, Reply((Choice("a", "Hot tea."),)), tokenizer) == 2


@pytest.mark.parametrize(("budget", "counted"), [(2, 2), (3, 3), (4, 2), (None, 2)])
def test_a_thought_that_its_budget_cut_has_just_so_many_tokens(
    tokenizer: Tokenizer, budget: int | None, counted: int
) -> None:
    request = ask("Tea?", model="qwen-plus", stream=True, enable_thinking=True, thinking_budget=budget)
    assert reasoning_tokens(request, Reply((Choice("a", "Hot tea."),)), tokenizer) == counted


@given(texts, texts)
def test_thinking_is_never_more_than_the_output(thought: str, content: str) -> None:
    reply = Reply((Choice(content, thought),))
    usage = usage_of(THINKING, reply, WORKING)
    assert 0 <= (usage.reasoning or 0) <= usage.output


def test_an_answer_to_a_tools_result_may_cost_more(tokenizer: Tokenizer) -> None:
    said: Messages = [
        {"role": "user", "content": "Tea."},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"function": {"name": "brew", "arguments": "{}"}}],
        },
        {"role": "tool", "content": "done"},
    ]
    request = ask(said, model="qwen-max")
    assert choice_tokens(request, Choice("Paris"), tokenizer) == 1 + request.model.family.after_tool_tokens


@pytest.mark.parametrize(
    ("model", "more"), [("qwen3.8-max", -1), ("qwen3.5-plus", 1), ("qwen3.5-27b", 1), ("qwen3.6-flash", 1)]
)
def test_thinking_about_a_picture_is_counted_as_its_backend_does(
    tokenizer: Tokenizer, model: str, more: int
) -> None:
    said: Messages = [{"role": "user", "content": [{"image": "https://a/b.png"}, {"text": "Hi"}]}]
    seen = ask(said, model=model, surface=NATIVE_MULTIMODAL)
    unseen = ask("Hi", model=model)
    choice = Choice("Two", "Hm")
    assert choice_tokens(seen, choice, tokenizer) == choice_tokens(unseen, choice, tokenizer) + more


def test_the_usage_of_an_exchange_is_its_prompt_and_all_its_choices(tokenizer: Tokenizer) -> None:
    reply = Reply((Choice("1+1等于2。"), Choice("Paris")))
    usage = usage_of(MAX, reply, tokenizer)
    assert usage == Usage(input=16, output=7)
    assert (usage.total, usage.input_text) == (23, 16)


def test_reasoning_is_told_only_when_something_was_thought(tokenizer: Tokenizer) -> None:
    assert usage_of(THINKING, Reply((THOUGHT,)), tokenizer) == Usage(16, 53, reasoning=10)
    assert usage_of(THINKING, Reply((Choice("Two"),)), tokenizer).reasoning is None


def test_a_prompt_that_was_counted_before_is_not_counted_again(tokenizer: Tokenizer) -> None:
    prompt = PromptTokens(5, image=92, video=7, audio=25)
    usage = usage_of(MAX, Reply((Choice("Paris"),)), tokenizer, prompt=prompt)
    assert usage == Usage(129, 1, image=92, video=7, audio=25)
    assert usage.input_text == 5


@given(replies())
def test_the_output_of_any_reply_is_the_sum_of_its_choices(reply: Reply) -> None:
    usage = usage_of(MAX, reply, WORKING)
    assert usage.output == sum(choice_tokens(MAX, choice, WORKING) for choice in reply.choices)
    assert usage.total == 16 + usage.output
    assert (usage.reasoning is None) is not any(choice.reasoning for choice in reply.choices)
