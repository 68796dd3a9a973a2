"""What went out of an answer, and how long the journal keeps it."""

import gc
import weakref

from mockserver.state.journal import Entry, Journal
from mockserver.state.sent import OnWire, Sent, weight
from mockserver.state.worlds import World

HERE, THERE = World("sk-here", "sk-***here"), World("sk-there", "sk-***there")


def entered(journal: Journal, name: str, *, world: World = HERE) -> Entry:
    entry = Entry(name, world, "compat", stream=True, body=b"{}", arrived=100.0)
    journal.add(entry)
    return entry


def sent(size: int = 100) -> Sent:
    return Sent(200, [], [b"x" * size])


def kept(journal: Journal) -> list[str]:
    return [entry.request_id for entry in journal if entry.sent is not None]


def test_frames_are_shown_with_their_times_and_what_is_no_text_is_replaced() -> None:
    told = Sent(200, [(b"content-type", b"text/event-stream")], ["茶".encode(), b"\xff"], [0.0, 0.5], 0.25)
    assert told.shown() == {
        "status": 200,
        "headers": [["content-type", "text/event-stream"]],
        "frames": [
            {"at_ms": 250.0, "bytes": 3, "text": "茶"},
            {"at_ms": 750.0, "bytes": 1, "text": "\ufffd"},
        ],
        "ending": "end",
    }


def test_what_was_not_paced_was_due_at_once_and_packed_bytes_are_no_text() -> None:
    told = Sent(200, [(b"Content-Encoding", b"br")], [b"\x01\x02"], ending="reset").shown()
    assert told["frames"] == [{"at_ms": 0.0, "bytes": 2, "text": None}]
    assert told["ending"] == "reset"


def test_the_oldest_bytes_go_first_and_their_exchange_stays() -> None:
    journal = Journal(entries=10, sent=2 * sent().size)
    for name in "abc":
        journal.ended(entered(journal, name), sent())
    assert kept(journal) == ["b", "c"]
    assert len(journal) == 3


def test_an_exchange_that_the_journal_let_go_is_held_nowhere() -> None:
    """Nor when it ends after it has gone, as a stream may that goes on for long."""
    journal = Journal(entries=2)
    slow, *quick = [entered(journal, name, world=World(name)) for name in ("slow", "a", "b", "c")]
    for one in (*quick, slow):
        journal.ended(one, sent())
    entered(journal, "d")
    assert kept(journal) == ["c"]
    held = {one.request_id: weakref.ref(one.world) for one in (slow, *quick)}
    del slow, quick, one
    gc.collect()
    assert [name for name, world in held.items() if world() is not None] == ["c"]


def test_what_is_too_large_is_never_kept_and_costs_no_other_its_place() -> None:
    journal = Journal(entries=10, sent=1000)
    journal.ended(entered(journal, "small"), sent())
    journal.ended(entered(journal, "large"), sent(2000))
    assert kept(journal) == ["small"]


def test_a_reset_of_a_world_lets_go_what_went_there() -> None:
    journal = Journal(entries=10, sent=3 * sent().size)
    journal.ended(entered(journal, "here"), sent())
    journal.ended(entered(journal, "there", world=THERE), sent())
    journal.reset(HERE)
    assert kept(journal) == ["there"]
    for name in "ab":
        journal.ended(entered(journal, name), sent())
    assert kept(journal) == ["there", "a", "b"]
    journal.reset()
    assert kept(journal) == []


def test_every_change_has_a_revision_and_every_reset_an_epoch() -> None:
    journal = Journal(entries=2)
    first = entered(journal, "a")
    second = entered(journal, "b")
    assert (first.changed, second.changed, journal.revision) == (1, 2, 2)
    journal.ended(first, sent())
    assert (first.changed, journal.revision, journal.epoch) == (3, 3, 0)
    journal.reset()
    assert (journal.revision, journal.epoch) == (4, 1)


def test_an_exchange_is_found_by_its_number_as_long_as_it_is_remembered() -> None:
    journal = Journal(entries=2)
    for name in "abc":
        entered(journal, name)
    assert journal.numbered(1) is None
    found = journal.numbered(3)
    assert found is not None
    assert found.request_id == "c"


def test_what_left_in_one_piece_is_taken_apart_when_somebody_looks() -> None:
    head = b"HTTP/1.1 201 Created\r\ncontent-type: text/event-stream\r\nx-colon: a: b\r\n"
    wire = head + b"transfer-encoding: chunked\r\n\r\n3\r\ntea\r\n4\r\na\r\n\r\r\n0\r\n\r\n"
    headers = [(b"content-type", b"text/event-stream"), (b"x-colon", b"a: b")]
    told = Sent(201, headers, [b"tea", b"a\r\n\r"])
    piece = OnWire(wire, told.size)
    assert piece.apart() == told
    assert piece.shown() == told.shown()
    assert piece.size == told.size == weight([b"tea", b"a\r\n\r"])


def test_the_journal_keeps_it_like_any_other() -> None:
    journal = Journal(entries=10, sent=2 * sent().size)
    for name in "abc":
        journal.ended(entered(journal, name), OnWire(b"", sent().size))
    assert kept(journal) == ["b", "c"]
    assert journal.sent_size == 2 * sent().size
