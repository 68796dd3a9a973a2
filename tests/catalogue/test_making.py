"""What models that make pictures and films take: sizes, media, lengths, and all that is wrong at once."""

from typing import Any

import pytest

from mockserver.base import resources
from mockserver.catalogue import making
from mockserver.catalogue.models import Models
from mockserver.endpoints.tasks import KINDS

URL = "https://tea.invalid/a.png"
SIDES = "Either width or height should be between 512 and 1440."
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
        ("wanx-v1", "1*1", None),
        ("wanx2.1-t2i-turbo", None, None),
    ],
)
def test_a_size_fits_by_its_sides_or_by_its_area(model: str, size: str | None, said: str | None) -> None:
    assert making.misfit(model, size) == said


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
            "Field required: input.media.1.url & Input should be 'first_frame', 'last_frame', "
            "'driving_audio' or 'first_clip': input.media.1.type & Duration should be between 2 and 15",
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
