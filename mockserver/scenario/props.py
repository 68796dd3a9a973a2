"""What a scenario brings beside its replies: faults and quotas, entered with it and taken out with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mockserver.faults import Desk
from mockserver.meter.quotas import Quota, Quotas


@dataclass(frozen=True, slots=True)
class Props:
    """The faults of a scenario, as the control API has them, and its quotas."""

    faults: Sequence[Mapping[str, Any]] = ()
    quotas: Sequence[Quota] = ()

    def of(self, key: str | None) -> "Props":
        """The same for one key alone; None leaves them as they are."""
        if key is None:
            return self
        faults = [{**spec, "match": {**(spec.get("match") or {}), "key": key}} for spec in self.faults]
        quotas = [Quota(model=quota.model, key=key, **quota.limits) for quota in self.quotas]
        return Props(faults, quotas)


class Room:
    """Where the props of each scenario stand, by the name that it is played under."""

    def __init__(self, desk: Desk, quotas: Quotas) -> None:
        self._desk = desk
        self._quotas = quotas
        self._props: dict[str | None, Props] = {}
        self._entered: dict[str | None, list[str]] = {}

    def play(self, name: str | None, props: Props) -> None:
        """Puts the props of a scenario in the place of those before."""
        for fault_id in self._entered.pop(name, ()):
            self._desk.remove(fault_id)
        for quota in self._props.pop(name, Props()).quotas:
            self._quotas.remove_one(quota)
        if props == Props():
            return
        props = props.of(name or None)
        self._props[name] = props
        self._entered[name] = [self._desk.add(spec).id for spec in props.faults]
        for quota in props.quotas:
            self._quotas.put(quota)

    def reset(self, key: str | None, kept: str) -> None:
        """Forgets the props of a key, or all but the kept one's, which begin anew.

        The desk and the quotas have been cleared before.
        """
        for name in [name for name in self._props if name == key or (key is None and name != kept)]:
            self.play(name, Props())
        for name, props in list(self._props.items()):
            self.play(name, props)
