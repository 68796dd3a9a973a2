"""What each of many processes did, as the others hear it."""

import os
import socket
from dataclasses import replace
from typing import Any

import pytest

from mockserver.catalogue import errors as error_catalogue
from mockserver.corridor.processes import Process, counts, ledgers
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.state.journal import Entry
from mockserver.state.worlds import Ledger, World
from mockserver.talk.reply import Usage
from tests.corridor.together import together
from tests.state.engines import Engine as Redis

ENTRY = Entry("id", World("sk-a", "sk-..."), "compat", False, b"", 0.0)
REFUSAL = error_catalogue.load().refuse("auth.wrong-key")


@pytest.mark.parametrize(
    ("more", "adds", "ledger"),
    [
        ({"usage": Usage(7, 5, cached=3)}, "1 7 5 3 0", Ledger(1, 0, 7, 5, 3)),
        ({"refusal": REFUSAL, "status": 401}, "1 0 0 0 1", Ledger(1, 1)),
        ({"status": 500}, "1 0 0 0 1", Ledger(1, 1)),
        ({"status": 200}, "1 0 0 0 0", Ledger(1, 0)),
        ({"endpoint": "embeddings", "usage": Usage(7, 0)}, "", Ledger()),
        ({"endpoint": "embeddings", "refusal": REFUSAL, "status": 401}, "1 0 0 0 1", Ledger(1, 1)),
    ],
)
def test_an_exchange_is_counted(more: dict[str, Any], adds: str, ledger: Ledger) -> None:
    process = Process()
    assert process.count(replace(ENTRY, **more)) == adds
    assert process.ledger == ledger


def test_what_was_booked_is_counted_as_what_was_entered() -> None:
    usage, process = Usage(20, 9, cached=3), Process()
    process.booked(usage)
    assert process.ledger == Ledger(1, 0, 20, 9, 3)
    assert counts(usage) == process.count(replace(ENTRY, usage=usage)) == "1 20 9 3 0"


def test_what_each_did_is_heard_under_its_name_in_order() -> None:
    one, other = Process(), Process()
    assert one.name == f"{socket.gethostname()}:{os.getpid()}"
    one.name, other.name = "web-2:7", "web-1:9"
    one.count(replace(ENTRY, usage=Usage(7, 5)))
    assert list(ledgers([one.told(), other.told()]).items()) == [
        ("web-1:9", Ledger()),
        ("web-2:7", Ledger(1, 0, 7, 5)),
    ]


def test_who_is_replaced_or_silent_is_told_of_no_more(redis: Redis, lazy_tokenizer: LazyTokenizer) -> None:
    def seen(at: int) -> dict[str, int]:
        these.wait(these.keeping[at].refresh("/_mock/metrics"))
        return {name: ledger.requests for name, ledger in these.keeping[at].processes.items()}

    def begins(at: int, name: str) -> None:
        these.keeping[at]._process.name = name
        these.wait(these.keeping[at].renew())

    with together(redis, lazy_tokenizer) as these:
        for at, name in enumerate(("first", "second")):
            begins(at, name)
        for at in (0, 1, 1):
            these.ask(these.shared[at], "sk-a", "Tea?")
        assert seen(1) == {"first": 0, "second": 2}  # the first one tells when it is asked, or renews
        assert seen(0) == seen(1) == {"first": 1, "second": 2}
        these.replace(0)
        begins(0, "third")
        these.ask(these.shared[0], "sk-a", "Tea?")
        assert seen(0) == seen(1) == {"second": 2, "third": 1}
