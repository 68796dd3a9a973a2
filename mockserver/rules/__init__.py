"""What a valid request is: the schemas at the door, and the rules behind them."""

from mockserver.rules.registry import Finding, Moment, Rule, Severity, all_rules, check, check_at

__all__ = ["Finding", "Moment", "Rule", "Severity", "all_rules", "check", "check_at"]
