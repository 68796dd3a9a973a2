"""The URL of a shared state: read, or refused in one line that says how to write it."""

import pytest

from mockserver.state.ports import StateError
from mockserver.state.redis.address import Address, read_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://localhost", Address(host="localhost")),
        ("valkey://[::1]:7000/3", Address(host="::1", port=7000, database=3)),
        ("rediss://h?ca=/a.pem", Address(host="h", tls=True, ca="/a.pem")),
        ("valkeys://h", Address(host="h", tls=True)),
        ("redis://:p%40ss@h", Address(host="h", password="p@ss")),
        ("redis://me:pass@h?prefix=ci-7", Address(host="h", user="me", password="pass", prefix="ci-7")),
    ],
)
def test_an_address_is_read(url: str, address: Address) -> None:
    assert read_address(url) == address


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://h", "the state's scheme is 'http': it must be one of redis, rediss, valkey, valkeys"),
        ("localhost:6379", "the state's scheme is 'localhost'"),
        ("redis://", "names no host: write redis://HOST:PORT"),
        ("redis://h:port", "cannot be read"),
        ("redis://h:99999", "cannot be read"),
        ("redis://h/zero", "the state's database is 'zero': it must be a number"),
        ("redis://h?timeout=3", "no option 'timeout'; the nearest is"),
        ("redis://h?prefix=", "the state's prefix has 0 characters"),
    ],
)
def test_what_is_no_address_is_refused(url: str, told: str) -> None:
    with pytest.raises(StateError) as refused:
        read_address(url)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_address_is_told_without_its_password() -> None:
    address = read_address("redis://me:secret@h:7000/3")
    assert str(address) == "h:7000/3"
    assert "secret" not in repr(address)
    assert str(read_address("redis://[::1]")) == "[::1]:6379/0"
