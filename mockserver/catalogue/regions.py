"""The regions in which Model Studio is served, and the hosts by which a request names one."""

from functools import cache, lru_cache
from typing import Literal, cast, get_args

from mockserver.base import resources

Region = Literal["cn", "intl", "us"]
"""Beijing, Singapore, Virginia."""

REGIONS: tuple[Region, ...] = get_args(Region)

DEFAULT: Region = "cn"
"""Where a request is served that names no host of the cloud."""

_WORKSPACES = ".maas.aliyuncs.com"


@cache
def _places() -> tuple[dict[str, Region], dict[str, Region]]:
    """The regions by public host, and by the zone in the host of a workspace."""
    hosts: dict[str, Region] = {}
    zones: dict[str, Region] = {}
    for name, place in resources.fixture("families")["regions"].items():
        region = cast("Region", name)
        hosts.update(dict.fromkeys(place["hosts"], region))
        zones.update(dict.fromkeys(place["zones"], region))
    return hosts, zones


def host_of(region: Region) -> str:
    """The public host of a region."""
    return next(host for host, named in _places()[0].items() if named == region)


@lru_cache(maxsize=256)
def region_of(host: str) -> Region | None:
    """The region of a host of Model Studio, such as `dashscope-us.aliyuncs.com`; None for other hosts.

    Whoever points such a name at this server is answered as there. A workspace has a host of its own,
    `ws-1.ap-southeast-1.maas.aliyuncs.com`.
    """
    name = host.partition(":")[0].lower()
    hosts, zones = _places()
    if name.endswith(_WORKSPACES):
        return zones.get(name.removesuffix(_WORKSPACES).rpartition(".")[2])
    return hosts.get(name)
