"""The transport under a response: torn chunks, closes and resets."""

import asyncio
import socket
from unittest.mock import Mock

import pytest

from mockserver.server.connection import Connection


def test_a_chunk_announces_more_than_comes() -> None:
    transport = Mock()
    Connection(transport, Mock()).begin_chunk(b"tea", missing=14)
    transport.write.assert_called_once_with(b"11\r\ntea")


def test_a_close_is_one_of_the_transport() -> None:
    transport = Mock()
    asyncio.run(Connection(transport, Mock()).close())
    transport.close.assert_called_once_with()


@pytest.mark.parametrize(("sizes", "looks"), [([0], 1), ([9, 3, 0], 3), ([9] * 200, 100)])
def test_a_reset_waits_for_what_was_written_but_not_for_ever(sizes: list[int], looks: int) -> None:
    near, far = socket.socketpair()
    transport, wire = Mock(), Mock()
    wire.get_write_buffer_size.side_effect = sizes
    wire.get_extra_info.return_value = near
    with near, far:
        asyncio.run(Connection(transport, wire).reset())
        assert near.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8) == b"\x01\0\0\0\0\0\0\0"
    transport.abort.assert_called_once_with()
    assert wire.get_write_buffer_size.call_count == looks
