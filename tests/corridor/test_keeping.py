"""What an engine keeps by itself: counted once, in its own memory, at once."""

import asyncio

import pytest

from mockserver.catalogue.errors import Errors
from mockserver.corridor.answers import Answer
from mockserver.corridor.keeping import Keeping, Taken
from mockserver.corridor.work import at_once
from mockserver.meter.quotas import Quota, QuotaExceededError, Quotas
from mockserver.scripts.desk import HEADER, Desk
from mockserver.scripts.script import Scripts
from mockserver.state.journal import Entry, Journal
from mockserver.state.sent import Sent
from mockserver.state.worlds import World
from tests.asking import ask
from tests.conftest import NOW

WORLD = World("sk-test", "sk-...")


def entry(name: str = "chat", endpoint: str = "") -> Entry:
    """An exchange of that world."""
    return Entry(name, WORLD, "compat", False, b"{}", NOW, endpoint=endpoint)


class Kept:
    """An engine's parts, and what keeps them."""

    def __init__(self, errors: Errors) -> None:
        self.errors = errors
        self.scripts, self.faults, self.quotas = Scripts(), Desk(errors), Quotas()
        self.journal, self.calls = Journal(entries=5), Journal(entries=5)
        self.keeping = Keeping(self.scripts, self.faults, self.quotas, self.journal, self.calls)

    def taken(self, *, large: bool = False) -> Taken | None:
        return at_once(self.keeping.taken(entry(), ask("Tea?"), large=large))


@pytest.fixture
def kept(errors: Errors) -> Kept:
    return Kept(errors)


@pytest.mark.parametrize("large", [False, True])
def test_a_script_is_taken_as_often_as_it_may_answer(kept: Kept, *, large: bool) -> None:
    first = kept.scripts.add({"times": 2, "reply": [{"content": "A"}, {"content": "B"}]}, kept.errors)
    last = kept.scripts.add({"reply": {"content": "C"}}, kept.errors)
    took = [kept.taken(large=large) for _ in range(4)]
    assert took == [(first, 0), (first, 1), (last, 0), (last, 1)]


def test_nobody_is_taken_where_nothing_is_scripted(kept: Kept) -> None:
    assert kept.taken() is None


def test_a_quota_lets_in_what_it_allows(kept: Kept) -> None:
    kept.quotas.put(Quota(concurrency=1))
    admission = at_once(kept.keeping.admitted("sk-test", "qwen-plus", now=NOW))
    assert admission is not None
    with pytest.raises(QuotaExceededError):
        at_once(kept.keeping.admitted("sk-test", "qwen-plus", now=NOW))
    admission.free()
    assert at_once(kept.keeping.admitted("sk-test", "qwen-plus", now=NOW)) is not None


def test_a_fault_strikes_as_often_as_it_was_entered_for(kept: Kept) -> None:
    kept.faults.add({"fault": "reset-mid-chunk", "times": 1})
    request = ask("Tea?")
    struck = [
        at_once(kept.keeping.drawn(entry(), request, kept.faults.matching(WORLD.key, request)))
        for _ in range(2)
    ]
    assert [None if fault is None else str(fault) for fault in struck] == ["reset-mid-chunk", None]


def test_a_header_names_a_fault_whose_uses_count_in_its_world(kept: Kept) -> None:
    headers = {HEADER: "reset-mid-chunk;times=1"}
    struck = [at_once(kept.keeping.named(entry(), headers)) for _ in range(2)]
    assert [fault is None for fault in struck] == [False, True]


def test_chats_and_calls_beside_them_have_journals_of_their_own(kept: Kept) -> None:
    chat, call = entry("chat"), entry("call", "embeddings")
    for each in (chat, call):
        kept.keeping.enter(each, None)
    assert (list(kept.journal), list(kept.calls)) == ([chat], [call])
    kept.keeping.ended(chat, Answer(200, [], b"x", entry=chat))
    assert chat.sent == Sent(200, [], (b"x",))


def test_nothing_is_to_be_waited_for(kept: Kept) -> None:
    assert list(kept.keeping.current()) == []
    assert kept.keeping.begins(entry()) is None
    kept.keeping.lost(entry())
    assert asyncio.run(kept.keeping.change("reply-removed", {"id": "reply-1"}, lambda: "done")) == "done"
