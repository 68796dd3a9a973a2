"""What media cost: the recordings' images, the documented arithmetic, and data made to mislead."""

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.catalogue import models as model_catalogue
from mockserver.catalogue.models import Models
from mockserver.dialects.messages import read_message
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL
from mockserver.meter.media import media_tokens, patches
from mockserver.meter.prompt import prompt_tokens
from mockserver.meter.tokenizer import Tokenizer
from mockserver.talk.request import Part
from tests.asking import ask
from tests.wire.media import jpeg, png, uri, wav

VL_FLASH = model_catalogue.load()["qwen3-vl-flash"]
"""Reads images in squares of 32 pixels."""

GIF = bytes.fromhex("474946383961 4a01 2301 f700")
"""The first bytes of the recordings' GIF: 330 x 291 (maruel/genai, 2026-08)."""


@pytest.mark.parametrize("model", ["qwen3-vl-flash", "qwen3.8-max"])
@pytest.mark.parametrize("url", [uri(GIF, "image/gif"), uri(jpeg(330, 291), "image/jpeg")])
def test_the_image_of_the_recordings_costs_92_inline_whatever_its_format(
    models: Models, model: str, url: str
) -> None:
    assert media_tokens(Part("image", {"url": url}), models[model]) == 92


@pytest.mark.parametrize(
    ("model", "tokens"), [("qwen3-vl-flash", 92), ("qwen3.8-max", 92), ("qwen3.6-plus", 2503)]
)
@pytest.mark.parametrize("url", ["https://example.com/cup.png", "oss://dashscope-instant/a/b/cup.png"])
def test_an_image_behind_a_url_costs_what_the_recordings_of_its_family_show(
    models: Models, model: str, tokens: int, url: str
) -> None:
    assert media_tokens(Part("image", {"url": url}), models[model]) == tokens
    assert media_tokens(Part("image", url), models[model]) == tokens


@pytest.mark.parametrize(
    ("width", "height", "count"),
    [
        (330, 291, 90),
        (32, 32, 4),
        (1, 1, 4),
        (4096, 4096, 2500),
        (1_000_000, 1, 2560),
    ],
)
def test_an_image_is_counted_in_squares_after_scaling(width: int, height: int, count: int) -> None:
    assert patches(width, height, patch=32, least=4, most=2560) == count


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.sampled_from([28, 32]), st.integers(4, 16384))
@example(width=16383, height=16383, patch=28, most=4)
def test_the_squares_keep_their_limits_and_do_not_care_for_the_direction(
    width: int, height: int, patch: int, most: int
) -> None:
    count = patches(width, height, patch=patch, least=4, most=most)
    assert 1 <= count <= most
    assert count == patches(height, width, patch=patch, least=4, most=most)
    if count == 1:
        assert max(width, height) < 2 * patch or most < 16


@pytest.mark.parametrize(
    ("limits", "tokens"),
    [
        ({}, 2502),
        ({"max_pixels": 1024 * 100}, 102),
        ({"max_pixels": 1}, 66),
        ({"max_pixels": 10**12}, 16386),
        ({"min_pixels": 1024 * 16384}, 16386),
        ({"min_pixels": 10**12, "max_pixels": 1}, 16386),
        ({"max_pixels": "1", "min_pixels": True}, 2502),
        ({"max_pixels": -1, "min_pixels": None}, 2502),
    ],
)
def test_the_limits_beside_an_image_count_within_those_of_the_model(
    limits: dict[str, Any], tokens: int
) -> None:
    content = [{"type": "image_url", "image_url": {"url": uri(png(4096, 4096))}, **limits}]
    (part,) = read_message({"role": "user", "content": content}).media
    assert media_tokens(part, VL_FLASH) == tokens


def test_a_high_resolution_lifts_every_other_limit() -> None:
    part = Part("image", uri(png(4096, 4096)), max_pixels=4096)
    assert media_tokens(part, VL_FLASH) == 66
    assert media_tokens(part, VL_FLASH, high_resolution=True) == 16386


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("qwen3-vl-flash", 66),
        ("qwen3.6-flash", 66),
        ("qwen3.5-omni-plus", 27),
        ("qwen-vl-max", 6),
        ("qwen2.5-vl-7b-instruct", 6),
    ],
)
def test_a_small_picture_is_made_as_large_as_a_model_wants_it(
    models: Models, model: str, tokens: int
) -> None:
    assert media_tokens(Part("image", uri(png(16, 16))), models[model]) == tokens


@pytest.mark.parametrize(
    ("model", "tokens"), [("qwen-vl-max-2025-04-08", 1227), ("qwen3-omni-flash", 1227), ("qwen-plus", 92)]
)
def test_each_model_has_its_own_squares_and_its_own_limit(models: Models, model: str, tokens: int) -> None:
    assert media_tokens(Part("image", uri(png(4096, 4096))), models[model]) == tokens


@pytest.mark.parametrize(
    "value",
    [
        "data:image/png;base64,%%%",
        "data:image/png;base64,iVBO=Rw",
        "data:image/png;base64,",
        "data:image/png,%89PNG",
        "data:image/png;base64," + b64encode(b"no image").decode(),
        "/etc/passwd",
        "file:///cup.png",
        "",
        {},
        {"url": None},
        {"data": 5},
        [],
        None,
        5,
    ],
)
@pytest.mark.parametrize(("kind", "tokens"), [("image", 92), ("audio", 752), ("video", 3586)])
def test_what_cannot_be_measured_costs_the_default(kind: str, tokens: int, value: Any) -> None:
    assert media_tokens(Part(kind, value), VL_FLASH) == tokens


def test_a_file_costs_nothing_as_a_medium() -> None:
    assert media_tokens(Part("file", {"file_id": "file-fe-1"}), VL_FLASH) == 0


@pytest.mark.parametrize(
    ("file", "tokens"),
    [
        (wav(frames=16_000 * 30), 750),
        (wav(frames=48_000 * 30, rate=48_000, channels=2), 750),
        (wav(frames=16_001), 26),
        (wav(frames=16_000), 25),
        (wav(frames=1), 25),
        (wav(frames=0), 25),
    ],
)
def test_sound_costs_25_tokens_a_second_and_never_less(file: bytes, tokens: int) -> None:
    sent = b64encode(file).decode()
    for value in (
        {"data": f"data:;base64,{sent}", "format": "wav"},
        {"data": sent, "format": "wav"},
        f"data:audio/wav;base64,{sent}",
    ):
        assert media_tokens(Part("audio", value), VL_FLASH) == tokens


def test_a_wav_that_claims_to_be_longer_than_it_is_costs_what_is_there() -> None:
    file = wav(frames=32_000)
    boast = file[:40] + b"\xff\xff\xff\x7f" + file[44:]
    assert media_tokens(Part("audio", uri(boast, "audio/wav")), VL_FLASH) == 50


def test_a_wav_may_hold_more_than_its_sound() -> None:
    file = wav(frames=32_000)
    noted = file[:36] + b"LIST\x03\x00\x00\x00abc\x00" + file[36:] + b"LIST\x04\x00\x00\x00abcd"
    assert media_tokens(Part("audio", uri(noted, "audio/wav")), VL_FLASH) == 50


@pytest.mark.parametrize(
    "broken",
    [wav(frames=9)[:30], wav(frames=9)[:12] + wav(frames=9)[36:], b"RIFF\x00\x00\x00\x00WAVE", b"ID3 an mp3"],
)
def test_other_sound_costs_the_default(broken: bytes) -> None:
    assert media_tokens(Part("audio", uri(broken, "audio/wav")), VL_FLASH) == 752


@given(st.binary(max_size=120), st.binary(max_size=40))
def test_no_bytes_upset_the_reader_of_sound(noise: bytes, more: bytes) -> None:
    for file in (noise, wav(frames=8)[:36] + noise, wav(frames=8)[:20] + more + noise):
        assert media_tokens(Part("audio", uri(file, "audio/wav")), VL_FLASH) >= 25


@pytest.mark.parametrize(
    ("frames", "tokens"),
    [
        (["https://example.com/1.png"] * 4, 258),
        (["https://example.com/1.png"] * 5, 386),
        ([uri(png(640, 480)), "https://example.com/2.png"], 302),
        ([uri(png(9000, 9000))] * 2, 731),
    ],
)
def test_a_list_of_frames_costs_its_pairs(frames: list[str], tokens: int) -> None:
    assert media_tokens(Part("video", frames), VL_FLASH) == tokens


@given(
    st.sampled_from(["image", "audio", "video", "file"]),
    st.recursive(
        st.none() | st.integers() | st.text(max_size=40) | st.binary(max_size=40).map(uri),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["url", "data", "x"]), inner, max_size=3)
        ),
        max_leaves=6,
    ),
)
def test_no_value_of_a_part_upsets_the_count(kind: str, value: Any) -> None:
    assert media_tokens(Part(kind, value), VL_FLASH) >= 0


@pytest.mark.parametrize("model", ["qwen3-vl-flash", "qwen3-omni-flash"])
def test_a_prompt_counts_each_medium_apart_where_its_model_takes_any(
    tokenizer: Tokenizer, model: str
) -> None:
    content = [
        {"text": "What fruit is it? Reply with only one word."},
        {"image": uri(png(330, 291))},
        {"image": "oss://dashscope-instant/a/b/cup.png"},
        {"video": "https://example.com/brew.mp4"},
        {"audio": uri(wav(frames=32_000), "audio/wav")},
    ]
    asked = ask([{"role": "user", "content": content}], model=model, surface=NATIVE_MULTIMODAL)
    prompt = prompt_tokens(asked, tokenizer)
    assert (prompt.text, prompt.image, prompt.video, prompt.audio) == (19, 184, 3586, 50)
    assert prompt.total == 19 + 184 + 3586 + 50


def test_a_request_can_ask_for_a_high_resolution(tokenizer: Tokenizer) -> None:
    messages = [{"role": "user", "content": [{"image": uri(png(4096, 4096))}]}]
    asked = ask(
        messages,
        model="qwen3-vl-flash",
        surface=NATIVE_MULTIMODAL,
        vl_high_resolution_images=True,
    )
    assert prompt_tokens(asked, tokenizer).image == 16386
