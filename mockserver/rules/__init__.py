"""What a valid request is: the schemas at the door, and the rules behind them."""

from mockserver.rules.registry import Moment, Rule, all_rules, check, check_at

__all__ = ["Moment", "Rule", "all_rules", "check", "check_at"]
