"""A file of OSS is read only where the request asks to have it resolved."""

from typing import Any

import pytest

from mockserver.catalogue.errors import Errors
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL
from mockserver.dialects.table import named
from mockserver.rules import check
from mockserver.talk.surface import Surface
from tests.asking import ask
from tests.rules.table_of_some import PAPER, picture, seen

RESOLVE = {"x-dashscope-ossresourceresolve": "enable"}
URL = "oss://dashscope-instant/52afe077/2026-02-02/1/cup.png"
NATIVE = [
    {"image": URL},
    {"audio": URL},
    {"video": URL},
    {"video": ["https://example.com/1.png", *[URL] * 3]},
    {"image_url": {"url": URL}},
]
COMPAT = [
    {"type": "image_url", "image_url": {"url": URL}},
    {"type": "input_audio", "input_audio": {"data": URL, "format": "wav"}},
    {"type": "video", "video": [URL] * 4},
    {"type": "video_url", "video_url": {"url": URL}},
]


@pytest.mark.parametrize(
    ("surface", "place", "part"),
    [
        *((NATIVE_MULTIMODAL, "input.messages[1].content", part) for part in NATIVE),
        *((named("compat"), "messages[1].content", part) for part in COMPAT),
    ],
)
def test_an_oss_url_needs_its_header(errors: Errors, surface: Surface, place: str, part: Any) -> None:
    text = {"type": "text", "text": "Look."} if surface is named("compat") else {"text": "Look."}
    messages = [{"role": "user", "content": [text]}, {"role": "user", "content": [part, part]}]
    for headers in ({}, {**RESOLVE, "x-dashscope-ossresourceresolve": "disable"}):
        asked = ask(messages, model="qwen3-vl-flash", surface=surface, headers=headers)
        (found,) = [found for found in check(asked, errors) if found.rule != "media.unsupported"]
        assert (found.rule, found.path) == ("media.oss-unresolved", place)
        assert (
            found.message == "The provided URL does not appear to be valid. Ensure it is correctly formatted."
        )
        assert found.refusal is not None
        assert found.refusal.status == 400
    resolved = check(ask(messages, model="qwen3-vl-flash", surface=surface, headers=RESOLVE), errors)
    assert "media.oss-unresolved" not in {found.rule for found in resolved}


@pytest.mark.parametrize(
    "url", ["https://example.com/oss://cup.png", picture(10, 10), "HTTP://example.com/a.png"]
)
def test_other_urls_need_no_header(errors: Errors, url: str) -> None:
    messages = [{"role": "user", "content": [{"image": url}, {"video": [url] * 4}]}]
    asked = ask(messages, model="qwen3-vl-flash", surface=NATIVE_MULTIMODAL)
    assert check(asked, errors) == []


def test_media_that_a_model_does_not_read_are_told_once_for_a_message(errors: Errors) -> None:
    looks = {"role": "user", "content": [COMPAT[0], COMPAT[1]]}
    asked = ask([looks, looks], model="qwen-plus", headers=RESOLVE)
    found = [found.path for found in check(asked, errors) if found.rule == "media.unsupported"]
    assert found == ["messages[0].content", "messages[1].content"]


@pytest.mark.parametrize(
    ("model", "refused"),
    [
        ("qwen3.7-max", True),
        ("qwen3.8-2.4t-a95b", True),
        ("qwen2.5-7b-instruct", True),
        ("qwen3-max", False),
        ("qwen3-235b-a22b", False),
        ("qwen3-32b", False),
        ("qwen3-vl-flash", False),
    ],
)
def test_a_newer_model_of_text_alone_refuses_and_qwen3_drops(
    errors: Errors, model: str, *, refused: bool
) -> None:
    asked = ask([{"role": "user", "content": [COMPAT[1]]}], model=model, headers=RESOLVE)
    (found,) = [found for found in check(asked, errors) if found.rule == "media.unsupported"]
    assert (found.refusal is not None) is refused


NOWHERE = [
    (named("compat"), {"type": "image_url", "image_url": {"url": "file:///tea/cup.png"}}),
    (named("compat"), {"type": "image_url", "image_url": "cup.png"}),
    (named("compat"), {"type": "input_audio", "input_audio": {"data": "SUQzBAAAAAA=", "format": "mp3"}}),
    (named("compat"), {"type": "video_url", "video_url": {"url": "ftp://example.com/tea.mp4"}}),
    (named("compat"), {"type": "video", "video": ["https://example.com/1.png", "/tea/2.png"]}),
    (NATIVE_MULTIMODAL, {"image": "/tea/cup.png"}),
    (NATIVE_MULTIMODAL, {"image": ""}),
    (NATIVE_MULTIMODAL, {"video": "blob:cup"}),
    (NATIVE_MULTIMODAL, {"video": ["file://a.png", "file://b.png"]}),
]


@pytest.mark.parametrize(("surface", "part"), NOWHERE)
def test_a_medium_has_to_be_somewhere(errors: Errors, surface: Surface, part: Any) -> None:
    model = "qwen3.5-omni-flash" if surface is named("compat") else "qwen3-vl-flash"
    asked = ask([{"role": "user", "content": [part, part]}], model=model, surface=surface, stream=True)
    (found,) = [found for found in check(asked, errors) if found.rule == "media.url-invalid"]
    assert found.path == f"{asked.message_place(0)}.content"
    assert found.refusal is not None
    assert found.refusal.prefix == "<400> InternalError.Algo.InvalidParameter: "


def test_a_medium_that_a_model_drops_may_be_anywhere(errors: Errors) -> None:
    part = {"type": "image_url", "image_url": {"url": "cup.png"}}
    asked = ask([{"role": "user", "content": [part]}], model="qwen3-max")
    assert "media.url-invalid" not in {found.rule for found in check(asked, errors)}


@pytest.mark.parametrize(
    ("model", "frames", "most"),
    [
        ("qwen3-vl-flash", 2000, 2000),
        ("qwen3.6-plus", 2001, 2000),
        ("qwen-vl-max", 513, 512),
        ("qwen2.5-vl-7b-instruct", 81, 80),
        ("qwen-vl-max-2025-01-25", 3, 80),
    ],
)
def test_a_film_has_as_many_frames_as_a_model_takes(
    errors: Errors, model: str, frames: int, most: int
) -> None:
    film = {"type": "video", "video": ["https://example.com/1.png"] * frames}
    found = check(ask([{"role": "user", "content": [film]}], model=model), errors)
    if 4 <= frames <= most:
        assert found == []
        return
    (finding,) = found
    assert finding.message.endswith(f"the range of sequence images should be (4, {most}).")


@pytest.mark.parametrize(("width", "height", "refused"), [(1, 1, True), (10, 9, True), (10, 10, False)])
@pytest.mark.parametrize("model", ["qwen3.5-plus", "kimi-k3", "qwen-vl-ocr"])
def test_a_side_of_a_picture_has_ten_pixels(
    errors: Errors, model: str, width: int, height: int, *, refused: bool
) -> None:
    asked = ask([{"role": "user", "content": seen(picture(width, height))}], model=model)
    found = [finding.message for finding in check(asked, errors)]
    words = "The image length and width do not meet the model restrictions. "
    told = f"{words}[height:{height} or width:{width} must be larger than 10]"
    assert found == ([told] if refused else [])


@pytest.mark.parametrize("model", ["qwen3.6-flash", "qwen-vl-max", "kimi-k2.6"])
def test_a_picture_that_is_none_is_told_by_whatever_model_sees(errors: Errors, model: str) -> None:
    asked = ask([{"role": "user", "content": seen(PAPER)}], model=model)
    message = "The image format is illegal and cannot be opened"
    assert [found.message for found in check(asked, errors) if found.refusal] == [message]
    dropped = ask([{"role": "user", "content": seen(PAPER)}], model="qwen3-max")
    assert [found.message for found in check(dropped, errors) if found.refusal] == []


def test_a_small_picture_is_nothing_to_who_reads_text_alone(errors: Errors) -> None:
    asked = ask([{"role": "user", "content": seen(picture(1, 1))}], model="glm-5.1")
    assert [(finding.rule, finding.refusal) for finding in check(asked, errors)] == [
        ("media.unsupported", None)
    ]
