"""What is answered beside chat by one of many: it waits for what it looks at, and for what it told."""

import asyncio
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis as Client

from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.corridor.sharing import Sharing
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.server import app, asgi
from mockserver.server.app import App
from mockserver.state.marks import Marks
from mockserver.state.ports import GoneError
from mockserver.state.redis.address import read_address
from mockserver.state.redis.link import Link
from tests.state.engines import Engine as Redis

PREFIXES = count()
HEADERS = {"authorization": "Bearer sk-a"}
CHAT = "/compatible-mode/v1/chat/completions"
BODY = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Tea?"}]}
EMBED = {"model": "text-embedding-v4", "input": "Tea"}


class Many:
    """Servers that share a Redis, asked in one loop."""

    def __init__(self, url: str, tokenizer: LazyTokenizer, many: int = 2) -> None:
        self.loop = asyncio.new_event_loop()
        self.links = [Link(read_address(url), deadline=20) for _ in range(many)]
        self.apps = []
        for link in self.links:
            engine = Engine(Settings(), tokenizer=tokenizer)
            Sharing(engine, link).join()
            self.apps.append(App(engine))

    def ask(self, at: int, method: str, path: str, **more: Any) -> httpx.Response:
        """What one of them answers."""

        async def answered() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.apps[at])
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, path, headers=HEADERS, **more)

        return self.loop.run_until_complete(answered())

    def close(self) -> None:
        async def closed() -> None:
            for link in self.links:
                await link.close()
            await asyncio.sleep(0)

        self.loop.run_until_complete(closed())
        self.loop.close()


@pytest.fixture
def many(redis: Redis, lazy_tokenizer: LazyTokenizer) -> Iterator[Many]:
    made = Many(f"{redis.url}?prefix=settling-{next(PREFIXES)}", lazy_tokenizer)
    yield made
    made.close()


@pytest.fixture
def lost(lazy_tokenizer: LazyTokenizer) -> Iterator[Many]:
    """A server whose engine is not there."""
    made = Many("redis://127.0.0.1:1", lazy_tokenizer, many=1)
    yield made
    made.close()


def test_what_one_is_told_the_other_does_and_shows(many: Many) -> None:
    script = {"match": {"key": "sk-a"}, "reply": {"content": "Oolong."}, "times": 1}
    assert many.ask(0, "POST", "/_mock/replies", json=script).json() == {"id": "reply-1"}
    answer = many.ask(1, "POST", CHAT, json=BODY).json()
    assert answer["choices"][0]["message"]["content"] == "Oolong."
    for at in (0, 1):
        (shown,) = many.ask(at, "GET", "/_mock/replies").json()["replies"]
        assert shown["used"] == 1
        (exchange,) = many.ask(at, "GET", "/_mock/requests").json()["requests"]
        assert exchange["answered_by"] == "reply-1"
        (row,) = many.ask(at, "GET", "/_mock/usage").json()["usage"]
        assert row["requests"] == 1
        assert (
            'dashscope_mock_requests_total{model="qwen-plus"} 1.0'
            in many.ask(at, "GET", "/_mock/metrics").text
        )
        verified = many.ask(at, "POST", "/_mock/verify", json={"requests": [{"match": {}, "count": 1}]})
        assert verified.status_code == 200, verified.text
    first, second = (many.ask(at, "GET", "/_mock/changes").json() for at in (0, 1))
    assert first == second


def test_metrics_are_told_by_process_and_in_sum(many: Many) -> None:
    for at in (0, 1):
        sharing = many.apps[at].engine.keeping
        assert isinstance(sharing, Sharing)
        sharing._process.name = f"web-{at}:7"
        many.loop.run_until_complete(sharing.renew())
    for at in (0, 1, 1):
        assert many.ask(at, "POST", CHAT, json=BODY).status_code == 200
    assert many.ask(0, "POST", CHAT, json={**BODY, "model": "no-such"}).status_code == 404
    assert many.ask(1, "GET", "/_mock/metrics").status_code == 200  # it tells what it did when it is asked
    lines = many.ask(0, "GET", "/_mock/metrics").text.splitlines()
    for told in (
        'requests_total{model="qwen-plus"} 3.0',
        'process_requests_total{process="web-0:7"} 2.0',
        'process_requests_total{process="web-1:7"} 2.0',
        'process_refusals_total{process="web-0:7"} 1.0',
        'process_refusals_total{process="web-1:7"} 0.0',
    ):
        assert f"dashscope_mock_{told}" in lines
    (tokens,) = (line for line in lines if 'process_tokens_total{kind="input",process="web-1' in line)
    (whole,) = (
        line for line in lines if line.startswith('dashscope_mock_tokens_total{kind="input",model="q')
    )
    assert 3 * float(tokens.split()[-1]) == 2 * float(whole.split()[-1])


def test_a_call_beside_chat_is_in_the_journal_of_all(many: Many) -> None:
    assert many.ask(0, "POST", "/compatible-mode/v1/embeddings", json=EMBED).status_code == 200
    (shown,) = many.ask(1, "GET", "/_mock/requests", params={"endpoint": "*"}).json()["requests"]
    assert shown["endpoint"] == "embeddings"


def test_a_call_that_the_control_api_refuses_changes_nobody(many: Many) -> None:
    for path, document in (("replies", {"reply": {"content": 3}}), ("faults", {"fault": "nonsense"})):
        assert many.ask(0, "POST", f"/_mock/{path}", json=document).status_code == 400
    assert many.ask(1, "GET", "/_mock/replies").json() == {"replies": []}
    assert many.ask(1, "GET", "/_mock/faults").json() == {"faults": []}


def test_a_script_is_changed_for_all_and_stays_with_its_key(many: Many) -> None:
    """What was counted and kept for one key stays there: nobody would find it under another one."""
    script = {"match": {"key": "sk-a"}, "reply": {"content": "Oolong."}}
    many.ask(0, "POST", "/_mock/replies", json=script)
    changed = many.ask(1, "PUT", "/_mock/replies/reply-1", json={**script, "reply": {"content": "Sencha."}})
    assert changed.json() == {"id": "reply-1"}
    answer = many.ask(0, "POST", CHAT, json=BODY).json()
    assert answer["choices"][0]["message"]["content"] == "Sencha."
    moved = many.ask(0, "PUT", "/_mock/replies/reply-1", json={"reply": {"content": "For all."}})
    assert moved.status_code == 501
    assert "for another key is refused" in moved.json()["error"]["message"]
    assert moved.json()["error"]["field"] == "match.key"
    assert many.ask(1, "PUT", "/_mock/replies/reply-9", json=script).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/compatible-mode/v1/files"),
        ("GET", "/compatible-mode/v1/batches"),
        ("GET", "/api/v1/tasks/one"),
        ("GET", "/compatible-mode/v1/responses/resp_1"),
        ("POST", "/api/v1/apps/0123456789abcdef0123456789abcdef/completion"),
    ],
)
def test_what_is_kept_for_whoever_asks_is_refused(many: Many, method: str, path: str) -> None:
    answer = many.ask(0, method, path)
    assert answer.status_code == 501, answer.text
    assert "does not share this" in answer.text


def test_an_engine_that_is_gone_is_told_wherever_one_asks(lost: Many) -> None:
    for method, path, body in (
        ("POST", CHAT, BODY),
        ("POST", "/compatible-mode/v1/embeddings", EMBED),
        ("GET", "/_mock/requests", None),
        ("GET", "/_mock/health", None),
        ("POST", "/_mock/replies", {"reply": {"content": "A"}}),
        ("POST", "/_mock/reset", None),
    ):
        answer = lost.ask(0, method, path, json=body)
        assert answer.status_code == 503, path
        assert "the shared state of this mock server cannot be used" in answer.text
        assert set(answer.json()) >= {"error"}


@pytest.mark.parametrize(
    ("setting", "told"), [("maxmemory", "its memory is full"), ("replica", "it is a replica")]
)
def test_an_engine_that_does_not_write_is_told_in_each_dialect_until_it_does(
    tmp_path: Path, lazy_tokenizer: LazyTokenizer, setting: str, told: str
) -> None:
    anthropic = {"model": "qwen-plus", "max_tokens": 9, "messages": [{"role": "user", "content": "Tea?"}]}
    native = {"model": "qwen-plus", "input": {"messages": BODY["messages"]}}
    paths = {
        CHAT: BODY,
        "/api/v1/services/aigc/text-generation/generation": native,
        "/apps/anthropic/v1/messages": anthropic,
    }
    with Redis(tmp_path) as own, Client(port=own.port) as client:
        made = Many(own.url, lazy_tokenizer, many=1)
        try:
            assert made.ask(0, "POST", CHAT, json=BODY).status_code == 200
            if setting == "replica":
                client.replicaof("127.0.0.1", 1)
            else:
                client.config_set(setting, 1)
            for path, body in paths.items():
                answer = made.ask(0, "POST", path, json=body)
                assert answer.status_code == 503, path
                assert told in answer.text
                assert ("code" in answer.json()) == (path != CHAT), "the others are flat"
            client.replicaof("NO", "ONE")
            client.config_set("maxmemory", 0)
            assert made.ask(0, "POST", CHAT, json=BODY).status_code == 200
        finally:
            made.close()


def test_the_page_is_there_whatever_is_gone(lost: Many) -> None:
    assert lost.ask(0, "GET", "/_mock/page/main.js").status_code == 200


def test_an_answer_that_cannot_be_entered_is_not_given(many: Many, monkeypatch: pytest.MonkeyPatch) -> None:
    link = many.links[0]
    asked = link.gather
    monkeypatch.setattr(link, "gather", lambda name, *_, **__: asked(name, ("too", "few")))
    for path, body in ((CHAT, BODY), ("/compatible-mode/v1/embeddings", EMBED)):
        answer = many.ask(0, "POST", path, json=body)
        assert answer.status_code == 503, answer.text
    assert many.ask(1, "GET", "/_mock/requests").json() == {"requests": []}


def said(answer: httpx.Response) -> str:
    """What the model said."""
    assert answer.status_code == 200, answer.text
    return str(answer.json()["choices"][0]["message"]["content"])


def test_a_step_that_its_client_never_heard_goes_to_who_asks_next(
    many: Many, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine did what it was asked, but nobody heard so in time."""
    script = {"match": {"key": "sk-a"}, "reply": [{"content": "One."}, {"content": "Two."}]}
    many.ask(0, "POST", "/_mock/replies", json=script)
    link = many.links[0]
    asked = link.gather

    def gather(name: str, *arguments: Any, **more: Any) -> Any:
        asked(name, *arguments, **more)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        answer.set_exception(GoneError("it did not answer in time"))
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(link, "gather", gather)
        assert many.ask(0, "POST", CHAT, json=BODY).status_code == 503
    many.ask(0, "GET", "/_mock/requests")
    assert [said(many.ask(at, "POST", CHAT, json=BODY)) for at in (1, 0)] == ["One.", "Two."]
    assert len(many.ask(1, "GET", "/_mock/requests").json()["requests"]) == 2


def test_a_step_is_marked_as_begun_before_any_byte_of_it_leaves(
    many: Many, monkeypatch: pytest.MonkeyPatch
) -> None:
    many.ask(0, "POST", "/_mock/replies", json={"match": {"key": "sk-a"}, "reply": {"content": "One."}})
    done: list[object] = []
    begin, send = Marks.mark, asgi.send_answer

    def mark(marks: Marks, place: int, number: int) -> None:
        done.append(number)
        begin(marks, place, number)

    async def sent(*given: Any) -> bool:
        done.append("sent")
        return await send(*given)

    monkeypatch.setattr(Marks, "mark", mark)
    monkeypatch.setattr(app, "send_answer", sent)
    assert said(many.ask(0, "POST", CHAT, json=BODY)) == "One."
    assert done == [1, "sent"]
