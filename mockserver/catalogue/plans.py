"""The plans for coding agents: their paths, their keys, and who is let in (`fixtures/plans.json`).

A plan has hosts of its own, which take its keys only. The path of the Coding Plan is on no other host, so
whoever asks for it here means that plan, whatever the `Host`.
"""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from mockserver.base import resources
from mockserver.catalogue.regions import region_of

_CLOUD = ".aliyuncs.com"


@cache
def _plans() -> Mapping[str, Any]:
    plans: Mapping[str, Any] = resources.fixture("plans")
    return plans


@cache
def _prefix() -> str:
    return str(_plans()["keys"]["prefix"])


def is_plan_key(key: str) -> bool:
    """Whether a key was given with a plan."""
    return key.startswith(_prefix())


@cache
def _beginnings(plans: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(begin for plan in plans for begin in _plans()["hosts"][plan])


_ALL = ("token-plan", "coding")


@lru_cache(maxsize=64)
def is_plan_host(host: str, plans: tuple[str, ...] = _ALL) -> bool:
    """Whether a host of the cloud is one of these plans."""
    return host.startswith(_beginnings(plans)) and host.partition(":")[0].endswith(_CLOUD)


def served_with_plan_keys(host: str) -> bool:
    """Whether a host takes the keys of plans: the public hosts do not, hosts outside of the cloud do."""
    return is_plan_host(host) or region_of(host) is None


@cache
def coding_paths() -> frozenset[str]:
    """The chat paths of the Coding Plan."""
    return frozenset(_plans()["paths"]["coding"])


def agents_only(path: str, host: str) -> bool:
    """Whether a chat is for the coding agents of the Coding Plan: by its path, or by its host."""
    return path in coding_paths() or is_plan_host(host, ("coding",))


def is_agent(user_agent: str) -> bool:
    """Whether a client with this `User-Agent` is one of the coding agents that the plan is for."""
    names: tuple[str, ...] = tuple(_plans()["agents"]["names"])
    return user_agent.lower().startswith(names)
