"""What models that make pictures and films take, and how they say no (`fixtures/making.json`).

A picture is made at once, or by a task. The service begins a task with whatever it is sent, and lets it
fail: what is wrong is told all at once, joined by ampersands (bodies pasted by three users, 2026-06 to
2026-09).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

from mockserver.base import resources

RESULTS_PATH = "/dashscope-result"
"""Below it lies what was made; the cloud has buckets of OSS for it."""

AT_ONCE = "at-once"
"""Below that what no task has made."""

_SIZE = re.compile(r"([0-9]{1,5})[*]([0-9]{1,5})")


@cache
def _rows() -> Mapping[str, Mapping[str, Any]]:
    """The rows of the table by the names of their models."""
    return {name: row for row in resources.fixture("making")["models"] for name in row["names"]}


def _row(model: str) -> Mapping[str, Any]:
    return _rows().get(model, {})


def does(model: str, kind: str) -> bool:
    """Whether a model does tasks of a kind; one of which nothing is known does all of its sort."""
    row = _row(model)
    return "tasks" not in row or kind in row["tasks"]


def empty_handed(model: str) -> bool:
    """Whether an empty input is a matter of the model: it tells what it misses."""
    return "needs" in _row(model)


def misfit(model: str, size: str | None, *, edits: bool = False) -> str | None:
    """What a model says to a size, perhaps of a picture that it `edits`; None where it takes it."""
    sizes = _row(model).get("sizes")
    if not sizes or not size or (edits and not sizes.get("edits", True)):
        return None
    if "listed" in sizes:
        return None if size in sizes["listed"] else str(sizes["words"])
    found = _SIZE.fullmatch(sizes.get("presets", {}).get(size, size))
    if not found:
        odd: Mapping[str, str] = sizes.get("odd", {})
        return odd.get(size, odd.get(""))
    width, height = map(int, found.groups())
    values = {"size": size, "width": width, "height": height, "area": width * height}
    measured = [width * height] if "area" in sizes else [width, height]
    least, most = sizes.get("area") or sizes["side"]
    fits = all(least <= each <= most for each in measured)
    return None if fits else str(sizes["words"].format(**values))


def too_many(model: str, count: int) -> str | None:
    """What a model says that makes one picture at once, and is asked for more."""
    return "num_images_per_prompt must be 1" if count > _row(model).get("most", count) == 1 else None


def most_of(model: str) -> int:
    """How many pictures a model makes at once."""
    return int(_row(model).get("most", 1))


def size_of(model: str, size: str | None) -> tuple[int, int]:
    """Width and height of a picture that a model makes."""
    row = _row(model)
    asked = size or row.get("default", "1024*1024")
    found = _SIZE.fullmatch(row.get("sizes", {}).get("presets", {}).get(asked, asked))
    width, height = map(int, found.groups()) if found else (1024, 1024)
    return width, height


def _one_of(values: Collection[str]) -> str:
    *others, last = [f"'{value}'" for value in values]
    return f"Input should be {', '.join(others)} or {last}"


def _media(row: Mapping[str, Any], media: object) -> Iterator[str]:
    """What is wrong with a list of media."""
    if not isinstance(media, list):
        yield "Input should be a valid list: input.media"
        return
    for at, medium in enumerate(media):
        given = medium if isinstance(medium, Mapping) else {}
        for name in ("url", "type"):
            if given.get(name) is None:
                yield f"Field required: input.media.{at}.{name}"
        if "types" in row and given.get("type") is not None and given["type"] not in row["types"]:
            yield f"{_one_of(row['types'])}: input.media.{at}.type"


def _wrong(model: str, given: Mapping[str, Any], options: Mapping[str, Any]) -> Iterator[str]:
    row = _row(model)
    needs = row.get("needs", ())
    yield from (f"Field required: input.{name}" for name in needs if given.get(name) is None)
    if "media" in needs and given.get("media") is not None:
        yield from _media(row, given["media"])
    resolutions, resolution = row.get("resolutions"), options.get("resolution")
    if resolutions and resolution is not None and resolution not in resolutions:
        yield f"{_one_of(resolutions)}: parameters.resolution"
    if "seconds" in row and isinstance(seconds := options.get("duration"), int):
        least, most = row["seconds"]
        if not least <= seconds <= most:
            yield f"Duration should be between {least} and {most}"
    said = misfit(model, options.get("size"))
    if said is not None:
        yield said


def broken(model: str, given: Mapping[str, Any], options: Mapping[str, Any]) -> str | None:
    """Why a task with this input and these parameters fails, in the service's words; None: it does not."""
    return " & ".join(_wrong(model, given, options)) or None
