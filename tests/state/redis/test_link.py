"""The way to Redis: questions in one piece, answers in order, and an engine that goes and comes back."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from redis import Redis

from mockserver.state.ports import GoneError, StateError
from mockserver.state.redis import link as links
from mockserver.state.redis.address import Address, read_address
from mockserver.state.redis.link import Link
from tests.state.engines import Engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine of these tests alone: they stop it."""
    with Engine(tmp_path_factory.mktemp("redis")) as server:
        yield server


def linked(url: str, ask: Callable[[Link], Awaitable[Any]], *, deadline: float = 20.0) -> Any:
    """What asking by a link of its own comes to."""

    async def asked() -> Any:
        link = Link(read_address(url), deadline=deadline)
        try:
            return await ask(link)
        finally:
            await link.close()

    return asyncio.run(asked())


def counts(link: Link, world: str, *names: str) -> list["asyncio.Future[Any]"]:
    """One question for each name."""
    return [link.post("count", 60, "me", 1, world, name, -1) for name in names]


def test_questions_are_answered_in_their_order(engine: Engine) -> None:
    async def ask(link: Link) -> list[Any]:
        return await asyncio.gather(*counts(link, "order", *"aabab"))

    assert linked(engine.url, ask) == [[0, 0], [0, 1], [0, 0], [0, 2], [0, 1]]


def test_more_than_a_piece_is_asked_in_pieces(engine: Engine) -> None:
    async def ask(link: Link) -> list[Any]:
        return await asyncio.gather(*counts(link, "many", *["x"] * 1201))

    assert [used for _, used in linked(engine.url, ask)] == list(range(1201))


def test_who_asks_the_same_before_it_is_sent_shares_the_answer(engine: Engine) -> None:
    async def ask(link: Link) -> Any:
        first, second = await asyncio.gather(
            link.join("current", lambda: "a", "-", "0", "2"), link.join("current", lambda: "b", "-", "0", "2")
        )
        return first, second, await link.join("current", lambda: "c", "-", "0", "2")

    first, second, later = linked(f"{engine.url}?prefix=join", ask)
    assert first is second
    assert first == later == [b"a", b"0"]


MOST, BYTES = 1000, 1024 * 1024


def entered(link: Link, text: bytes, *, most: int = MOST, bytes_: int = BYTES, more: str = "") -> Any:
    """One entry of a journal, entered together with all that come with it."""
    head = (60, "me", "journal", most, bytes_, "run", "0")
    given = ("entered", "sk-a", text, b"body", "", "", "", "", "qwen-plus", "1 20 9 0 0", more)
    return link.gather("enter", head, *given, size=len(text))


async def journal(link: Link) -> list[bytes]:
    """The payloads of what is in it."""
    _, found = await link.ask("journal", "journal", "0", 1000)
    return [fields[7] for _, fields in found]


def test_what_is_asked_together_is_one_question_with_an_answer_for_each(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[int] = []
    settled = Link._settle

    def counted(link: Link, answers: Any) -> None:
        said.append(len(answers))
        settled(link, answers)

    monkeypatch.setattr(Link, "_settle", counted)

    async def ask(link: Link) -> Any:
        numbers = await asyncio.gather(*[entered(link, b"%d" % at) for at in range(250)])
        return numbers, await journal(link)

    numbers, found = linked(f"{engine.url}?prefix=gather", ask)
    assert numbers == list(range(1, 251))
    assert found == [b"%d" % at for at in range(250)]
    assert said == [3, 1], "a hundred each"


def test_what_is_large_is_asked_by_itself(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "_PARTS_BYTES", 10)
    asked: list[int] = []
    put = Link._put

    def noted(link: Link, question: Any) -> None:
        asked.append(len(question.parts))
        put(link, question)

    monkeypatch.setattr(Link, "_put", noted)

    async def ask(link: Link) -> Any:
        return await asyncio.gather(*[entered(link, b"x" * 20) for _ in range(3)])

    assert linked(f"{engine.url}?prefix=large", ask) == [1, 2, 3]
    assert asked == [1, 1, 1]


def test_what_holds_for_another_version_is_not_entered_and_what_comes_with_it_is(engine: Engine) -> None:
    async def ask(link: Link) -> Any:
        asked = [entered(link, b"a"), entered(link, b"b", more="1"), entered(link, b"c")]
        return await asyncio.gather(*asked), await journal(link)

    assert linked(f"{engine.url}?prefix=old", ask) == ([1, -1, 2], [b"a", b"c"])


def test_a_journal_has_so_many_bytes_at_most(engine: Engine) -> None:
    async def ask(link: Link) -> Any:
        for name in b"abcde":
            await entered(link, bytes([name]) * 16, bytes_=60)
        kept = await journal(link)
        await asyncio.gather(*[entered(link, b"f" * 100, bytes_=60) for _ in range(3)])
        return kept, await journal(link)

    kept, last = linked(f"{engine.url}?prefix=bytes", ask)
    assert kept == [b"c" * 16, b"d" * 16, b"e" * 16], "twenty bytes each"
    assert last == [b"f" * 100], "the last one stays, whatever its size"


@pytest.mark.parametrize("most", [1, 3])
def test_a_journal_keeps_so_many_of_what_is_entered_together(engine: Engine, most: int) -> None:
    async def ask(link: Link) -> Any:
        await asyncio.gather(*[entered(link, b"%d" % at, most=most) for at in range(5)])
        return await journal(link)

    assert linked(f"{engine.url}?prefix=most-{most}", ask) == [b"0", b"1", b"2", b"3", b"4"][-most:]


def test_what_waits_for_too_many_is_gone_and_so_is_what_would_come_with_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "_WAITING", 1)

    async def ask(link: Link) -> Any:
        first = link.post("count", 60, "me", 1, "waits", "x", -1)
        for _ in range(2):
            with pytest.raises(GoneError, match="too many"):
                await entered(link, b"a")
        return await first, await entered(link, b"b")

    assert linked(f"{engine.url}?prefix=waits", ask) == ([0, 0], 1)


def test_a_prefix_has_its_own_counts(engine: Engine) -> None:
    async def ask(link: Link) -> Any:
        return await link.ask("count", 60, "me", 1, "own", "x", -1)

    assert linked(f"{engine.url}?prefix=one", ask) == linked(f"{engine.url}?prefix=two", ask) == [0, 0]


def test_an_engine_that_was_emptied_is_told_the_scripts_again(engine: Engine) -> None:
    async def ask(link: Link) -> Any:
        before = await link.ask("count", 60, "me", 1, "flushed", "x", -1)
        with Redis(port=engine.port) as other:
            other.script_flush()
        return before, await link.ask("count", 60, "me", 1, "flushed", "x", -1)

    assert linked(engine.url, ask) == ([0, 0], [0, 1])


def test_an_engine_that_says_no_is_gone_for_who_asked(engine: Engine) -> None:
    async def ask(link: Link) -> Any:
        with pytest.raises(GoneError, match=r"(?i)integer|number|nil"):
            await link.ask("count", 60, "me", 1, "bad", "x", "no number")
        return await link.ask("count", 60, "me", 1, "bad", "x", -1)

    assert linked(engine.url, ask) == [0, 0]


def test_an_engine_that_dies_is_gone_and_back_without_more(engine: Engine) -> None:
    async def ask(link: Link) -> Any:
        await link.ask("count", 60, "me", 1, "dies", "x", -1)
        engine.kill()
        for _ in range(2):
            with pytest.raises(GoneError):
                await link.ask("count", 60, "me", 1, "dies", "x", -1)
        engine.begin()
        return await link.ask("count", 60, "me", 1, "dies", "x", -1)

    assert linked(engine.url, ask) == [0, 0]


def test_an_engine_that_came_back_while_nobody_asked_is_just_asked(engine: Engine) -> None:
    async def ask(link: Link) -> Any:
        await link.ask("count", 60, "me", 1, "idle", "x", -1)
        engine.kill()
        engine.begin()
        return await link.ask("count", 60, "me", 1, "idle", "x", -1)

    assert linked(engine.url, ask) == [0, 0]


def test_an_engine_that_does_nothing_is_gone_in_time(engine: Engine) -> None:
    async def ask(link: Link) -> Any:
        engine.hold()
        try:
            with pytest.raises(GoneError, match="did not answer in time"):
                await link.ask("count", 60, "me", 1, "held", "x", -1)
        finally:
            engine.go_on()

    linked(engine.url, ask, deadline=0.2)


def test_an_engine_that_answered_and_then_does_nothing_is_gone_in_time_and_comes_back(engine: Engine) -> None:
    async def ask(link: Link) -> Any:
        # The second one is due later than the first, whose timer looks for both.
        assert await asyncio.gather(*counts(link, "stops", "a")) == [[0, 0]]
        assert await asyncio.gather(*counts(link, "stops", "a")) == [[0, 1]]
        engine.hold()
        try:
            asked = counts(link, "stops", *"ab")
            for each in asked:
                with pytest.raises(GoneError, match="did not answer in time"):
                    await each
        finally:
            engine.go_on()
        return await link.ask("count", 60, "me", 1, "stops", "b", -1)

    assert linked(engine.url, ask, deadline=0.3)[1] in (0, 1), "what was asked too late may still be counted"


def test_who_asks_while_an_engine_is_silent_waits_for_that_silence_and_no_other(engine: Engine) -> None:
    async def ask(link: Link) -> Any:
        await link.ask("count", 60, "me", 1, "silent", "x", -1)
        engine.hold()
        try:
            first = link.post("count", 60, "me", 1, "silent", "x", -1)
            await asyncio.wait([first], timeout=0.1)
            later = [*counts(link, "silent", "x"), entered(link, b"a")]
            for asked in (first, *later):
                with pytest.raises(GoneError, match="did not answer in time"):
                    await asked
                assert all(each.done() for each in later), "at once"
        finally:
            engine.go_on()

    linked(engine.url, ask, deadline=0.5)


def test_too_many_questions_do_not_wait(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "_WAITING", 2)

    async def ask(link: Link) -> Any:
        return await asyncio.gather(*counts(link, "full", *"abc"), return_exceptions=True)

    first, second, third = linked(engine.url, ask)
    assert (first, second) == ([0, 0], [0, 0])
    assert isinstance(third, GoneError)


def test_who_ends_leaves_nobody_waiting(engine: Engine) -> None:
    async def ask(link: Link) -> Any:
        engine.hold()
        try:
            asked = link.post("count", 60, "me", 1, "ends", "x", -1)
            for _ in range(3):
                await asyncio.sleep(0)
            assert link._aside is not None, "it connects"
            link._aside.cancel()
            with pytest.raises(GoneError, match="this server ends"):
                await asked
        finally:
            engine.go_on()

    linked(engine.url, ask)


def checked(address: Address, *, deadline: float = 20.0) -> str:
    """Why an address cannot be used; empty when it can."""

    async def check() -> None:
        await Link(address, deadline=deadline).check()

    try:
        asyncio.run(check())
    except StateError as error:
        return str(error)
    return ""


def test_a_good_engine_passes_the_check(engine: Engine) -> None:
    assert checked(read_address(engine.url)) == ""


def test_what_cannot_be_used_is_told_in_one_line(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    good = read_address(engine.url)
    assert "Connect call failed" in checked(replace(good, port=1))
    assert "invalid username-password" in checked(replace(good, user="me", password="no"))
    assert "DB index is out of range" in checked(replace(good, database=9999))
    monkeypatch.setattr(links, "LEAST", (99, 0))
    assert "it must be 99.0 or later" in checked(good)


def test_an_engine_that_wants_a_password_says_so(tmp_path: Path) -> None:
    with Engine(tmp_path, "--requirepass", "secret") as engine:
        good = read_address(f"redis://:secret@127.0.0.1:{engine.port}")
        assert checked(good) == ""
        assert "uthentication required" in checked(replace(good, password=None))
        told = checked(replace(good, password="wrong-one"))
        assert "check address, user and password" in told
        assert "wrong-one" not in told
        assert "\n" not in told


def test_an_engine_that_does_nothing_fails_the_check(engine: Engine) -> None:
    engine.hold()
    try:
        assert "it did not answer in time" in checked(read_address(engine.url), deadline=0.2)
    finally:
        engine.go_on()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Engine]:
    """An engine whose settings a test changes."""
    with Engine(tmp_path) as server:
        yield server


def full(client: Redis) -> None:
    client.config_set("maxmemory", 1)


def replica(client: Redis) -> None:
    client.replicaof("127.0.0.1", 1)


@pytest.mark.parametrize(
    ("spoil", "told"), [(full, "its memory is full"), (replica, "it is a replica, which does not write")]
)
def test_an_engine_that_does_not_write_says_why_at_the_start_and_later(
    own: Engine, spoil: Callable[[Redis], None], told: str
) -> None:
    async def ask(link: Link) -> str:
        await asyncio.gather(*counts(link, "spoiled", "a"))
        with Redis(port=own.port) as client:
            spoil(client)
            with pytest.raises(GoneError) as gone:
                await asyncio.gather(*counts(link, "spoiled", "a"))
            client.config_set("maxmemory", 0)
            client.replicaof("NO", "ONE")
        assert await asyncio.gather(*counts(link, "spoiled", "a")) == [[0, 1]]
        return str(gone.value)

    assert told in linked(own.url, ask)
    with Redis(port=own.port) as client:
        spoil(client)
    refused = checked(read_address(own.url))
    assert told in refused
    assert "\n" not in refused


def test_an_engine_that_was_flushed_is_a_new_one(own: Engine) -> None:
    async def ask(link: Link) -> Any:
        await asyncio.gather(*counts(link, "flushed", "a"))
        with Redis(port=own.port) as client:
            client.flushall()
        return await asyncio.gather(*counts(link, "flushed", "a"))

    assert linked(own.url, ask) == [[0, 0]]


def test_a_user_that_may_not_write_here_is_told_what_it_needs(own: Engine) -> None:
    with Redis(port=own.port) as client:
        client.execute_command("ACL", "SETUSER", "tea", "on", ">pot", "~tea*", "+@all")
        client.execute_command("ACL", "SETUSER", "guest", "on", ">pot", "~*", "+@all", "-set", "-hincrby")
    good = replace(read_address(own.url), user="tea", password="pot", prefix="tea")
    assert checked(good) == ""
    assert "needs all commands on the keys that begin with the prefix" in checked(
        replace(good, prefix="milk")
    )
    # Redis and Valkey have words of their own for this.
    assert "command" in checked(replace(good, user="guest"))


def test_servers_that_write_otherwise_do_not_begin_beside_each_other(own: Engine) -> None:
    address = read_address(f"{own.url}?prefix=versions")

    async def begins(link: Link) -> None:
        await link.join("current", lambda: "run", "-", "0", links.FORMAT)

    linked(f"{own.url}?prefix=versions", begins)
    assert checked(address) == ""
    with Redis(port=own.port) as client:
        client.hset("versions:meta", "format", "99")
        later = checked(address)
        client.hdel("versions:meta", "format")  # as the first ones left it
        for told in (later, checked(address)):
            assert "is written by another version of this server" in told
            assert "another prefix" in told
    assert checked(replace(address, prefix="other")) == ""


def test_an_engine_is_spoken_to_by_tls(tmp_path: Path) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    paths = {name: tmp_path / f"{name}.pem" for name in ("key", "cert", "ca", "stranger")}
    issued.private_key_pem.write_to_path(paths["key"])
    issued.cert_chain_pems[0].write_to_path(paths["cert"])
    authority.cert_pem.write_to_path(paths["ca"])
    stranger.cert_pem.write_to_path(paths["stranger"])
    options = ["--tls-cert-file", str(paths["cert"]), "--tls-key-file", str(paths["key"])]
    options += ["--tls-ca-cert-file", str(paths["ca"]), "--tls-auth-clients", "no"]
    with Engine(tmp_path, "--tls-port", str(tls := free()), *options):
        url = f"rediss://localhost:{tls}"
        assert checked(read_address(f"{url}?ca={paths['ca']}")) == ""
        assert "ertificate verify failed" in checked(read_address(f"{url}?ca={paths['stranger']}"))
        assert checked(read_address(url)) != ""

        async def ask(link: Link) -> Any:
            return await asyncio.gather(*counts(link, "tls", "a"))

        assert linked(f"{url}?ca={paths['ca']}", ask) == [[0, 0]]


def test_an_engine_is_spoken_to_by_a_socket_of_this_host(tmp_path: Path) -> None:
    path = tmp_path / "r.sock"
    with Engine(tmp_path, "--unixsocket", str(path), "--unixsocketperm", "700", "--requirepass", "pot"):
        url = f"unix://:pot@{path}?db=2&prefix=tea"
        assert checked(read_address(url)) == ""
        assert "uthentication required" in checked(read_address(f"unix://{path}"))

        async def ask(link: Link) -> Any:
            return await asyncio.gather(*counts(link, "unix", "a", "a"))

        assert linked(url, ask) == [[0, 0], [0, 1]]
    assert f"{path}/0 cannot be used" in checked(read_address(f"unix://{path}"))


def test_an_engine_that_still_reads_what_it_had_says_so_and_is_asked_when_it_has(tmp_path: Path) -> None:
    """For the tests of others it can take its time with each key, and does what it is told in between."""
    slow = ("--key-load-delay", "50000", "--loading-process-events-interval-bytes", "1024")
    with Engine(tmp_path, *slow, "--rdbcompression", "no") as engine:
        with Redis(port=engine.port) as client:
            client.mset({f"key-{number}": "v" * 2000 for number in range(2000)})
            client.save()
        engine.kill()
        engine.begin()
        told = checked(read_address(engine.url))
        assert "it still reads what it had on its disk" in told
        assert "\n" not in told

        async def ask(link: Link) -> Any:
            with pytest.raises(GoneError, match="it still reads what it had on its disk"):
                await link.ask("count", 60, "me", 1, "loading", "x", -1)
            with Redis(port=engine.port) as client:
                client.config_set("key-load-delay", 0)
                while client.info("persistence")["loading"]:
                    pass
            return await link.ask("count", 60, "me", 1, "loading", "x", -1)

        assert linked(engine.url, ask) == [0, 0]
        assert checked(read_address(engine.url)) == ""


def free() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
