"""A head that came before is known again, and a request with it is answered as if its head were new."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.corridor.heads import Head, Heads
from mockserver.meter.tokenizer import Tokenizer
from mockserver.server.transport import Protocol
from mockserver.wire.incoming import RequestHeaders
from tests.server.test_direct import ASKED, TEA, both, compat
from tests.server.wires import app_of, connected, heard, quiet

NAMES = [
    "chat",
    "stream",
    "native stream",
    "refused",
    "no key",
    "last one",
    "old",
    "may I",
    "offer",
    "packed",
    "in chunks",
    "other method",
    "elsewhere",
    "torn",
    "no http",
]
HEAD = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n"


def head(*, length: int = 3) -> Head:
    return Head(b"/", RequestHeaders([(b"content-length", b"3")]), {"path": "/"}, length)


def known(*, most: int = 10) -> Heads:
    heads = Heads(most=most)
    for _ in range(2):
        heads.keep(HEAD + b"tea", head())
    return heads


def test_a_head_is_kept_from_the_second_time_on() -> None:
    heads = Heads()
    for count in (0, 1, 1):
        heads.keep(HEAD + b"tea", head())
        assert len(heads) == count
    found = heads.find(HEAD + b"pot")
    assert found is not None
    assert found[1] == b"pot"
    assert found[0].headers["content-length"] == "3"


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"te",
        HEAD + b"teas",
        HEAD + b"tea" + HEAD + b"tea",
        b"\r\n" + HEAD + b"tea",
        HEAD[:-1] + b"tea",
        HEAD.replace(b"/", b"/tea", 1) + b"tea",
        b"tea",
        b"",
    ],
)
def test_what_is_no_request_by_itself_is_not_found(data: bytes) -> None:
    assert known().find(data) is None


def test_a_request_that_came_with_more_tells_nothing() -> None:
    heads = Heads()
    for _ in range(3):
        heads.keep(HEAD + b"tea" + HEAD, head())
    assert len(heads) == 0


def test_the_head_that_rested_longest_goes_first() -> None:
    heads = known(most=1)
    other = HEAD.replace(b"/", b"/pot", 1) + b"pot"
    for _ in range(2):
        heads.keep(other, head())
    assert heads.find(HEAD + b"tea") is None
    assert heads.find(other) is not None


@pytest.mark.parametrize("name", ["chat", "stream", "native", "refused", "no key"])
def test_the_parser_reads_a_head_twice(
    name: str, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[bytes] = []
    begins = Protocol.on_message_begin

    def counts(line: Protocol) -> None:
        begun.append(b"")
        begins(line)

    monkeypatch.setattr(Protocol, "on_message_begin", counts)
    wire = heard(app_of(tokenizer), *[ASKED[name]] * 5)
    assert len(begun) == 2
    assert b"".join(wire.written).count(b"HTTP/1.1 ") == 5


@pytest.mark.parametrize("name", ["may I", "offer", "in chunks", "old"])
def test_a_head_that_asks_for_more_than_its_body_is_read_each_time(
    name: str, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[object] = []
    find = Heads.find

    def finds(heads: Heads, data: bytes) -> object:
        found.append(find(heads, data))
        return found[-1]

    monkeypatch.setattr(Heads, "find", finds)
    heard(app_of(tokenizer), *[ASKED[name]] * 4)
    assert set(found) == {None}


@settings(max_examples=60)
@given(names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=3), data=st.data())
def test_heads_that_came_before_change_no_byte(
    tokenizer: Tokenizer, names: list[str], data: st.DataObject
) -> None:
    said = data.draw(st.lists(st.sampled_from(names), min_size=3, max_size=10), label="said")
    cut = data.draw(st.integers(0, 2_000), label="cut")
    pieces = [ASKED[name] for name in said]
    last = pieces.pop()
    direct, long = both(tokenizer, *pieces, *filter(None, (last[:cut], last[cut:])))
    assert b"".join(direct.written) == b"".join(long.written)
    assert direct.closed == long.closed


def test_bodies_of_one_length_share_a_head(tokenizer: Tokenizer) -> None:
    bodies = [compat([*TEA, {"role": "user", "content": f"Cup {number}."}]) for number in range(5)]
    direct, long = both(tokenizer, *bodies)
    assert direct.written == long.written


def test_what_comes_behind_a_known_head_waits_its_turn(tokenizer: Tokenizer) -> None:
    async def turns() -> list[int]:
        (wire,) = connected(app_of(tokenizer))
        for _ in range(2):
            wire.line.data_received(ASKED["chat"])
            await asyncio.sleep(0)
        for name in ("chat", "stream", "chat"):
            wire.line.data_received(ASKED[name])
        seen = []
        for _ in range(4):
            seen.append(len(wire.written))
            await asyncio.sleep(0)
        wire.line.connection_lost(None)
        return seen

    assert asyncio.run(turns()) == [2, 3, 4, 5]


@pytest.mark.parametrize("name", ["elsewhere", "nowhere", "long", "torn"])
def test_what_goes_the_long_way_has_its_head_and_body_there_too(name: str, tokenizer: Tokenizer) -> None:
    async def said(*, direct: bool) -> list[bytes]:
        (wire,) = connected(app_of(tokenizer), direct=direct)
        for _ in range(4):
            if not wire.closed:
                wire.line.data_received(ASKED[name])
            await quiet(wire.line)
        wire.line.connection_lost(None)
        return wire.written

    assert b"".join(asyncio.run(said(direct=True))) == b"".join(asyncio.run(said(direct=False)))
