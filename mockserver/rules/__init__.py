"""What a valid request is: the schemas at the door, and the rules behind them."""

from mockserver.rules.registry import Finding, Rule, Severity, all_rules, check

__all__ = ["Finding", "Rule", "Severity", "all_rules", "check"]
