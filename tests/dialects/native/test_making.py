"""Answers that hold what was made at once: pictures, their size, and the address of a sound."""

from typing import Any

import pytest

from mockserver.base.jsontext import loads
from mockserver.catalogue import models as model_catalogue
from mockserver.dialects.native.dialect import Native
from mockserver.dialects.native.making import render_body
from mockserver.dialects.native.read import read_request
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.dialects.rendering import Envelope
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import ChatRequest, Message, Part

AROUND = Envelope("an-id", 1_000)
CUP = Part("image", "http://tea.invalid/cup.png")


def read(model: str, given: dict[str, Any], **parameters: Any) -> ChatRequest:
    body = {"model": model, "input": given, "parameters": parameters}
    return read_request(NATIVE_MULTIMODAL, body, model_catalogue.load()[model], {"x-dashscope-sse": "enable"})


def drawn(text: str = "A cup.") -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"text": text}]}]}


def test_pictures_are_the_content_of_a_choice_and_their_size_is_the_usage() -> None:
    request = read("qwen-image-3.0-pro", drawn(), size="1280*720", n=2)
    body = loads(render_body(request, Reply((Choice(media=(CUP, CUP)),)), AROUND))
    assert list(body) == ["output", "usage", "request_id"]
    (choice,) = body["output"]["choices"]
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["content"] == [{"image": CUP.value}] * 2
    assert body["usage"] == {"height": 720, "image_count": 2, "width": 1280}


@pytest.mark.parametrize(
    ("model", "size", "sides"),
    [
        ("qwen-image", None, (1664, 928)),
        ("wan2.7-image-pro", "1K", (1024, 1024)),
        ("qwen-image-edit", None, (1024, 1024)),
    ],
)
def test_a_size_by_name_or_none_is_that_of_the_model(
    model: str, size: str | None, sides: tuple[int, int]
) -> None:
    body = loads(render_body(read(model, drawn(), size=size), Reply((Choice(media=(CUP,)),)), AROUND))
    assert (body["usage"]["width"], body["usage"]["height"]) == sides


def test_a_script_may_say_a_text_and_a_usage_of_its_own() -> None:
    reply = Reply((Choice("No.", media=(CUP,)),), usage={"image_count": 9})
    body = loads(Native().body(read("z-image-turbo", drawn()), reply, Usage(1, 0), AROUND))
    assert body["output"]["choices"][0]["message"]["content"] == [{"text": "No."}, {"image": CUP.value}]
    assert body["usage"]["image_count"] == 9


def test_a_sound_has_an_address_that_expires_and_counts_characters() -> None:
    request = read("qwen3-tts-instruct-flash", {"text": "茶, tea", "voice": "Cherry"})
    sound = Part("audio", "http://tea.invalid/cup.wav")
    body = loads(render_body(request, Reply((Choice(media=(sound,)),)), AROUND))
    assert body["output"] == {
        "audio": {"data": "", "expires_at": 87_400, "id": "audio_an-id", "url": sound.value},
        "finish_reason": "stop",
    }
    assert body["usage"] == {"characters": 7}


def test_only_what_something_is_made_by_is_read_and_nothing_is_streamed() -> None:
    request = read("qwen3-tts-flash", {"text": "Tea.", "voice": "Cherry"}, stop=7, size="1*1")
    assert request.messages == (Message("user", "Tea."),)
    assert request.parameters == {"voice": "Cherry", "size": "1*1"}
    assert not request.stream


def test_it_is_the_path_of_models_that_see_where_they_are_asked() -> None:
    model = model_catalogue.load()["qwen-image-max"]
    assert Native().serves(NATIVE_MULTIMODAL, model)
    assert not Native().serves(NATIVE_TEXT, model)
