"""The native dialect, old and new, through `dashscope.Generation` and its siblings."""

from typing import Any

import pytest

from contract_tests.clients.jobs import Message, RefusedError
from contract_tests.sdks import GenerationSdk, MultiModalSdk, Sdk, sdks
from contract_tests.world import World

generation = sdks("generation")
HELLO: list[Message] = [{"role": "user", "content": "Hello!"}]
TEXT, MESSAGE = "text", "message"


def form_of(response: Any) -> str:
    """Tell the result format of a response."""
    output = response["output"]
    assert (output["text"] is None) is bool(output["choices"])
    return TEXT if output["choices"] is None else MESSAGE


def texts_of(responses: list[Any]) -> list[str]:
    """Read the text of each event."""
    outputs = [response["output"] for response in responses]
    return [
        output["text"] if output["choices"] is None else output["choices"][0]["message"]["content"]
        for output in outputs
    ]


def body_of(world: World) -> Any:
    """Read the body of the only request."""
    (request,) = world.requests()
    return request["body"]


@generation
def test_prompt(sdk: GenerationSdk, world: World) -> None:
    """A prompt is a user's message."""
    (response,) = sdk.call(model="qwen-turbo", prompt="Hello!")
    same = sdk.ask(HELLO, model="qwen-turbo")

    assert world.requests()[0]["body"]["input"] == {"prompt": "Hello!"}
    assert texts_of([response]) == [same.content]
    assert response["usage"]["input_tokens"] == same.usage.input


@generation
def test_history(sdk: GenerationSdk, world: World) -> None:
    """The older history is pairs of messages before the prompt."""
    history = [{"user": "My name is Ming.", "bot": "Hello, Ming!"}]
    (response,) = sdk.call(model="qwen-turbo", prompt="What is my name?", history=history)
    same = sdk.ask(
        [
            {"role": "user", "content": "My name is Ming."},
            {"role": "assistant", "content": "Hello, Ming!"},
            {"role": "user", "content": "What is my name?"},
        ],
        model="qwen-turbo",
    )

    assert world.requests()[0]["body"]["input"] == {"prompt": "What is my name?", "history": history}
    assert texts_of([response]) == [same.content]
    assert response["usage"]["input_tokens"] == same.usage.input


@generation
@pytest.mark.parametrize(
    ("model", "form"),
    [
        ("qwen-turbo", TEXT),
        ("qwen-plus", TEXT),
        ("qwen-max", TEXT),
        ("qwen1.5-72b-chat", TEXT),
        ("qwen3-next-80b-a3b-instruct", TEXT),
        ("qwen3-max", MESSAGE),
        ("qwen3-30b-a3b-instruct-2507", MESSAGE),
        ("qwen-long", MESSAGE),
        ("qwen-plus-character", MESSAGE),
    ],
)
def test_default_result_format(sdk: GenerationSdk, model: str, form: str) -> None:
    (response,) = sdk.call(model=model, messages=HELLO)

    assert form_of(response) == form


@generation
@pytest.mark.parametrize("form", [TEXT, MESSAGE])
@pytest.mark.parametrize("model", ["qwen-plus", "qwen3-max"])
def test_asked_result_format(sdk: GenerationSdk, model: str, form: str) -> None:
    (response,) = sdk.call(model=model, messages=HELLO, result_format=form)

    assert form_of(response) == form


@generation
@pytest.mark.parametrize(
    ("model", "grows"), [("qwen-plus", True), ("qwen-turbo", True), ("qwen3-max", False)]
)
def test_default_of_incremental_output(sdk: GenerationSdk, world: World, model: str, grows: bool) -> None:  # noqa: FBT001
    """Left out, older models repeat the text so far, and the newer ones send what is new."""
    *texts, last = texts_of(list(sdk.call(model=model, messages=HELLO, stream=True)))

    assert "incremental_output" not in body_of(world)["parameters"]
    if grows:
        assert all(last.startswith(text) for text in texts)
        assert texts == sorted(texts, key=len)
        assert last
    else:
        assert last == ""
        assert "".join(texts)


@generation
@pytest.mark.parametrize("form", [TEXT, MESSAGE])
def test_asked_incremental_output(sdk: GenerationSdk, form: str) -> None:
    (whole,) = sdk.call(model="qwen-plus", messages=HELLO, result_format=form)
    pieces = list(
        sdk.call(model="qwen-plus", messages=HELLO, result_format=form, stream=True, incremental_output=True)
    )

    assert {form_of(piece) for piece in pieces} == {form}
    assert "".join(texts_of(pieces)) == texts_of([whole])[0]


@generation
def test_thinking_refuses_the_text_format(sdk: GenerationSdk) -> None:
    with pytest.raises(RefusedError, match='result_format parameter must be "message" when enable_thinking'):
        list(
            sdk.call(
                model="qwen-plus",
                messages=HELLO,
                stream=True,
                incremental_output=True,
                result_format=TEXT,
                enable_thinking=True,
            )
        )


@generation
@pytest.mark.parametrize(
    "parameters",
    [
        {"seed": None, "tools": None, "stop": None, "max_tokens": None},
        {"output_in_full": True, "no_such_parameter": {"at": ["all"]}},
    ],
    ids=["nulls", "unknown"],
)
def test_nulls_and_unknown_parameters_change_nothing(
    sdk: GenerationSdk, world: World, parameters: dict[str, Any]
) -> None:
    (bare,) = sdk.call(model="qwen-plus", messages=HELLO)
    (full,) = sdk.call(model="qwen-plus", messages=HELLO, **parameters)

    assert world.requests()[0]["body"]["parameters"] == {}
    assert full["output"] == bare["output"]
    assert full["usage"] == bare["usage"]


@pytest.mark.parametrize("parameters", [None, {}, {"seed": None}, {"stream": True}], ids=str)
def test_parameters_that_no_sdk_for_python_sends(world: World, parameters: Any) -> None:
    """None at all (Java), a null among them, and a `stream` (LangChain.js), which asks for nothing."""
    body = {"model": "qwen-plus", "input": {"messages": HELLO}}
    sent = body if parameters is None else body | {"parameters": parameters}
    response = world.control.post(
        f"{world.native_url}/services/aigc/text-generation/generation",
        json=sent,
        headers={"authorization": f"Bearer {world.key}"},
    )

    assert response.headers["content-type"] == "application/json"
    assert response.json()["output"]["text"]


@pytest.mark.parametrize(
    "headers",
    [
        {"x-dashscope-sse": "enable"},
        {"accept": "text/event-stream"},
        {"x-dashscope-sse": "enable", "accept": "text/event-stream"},
    ],
    ids=["header", "accept", "both"],
)
def test_either_header_asks_for_a_stream(world: World, headers: dict[str, str]) -> None:
    """SDKs send one or both: `dashscope.Client` the first, the others both; some clients the second."""
    response = world.control.post(
        f"{world.native_url}/services/aigc/text-generation/generation",
        json={"model": "qwen-plus", "input": {"messages": HELLO}},
        headers={"authorization": f"Bearer {world.key}", **headers},
    )

    assert response.headers["content-type"] == "text/event-stream;charset=UTF-8"
    assert response.content.startswith(b"id:1\nevent:result\n:HTTP_STATUS/200\ndata:{")


@sdks("multimodal")
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_newest_models_take_plain_text_on_the_multimodal_path(
    sdk: MultiModalSdk, world: World, *, stream: bool
) -> None:
    answer = sdk.ask("Hello!", model="qwen3.5-plus", stream=stream)

    assert world.requests()[0]["surface"] == "native-multimodal"
    assert answer.content
    assert answer.usage.image == 0


@sdks("generation", "client")
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_newest_models_refuse_the_text_path(sdk: Sdk, *, stream: bool) -> None:
    with pytest.raises(RefusedError, match="url error, please check url！"):
        sdk.ask("Hello!", model="qwen3.5-plus", stream=stream)


@sdks("multimodal")
def test_text_models_refuse_the_multimodal_path(sdk: MultiModalSdk) -> None:
    with pytest.raises(RefusedError, match="url error, please check url！"):
        sdk.ask("Hello!", model="qwen-plus")
