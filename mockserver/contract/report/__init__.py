"""What came of a run, for people and for machines: terminal, JUnit, JSON, Markdown, HTML, a badge."""

from mockserver.contract.report.expected import Expected, ExpectedError
from mockserver.contract.report.result import Result, State

__all__ = ["Expected", "ExpectedError", "Result", "State"]
