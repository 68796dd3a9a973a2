"""The plans for coding agents: their paths, their keys, and who is let in (`fixtures/plans.json`).

A plan has hosts of its own. The path of the Coding Plan is on no other host, so whoever asks for it here
means that plan, whatever the `Host`.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from mockserver.base import resources
from mockserver.catalogue.regions import region_of


@cache
def _plans() -> Mapping[str, Any]:
    plans: Mapping[str, Any] = resources.fixture("plans")
    return plans


def is_plan_key(key: str) -> bool:
    """Whether a key was given with a plan."""
    return key.startswith(str(_plans()["keys"]["prefix"]))


def served_with_plan_keys(host: str) -> bool:
    """Whether a host takes the keys of plans: the public hosts do not, hosts outside of the cloud do."""
    return host.startswith(str(_plans()["hosts"]["token-plan"])) or region_of(host) is None


@cache
def coding_paths() -> frozenset[str]:
    """The chat paths of the Coding Plan."""
    return frozenset(_plans()["paths"]["coding"])


def is_agent(user_agent: str) -> bool:
    """Whether a client with this `User-Agent` is one of the coding agents that the plan is for."""
    names: tuple[str, ...] = tuple(_plans()["agents"]["names"])
    return user_agent.lower().startswith(names)
