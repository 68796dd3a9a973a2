"""Images, by URL, inline and from the disk, on both surfaces; nothing is ever fetched."""

import struct
from base64 import b64encode
from pathlib import Path
from typing import Any

import dashscope
import pytest

from contract_tests.clients.jobs import Message, RefusedError
from contract_tests.matrix import both_ways
from contract_tests.sdks import ClientSdk, MultiModalSdk, Sdk, sdks
from contract_tests.world import World

seeing_sdks = sdks("openai", "multimodal", "client")
SEEN = "qwen3-vl-plus"
URL = "https://no-such-host.invalid/dog.jpeg"
DEFAULT = 92
"""What an image costs whose size is not known, on this family (recording: maruel/genai, qwen3-vl-flash)."""


def png(width: int, height: int) -> bytes:
    """Write the beginning of a PNG: no more of it is read."""
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", width, height)


def data_uri(width: int, height: int) -> str:
    """Write an inline image."""
    return f"data:image/png;base64,{b64encode(png(width, height)).decode()}"


def showing(sdk: Sdk, *images: str, text: str = "What is this?") -> Message:
    """Write a message with images, in the grammar of the SDK's surface."""
    if isinstance(sdk, MultiModalSdk):
        parts: list[dict[str, Any]] = [{"image": image} for image in images]
        return {"role": "user", "content": [*parts, {"text": text}]}
    parts = [{"type": "image_url", "image_url": {"url": image}} for image in images]
    return {"role": "user", "content": [*parts, {"type": "text", "text": text}]}


@seeing_sdks
@both_ways
def test_image_by_url_costs_the_default(sdk: Sdk, *, stream: bool) -> None:
    answer = sdk.ask([showing(sdk, URL)], model=SEEN, stream=stream)

    text = sdk.ask("What is this?", model=SEEN).usage.input if not isinstance(sdk, ClientSdk) else 12
    assert answer.content
    assert answer.usage.image == DEFAULT
    assert answer.usage.input == text + DEFAULT
    assert answer.usage.input + answer.usage.output == answer.usage.total


@seeing_sdks
@both_ways
@pytest.mark.parametrize(
    ("size", "tokens"), [((320, 320), 10 * 10 + 2), ((640, 320), 20 * 10 + 2), ((32, 32), 8 * 8 + 2)]
)
def test_inline_image_is_measured(sdk: Sdk, size: tuple[int, int], tokens: int, *, stream: bool) -> None:
    """This family reads squares of 32 pixels, 64 at least, between two marks."""
    answer = sdk.ask([showing(sdk, data_uri(*size))], model=SEEN, stream=stream)

    assert answer.usage.image == tokens


@seeing_sdks
def test_images_add_up(sdk: Sdk) -> None:
    answer = sdk.ask([showing(sdk, data_uri(320, 320), URL, data_uri(640, 320))], model=SEEN)

    assert answer.usage.image == 102 + DEFAULT + 202


@seeing_sdks
@both_ways
def test_newest_models_see_too(sdk: Sdk, *, stream: bool) -> None:
    small, large = (
        sdk.ask([showing(sdk, data_uri(side, 320))], model="qwen3.5-plus", stream=stream)
        for side in (320, 640)
    )

    assert large.reasoning
    assert large.content
    assert large.usage.input - small.usage.input == 100


@sdks("multimodal")
@both_ways
def test_native_contents_are_lists(sdk: MultiModalSdk, *, stream: bool) -> None:
    pieces = sdk.ask([showing(sdk, URL)], model=SEEN, stream=stream).pieces

    contents = [piece["output"]["choices"][0]["message"]["content"] for piece in pieces]
    assert all(isinstance(content, list) for content in contents)
    assert all(set(part) == {"text"} for content in contents for part in content)


@sdks("openai", "multimodal")
def test_conversation_about_an_image(sdk: Sdk) -> None:
    first = sdk.ask([showing(sdk, data_uri(320, 320))], model=SEEN)
    second = sdk.ask(
        [
            showing(sdk, data_uri(320, 320)),
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": "And its colour?"},
        ],
        model=SEEN,
    )

    assert second.usage.image == first.usage.image
    assert second.usage.input > first.usage.input


@sdks("openai", "multimodal")
@both_ways
def test_single_turn_models_refuse_a_second_turn(sdk: Sdk, *, stream: bool) -> None:
    history = [
        showing(sdk, URL, text="Read this."),
        {"role": "assistant", "content": "Nothing."},
        {"role": "user", "content": "Read it again."},
    ]

    assert sdk.ask(history[:1], model="qwen-vl-ocr", stream=stream).content
    with pytest.raises(RefusedError, match="messages length only support 1"):
        sdk.ask(history, model="qwen-vl-ocr", stream=stream)


@sdks("multimodal", "client")
def test_local_file_is_uploaded_first(
    sdk: Sdk, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK asks for a policy, posts the file to the server, and names it `oss://` with its header."""
    monkeypatch.setattr(dashscope, "base_http_api_url", world.native_url)
    (tmp_path / "dog.png").write_bytes(png(320, 320))

    answer = sdk.ask([showing(sdk, f"file://{tmp_path}/dog.png")], model=SEEN)

    (request,) = world.requests()
    part = request["body"]["input"]["messages"][0]["content"][0]
    image = part.get("image") or part["image_url"]["url"]
    assert image.startswith("oss://")
    assert image.endswith("/dog.png")
    assert answer.content
    assert answer.usage.image > 0


@sdks("openai")
def test_uploaded_file_needs_its_header(sdk: Sdk) -> None:
    with pytest.raises(RefusedError, match="provided URL does not appear to be valid"):
        sdk.ask([showing(sdk, "oss://somewhere/dog.png")], model=SEEN)

    resolved = {"X-DashScope-OssResourceResolve": "enable"}
    assert sdk.ask([showing(sdk, "oss://somewhere/dog.png")], model=SEEN, headers=resolved).content
