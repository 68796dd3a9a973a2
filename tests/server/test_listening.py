"""Where a server listens, before there is one."""

import errno
import socket
from unittest.mock import Mock

import pytest

from mockserver.corridor.settings import Settings
from mockserver.server.listening import PortTakenError, bind, listen, listen_many, url_of


def test_a_free_port_is_taken_and_its_url_told() -> None:
    with bind("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
        assert port > 0
        assert url_of(sock) == f"http://127.0.0.1:{port}"


def test_a_taken_port_says_what_to_do() -> None:
    with bind("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
        with pytest.raises(PortTakenError) as caught:
            bind("127.0.0.1", port)
    assert f"cannot listen on 127.0.0.1:{port}: " in str(caught.value)
    assert "take a free port with --port 0" in str(caught.value)


def test_a_host_that_there_is_not_says_so() -> None:
    with pytest.raises(
        PortTakenError, match=r"cannot listen on 192\.0\.2\.1:0: .+; --host is an address of "
    ):
        bind("192.0.2.1", 0)


def test_a_name_that_leads_nowhere_is_no_matter_of_ports() -> None:
    with pytest.raises(
        PortTakenError, match=r"cannot listen on nope\.invalid:8000: .+; --host is an address"
    ):
        bind("nope.invalid", 8000)


def test_a_port_of_the_system_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = Mock(spec=socket.socket)
    refusing.bind.side_effect = PermissionError(errno.EACCES, "Permission denied")
    monkeypatch.setattr(socket, "socket", lambda *_: refusing)
    with pytest.raises(PortTakenError, match=r"127\.0\.0\.1:80: Permission denied; take a port above 1023"):
        bind("127.0.0.1", 80)
    refusing.close.assert_called_once()


@pytest.mark.parametrize("host", ["::1", "::"])
def test_ipv6_hosts_stand_in_brackets(host: str) -> None:
    sock = Mock(spec=socket.socket)
    sock.getsockname.return_value = (host, 8123, 0, 0)
    assert url_of(sock) == "http://[::1]:8123"


def test_every_address_is_told_as_the_loopback() -> None:
    with bind("0.0.0.0", 0) as sock:  # noqa: S104
        assert url_of(sock) == f"http://127.0.0.1:{sock.getsockname()[1]}"


def test_who_comes_before_the_server_waits_for_it() -> None:
    with listen(Settings(port=0)) as sock, socket.create_connection(sock.getsockname()) as early:
        early.sendall(b"Is it open?")
        taken, _ = sock.accept()
        with taken:
            assert taken.recv(100) == b"Is it open?"


def test_many_sockets_listen_at_one_address() -> None:
    sockets = listen_many(Settings(port=0), 3)
    try:
        assert len({each.getsockname() for each in sockets}) == 1
        with pytest.raises(PortTakenError):
            listen_many(Settings(port=sockets[0].getsockname()[1]), 2)
    finally:
        for each in sockets:
            each.close()
