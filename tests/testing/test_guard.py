"""The guard of tests: which hosts and keys are real, and that what is stopped is put back afterwards."""

import asyncio
import socket
import threading

import pytest

from mockserver.testing.guard import REAL_HOST, REAL_KEY, Guard, RealServiceError, guarding, unguarded


@pytest.mark.parametrize(
    "host",
    [
        "dashscope.aliyuncs.com",
        "dashscope-intl.aliyuncs.com",
        "dashscope-us.aliyuncs.com",
        "DashScope.Aliyuncs.com.",
        "llm-abc123.cn-beijing.maas.aliyuncs.com",
        "coding-intl.dashscope.aliyuncs.com",
        "token-plan.ap-southeast-1.maas.aliyuncs.com",
    ],
)
def test_a_host_of_the_service_is_known(host: str) -> None:
    assert REAL_HOST.search(host)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "aliyuncs.com", "oss.aliyuncs.com", "dashscope.aliyuncs.com.evil.org"]
)
def test_another_host_is_none_of_our_business(host: str) -> None:
    assert not REAL_HOST.search(host)


@pytest.mark.parametrize(
    "key",
    [
        b"sk-" + b"0123456789abcdef" * 2,
        b"sk-" + b"aB3" * 16,
        b"sk-proj-" + b"x_" * 12,
        b"sk-sp-" + b"aB3" * 8,
        b"sk-ant-api03-" + b"x_" * 12,
    ],
)
def test_a_key_that_looks_real_is_known(key: bytes) -> None:
    assert REAL_KEY.search(b"Authorization: Bearer " + key + b"\r\n")


@pytest.mark.parametrize(
    "key", [b"sk-test", b"sk-test-0123456789ab", b"sk-mockserver", b"sk-mock-429", b"sk-xxxx"]
)
def test_a_key_that_a_test_makes_up_is_let_out(key: bytes) -> None:
    assert not REAL_KEY.search(b"Authorization: Bearer " + key + b"\r\n")


def test_a_host_is_stopped_however_it_is_looked_up() -> None:
    async def connect() -> None:
        await asyncio.open_connection("dashscope.aliyuncs.com", 443)

    with guarding() as guard:
        with pytest.raises(RealServiceError, match="point the client at the mock"):
            socket.getaddrinfo("dashscope.aliyuncs.com", 443)
        with pytest.raises(RealServiceError):
            socket.getaddrinfo(b"dashscope.aliyuncs.com", 443)
        with pytest.raises(RealServiceError):
            asyncio.run(connect())
        with socket.socket() as sock, pytest.raises(RealServiceError):
            sock.connect(("dashscope.aliyuncs.com", 443))
        assert socket.getaddrinfo("127.0.0.1", 80)
        assert socket.getaddrinfo(None, 80)
    assert len(guard.stopped) == 4


def test_a_key_is_stopped_however_it_is_sent() -> None:
    real = b"sk-" + b"0123456789abcdef" * 2
    with guarding() as guard:
        for name in ("send", "sendall"):
            left, right = socket.socketpair()
            with left, right:
                with pytest.raises(RealServiceError, match="a key that looks real") as caught:
                    getattr(left, name)(b"Bearer " + real)
                assert right.recv(100) == b""
            assert real.decode() not in str(caught.value)
    assert len(guard.stopped) == 2


def test_what_holds_no_real_key_is_sent() -> None:
    left, right = socket.socketpair()
    with left, right, guarding() as guard:
        left.sendall(memoryview(b"Bearer sk-test"))
        assert left.send(b"!") == 1
        assert right.recv(100) == b"Bearer sk-test!"
    assert guard.stopped == []


def test_all_is_put_back() -> None:
    before = socket.getaddrinfo, socket.socket.connect, socket.socket.send, dict(vars(socket.socket))
    with guarding():
        assert socket.getaddrinfo is not before[0]
    assert (
        socket.getaddrinfo,
        socket.socket.connect,
        socket.socket.send,
        dict(vars(socket.socket)),
    ) == before


def test_a_thread_that_is_freed_may_do_what_no_other_may() -> None:
    key = b"sk-" + b"0123456789abcdef" * 2
    heard: list[bytes] = []

    def free(guard: Guard, sender: socket.socket) -> None:
        unguarded()
        guard.host("dashscope.aliyuncs.com")
        sender.sendall(key)
        heard.append(key)

    near, far = socket.socketpair()
    with near, far, guarding() as guard:
        thread = threading.Thread(target=free, args=(guard, near))
        thread.start()
        thread.join()
        assert far.recv(100) == key
        assert heard == [key]
        assert guard.stopped == []
        with pytest.raises(RealServiceError):
            guard.host("dashscope.aliyuncs.com")
        with pytest.raises(RealServiceError):
            near.sendall(key)
