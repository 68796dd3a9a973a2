"""What a scenario brings beside its replies: faults, quotas and rules, which come and go with it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mockserver.base.values import value
from mockserver.meter.quotas import Quota, Quotas
from mockserver.rules.policy import Policies
from mockserver.scripts.desk import Desk


@value
class Ruling:
    """What is done about broken rules: for one key, or for all that have no rules of their own."""

    key: str | None = None
    mode: str | None = None
    rules: Mapping[str, str] | None = None


@value
class Props:
    """The faults of a scenario, as the control API has them, its quotas, and its rules."""

    faults: Sequence[Mapping[str, Any]] = ()
    quotas: Sequence[Quota] = ()
    rulings: Sequence[Ruling] = ()

    def of(self, key: str | None) -> "Props":
        """The same for one key alone; None leaves them as they are."""
        if key is None:
            return self
        faults = [{**spec, "match": {**(spec.get("match") or {}), "key": key}} for spec in self.faults]
        quotas = [replace(quota, key=key) for quota in self.quotas]
        return Props(faults, quotas, [replace(ruling, key=key) for ruling in self.rulings])


class Room:
    """Where the props of each scenario stand, by the name that it is played under."""

    def __init__(self, desk: Desk, quotas: Quotas, policies: Policies) -> None:
        self._desk = desk
        self._quotas = quotas
        self._policies = policies
        self._policy = policies.default
        self._props: dict[str | None, Props] = {}
        self._entered: dict[str | None, list[str]] = {}

    def play(self, name: str | None, props: Props) -> None:
        """Puts the props of a scenario in the place of those before."""
        for fault_id in self._entered.pop(name, ()):
            self._desk.remove(fault_id)
        before = self._props.pop(name, Props())
        for quota in before.quotas:
            self._quotas.remove_one(quota)
        for ruling in before.rulings:
            self._policies.put(self._policy, ruling.key)
        if not (props.faults or props.quotas or props.rulings):
            return
        props = props.of(name or None)
        self._props[name] = props
        self._entered[name] = [self._desk.add(spec).id for spec in props.faults]
        for quota in props.quotas:
            self._quotas.put(quota)
        for ruling in props.rulings:
            policy = self._policies.default if ruling.key is None else self._policies.of(ruling.key)
            self._policies.put(policy.changed(mode=ruling.mode, rules=ruling.rules), ruling.key)

    def reset(self, key: str | None, kept: str) -> None:
        """Forgets the props of a key, or all but the kept one's, which begin anew.

        What they were entered into has been cleared before.
        """
        for name in [name for name in self._props if name == key or (key is None and name != kept)]:
            self.play(name, Props())
        for name, props in list(self._props.items()):
            self.play(name, props)
