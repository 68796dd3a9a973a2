"""The server of a process on which the cassettes of tests are played and recorded."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.recorder.upstream import UpstreamError
from mockserver.recording import cassette
from mockserver.recording.cassette import CassetteError
from mockserver.testing.deck import Deck, cassette_of, never_asked
from tests.recording.exchanges import asked, compat_body, dumped, interaction
from tests.recording.upstreams import PATIENCE, RawUpstream, raw_upstream


@pytest.fixture
def replayer() -> Iterator[Deck]:
    deck = Deck().start()
    yield deck
    deck.stop()


@pytest.fixture
def cloud() -> Iterator[RawUpstream]:
    body = dumped(compat_body())
    with raw_upstream() as running:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
        running.sends = [head, body]
        yield running


def post(deck: Deck, path: str, body: Any) -> httpx.Response:
    headers = {"authorization": "Bearer sk-test"}
    return httpx.post(f"{deck.url}{path}", json=body, headers=headers, trust_env=False, timeout=PATIENCE)


def ask(deck: Deck, said: str) -> httpx.Response:
    return post(deck, "/compatible-mode/v1/chat/completions", asked(said))


def content(answer: httpx.Response) -> str:
    said: str = answer.json()["choices"][0]["message"]["content"]
    return said


def journal(deck: Deck) -> list[str]:
    """Who answered each request."""
    shown = httpx.get(f"{deck.url}/_mock/requests", trust_env=False, timeout=PATIENCE).json()
    return [entry["answered_by"] for entry in shown["requests"]]


def test_a_cassette_lies_beside_its_test_module(tmp_path: Path) -> None:
    module = tmp_path / "tests" / "test_tea.py"
    assert cassette_of(module) == tmp_path / "tests" / "cassettes" / "test_tea"
    assert cassette_of(module, "shared/tea") == tmp_path / "tests" / "shared" / "tea"
    with pytest.raises(ValueError, match="leads out of"):
        cassette_of(module, "../elsewhere")


def test_each_test_hears_the_cassette_that_was_put_in_last(replayer: Deck, tmp_path: Path) -> None:
    for name in ("tea", "cake"):
        cassette.write(tmp_path / name, interaction(asked("what is there?"), compat_body(name)))
    for name in ("tea", "cake", "tea"):
        replayer.insert(tmp_path / name)
        assert content(ask(replayer, "what is there?")) == name
    assert {folder.name: len(names) for folder, names in replayer.used.items()} == {"tea": 1, "cake": 1}


def test_what_is_not_recorded_is_refused_or_made_up_as_the_test_asks(replayer: Deck, tmp_path: Path) -> None:
    cassette.write(tmp_path, interaction())
    replayer.insert(tmp_path)
    missed = ask(replayer, "never heard of")
    assert (missed.status_code, missed.json()["error"]["code"]) == (404, "RecordingNotFound")
    replayer.insert(tmp_path, strict_miss=False)
    assert ask(replayer, "never heard of").status_code == 200


def test_a_cassette_that_is_not_there_is_named(replayer: Deck, tmp_path: Path) -> None:
    with pytest.raises(CassetteError, match="is no cassette"):
        replayer.insert(tmp_path / "gone")


def test_scripts_answer_before_recordings_do(replayer: Deck, tmp_path: Path) -> None:
    cassette.write(tmp_path, interaction(asked("hi"), compat_body("recorded")))
    replayer.insert(tmp_path)
    assert post(replayer, "/_mock/replies", {"reply": {"content": "scripted"}, "times": 1}).status_code == 201
    assert [content(ask(replayer, "hi")) for _ in range(2)] == ["scripted", "recorded"]
    assert [who.partition(":")[0] for who in journal(replayer)] == ["reply-1", "recorded"]


def test_what_is_recorded_once_is_not_asked_again(cloud: RawUpstream, tmp_path: Path) -> None:
    deck = Deck.of("new", upstream=f"http://127.0.0.1:{cloud.port}", key=None).start()
    try:
        deck.insert(tmp_path)
        assert [content(ask(deck, "hi")) for _ in range(2)] == ["hello", "hello"]
        deck.insert(tmp_path)
        assert content(ask(deck, "hi")) == "hello"
        assert len(journal(deck)) == 3
    finally:
        deck.stop()
    assert len(cloud.requests) == 1


def test_the_cloud_is_not_asked_without_a_key() -> None:
    with pytest.raises(UpstreamError, match="there is no key for"):
        Deck.of("new", upstream="https://dashscope.example", key=None)
    assert Deck.of("none", upstream="https://dashscope.example", key=None).upstream is None


def test_a_request_that_was_made_once_uses_all_of_its_recordings(tmp_path: Path) -> None:
    first = cassette.write(tmp_path, interaction(asked("hi"), compat_body("one")))
    cassette.write(tmp_path, interaction(asked("hi"), compat_body("two")))
    other = cassette.write(tmp_path, interaction(asked("bye"), compat_body("three")))
    assert never_asked(tmp_path, [first]) == [other]
    assert len(never_asked(tmp_path, [])) == 3
