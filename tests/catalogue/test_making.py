"""What models that make pictures and films take: sizes, media, lengths, and all that is wrong at once."""

from typing import Any

import pytest

from mockserver.base import resources
from mockserver.catalogue import making
from mockserver.catalogue.models import Models
from mockserver.endpoints.tasks import KINDS

URL = "https://tea.invalid/a.png"
SIDES = "Either width or height should be between 512 and 1440."
LISTED = "The size does not match the allowed size 1664*928,1472*1104,1328*1328,1104*1472,928*1664."
AREA = "Image area must be between 262144"
FRAMES = "Input should be 'first_frame', 'last_frame', 'driving_audio' or 'first_clip': input.media.1.type"
GRADES = "Input should be '1080P' or '720P': parameters.resolution"


def test_every_row_speaks_of_models_that_there_are(models: Models) -> None:
    rows = resources.fixture("making")["models"]
    names = [name for row in rows for name in row["names"]]
    assert len(set(names)) == len(names)
    assert {models[name].task for name in names} == {"image", "video"}
    assert {kind for row in rows for kind in row.get("tasks", ())} <= set(KINDS)
    assert all(row["source"] for row in rows)


def test_a_model_does_its_kinds_of_tasks() -> None:
    assert making.does("wan2.7-image-pro", "imageGeneration")
    assert not making.does("wan2.7-image-pro", "imageSynthesis")
    assert not making.does("qwen-image-2.0-pro", "imageSynthesis")
    assert making.does("wanx-v1", "imageSynthesis")


@pytest.mark.parametrize(
    ("model", "size", "said"),
    [
        ("wanx2.1-t2i-turbo", "1440*512", None),
        ("wanx2.1-t2i-turbo", "1441*512", SIDES),
        ("wan2.2-t2i-flash", "511*1440", SIDES),
        ("wan2.7-image-pro", "767*767", "Total pixels (588289) must be between 589824 and 16777216"),
        ("wan2.7-image-pro", "768*768", None),
        ("wan2.7-image-pro", "1K", None),
        ("wan2.7-image", "4096*4096", None),
        ("wan2.7-image", "4K", "Size 4K is not supported for t2i scenario. Maximum supported size is 2K"),
        ("qwen-image-plus-2026-01-09", "1328*1328", None),
        ("qwen-image-plus-2026-01-09", "1024*1024", LISTED),
        ("qwen-image-max-2025-12-30", "512*1665", "Size 512*1665 is out of range [512*512, 1664*1664]"),
        ("z-image-turbo", "512*512", None),
        ("z-image-turbo", "512*511", f"{AREA} and 4194304 pixels. Got area=261632 (width=512, height=511)."),
        (
            "qwen-image-2.0-pro",
            "2048*2049",
            f"{AREA} (512x512) and 4194304 (2048x2048) pixels for t2i requests",
        ),
        ("qwen-image-2.1-pro", "2560*2560", None),
        ("qwen-image-2.1-pro", "2K", "Expected format: '<width>*<height>'"),
        ("wanx-v1", "1*1", None),
        ("wanx2.1-t2i-turbo", None, None),
    ],
)
def test_a_size_fits_by_its_sides_or_by_its_area(model: str, size: str | None, said: str | None) -> None:
    assert making.misfit(model, size) == said


def test_the_size_of_an_edit_is_free_with_some_models() -> None:
    assert making.misfit("qwen-image-3.0-pro", "10*10", edits=True) is None
    assert making.misfit("qwen-image-3.0-pro", "10*10") is not None
    assert making.misfit("wan2.7-image", "10*10", edits=True) is not None


def test_some_models_make_one_picture_at_once() -> None:
    said = "num_images_per_prompt must be 1"
    assert [making.too_many(model, 2) for model in ("qwen-image", "z-image-turbo")] == [said, said]
    assert making.too_many("qwen-image", 1) is None
    assert making.too_many("qwen-image-2.0", 2) is None
    assert making.too_many("qwen-image-edit", 2) is None
    assert [making.most_of(model) for model in ("qwen-image", "qwen-image-2.0", "qwen-image-edit")] == [
        1,
        6,
        1,
    ]


@pytest.mark.parametrize(
    ("model", "size", "sides"),
    [
        ("wan2.7-image", "2K", (2048, 2048)),
        ("wan2.7-image", "768*1376", (768, 1376)),
        ("qwen-image", None, (1664, 928)),
        ("qwen-image-edit", None, (1024, 1024)),
        ("qwen-image-edit", "large", (1024, 1024)),
    ],
)
def test_a_picture_has_the_size_that_was_asked_for_or_that_of_its_model(
    model: str, size: str | None, sides: tuple[int, int]
) -> None:
    assert making.size_of(model, size) == sides


@pytest.mark.parametrize(
    ("model", "given", "options", "said"),
    [
        ("happyhorse-1.0-t2v", {"prompt": "tea"}, {"resolution": "720P", "duration": 60}, None),
        ("happyhorse-1.0-t2v", {}, {}, "Field required: input.prompt"),
        (
            "happyhorse-1.0-r2v",
            {"prompt": "tea"},
            {"resolution": "480P"},
            f"Field required: input.media & {GRADES}",
        ),
        (
            "happyhorse-1.0-i2v",
            {"media": ["tea"]},
            {},
            "Field required: input.media.0.url & Field required: input.media.0.type",
        ),
        ("wan2.7-i2v", {"media": [{"type": "last_frame", "url": URL}]}, {"duration": 2}, None),
        (
            "wan2.7-i2v",
            {"media": [{"type": "first_clip", "url": URL}, {"type": "reference_video"}]},
            {"duration": 16},
            f"Field required: input.media.1.url & {FRAMES} & Duration should be between 2 and 15",
        ),
        ("wan2.7-r2v", {"media": {"url": URL}}, {}, "Input should be a valid list: input.media"),
        ("wanx2.1-t2v-turbo", {}, {"resolution": "480P"}, None),
    ],
)
def test_all_that_is_wrong_is_told_at_once(
    model: str, given: dict[str, Any], options: dict[str, Any], said: str | None
) -> None:
    assert making.broken(model, given, options) == said


def test_a_model_that_tells_what_it_misses_takes_an_empty_input() -> None:
    assert making.empty_handed("happyhorse-1.1-t2v")
    assert not making.empty_handed("wanx2.1-t2v-turbo")
