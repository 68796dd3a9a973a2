"""The bugs of public clients, each replayed as that client would have sent it."""

from typing import Any, NamedTuple

from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.talk.surface import Surface

TEXT = NATIVE_TEXT
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
SYSTEM = {"role": "system", "content": "You are a helpful assistant."}
ASKED = {"role": "user", "content": "What is the weather in Hangzhou?"}
ARGUMENTS = '{"city": "Hangzhou"}'
CALL = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": ARGUMENTS}}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "20 degrees"}
FILE = {"type": "image_url", "image_url": {"url": "file:///home/cook/tea.png"}}
USAGE = {"stream": True, "stream_options": {"include_usage": True}}


class Exhibit(NamedTuple):
    """A class of bugs, the rule that catches it, where, one of its cases, and the request."""

    bug: str
    rule: str
    path: str
    case: str
    surface: Surface
    body: dict[str, Any]
    stream: bool = False


def compat(*messages: Any, model: str = "qwen-plus", **options: Any) -> dict[str, Any]:
    return {"model": model, "messages": list(messages), **options}


def native(*messages: Any, model: str = "qwen-plus", **parameters: Any) -> dict[str, Any]:
    parameters = {"result_format": "message", **parameters}
    return {"model": model, "input": {"messages": list(messages)}, "parameters": parameters}


def called(**function: Any) -> dict[str, Any]:
    call = {**CALL, "function": {**CALL["function"], **function}}  # type: ignore[dict-item]
    return {"role": "assistant", "content": "", "tool_calls": [call]}


EXHIBITS = [
    Exhibit(
        "a tool message whose call was cut off with the oldest turns",
        "messages.tool-without-call",
        "messages[1].tool_call_id",
        "sigoden/aichat#993",
        COMPAT,
        compat(SYSTEM, RESULT, ASKED, tools=[WEATHER]),
    ),
    Exhibit(
        "the same on the native surface",
        "messages.tool-without-call",
        "input.messages[2].tool_call_id",
        "sdcb/Sdcb.DashScope#2",
        TEXT,
        native(SYSTEM, ASKED, RESULT, tools=[WEATHER]),
    ),
    Exhibit(
        "calls without results",
        "messages.call-without-tool",
        "messages[1].tool_calls",
        "RightNow-AI/openfang#771",
        COMPAT,
        compat(ASKED, called(), {"role": "user", "content": "Well?"}, tools=[WEATHER]),
    ),
    Exhibit(
        "an open-source model thinks by default, and is not streamed",
        "thinking.non-streaming",
        "enable_thinking",
        "infiniflow/ragflow#8972",
        COMPAT,
        compat(SYSTEM, ASKED, model="qwen3-32b"),
    ),
    Exhibit(
        "incremental_output set once for all calls",
        "incremental-output.non-streaming",
        "parameters.incremental_output",
        "alibaba/spring-ai-alibaba#3048",
        TEXT,
        native(ASKED, incremental_output=True),
    ),
    Exhibit(
        "a stream whose increments are not chosen, appended event by event",
        "incremental-output.unset",
        "parameters.incremental_output",
        "dashscope-sdk-python#4",
        TEXT,
        native(ASKED, tools=[WEATHER]),
        stream=True,
    ),
    Exhibit(
        "a call whose id was overwritten by the empty id of a later delta",
        "tools.call-id",
        "messages[1].tool_calls[0].id",
        "experientiallabs/experiential#742",
        COMPAT,
        compat(
            ASKED,
            {"role": "assistant", "content": "", "tool_calls": [{**CALL, "id": ""}]},
            {**RESULT, "tool_call_id": ""},
        ),
    ),
    Exhibit(
        "a call whose name was overwritten by that of a later delta",
        "tools.call-name",
        "messages[1].tool_calls[0].function.name",
        "JetBrains/koog#1309",
        COMPAT,
        compat(ASKED, called(name=""), RESULT),
    ),
    Exhibit(
        "arguments joined with the null of a later delta",
        "tools.arguments-not-json",
        "messages[1].tool_calls[0].function.arguments",
        "spring-ai-extensions#83",
        COMPAT,
        compat(ASKED, called(arguments=ARGUMENTS + "null"), RESULT),
    ),
    Exhibit(
        "an error inside a stream of status 200, shown as text and kept",
        "messages.error-as-answer",
        "messages[1].content",
        "holon-run/holon#2424",
        COMPAT,
        compat(
            ASKED,
            {
                "role": "assistant",
                "content": '{"request_id":"7f","code":"Throttling","message":"Slow down."}',
            },
            {"role": "user", "content": "Again, please."},
        ),
    ),
    Exhibit(
        "an error inside a stream of status 200, dropped",
        "messages.empty-answer",
        "messages[1].content",
        "ginlix-ai/LangAlpha#396",
        COMPAT,
        compat(ASKED, {"role": "assistant", "content": ""}, {"role": "user", "content": "Again, please."}),
    ),
    Exhibit(
        "tools that a client always sends, also when there are none",
        "tools.empty",
        "tools",
        "earendil-works/pi#3649",
        COMPAT,
        {**compat(ASKED), "tools": []},
    ),
    Exhibit(
        "a picture that only the client can see",
        "media.url-invalid",
        "messages[0].content",
        "agentscope-ai/QwenPaw#557",
        COMPAT,
        {**compat({"role": "user", "content": [FILE]}), "model": "qwen-vl-max"},
    ),
    Exhibit(
        "a loop of tools that gets nowhere",
        "tools.repetitive",
        "messages[9].tool_calls",
        "QwenLM/qwen-code#8898",
        COMPAT,
        {**compat(ASKED, *[called(), RESULT] * 5, stream=True), "model": "qwen3.8-max"},
    ),
    Exhibit(
        "an effort beside a budget",
        "thinking.budget-and-effort",
        "reasoning_effort",
        "anomalyco/opencode#41531",
        COMPAT,
        {**compat(ASKED), "model": "qwen3.8-max", "reasoning_effort": "high", "thinking_budget": 4096},
    ),
    Exhibit(
        "an effort that the model does not have",
        "thinking.effort",
        "reasoning_effort",
        "VicBilibily/GCMP#384",
        COMPAT,
        {**compat(ASKED), "model": "qwen3.8-max", "reasoning_effort": "extreme"},
    ),
    Exhibit(
        "more tokens than the model writes",
        "ranges.max-tokens",
        "max_tokens",
        "anomalyco/opencode#40770",
        COMPAT,
        {**compat(ASKED, stream=True), "model": "qwen3.8-max", "max_tokens": 200_000},
    ),
    Exhibit(
        "more tokens to think with than to write",
        "thinking.budget-above-completion",
        "max_completion_tokens",
        "liliMozi/openhanako#2402",
        COMPAT,
        {
            **compat(ASKED, stream=True),
            "model": "qwen3.8-max",
            "enable_thinking": True,
            "thinking_budget": 32_768,
            "max_completion_tokens": 16_384,
        },
    ),
    Exhibit(
        "a search by a model that cannot",
        "search.unsupported",
        "enable_search",
        "lobehub/lobehub#5400",
        COMPAT,
        compat(ASKED, model="qwen2.5-14b-instruct", enable_search=True),
    ),
    Exhibit(
        "a stream that carries no usage",
        "usage.not-asked",
        "stream_options.include_usage",
        "openclaw#43184",
        COMPAT,
        compat(ASKED, stream=True),
    ),
]
