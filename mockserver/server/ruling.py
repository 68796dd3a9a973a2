"""What the control API shows of the rules."""

from typing import Any

from mockserver.base.masking import mask
from mockserver.rules import Rule, all_rules
from mockserver.rules.policy import Policies, RulePolicy


def _rule(entry: Rule, policy: RulePolicy) -> dict[str, Any]:
    return {
        "id": entry.id,
        "severity": entry.severity.value,
        "effect": str(policy.effect(entry)),
        "fixed": entry.fixed,
        "surfaces": entry.surfaces,
        "refusals": list(entry.refusals),
        "fix": entry.fix,
        "source": entry.source,
        "museum": entry.museum,
    }


def shown(policies: Policies, key: str | None) -> dict[str, Any]:
    """The policy of a key, or of those without one of their own, and every rule under it."""
    policy = policies.default if key is None else policies.of(key)
    return {
        "key": None if key is None else mask(key),
        "mode": str(policy.mode),
        "switches": {name: str(action) for name, action in policy.rules.items()},
        "rules": [_rule(entry, policy) for entry in all_rules()],
    }
