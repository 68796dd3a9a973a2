"""The table of faults, from `fixtures/faults.json`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from mockserver import resources

Where = Literal["any", "stream", "tools"]
"""What a fault can strike: any answer, streams, or streams that call tools. Others go out well."""

Harm = Literal["none", "error", "incomplete", "mislabelled", "usage", "changed"]
"""What a careful client is left with: the whole answer, an error, less than an answer, a whole one under a
wrong label, one without usage, or another text than was said."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault. `options` are its own, with defaults; `main` is what `name=value` sets."""

    name: str
    group: str
    does: str
    imitates: str
    where: Where
    harm: Harm
    options: Mapping[str, Any]
    main: str | None = None


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind of fault, by name."""
    return {data["name"]: Kind(**data) for data in resources.fixture("faults")["kinds"]}


@cache
def presets() -> Mapping[str, str]:
    """Short names for faults in text form, for keys that say what they do."""
    return {data["name"]: data["fault"] for data in resources.fixture("faults")["presets"]}
