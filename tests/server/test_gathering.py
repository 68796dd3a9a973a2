"""What is written in one turn of the loop leaves as one piece."""

import asyncio
from unittest.mock import Mock

from mockserver.server.gathering import GatheringTransport
from mockserver.server.turn import Turn
from tests.server.wires import open_transport


def test_what_is_written_in_one_turn_leaves_as_one_piece() -> None:
    below = open_transport()

    async def write() -> None:
        transport = GatheringTransport(below, Turn())
        transport.write(b"a")
        transport.write(b"b")
        assert not below.write.called
        await asyncio.sleep(0)
        below.write.assert_called_once_with(b"ab")
        transport.flush()
        below.write.assert_called_once()

    asyncio.run(write())


def test_much_is_written_at_once() -> None:
    below = open_transport()

    async def write() -> None:
        transport = GatheringTransport(below, Turn())
        transport.write(b"a" * 70_000)
        below.write.assert_called_once_with(b"a" * 70_000)

    asyncio.run(write())


def test_closing_hands_over_what_is_left_and_aborting_does_not() -> None:
    closed, aborted = open_transport(), open_transport()

    async def write() -> None:
        for below in (closed, aborted):
            transport = GatheringTransport(below, Turn())
            transport.write(b"a")
            (transport.close if below is closed else transport.abort)()
        await asyncio.sleep(0)

    asyncio.run(write())
    assert [call[0] for call in closed.method_calls] == ["is_closing", "write", "close"]
    assert [call[0] for call in aborted.method_calls] == ["abort"]


def test_nothing_is_handed_over_when_the_client_left_within_the_turn() -> None:
    below = open_transport()

    async def write() -> None:
        GatheringTransport(below, Turn()).write(b"a")
        below.is_closing.return_value = True
        await asyncio.sleep(0)

    asyncio.run(write())
    below.write.assert_not_called()


def test_what_is_announced_is_done_once_and_right_before_the_next_bytes() -> None:
    below, begins = open_transport(), Mock()
    below.get_extra_info.return_value = None

    async def write() -> None:
        transport = GatheringTransport(below, Turn())
        transport.begins = begins
        transport.write(b"a")
        begins.assert_not_called()
        begins.side_effect = below.write.assert_not_called
        transport.flush()
        transport.write(b"b")
        transport.flush()
        begins.assert_called_once_with()

    asyncio.run(write())
    assert [call.args for call in below.write.call_args_list] == [(b"a",), (b"b",)]


def test_what_is_next_is_kept_unless_earlier_bytes_are_unsent_or_the_client_left() -> None:
    below = open_transport()

    async def write() -> None:
        transport = GatheringTransport(below, Turn())
        below.get_write_buffer_size.return_value = 0
        assert transport.write_next(b"a")
        below.get_write_buffer_size.return_value = 1
        assert not transport.write_next(b"b")
        below.get_write_buffer_size.return_value = 0
        below.is_closing.return_value = True
        assert not transport.write_next(b"c")
        below.is_closing.return_value = False
        assert transport.write_next(b"d")
        await asyncio.sleep(0)
        below.write.assert_called_once_with(b"ad")

    asyncio.run(write())
