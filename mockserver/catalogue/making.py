"""What models that make pictures and films take, and how they say no (`fixtures/making.json`).

The service begins a task with whatever it is sent, and lets it fail: what is wrong is told all at once,
joined by ampersands (bodies pasted by three users, 2026-06 to 2026-09).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

from mockserver.base import resources

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


def misfit(model: str, size: str | None) -> str | None:
    """What a model says to a size; None where it takes it, or nothing is known of its sizes."""
    sizes = _row(model).get("sizes")
    found = sizes and size and _SIZE.fullmatch(sizes.get("presets", {}).get(size, size))
    if not found:
        return None
    width, height = map(int, found.groups())
    values = {"size": size, "width": width, "height": height, "area": width * height}
    measured = [width * height] if "area" in sizes else [width, height]
    least, most = sizes.get("area") or sizes["side"]
    fits = all(least <= each <= most for each in measured)
    return None if fits else str(sizes["words"].format(**values))


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
