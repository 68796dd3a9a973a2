"""What a prompt costs, against the input tokens that the cloud counted."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.catalogue import models
from mockserver.catalogue.models import Models
from mockserver.dialects.compat.read import read_request as read_compat
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.read import read_request as read_native
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.meter import tokenizer as tokenizers
from mockserver.meter.prompt import PromptTokens, prompt_tokens, turns
from mockserver.meter.template import tools_block
from mockserver.meter.tokenizer import Tokenizer
from mockserver.talk.request import ChatRequest
from tests.asking import Messages, ask
from tests.wire.strategies import texts

WORKING = tokenizers.load()
"""Hypothesis runs a test many times on one fixture, so its tests take the tokenizer from here."""

TEXT, MULTIMODAL = NATIVE_TEXT, NATIVE_MULTIMODAL
HELPFUL = {"role": "system", "content": "You are a helpful assistant."}
ONE_AND_ONE = "请问 1+1 是多少？"
FORMAT = {
    "type": "function",
    "function": {
        "name": "format",
        "description": "Format resp",
        "parameters": {"type": "object", "properties": {}},
    },
}
SQUARE_ROOT_CALL: Messages = [
    {
        "role": "user",
        "content": "Use the square_root tool to calculate the square root of 132413 and reply with only the "
        "result. Do not give an explanation.",
    },
    {
        "role": "assistant",
        "tool_calls": [{"id": "1", "function": {"name": "square_root", "arguments": ' {"number": 132413}'}}],
    },
    {"role": "tool", "content": "363.89", "tool_call_id": "1"},
]


def asked(text: str) -> dict[str, str]:
    """A message of the user."""
    return {"role": "user", "content": text}


def answered(text: str, **more: Any) -> dict[str, Any]:
    """A message of the assistant."""
    return {"role": "assistant", "content": text, **more}


RECORDED = [
    ("cnblogs/dashscope-sdk, 2024-11", ask(ONE_AND_ONE, model="qwen-max", surface=TEXT), 16),
    ("loongsuite-python-agent, 2025-12", ask("Count from 1 to 5", model="qwen-max", surface=TEXT), 15),
    ("vendor docs", ask([HELPFUL, asked("你是谁？")]), 22),
    ("vendor docs, in English", ask([HELPFUL, asked("Who are you")]), 22),
    ("vendor docs", ask([HELPFUL, asked("你好，哪个公园距离我最近？")]), 27),
    ("vendor docs", ask([HELPFUL, asked("用萝卜、土豆、茄子做饭，给我个菜谱")]), 31),
    (
        "cnblogs/dashscope-sdk, 2024-11",
        ask(
            [
                asked("请对“春天来了，大地”这句话进行续写，来表达春天的美好和作者的喜悦之情"),
                answered("春天来了，大地", partial=True),
            ],
            model="qwen-max",
            surface=TEXT,
        ),
        34,
    ),
    ("loongsuite-python-agent, 2025-11", ask("Hello!", model="qwen-turbo", surface=TEXT), 14),
    ("loongsuite-python-agent, 2026-02", ask("Hi", model="qwen-turbo", n=2, stream=True), 13),
    ("loongsuite-python-agent, 2026-02", ask("Write a 500 word essay", model="qwen-turbo", max_tokens=2), 20),
    (
        "maruel/genai, 2026-02",
        ask("Say hello. Use only one word.", model="qwen3-vl-flash", enable_thinking=False),
        16,
    ),
    (
        "cnblogs/dashscope-sdk, 2025-06",
        ask(ONE_AND_ONE, model="qwen-plus-latest", surface=TEXT, stream=True, enable_thinking=True),
        16,
    ),
    (
        "maruel/genai, 2026-04",
        ask(
            "Is a banana a fruit? Do not include an explanation. Reply ONLY as JSON according to the "
            'provided schema: {"is_fruit": bool}.',
            model="qwen3-vl-flash",
            enable_thinking=False,
            response_format={"type": "json_object"},
        ),
        40,
    ),
    ("loongsuite-python-agent, 2026-02", ask("Format this", tools=[FORMAT], tool_choice="required"), 131),
    (
        "maruel/genai, 2026-04",
        ask(
            SQUARE_ROOT_CALL,
            model="qwen3-vl-flash",
            enable_thinking=False,
            tools=[FORMAT],
            tool_choice="none",
        ),
        83,
    ),
]
"""Requests whose input tokens the cloud told, each with where it told them."""


@pytest.mark.parametrize(("source", "request_", "total"), RECORDED)
def test_a_prompt_costs_what_the_cloud_counted(
    tokenizer: Tokenizer, source: str, request_: ChatRequest, total: int
) -> None:
    assert prompt_tokens(request_, tokenizer) == PromptTokens(total), source


def test_an_older_prompt_with_history_counts_as_its_messages(tokenizer: Tokenizer) -> None:
    model = ask("Hi").model
    older = {"model": "qwen-plus", "input": {"prompt": "And you?", "history": [{"user": "Hi", "bot": "Ho"}]}}
    spoken = [asked("Hi"), answered("Ho"), asked("And you?")]
    cost = prompt_tokens(read_native(TEXT, older, model, {}), tokenizer)
    assert cost == prompt_tokens(ask(spoken, surface=TEXT), tokenizer)
    assert cost.total == 3 * 5 + 3 + sum(tokenizer.count(text) for text in ("Hi", "Ho", "And you?"))


@given(st.lists(st.tuples(texts, texts), max_size=3), texts)
def test_each_message_costs_its_text_and_five_more_and_the_prompt_three(
    history: list[tuple[str, str]], last: str
) -> None:
    said: list[dict[str, str]] = []
    for question, reply in history:
        said += [asked(question), answered(reply)]
    said.append(asked(last))
    # The blanks behind a user's words are counted.
    shown = [
        message["content"].lstrip() if message["role"] == "user" else message["content"].strip()
        for message in said
    ]
    cost = sum(5 + WORKING.count(text) for text in shown) + 3
    assert prompt_tokens(ask(said), WORKING) == PromptTokens(cost)


@given(texts)
def test_a_prefix_has_no_end_of_its_own(prefix: str) -> None:
    partial = ask([asked("Sing."), answered(prefix, partial=True)], model="qwen-turbo")
    closed = ask([asked("Sing."), answered(prefix), asked("")], model="qwen-turbo")
    without_end = prompt_tokens(closed, WORKING).total - 5 - 5 - 4
    assert prompt_tokens(partial, WORKING).total == without_end


def test_the_prompt_of_a_conversation_is_told_turn_by_turn() -> None:
    said = [HELPFUL, asked("  Hi\n"), answered("Ho"), asked("And?")]
    assert turns(ask(said)) == [
        ("system", "You are a helpful assistant."),
        ("user", "Hi\n"),
        ("assistant", "Ho"),
        ("user", "And?"),
    ]


def test_neighbours_of_one_role_are_one_turn() -> None:
    said = [asked("Ling Lu: Hi."), asked("Cheng Yi: Ho."), answered("a"), answered("b"), asked("c")]
    assert turns(ask(said, model="qwen-plus-character")) == [
        ("user", "Ling Lu: Hi.\nCheng Yi: Ho."),
        ("assistant", "a\nb"),
        ("user", "c"),
    ]


def test_a_last_word_of_the_assistant_counts_as_the_users_unless_it_is_a_prefix() -> None:
    assert turns(ask([asked("Sing."), answered("La")])) == [("user", "Sing.\nLa")]
    partial = ask([asked("Sing."), answered("La", partial=True)])
    assert turns(partial) == [("user", "Sing."), ("assistant", "La")]


def test_tools_stand_in_a_system_turn_of_their_own_or_below_the_system_text() -> None:
    block = tools_block([FORMAT], "json")
    assert turns(ask("Hi", tools=[FORMAT])) == [("system", block), ("user", "Hi")]
    with_system = turns(ask([HELPFUL, asked("Hi")], tools=[FORMAT]))
    assert with_system == [("system", f"You are a helpful assistant.\n\n{block}"), ("user", "Hi")]
    assert turns(ask("Hi", tools=[FORMAT], tool_choice="none")) == [("user", "Hi")]
    assert turns(ask("Hi", tools=None)) == [("user", "Hi")]


def test_tools_without_any_message_are_a_system_turn(tokenizer: Tokenizer) -> None:
    request = ChatRequest(COMPAT, ask("Hi").model, (), {"tools": [FORMAT]})
    assert [role for role, _ in turns(request)] == ["system"]
    assert prompt_tokens(ChatRequest(COMPAT, request.model, (), {}), tokenizer).total == 3


def test_calls_and_their_results_are_told_as_the_model_wrote_them() -> None:
    call = {"id": "1", "function": {"name": "brew", "arguments": '{"leaf": "sencha"}'}}
    again = {"id": "2", "function": {"name": "brew", "arguments": "{}"}}
    said = [
        asked("Tea."),
        answered("Well:", tool_calls=[call, again]),
        {"role": "tool", "content": "done", "tool_call_id": "1"},
        {"role": "tool", "content": "none left", "tool_call_id": "2"},
        answered("", tool_calls=[call]),
    ]
    assert turns(ask([*said, asked("?")])) == [
        ("user", "Tea."),
        (
            "assistant",
            (
                'Well:\n<tool_call>\n{"name": "brew", "arguments": {"leaf": "sencha"}}\n</tool_call>\n'
                '<tool_call>\n{"name": "brew", "arguments": {}}\n</tool_call>'
            ),
        ),
        (
            "tool",
            "<tool_response>\ndone\n</tool_response>\n<tool_response>\nnone left\n</tool_response>",
        ),
        ("assistant", '<tool_call>\n{"name": "brew", "arguments": {"leaf": "sencha"}}\n</tool_call>'),
        ("user", "?"),
    ]


THOUGHT = "<think>\nTwo.\n</think>\n\n2"
UNTHOUGHT = "<think>\n\n</think>\n\n2"


def test_earlier_thinking_is_read_only_where_it_is_preserved() -> None:
    said: Messages = [asked("1+1?"), answered("2", reasoning_content="Two."), asked("Sure?")]
    assert turns(ask(said))[1] == ("assistant", "2")
    assert turns(ask(said, model="qwen3.6-plus", preserve_thinking=True))[1] == ("assistant", THOUGHT)
    assert turns(ask(said, model="qwen3.8-max"))[1] == ("assistant", THOUGHT)
    assert turns(ask(said, model="qwen3.8-max", preserve_thinking=False))[1] == ("assistant", "2")
    silent = [asked("1+1?"), answered("2"), asked("Sure?")]
    assert turns(ask(silent, model="qwen3.7-plus", preserve_thinking=True))[1] == ("assistant", UNTHOUGHT)


@pytest.mark.parametrize(
    "model", ["qwen3.5-plus", "qwen3.5-122b-a10b", "qwen3-max", "qwen3-32b", "qwen-plus", "qwen-turbo"]
)
def test_a_model_that_cannot_preserve_thinking_does_not_count_it(tokenizer: Tokenizer, model: str) -> None:
    said: Messages = [asked("1+1?"), answered("2", reasoning_content="Two."), asked("Sure?")]
    without: Messages = [asked("1+1?"), answered("2"), asked("Sure?")]
    plain = prompt_tokens(ask(without, model=model), tokenizer)
    for preserve in (True, False, None):
        assert prompt_tokens(ask(said, model=model, preserve_thinking=preserve), tokenizer) == plain


BREW_CALL = {"id": "1", "function": {"name": "brew", "arguments": '{"leaf": "sencha"}'}}
BREWED = "<tool_call>\n<function=brew>\n<parameter=leaf>\nsencha\n</parameter>\n</function>\n</tool_call>"
LOOP: Messages = [
    asked("Tea."),
    answered("Soon.", reasoning_content="Hot?"),
    asked("Now."),
    answered("", reasoning_content="\nSencha.\n", tool_calls=[BREW_CALL]),
    {"role": "tool", "content": "done", "tool_call_id": "1"},
]
"""A conversation within a loop of tools: nobody has asked since the call."""


@pytest.mark.parametrize(
    "model",
    ["qwen3.5-plus", "qwen3.5-27b", "qwen3.6-plus", "qwen3.6-35b-a3b", "qwen3.7-max", "qwen3.7-flash"],
)
def test_the_thinking_of_a_running_tool_loop_is_read_and_that_before_it_is_not(model: str) -> None:
    told = turns(ask(LOOP, model=model, stream=True))
    assert told[1] == ("assistant", "Soon.")
    assert told[3] == ("assistant", f"<think>\nSencha.\n</think>\n\n{BREWED}")
    later = turns(ask([*LOOP, answered("Here."), asked("Thanks.")], model=model, stream=True))
    assert later[3] == ("assistant", BREWED)


def test_a_call_of_a_running_loop_without_a_thought_has_an_empty_one() -> None:
    bare = [{key: value for key, value in message.items() if key != "reasoning_content"} for message in LOOP]
    assert turns(ask(bare, model="qwen3.5-plus", stream=True))[3] == (
        "assistant",
        f"<think>\n\n</think>\n\n{BREWED}",
    )
    written = '<tool_call>\n{"name": "brew", "arguments": {"leaf": "sencha"}}\n</tool_call>'
    for model, told in (("qwen3-max", f"<think>\n\n</think>\n\n{written}"), ("qwen3-235b-a22b", written)):
        assert turns(ask(bare, model=model, enable_thinking=False))[3] == ("assistant", told)


def test_a_prefix_has_no_thought_before_it() -> None:
    said: Messages = [asked("Sing."), answered("La", reasoning_content="Hm.", partial=True)]
    assert turns(ask(said, model="qwen3.5-plus", enable_thinking=False))[1] == ("assistant", "La")


def test_a_conversation_that_nobody_began_holds_no_thoughts() -> None:
    said: Messages = [HELPFUL, answered("2", reasoning_content="Two.", partial=True)]
    request = ask(said, model="qwen3.5-plus", enable_thinking=False)
    assert request.thinking_read_from == 2


def test_the_older_calls_and_their_results_are_one_turn_that_goes_on(tokenizer: Tokenizer) -> None:
    said: Messages = [asked("Tea."), answered("", tool_calls=[BREW_CALL]), LOOP[4]]
    request = ask(said, model="qwen-max")
    told = '✿FUNCTION✿: brew\n✿ARGS✿: {"leaf": "sencha"}\n✿RESULT✿: done\n✿RETURN✿'
    assert turns(request) == [("user", "Tea."), ("assistant", told)]
    assert prompt_tokens(request, tokenizer).total == 5 + tokenizer.count("Tea.") + 3 + tokenizer.count(told)


@pytest.mark.parametrize(
    ("model", "joined"),
    [
        ("qwen3-max", "Tea is hot.\nIs it?"),
        ("qwen3-235b-a22b", "Tea is hot.\nIs it?"),
        ("qwen3-30b-a3b", "Tea is hot.\nIs it?"),
        ("qwen3-vl-flash", "Tea is hot.Is it?"),
        ("qwen3-omni-flash", "Tea is hot.Is it?"),
        ("qwen3.5-plus", "Tea is hot.Is it?"),
        ("qwen3.7-max", "Tea is hot.Is it?"),
    ],
)
def test_the_parts_of_a_text_stand_as_the_generation_of_the_model_has_them(model: str, joined: str) -> None:
    parts = [{"type": "text", "text": "Tea is hot."}, {"type": "text", "text": "Is it?"}]
    said: Messages = [{"role": "user", "content": parts}]
    assert turns(ask(said, model=model, stream=True)) == [("user", joined)]


@pytest.mark.parametrize(
    ("host", "choice", "told"),
    [
        ("dashscope-intl.aliyuncs.com", "none", ["user", "tool"]),
        ("dashscope-intl.aliyuncs.com", "auto", ["system", "user", "assistant", "tool"]),
        ("dashscope-us.aliyuncs.com", "none", ["user", "assistant", "tool"]),
        ("localhost", "none", ["user", "assistant", "tool"]),
    ],
)
def test_calls_alone_may_be_left_out_where_no_tool_may_be_called(
    models: Models, host: str, choice: str, told: list[str]
) -> None:
    request = ask(SQUARE_ROOT_CALL, model="qwen3-vl-flash", tools=[FORMAT], tool_choice=choice)
    there = replace(request, model=models.at(host)["qwen3-vl-flash"])
    assert [role for role, _ in turns(there)] == told


@pytest.mark.parametrize(
    ("model", "parameters", "more"),
    [
        ("qwen-plus", {"response_format": {"type": "json_object"}}, 2),
        ("qwen-plus", {"response_format": {"type": "text"}}, 0),
        ("qwen-plus", {"response_format": None}, 0),
        ("qwen-max", {}, 0),
        ("qwen3-32b", {"enable_thinking": False}, 4),
        ("qwen3-32b", {"enable_thinking": True, "stream": True}, 0),
        ("qwen-turbo", {}, 4),
        ("qwen-turbo", {"enable_thinking": True, "stream": True}, 0),
        ("qwen3-vl-flash", {"response_format": {"type": "json_object"}}, 3),
        ("qwen3.5-plus", {}, 2),
        ("qwen3.5-122b-a10b", {"enable_thinking": True}, 2),
        ("qwen3.5-plus", {"enable_thinking": False}, 4),
        ("qwen3.6-flash", {}, 2),
        ("qwen3.7-max", {}, 2),
        ("qwen3.7-max", {"enable_thinking": False}, 4),
        ("qwen3.8-max", {}, 2 + 5 + 33),
        ("qwen3-235b-a22b-thinking-2507", {"stream": True}, 2),
        ("qwen3-235b-a22b-instruct-2507", {}, 0),
        ("qwen3-coder-plus", {}, 0),
        ("qwen-plus-latest", {"enable_thinking": True, "stream": True}, 0),
    ],
)
def test_a_backend_adds_its_own_tokens(
    tokenizer: Tokenizer, model: str, parameters: dict[str, Any], more: int
) -> None:
    assert prompt_tokens(ask("Hi", model=model, **parameters), tokenizer) == PromptTokens(5 + 1 + 3 + more)


@pytest.mark.parametrize(
    ("model", "choice", "more"),
    [
        ("qwen-plus", "auto", 0),
        ("qwen-plus", "required", 3),
        ("qwen-plus", None, 0),
        ("qwen3-max", "auto", 0),
        ("qwen3-max", "required", 110),
        ("qwen3-vl-flash", "required", 0),
    ],
)
def test_a_tool_that_must_be_called_costs_what_its_backend_adds(
    tokenizer: Tokenizer, model: str, choice: str | None, more: int
) -> None:
    plain = prompt_tokens(ask("Format this", model=model, tools=[FORMAT]), tokenizer).total
    required = ask("Format this", model=model, tools=[FORMAT], tool_choice=choice)
    assert prompt_tokens(required, tokenizer).total == plain + more


@pytest.mark.parametrize(
    ("said", "hidden"),
    [([asked("Hi")], 5 + 33), ([HELPFUL, asked("Hi")], 1 + 33)],
    ids=["a turn of its own", "before the system's text"],
)
def test_the_hidden_prompt_of_a_model_that_thinks_stands_in_the_system_turn(
    tokenizer: Tokenizer, said: Messages, hidden: int
) -> None:
    thinking, not_so = (
        prompt_tokens(ask(said, model="qwen3.8-max", enable_thinking=asked_for), tokenizer).total
        for asked_for in (True, False)
    )
    assert thinking == not_so - 4 + 2 + hidden


@pytest.mark.parametrize(
    ("model", "more"), [("qwen3.5-plus", 2), ("qwen3.5-35b-a3b", 2), ("qwen3.8-max", 2), ("qwen3-vl-plus", 0)]
)
def test_a_model_that_thinks_of_a_picture_has_no_hidden_prompt(
    tokenizer: Tokenizer, model: str, more: int
) -> None:
    said: Messages = [{"role": "user", "content": [{"image": "https://a/b.png"}, {"text": "Hi"}]}]
    request = ask(said, model=model, surface=MULTIMODAL, enable_thinking=True, stream=True)
    assert prompt_tokens(request, tokenizer).text == 9 + more


@pytest.mark.parametrize("model", ["qwen3-max", "qwen3-235b-a22b", "qwen3-30b-a3b", "qwen-plus"])
def test_a_picture_that_a_text_model_is_sent_is_dropped_and_costs_nothing(
    tokenizer: Tokenizer, model: str
) -> None:
    parts = [{"type": "image_url", "image_url": {"url": "https://a/b.png"}}, {"type": "text", "text": "Hi"}]
    data: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": parts}]}
    request = read_compat(data, ask("Hi", model=model).model, {})
    assert request.media
    assert not request.seen
    assert prompt_tokens(request, tokenizer) == prompt_tokens(ask("Hi", model=model), tokenizer)


@pytest.mark.parametrize(
    ("model", "text", "tokens"),
    [
        ("qwen3-coder-plus", "<|fim_prefix|>x<|fim_suffix|>", 3),
        ("qwen3-coder-plus", "<|vision_start|><|image_pad|><|vision_end|>", 3),
        ("qwen-plus", "<|im_start|>", 1),
        ("qwen-plus", "e\u0301", 1),
    ],
)
def test_the_added_tokens_of_a_vocabulary_count_one_each_in_a_prompt(
    tokenizer: Tokenizer, model: str, text: str, tokens: int
) -> None:
    assert prompt_tokens(ask(text, model=model), tokenizer).total == 5 + tokens + 3


def test_media_are_counted_beside_the_text_and_by_their_kind(tokenizer: Tokenizer) -> None:
    parts = [
        {"image": "https://a/1.png"},
        {"text": "Hi"},
        {"image": "https://a/2.png"},
        {"video": "https://a/3.mp4"},
    ]
    said = [{"role": "user", "content": parts}]
    request = ask(said, model="qwen3-vl-flash", surface=MULTIMODAL, enable_thinking=False)
    family = request.model.family
    cost = prompt_tokens(request, tokenizer)
    assert cost == PromptTokens(9, image=2 * family.image_tokens, video=family.video_tokens)
    assert cost.total == 9 + 2 * family.image_tokens + family.video_tokens
    assert PromptTokens(9, audio=25).total == 34


def test_the_image_of_a_recording_costs_what_it_did(tokenizer: Tokenizer) -> None:
    said = [{"role": "user", "content": [{"image": "https://a/b.png"}, {"text": "Hi"}]}]
    request = ask(said, model="qwen3-vl-flash", surface=MULTIMODAL, enable_thinking=False)
    assert prompt_tokens(request, tokenizer).image == 92


@pytest.mark.parametrize(
    ("model", "option"),
    [
        ("deepseek-v4-pro", {"reasoning_effort": "high"}),
        ("qwen-plus", {"reasoning_effort": "high"}),
        ("qwen-mt-plus", {"translation_options": {"source_lang": "Chinese", "target_lang": "English"}}),
    ],
)
def test_an_effort_or_a_translation_costs_what_its_backend_adds(
    tokenizer: Tokenizer, model: str, option: dict[str, Any]
) -> None:
    plain, more = (ask("茶", model=model, stream=True, **options) for options in ({}, option))
    added = {"deepseek-v4-pro": 67, "qwen-plus": 0, "qwen-mt-plus": 96}[model]
    assert prompt_tokens(more, tokenizer).total == prompt_tokens(plain, tokenizer).total + added


def test_the_hidden_prompt_of_virginia_is_longer(tokenizer: Tokenizer) -> None:
    virginia = models.load("us")["qwen3.8-max"]
    for thinking, more in ((True, 13), (False, 0)):
        here = ask("Say hello.", model="qwen3.8-max", enable_thinking=thinking)
        there = replace(here, model=virginia)
        assert prompt_tokens(there, tokenizer).total == prompt_tokens(here, tokenizer).total + more
