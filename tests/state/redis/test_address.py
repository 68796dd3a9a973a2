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
        ("unix:///run/redis/a%20b.sock", Address(path="/run/redis/a b.sock")),
        (
            "unix://me:pass@/run/r.sock?db=3&prefix=ci-7",
            Address(path="/run/r.sock", database=3, user="me", password="pass", prefix="ci-7"),
        ),
        ("redis://me:pass@h?prefix=ci-7", Address(host="h", user="me", password="pass", prefix="ci-7")),
    ],
)
def test_an_address_is_read(url: str, address: Address) -> None:
    assert read_address(url) == address


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://h", "the state's scheme is 'http': it must be one of redis, rediss, valkey, valkeys, unix"),
        ("localhost:6379", "the state's scheme is 'localhost'"),
        ("redis://", "names no host: write redis://HOST:PORT"),
        ("redis://h:port", "cannot be read"),
        ("redis://h:99999", "cannot be read"),
        ("redis://h/zero", "the state's database is 'zero': it must be a number"),
        ("redis://h?timeout=3", "no option 'timeout'; the nearest is"),
        ("unix://run/r.sock", "socket is 'run/r.sock': it must begin with /, as in unix:///run/redis.sock"),
        ("unix://", "socket is '': it must begin with /"),
        ("unix:///", "socket is '/': it must begin with /"),
        ("unix:///r.sock?db=x", "database is 'x': it must be a number, as in unix:///run/redis.sock?db=0"),
        ("unix:///r.sock?ca=a", "no option 'ca'; the nearest is"),
        ("redis://h?db=1", "no option 'db'; the nearest is"),
        ("unx:///r.sock", "the nearest is unix:///PATH"),
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
    assert str(read_address("unix://me:secret@/run/r.sock?db=2")) == "/run/r.sock/2"
