"""The driver's side of the protocol, for clients in Python that run in a process of their own."""

import json
import sys
from collections.abc import Sequence
from typing import IO, Any

from mockserver.contract.client import Factory, client_under_test
from mockserver.contract.protocol import (
    FEATURES,
    VERSION,
    Begin,
    ProtocolError,
    encoded,
    read_command,
    report_json,
)


def drive(
    factory: Factory,
    *,
    client: str,
    surfaces: Sequence[str] = ("compat",),
    features: Sequence[str] = FEATURES,
    commands: IO[str] | None = None,
    answers: IO[bytes] | None = None,
) -> None:
    """Answers the commands on stdin until there are no more; what the client prints goes to stderr."""
    commands = commands or sys.stdin
    if answers is None:
        answers, sys.stdout = sys.stdout.buffer, sys.stderr
    driven = client_under_test(surfaces=surfaces, features=features, name=client)(factory)
    for line in commands:
        answers.write(encoded(_answer(driven, json.loads(line))))
        answers.flush()


def _answer(driven: Any, document: dict[str, Any]) -> dict[str, Any]:
    hello = driven.hello
    if document.get("type") == "hello":
        introduced = {"type": "hello", "version": VERSION, "client": hello.client}
        return {**introduced, "surfaces": list(hello.surfaces), "features": list(hello.features)}
    try:
        command = read_command(document)
        report = driven.send(command)
    except ProtocolError as error:
        return {"type": "trouble", "message": str(error)}
    return {"type": "ok"} if isinstance(command, Begin) else report_json(report)
