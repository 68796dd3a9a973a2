"""What users met in the field: refusals and their kin, as real SDKs send and tell them.

Each case stands for its kind; the other members of the kind are beside it.
"""

import json
from typing import Any, cast

import dashscope
import httpx
import openai as openai_sdk
import pytest
from openai import OpenAI

from contract_tests.world import World

USER = {"role": "user", "content": "Say tea."}
ALGO = "<400> InternalError.Algo.InvalidParameter: "
SING = {"type": "function", "function": {"name": "sing", "parameters": {"type": "object", "properties": {}}}}
ROLES = "['system', 'assistant', 'user', 'tool', 'function']"
BEIJING = "https://help.aliyun.com/zh/model-studio/error-code"
SINGAPORE = "https://www.alibabacloud.com/help/en/model-studio/error-code"


def refused(openai: OpenAI, **body: Any) -> openai_sdk.APIStatusError:
    """How `openai` tells of a refused chat."""
    asked: dict[str, Any] = {"model": "qwen-plus", "messages": [USER], **body}
    with pytest.raises(openai_sdk.APIStatusError) as raised:
        openai.chat.completions.create(**asked)
    return raised.value


def error_of(raised: openai_sdk.APIStatusError) -> dict[str, Any]:
    """The error object of a refusal, out of a JSON body or the only line of a stream."""
    text = raised.response.text.removeprefix("data: ")
    error: dict[str, Any] = json.loads(text)["error"]
    return error


def asked(world: World, path: str, body: Any, **headers: str) -> httpx.Response:
    """What no SDK can send, sent."""
    sent = {"Authorization": f"Bearer {world.key}", **headers}
    return world.control.post(path, json=body, headers=sent)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["qwen2.5-7b-instruct", "qwen3.8-max", "qwen3-coder-plus"])
def test_an_empty_list_of_tools_is_too_short(openai: OpenAI, model: str, *, stream: bool) -> None:
    error = error_of(refused(openai, model=model, tools=[], stream=stream))
    assert (error["message"], error["type"]) == ("[] is too short - 'tools'", "invalid_request_error")
    assert error["param"] is error["code"] is None


@pytest.mark.parametrize("kind", ["audio_url", "image", "file", "thinking", "non_standard"])
@pytest.mark.parametrize("model", ["qwen3.5-omni-flash", "qwen-vl-max", "qwen3-max", "deepseek-v4-pro"])
def test_a_part_of_an_unknown_type_is_refused_by_name(openai: OpenAI, model: str, kind: str) -> None:
    parts = [{"type": kind, kind: {"url": "data:audio/wav;base64,AAAA"}}, {"type": "text", "text": "Tea?"}]
    raised = refused(openai, model=model, stream=True, messages=[{"role": "user", "content": parts}])
    assert raised.status_code == 400
    words = f"Invalid value: {kind}. Supported values are: 'text','image_url','video_url' and 'video'."
    assert error_of(raised)["message"] == words


PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.mark.parametrize("url", ["file:///home/cook/tea.png", "/home/cook/tea.png", PICTURE, "blob:tea", ""])
def test_a_picture_has_to_be_at_an_address(openai: OpenAI, url: str) -> None:
    content = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": url}}]
    raised = refused(openai, model="qwen-vl-max", messages=[{"role": "user", "content": content}])
    assert error_of(raised)["message"] == (
        f"{ALGO}The provided URL does not appear to be valid. Ensure it is correctly formatted."
    )


def test_sound_is_no_base64_alone(openai: OpenAI) -> None:
    sound = {"type": "input_audio", "input_audio": {"data": "UklGRiQAAABXQVZF", "format": "wav"}}
    message = {"role": "user", "content": [sound, {"type": "text", "text": "What is it?"}]}
    words = f"{ALGO}The provided URL does not appear to be valid."
    raised = refused(openai, model="qwen-omni-turbo", stream=True, messages=[message])
    assert error_of(raised)["message"].startswith(words)
    # A backend that opens the stream first refuses inside it.
    opened: Any = openai.chat.completions.create(
        model="qwen3.5-omni-flash", stream=True, messages=[cast("Any", message)]
    )
    with pytest.raises(openai_sdk.APIError) as late:
        list(opened)
    assert late.value.message.startswith(words)


@pytest.mark.parametrize(
    "path", ["chat/completions/chat/completions", "chat/completion", "completions/", "images/teas"]
)
def test_an_unknown_path_below_the_compatible_one_has_a_form_of_its_own(openai: OpenAI, path: str) -> None:
    with pytest.raises(openai_sdk.BadRequestError) as raised:
        openai.post(f"/{path}", body={"model": "qwen-plus", "messages": [USER]}, cast_to=object)
    told = raised.value.response.json()
    assert list(told) == ["requestId", "code", "message"]
    assert told["code"] == "InvalidParameter"
    assert told["message"] == f"No static resource api-openai/v1/{path}."


@pytest.mark.parametrize(
    ("model", "content"),
    [("qwen3.5-plus", "Tea?"), ("qwen-vl-max", [{"image": "https://example.com/tea.png"}, {"text": "Tea?"}])],
)
def test_the_path_is_asked_before_the_content(world: World, model: str, content: Any) -> None:
    messages: Any = [{"role": "user", "content": content}]
    answer: Any = dashscope.Generation.call(
        model, messages=messages, api_key=world.key, base_address=world.native_url
    )
    assert (answer.status_code, answer.code) == (400, "InvalidParameter")
    assert answer.message == f"url error, please check url！ For details, see: {BEIJING}#error-url"
    body = {"model": model, "input": {"messages": messages}}
    raw = asked(world, "/api/v1/services/aigc/text-generation/generation", body)
    assert list(raw.json()) == ["request_id", "code", "message"]


@pytest.mark.parametrize(
    ("path", "model", "content"),
    [("multimodal-generation", "qwen3.6-plus", [{"text": "Tea?"}]), ("text-generation", "qwen-plus", "Tea?")],
)
def test_chat_is_no_task(world: World, path: str, model: str, content: Any) -> None:
    body = {"model": model, "input": {"messages": [{"role": "user", "content": content}]}, "parameters": {}}
    path = f"/api/v1/services/aigc/{path}/generation"
    raw = asked(world, path, body, **{"X-DashScope-Async": "enable"})
    assert raw.status_code == 403
    assert list(raw.json()) == ["request_id", "code", "message"]
    assert raw.json()["code"] == "AccessDenied"
    assert raw.json()["message"] == "current user api does not support asynchronous calls"


@pytest.mark.parametrize("given", [["a"] * 11, [[7]], ""])
def test_the_id_of_a_refused_embedding_is_the_request_id(openai: OpenAI, given: Any) -> None:
    with pytest.raises(openai_sdk.BadRequestError) as raised:
        openai.embeddings.create(model="text-embedding-v4", input=given)
    told = raised.value.response.json()
    assert told["id"] == told["request_id"]
    assert told["error"]["code"] == told["error"]["type"] == "InvalidParameter"


@pytest.mark.parametrize("stream", [False, True])
def test_an_effort_beside_a_budget_is_refused(openai: OpenAI, *, stream: bool) -> None:
    body = {"reasoning_effort": "high", "thinking_budget": 262144}
    raised = refused(openai, model="qwen3.8-max", stream=stream, extra_body=body)
    error = error_of(raised)
    assert raised.status_code == 400
    assert raised.response.text.startswith("data: ") is stream
    assert error["message"] == "'reasoning_effort' and 'thinking_budget' cannot be set simultaneously"
    assert error["code"] == "invalid_parameter_error"


def test_a_body_that_is_no_json_has_neither_param_nor_code(world: World) -> None:
    headers = {"Authorization": f"Bearer {world.key}", "Content-Type": "application/json"}
    raw = world.control.post("/compatible-mode/v1/chat/completions", content=b'{"model":', headers=headers)
    error = raw.json()["error"]
    assert (raw.status_code, error["param"], error["code"]) == (400, None, None)
    assert list(raw.json()) == ["error", "request_id"]


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([], "[] is too short - 'messages'"),
        (
            [{"role": "developer", "content": "Be brief."}],
            f"developer is not one of {ROLES} - 'messages.[0].role'",
        ),
    ],
)
def test_what_the_schema_check_refuses_has_no_code(openai: OpenAI, messages: Any, words: str) -> None:
    error = error_of(refused(openai, messages=messages))
    assert (error["message"], error["code"]) == (words, None)


@pytest.mark.parametrize(
    ("host", "page"),
    [
        ("dashscope.aliyuncs.com", BEIJING),
        ("dashscope-us.aliyuncs.com", BEIJING),
        ("dashscope-intl.aliyuncs.com", SINGAPORE),
        ("ws-1.ap-southeast-1.maas.aliyuncs.com", SINGAPORE),
    ],
)
def test_each_region_names_its_own_help_page(openai: OpenAI, host: str, page: str) -> None:
    stranger = openai.with_options(api_key="tea", default_headers={"Host": host})
    with pytest.raises(openai_sdk.AuthenticationError) as raised:
        stranger.chat.completions.create(model="qwen-plus", messages=[USER])  # type: ignore[list-item]
    assert f"For details, see: {page}#apikey-error" in str(raised.value)


def test_the_coding_plan_is_for_coding_agents(world: World) -> None:
    body = {"model": "qwen3.5-plus", "messages": [USER]}
    raw = asked(world, "/v1/chat/completions", body, Authorization="Bearer sk-sp-tea")
    assert raw.status_code == 405
    assert raw.json() == {"error": "Coding Plan is currently only available for Coding Agents"}


@pytest.mark.parametrize("model", ["qwq-plus", "qwen3-235b-a22b", "qwen3-32b", "qwen3-next-80b-a3b-thinking"])
def test_some_models_stream_increments_only(world: World, model: str) -> None:
    body = {
        "model": model,
        "input": {"messages": [USER]},
        "parameters": {"incremental_output": False, "result_format": "message"},
    }
    raw = asked(
        world, "/api/v1/services/aigc/text-generation/generation", body, **{"X-DashScope-SSE": "enable"}
    )
    assert "This model only supports incremental_output set to True." in raw.text


def test_a_loop_that_turns_on_the_spot_is_ended(openai: OpenAI) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "sing", "arguments": "{}"}}
    called = {"role": "assistant", "content": "", "tool_calls": [call]}
    done = {"role": "tool", "tool_call_id": "call_1", "content": "La."}
    body = {"model": "qwen3.8-max-preview", "tools": [SING]}
    error = error_of(refused(openai, messages=[USER, *[called, done] * 6], **body))
    assert error["message"].startswith(f"{ALGO}Repetitive tool calls detected in the conversation history.")
    openai.chat.completions.create(messages=[USER, called, done], **body)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "model", ["qwen3.8-max-preview", "kimi-k2.6", "ZHIPU/GLM-5.3-Flash", "deepseek-v4.1-flash"]
)
def test_names_that_people_use_are_answered(openai: OpenAI, model: str) -> None:
    answer = openai.chat.completions.create(model=model, messages=[USER])  # type: ignore[list-item]
    assert answer.model == model


THOUGHT = {"role": "assistant", "content": "Tea.", "reasoning_content": "They want tea, so I say tea."}


def tokens(openai: OpenAI, world: World, model: str, messages: Any, **more: Any) -> tuple[int, list[str]]:
    """The prompt tokens of a chat, and what was found in it."""
    answer = openai.chat.completions.create(model=model, messages=messages, **more)
    assert answer.usage is not None
    return answer.usage.prompt_tokens, [found["rule"] for found in world.requests()[-1].get("findings") or ()]


@pytest.mark.parametrize(
    ("model", "kept"), [("qwen3.5-plus", False), ("qwen3.6-plus", True), ("qwen3.7-plus", True)]
)
def test_thinking_is_preserved_by_the_models_that_can(
    openai: OpenAI, world: World, model: str, *, kept: bool
) -> None:
    history = [USER, THOUGHT, USER]
    plain, found = tokens(openai, world, model, history)
    assert "thinking.sent-back" in found
    asked_for, found = tokens(openai, world, model, history, extra_body={"preserve_thinking": True})
    assert (asked_for > plain) is kept
    assert ("thinking.sent-back" in found) is not kept


def test_thinking_inside_a_running_loop_is_read(openai: OpenAI, world: World) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "sing", "arguments": "{}"}}
    called: dict[str, Any] = {"role": "assistant", "content": "", "tool_calls": [call]}
    done = {"role": "tool", "tool_call_id": "call_1", "content": "La."}
    thought = {**called, "reasoning_content": "I should sing."}
    with_it, found = tokens(openai, world, "qwen3.5-plus", [USER, thought, done], tools=[SING])
    assert "thinking.sent-back" not in found
    without, _ = tokens(openai, world, "qwen3.5-plus", [USER, called, done], tools=[SING])
    assert with_it > without
    _, found = tokens(openai, world, "qwen3.5-plus", [USER, thought, done, THOUGHT, USER], tools=[SING])
    assert found.count("thinking.sent-back") == 2


PARTS = [
    {"type": "text", "text": "Tea?"},
    {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
]


@pytest.mark.parametrize("model", ["qwen3-max", "qwen3-235b-a22b"])
def test_a_picture_is_dropped_by_models_of_text_up_to_qwen3(openai: OpenAI, world: World, model: str) -> None:
    off = {"extra_body": {"enable_thinking": False}}
    seen, found = tokens(openai, world, model, [{"role": "user", "content": PARTS}], **off)
    unseen, _ = tokens(openai, world, model, [{"role": "user", "content": PARTS[:1]}], **off)
    assert seen == unseen
    assert "media.unsupported" in found


def test_a_picture_is_refused_by_newer_models_of_text(openai: OpenAI) -> None:
    raised = refused(openai, model="qwen3.7-max", messages=[{"role": "user", "content": PARTS}])
    assert error_of(raised)["message"] == (
        f"{ALGO}The provided messages input is invalid. The error info is [Unexpected item type in content.]."
    )
