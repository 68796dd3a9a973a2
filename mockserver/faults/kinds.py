"""The table of faults, from `fixtures/faults.json`."""

from collections.abc import Mapping
from functools import cache

from mockserver.base import resources
from mockserver.talk.fault import Kind


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind of fault, by name."""
    return {data["name"]: Kind(**data) for data in resources.fixture("faults")["kinds"]}


@cache
def presets() -> Mapping[str, str]:
    """Short names for faults in text form, for keys that say what they do."""
    return {data["name"]: data["fault"] for data in resources.fixture("faults")["presets"]}
