"""Exchanges as JSON: whatever was entered is read back the same, and nothing else is written."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.jsontext import dumps, loads
from mockserver.catalogue import errors as error_catalogue
from mockserver.faults.reading import read_faults
from mockserver.state.codec import entered, entry_of, plain, read, sent_of, sent_parts, written
from mockserver.state.journal import Entry
from mockserver.state.sent import OnWire, Sent
from mockserver.state.worlds import World
from mockserver.talk.finding import Finding, Severity
from mockserver.talk.reply import Choice, Pace, Raw, Reply, Usage
from mockserver.talk.request import Part, ToolCall

ERRORS = error_catalogue.load()
WORLD = World("sk-test", "sk-...")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(-(2**53), 2**53)
leaves = st.none() | st.booleans() | numbers | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(
    leaves | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(texts | st.sampled_from(["$", "$tuple", "$bytes", "$map"]), inner, max_size=3)
    ),
    max_leaves=12,
)
calls = st.builds(ToolCall, texts, texts, id=texts, chunks=st.lists(texts, max_size=2).map(tuple))
parts = st.builds(Part, st.sampled_from(["image", "file"]), texts)
choices = st.builds(
    Choice,
    content=texts,
    reasoning=texts,
    tool_calls=st.lists(calls, max_size=2).map(tuple),
    logprobs=st.none() | st.lists(st.binary(max_size=5), max_size=2).map(tuple),
    media=st.lists(parts, max_size=2).map(tuple),
)
raws = st.builds(
    Raw,
    status=st.integers(200, 599),
    headers=st.just((("x-a", ("1",)), ("x-b", None))),
    frames=st.lists(texts.map(str.encode), max_size=2).map(tuple),
)
faults = st.sampled_from(
    ["reset-mid-chunk", "Throttling.RateQuota;times=2", "Throttling.RateQuota, InternalError, ok;again"]
).map(lambda text: read_faults(text, ERRORS))
replies = st.builds(
    Reply,
    st.lists(choices, max_size=2).map(tuple),
    usage=st.none() | st.dictionaries(texts, numbers, max_size=2),
    search_info=st.none() | st.dictionaries(texts, leaves, max_size=2),
    chunks=st.none() | st.lists(texts, max_size=3).map(tuple),
    pace=st.none() | st.builds(Pace, st.floats(0, 10)),
    fault=st.none() | faults,
    raw=st.none() | raws,
)
refusals = st.sampled_from(["auth.wrong-key", "throttling.rate-quota"]).map(ERRORS.refuse)
findings = st.builds(Finding, texts, st.sampled_from(Severity), texts, texts, st.none() | refusals)
entries = st.builds(
    Entry,
    texts,
    st.just(WORLD),
    st.just("compat"),
    st.booleans(),
    st.binary(max_size=50),
    st.floats(0, 2e9),
    model=st.none() | texts,
    findings=st.lists(findings, max_size=2).map(tuple),
    reply=st.none() | replies,
    refusal=st.none() | refusals,
    usage=st.none() | st.builds(Usage, st.integers(0, 9), st.integers(0, 9)),
    fault=st.none() | faults.map(lambda found: found.steps[0]),
    headers=st.binary(max_size=30),
)


@given(values)
def test_whatever_json_and_bytes_make_is_read_back(value: Any) -> None:
    assert read(loads(written(value))) == value


@given(entries)
def test_an_exchange_is_read_back(entry: Entry) -> None:
    again, sent = entry_of(*entered(entry), WORLD)
    assert again == entry
    assert again.shown() == entry.shown()
    assert sent is None


pieces = st.binary(max_size=5)
sents = st.builds(
    Sent,
    st.integers(200, 599),
    st.lists(st.tuples(pieces, pieces), max_size=3),
    st.lists(pieces, max_size=3),
    st.lists(st.floats(0, 9), max_size=3),
    st.floats(0, 9),
    st.sampled_from(("end", "close", "reset")),
)


@given(sents)
def test_what_went_out_is_read_back(sent: Sent) -> None:
    made, data = sent_parts(sent)
    assert sent_of(loads(dumps(made)), data) == sent


@given(entries, sents)
def test_an_exchange_is_read_back_with_what_went_out(entry: Entry, sent: Sent) -> None:
    assert entry_of(*entered(entry, sent), WORLD) == (entry, sent)


@given(entries, st.binary(max_size=40), st.integers(0, 2**40))
def test_an_exchange_is_read_back_with_what_left_in_one_piece(entry: Entry, data: bytes, size: int) -> None:
    told, went = entry_of(*entered(entry, OnWire(data, size)), WORLD)
    assert told == entry
    assert isinstance(went, OnWire)
    assert (went.data, went.size) == (data, size)


def test_what_nothing_is_said_of_is_not_written() -> None:
    assert plain(Choice("Oolong.")) == {"$": "Choice", "content": "Oolong."}


@pytest.mark.parametrize("value", [object(), {1, 2}, Exception("x"), World("sk-a")])
def test_nothing_else_is_written(value: Any) -> None:
    with pytest.raises(TypeError, match="is no value of an exchange"):
        plain(value)


def test_no_other_value_is_made_of_what_is_read() -> None:
    with pytest.raises(KeyError):
        read({"$": "World", "key": "sk-a"})


@given(replies, st.builds(Usage, numbers, numbers))
def test_what_is_entered_again_is_written_as_before(reply: Reply, usage: Usage) -> None:
    def one(said: Reply, cost: Usage) -> Entry:
        return Entry("id", WORLD, "compat", False, b"", 0.0, reply=said, usage=cost)

    first, again = (entered(one(reply, usage)) for _ in range(2))
    other = entered(one(Reply((Choice("Other."),)), Usage(1, 1)))
    assert first == again != other
    read_back, _ = entry_of(*again, WORLD)
    assert (read_back.reply, read_back.usage) == (reply, usage)
