"""The transport under a response: torn chunks, closes and resets."""

import asyncio
import socket
from unittest.mock import Mock

import pytest

from mockserver.server.connection import Connection, first
from mockserver.server.metronome import Metronome


def test_a_chunk_announces_more_than_comes() -> None:
    transport = Mock()
    Connection(transport, Mock(), Metronome()).begin_chunk(b"tea", missing=14)
    transport.write.assert_called_once_with(b"11\r\ntea")


def test_a_close_is_one_of_the_transport() -> None:
    transport = Mock()
    asyncio.run(Connection(transport, Mock(), Metronome()).close())
    transport.close.assert_called_once_with()


@pytest.mark.parametrize(("sizes", "looks"), [([0], 1), ([9, 3, 0], 3), ([9] * 200, 100)])
def test_a_reset_waits_for_what_was_written_but_not_for_ever(sizes: list[int], looks: int) -> None:
    near, far = socket.socketpair()
    transport, wire = Mock(), Mock()
    wire.get_write_buffer_size.side_effect = sizes
    wire.get_extra_info.return_value = near
    with near, far:
        asyncio.run(Connection(transport, wire, Metronome()).reset())
        assert near.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8) == b"\x01\0\0\0\0\0\0\0"
    transport.abort.assert_called_once_with()
    assert wire.get_write_buffer_size.call_count == looks


def test_an_announcement_is_not_for_what_was_written_before() -> None:
    transport, begins = Mock(), Mock()
    transport.flush.side_effect = begins.assert_not_called
    Connection(transport, Mock(), Metronome()).announce(begins)
    transport.flush.assert_called_once_with()
    assert transport.begins is begins
    begins.assert_not_called()


def wire_of(sock: socket.socket, *, tls: bool = False, waiting: int = 0) -> Mock:
    """A transport over a socket."""
    wire = Mock()
    wire.get_extra_info.side_effect = {"socket": sock, "sslcontext": "one" if tls else None}.get
    wire.get_write_buffer_size.return_value = waiting
    return wire


def test_the_first_bytes_leave_right_behind_what_they_announce() -> None:
    near, far = socket.socketpair()
    with near, far:
        far.setblocking(False)

        def begins() -> None:
            with pytest.raises(BlockingIOError):
                far.recv(1)

        assert first(b"tea", wire_of(near), begins) == b""
        assert far.recv(9) == b"tea"


def test_what_does_not_leave_at_once_is_left_to_the_loop() -> None:
    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        data = bytes(10_000_000)
        begins = Mock()
        left = first(data, wire_of(near), begins)
        assert 0 < len(left) < len(data)
        assert first(b"more", wire_of(near), begins) == b"more"
        far.close()
        assert first(b"to nobody", wire_of(near), begins) == b"to nobody"
    assert begins.call_count == 3


@pytest.mark.parametrize("how", [{"tls": True}, {"waiting": 5}])
def test_what_has_to_wait_its_turn_is_left_to_the_loop(how: dict[str, int]) -> None:
    near, far = socket.socketpair()
    with near, far:
        far.setblocking(False)
        begins = Mock()
        assert first(b"tea", wire_of(near, **how), begins) == b"tea"  # type: ignore[arg-type]
        begins.assert_called_once_with()
        with pytest.raises(BlockingIOError):
            far.recv(1)


def test_where_there_is_no_socket_all_is_left_to_the_loop() -> None:
    wire, begins = Mock(), Mock()
    wire.get_extra_info.return_value = None
    assert first(b"tea", wire, begins) == b"tea"
    begins.assert_called_once_with()


def test_pieces_are_written_as_each_is_due_until_they_are_stopped() -> None:
    transport, ended = Mock(), Mock()

    async def run() -> int:
        loop = asyncio.get_running_loop()
        connection = Connection(transport, Mock(), Metronome())
        piece = connection.play([b"a", b"b", b"c"], [0.0, 0.0, 3600.0], loop.time(), ended)
        connection.stop(piece)
        return piece.at

    assert asyncio.run(run()) == 2
    transport.write_next.assert_called_once_with(b"ab")
    ended.assert_not_called()
