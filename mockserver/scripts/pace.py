"""Profiles of pace: how fast a server speaks when a reply does not say so itself."""

from fnmatch import fnmatchcase
from functools import cache
from math import isfinite
from typing import Any

from mockserver.base import resources
from mockserver.base.names import nearest
from mockserver.base.values import value
from mockserver.talk.reply import Pace
from mockserver.talk.request import ChatRequest

FIELDS = ("first_ms", "per_token_ms", "jitter", "seed")


class PaceError(ValueError):
    """A pace that there is not; the message shows value, rule and fix."""


@value
class Row:
    """One row of `fixtures/paces.json`: the pace of the models and surfaces that fit its globs."""

    surface: str
    model: str
    pace: Pace


@value
class Profile:
    """A pace by model: the first row that fits. Without rows everything goes out at once."""

    rows: tuple[Row, ...] = ()

    def of(self, request: ChatRequest) -> Pace | None:
        """The pace of the answer to a request; None is at once."""
        dialect, model = request.surface.dialect, request.model.name
        for row in self.rows:
            if fnmatchcase(dialect, row.surface) and fnmatchcase(model, row.model):
                return row.pace
        return None


INSTANT = Profile()
"""Everything at once."""


@cache
def recorded() -> Profile:
    """The pace of the cloud, as recorded."""
    rows = resources.fixture("paces")["rows"]
    return Profile(
        tuple(Row(row["surface"], row["model"], Pace(row["first_ms"], row["per_token_ms"])) for row in rows)
    )


def steady(spec: dict[str, Any]) -> Profile:
    """One pace for everything, of the fields of `Pace`."""
    return Profile((Row("*", "*", Pace(**spec)),))


def read(text: str) -> Profile:
    """A profile as the command line names it. Raises `PaceError`."""
    if text == "instant":
        return INSTANT
    if text == "recorded":
        return recorded()
    if "=" not in text:
        near = nearest(text, ("instant", "recorded"))
        rule = "write instant, recorded or first_ms=200,per_token_ms=20"
        msg = f"pace is {text!r}: {rule}; the nearest is {near}"
        raise PaceError(msg)
    return steady(dict(_number(item) for item in text.split(",")))


def _number(item: str) -> tuple[str, float]:
    name, _, value = item.strip().partition("=")
    if name not in FIELDS:
        near = nearest(name, FIELDS)
        msg = f"pace has no {name!r}; the nearest known one is {near!r}"
        raise PaceError(msg)
    try:
        number = int(value) if name == "seed" else float(value)
    except ValueError:
        number = -1
    most = 1.0 if name == "jitter" else float("inf")
    if name != "seed" and not (0 <= number <= most and isfinite(number)):
        rule = "0 to 1" if name == "jitter" else "0 milliseconds or more"
        msg = f"pace {name} is {value!r}: it must be {rule}"
        raise PaceError(msg)
    if name == "seed" and number == -1 and value.strip() != "-1":
        msg = f"pace seed is {value!r}: it must be a whole number"
        raise PaceError(msg)
    return name, number
