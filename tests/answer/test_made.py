"""What the built-in model makes at once: addresses that tell what lies there."""

import re
from typing import Any

import pytest

from mockserver.answer import made
from mockserver.catalogue import models as model_catalogue
from mockserver.dialects.native.read import read_request
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL
from mockserver.talk.request import Part

ADDRESS = re.compile(r"http://tea[.]invalid/dashscope-result/at-once/([0-9x]+)-[0-9a-f]{16}[.](png|wav)")


def make(model: str, said: dict[str, Any], **parameters: Any) -> tuple[Part, ...]:
    body = {"model": model, "input": said, "parameters": parameters}
    known = model_catalogue.load()[model]
    request = read_request(NATIVE_MULTIMODAL, body, known, {"host": "tea.invalid"})
    (choice,) = made.reply(request).choices
    return choice.media


def draw(model: str = "qwen-image-2.0-pro", text: str = "A cup.", **parameters: Any) -> tuple[Part, ...]:
    return make(model, {"messages": [{"role": "user", "content": [{"text": text}]}]}, **parameters)


def seen(part: Part) -> tuple[str, ...]:
    found = ADDRESS.fullmatch(part.value)
    assert found
    return found.groups()


@pytest.mark.parametrize(("n", "count"), [(None, 1), (3, 3), (99, 6)])
def test_there_are_as_many_pictures_as_asked_for_and_possible(n: int | None, count: int) -> None:
    pictures = draw(n=n, size="1024*768")
    assert [part.kind for part in pictures] == ["image"] * count
    assert {seen(part) for part in pictures} == {("1024x768", "png")}
    assert len({part.value for part in pictures}) == count


def test_the_same_request_has_the_same_picture_and_another_has_not() -> None:
    assert draw() == draw()
    others = [draw(text="A pot."), draw(seed=7), draw("qwen-image-3.0-pro")]
    assert len({parts[0].value for parts in [draw(), *others]}) == 4


@pytest.mark.parametrize(("text", "seconds"), [("Tea.", "1"), ("Tea. " * 10, "6"), ("Tea. " * 999, "10")])
def test_a_sound_is_about_as_long_as_its_text(text: str, seconds: str) -> None:
    (sound,) = make("qwen3-tts-flash", {"text": text, "voice": "Cherry"})
    assert (sound.kind, seen(sound)) == ("audio", (seconds, "wav"))
