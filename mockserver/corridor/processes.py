"""What each of many processes that are one server did: the part that the sum of all does not show."""

import os
import socket
from collections.abc import Iterable
from http import HTTPStatus

from mockserver.base.jsontext import dumps, loads
from mockserver.state.journal import Entry
from mockserver.state.worlds import Ledger
from mockserver.talk.reply import Usage

_COUNTED = ("requests", "refusals", "input_tokens", "output_tokens", "cached_tokens")


class Process:
    """This process: its name, host and number, and what it entered since it began, whatever was reset."""

    def __init__(self) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self.ledger = Ledger()

    def count(self, entry: Entry) -> str:
        """Counts an exchange: what it adds to a ledger, as requests, input, output, cached, refusals.

        That is empty for a call beside chat which was not refused.
        """
        if entry.endpoint and entry.refusal is None:
            return ""
        if entry.usage is not None:
            self.booked(entry.usage)
            return counts(entry.usage)
        ledger = self.ledger
        ledger.requests += 1
        refused = entry.refusal is not None or entry.status >= HTTPStatus.BAD_REQUEST
        ledger.refusals += refused
        return f"1 0 0 0 {refused:d}"

    def booked(self, usage: Usage) -> None:
        """Counts an exchange that was answered."""
        ledger = self.ledger
        ledger.requests += 1
        ledger.input_tokens += usage.input
        ledger.output_tokens += usage.output
        ledger.cached_tokens += usage.cached

    def told(self) -> bytes:
        """What the others hear of it."""
        return dumps({"name": self.name, **{name: getattr(self.ledger, name) for name in _COUNTED}})


def counts(usage: Usage) -> str:
    """What an exchange that was answered adds to a ledger: requests, input, output, cached, refusals."""
    return f"1 {usage.input} {usage.output} {usage.cached} 0"


def ledgers(told: Iterable[bytes]) -> dict[str, Ledger]:
    """What each process did, by its name, in the order of these."""
    heard = [loads(each) for each in told]
    return {
        each["name"]: Ledger(**{name: each[name] for name in _COUNTED})
        for each in sorted(heard, key=lambda one: str(one["name"]))
    }
