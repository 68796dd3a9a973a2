"""The contract kit: proves a client right, or shows the conversation that breaks it.

A client is led through conversations with an adversarial but legal cloud. Every request that it sends is
held against what was said, every report against what was answered.
"""

from mockserver.contract.cases import Case, CaseError, Turn, built_in
from mockserver.contract.client import Client, ProcessClient, PythonClient, client_under_test
from mockserver.contract.drivers import run
from mockserver.contract.protocol import (
    Begin,
    Call,
    Choice,
    Error,
    Hello,
    ProtocolError,
    Report,
    Result,
    Results,
    Say,
    Tokens,
)
from mockserver.contract.requirements import Failure, Requirement, Severity, requirements
from mockserver.contract.stage import Stage
from mockserver.contract.suite import Outcome, Verdict, hold, replay

__all__ = [
    "Begin",
    "Call",
    "Case",
    "CaseError",
    "Choice",
    "Client",
    "Error",
    "Failure",
    "Hello",
    "Outcome",
    "ProcessClient",
    "ProtocolError",
    "PythonClient",
    "Report",
    "Requirement",
    "Result",
    "Results",
    "Say",
    "Severity",
    "Stage",
    "Tokens",
    "Turn",
    "Verdict",
    "built_in",
    "client_under_test",
    "hold",
    "replay",
    "requirements",
    "run",
]
