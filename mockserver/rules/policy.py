"""What is done about a finding: the mode of a server, and a switch for each rule."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mockserver.base.names import nearest
from mockserver.base.options import SettingsError
from mockserver.rules.registry import Rule, rules_by_id
from mockserver.talk.finding import Finding, Severity

_MOST = 10_000


class Mode(StrEnum):
    """What is refused: what the cloud refuses, all, or nothing that can be answered."""

    CLOUD = "cloud"
    STRICT = "strict"
    LENIENT = "lenient"


class Action(StrEnum):
    """What is done about one rule."""

    REFUSE = "refuse"
    REPORT = "report"
    OFF = "off"


class RulePolicyError(SettingsError):
    """A mode, a rule or an action that there is not; the message names the nearest."""


def _known(kind: str, name: object, known: Iterable[str]) -> None:
    names = sorted(str(item) for item in known)
    if str(name) not in names:
        near = nearest(name, names)
        msg = f"there is no {kind} {str(name)[:80]!r}; the nearest known one is {near!r}"
        raise RulePolicyError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePolicy:
    """A mode, and the rules that are treated otherwise, by id.

    Raises `RulePolicyError` for what there is not, and for switching off what cannot be answered.
    """

    mode: str = Mode.CLOUD
    rules: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises `RulePolicyError`."""
        _known("mode", self.mode, Mode)
        for name, action in self.rules.items():
            _known("rule", name, rules_by_id())
            _known("action", action, Action)
            if rules_by_id()[name].fixed and action != Action.REFUSE:
                msg = f"rule {name!r} cannot be {action}: a request that breaks it cannot be answered"
                raise RulePolicyError(msg)

    def action(self, finding: Finding) -> str:
        """What is done about a finding."""
        if finding.fixed:
            return Action.REFUSE
        switched = self.rules.get(finding.rule)
        if switched is not None:
            return switched
        if self.mode == Mode.STRICT:
            return Action.REFUSE
        if self.mode == Mode.LENIENT and not rules_by_id()[finding.rule].fixed:
            return Action.REPORT
        return Action.REPORT if finding.refusal is None else Action.REFUSE

    def effect(self, entry: Rule) -> str:
        """What is done about a rule: `by-model` where that depends on the model or surface."""
        if entry.id in self.rules:
            return self.rules[entry.id]
        if self.mode == Mode.STRICT or entry.fixed:
            return Action.REFUSE
        if self.mode == Mode.LENIENT or not entry.refusals:
            return Action.REPORT
        return "by-model" if entry.severity is Severity.REFUSED_BY_SOME else Action.REFUSE

    def changed(self, *, mode: str | None = None, rules: Mapping[str, str] | None = None) -> "RulePolicy":
        """A policy with another mode, and with more rules switched. Raises `RulePolicyError`."""
        return RulePolicy(mode=self.mode if mode is None else mode, rules={**self.rules, **(rules or {})})


class Policies:
    """The policy of a server, and of each API key that has one of its own; the oldest go when too many."""

    def __init__(self, default: RulePolicy) -> None:
        self._first = default
        self._default = default
        self._by_key: dict[str, RulePolicy] = {}

    def of(self, key: str) -> RulePolicy:
        """The policy of a key."""
        return self._by_key.get(key, self._default)

    @property
    def default(self) -> RulePolicy:
        """The policy of keys without one of their own."""
        return self._default

    def put(self, policy: RulePolicy, key: str | None = None) -> None:
        """Sets the policy of a key, or of all that have none of their own."""
        if key is None:
            self._default = policy
            return
        self._by_key.pop(key, None)
        while len(self._by_key) >= _MOST:
            del self._by_key[next(iter(self._by_key))]
        self._by_key[key] = policy

    def change(
        self, *, key: str | None = None, mode: str | None = None, rules: Mapping[str, str] | None = None
    ) -> None:
        """Sets what is named and leaves the rest. Raises `RulePolicyError`."""
        policy = self._default if key is None else self.of(key)
        self.put(policy.changed(mode=mode, rules=rules), key)

    def reset(self, key: str | None = None) -> None:
        """Back to what the server was started with: for a key, or for all."""
        if key is None:
            self._default = self._first
            self._by_key.clear()
        else:
            self._by_key.pop(key, None)
