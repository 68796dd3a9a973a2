"""Files of the compatible side: kept, listed, read, taken out; of another key they are not there."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.base.jsontext import dumps, loads
from mockserver.corridor.engine import Engine
from mockserver.corridor.replay import Playing, Recorded
from mockserver.corridor.settings import Settings
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.endpoints import files
from mockserver.endpoints.endpoint import Call, Said
from mockserver.endpoints.form import File, Form
from mockserver.recording.library import Library
from mockserver.recording.redaction import Redaction
from mockserver.rules.schemas import violations
from mockserver.state.shelf import Shelf
from mockserver.talk.refused import Refused
from tests.conftest import KEY, NOW, MakeHeaders, make_headers
from tests.endpoints.calls import answered, call
from tests.server.live import serving

LASTS = 30 * 86_400


def form(content: bytes = b"oolong", purpose: str = "file-extract", name: str = "tea.txt") -> Form:
    return Form({"purpose": purpose}, (File("file", name, len(content), content),))


def uploaded(engine: Engine, made: Form | None = None, *, key: str = KEY) -> dict[str, Any]:
    """A file that was kept, held against its schema."""
    answer = files.upload(engine, call(engine, surface=COMPAT, form=made or form(), key=key))
    assert violations("files.response", answer) == []
    shown: dict[str, Any] = answer
    return shown


def listed(engine: Engine, **query: str) -> dict[str, Any]:
    """A page of files, held against its schema."""
    answer = files.listing(engine, call(engine, surface=COMPAT, query=dict(query)))
    assert violations("files.list", answer) == []
    return answer


def test_a_file_has_the_recorded_form(engine: Engine) -> None:
    shown = uploaded(engine)
    assert list(shown) == ["id", "object", "bytes", "filename", "purpose", "status", "created_at"]
    assert (shown["bytes"], shown["filename"], shown["created_at"]) == (6, "tea.txt", int(NOW))
    assert shown["id"].startswith("file-fe-")
    assert len(shown["id"]) == len("file-fe-") + 24
    assert uploaded(engine, form(purpose="batch"))["id"].startswith("file-batch-")


def test_a_file_is_found_and_read_and_taken_out(engine: Engine) -> None:
    shown = uploaded(engine)
    asked = call(engine, surface=COMPAT, id=shown["id"])
    assert files.retrieval(engine, asked) == shown
    assert files.content(engine, asked) == Said(b"oolong")
    gone = files.deletion(engine, asked)
    assert violations("files.deleted", gone) == []
    assert gone == {"id": shown["id"], "object": "file", "deleted": True}
    with pytest.raises(Refused, match="not-found"):
        files.deletion(engine, asked)


@pytest.mark.parametrize("produce", [files.retrieval, files.content, files.deletion])
def test_what_is_unknown_foreign_or_over_is_not_found(engine: Engine, produce: Any) -> None:
    shown = uploaded(engine)
    for asked in (call(engine, id="file-fe-1"), call(engine, id=shown["id"], key="sk-other")):
        with pytest.raises(Refused, match="not-found") as caught:
            produce(engine, asked)
        assert caught.value.refusal.status == 404
    engine.clock = lambda: NOW + LASTS
    with pytest.raises(Refused, match="not-found"):
        produce(engine, call(engine, id=shown["id"]))


def test_another_purpose_is_refused_in_the_recorded_words(engine: Engine, headers: MakeHeaders) -> None:
    for purpose in ("", "tea", "batch_output"):
        asked = call(engine, surface=COMPAT, form=form(purpose=purpose))
        answer = answered(engine, files.upload, asked, headers())
        assert answer.status == 400
        assert answer.body == (
            b'{"error":{"message":"\'purpose\' must be \'file-extract\'","type":"invalid_request_error",'
            b'"param":"purpose","code":null}}'
        )
        assert violations("files.error", loads(answer.body)) == []


@pytest.mark.parametrize("made", [None, Form({"purpose": "batch"}), Form({}, (File("tea", "a", 0),))])
def test_a_form_without_a_file_is_refused(engine: Engine, headers: MakeHeaders, made: Form | None) -> None:
    answer = answered(engine, files.upload, call(engine, surface=COMPAT, form=made), headers())
    assert answer.status == 400
    assert violations("files.error", loads(answer.body)) == []


def test_the_list_has_the_newest_first_in_pages_that_begin_behind_an_id(engine: Engine) -> None:
    ids = [uploaded(engine, form(name=f"{at}.txt"))["id"] for at in range(5)]
    assert [shown["id"] for shown in listed(engine)["data"]] == ids[::-1]
    page = listed(engine, limit="2")
    assert ([shown["id"] for shown in page["data"]], page["has_more"]) == (ids[:2:-1], True)
    page = listed(engine, limit="3", after=ids[3])
    assert ([shown["id"] for shown in page["data"]], page["has_more"]) == (ids[2::-1], False)
    assert listed(engine, after="file-fe-1")["data"] == []


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"purpose": "batch"}, 1),
        ({"purpose": "tea"}, 0),
        ({"create_after": "20260202"}, 2),
        ({"create_after": "20260203"}, 0),
        ({"create_before": "20260202"}, 0),
    ],
)
def test_the_list_is_filtered(engine: Engine, query: dict[str, str], count: int) -> None:
    uploaded(engine)
    uploaded(engine, form(purpose="batch"))
    assert len(listed(engine, **query)["data"]) == count


def test_what_is_kept_is_bounded_in_bytes(engine: Engine) -> None:
    engine.shelf = Shelf(size=5000)
    ids = [uploaded(engine, form(bytes(1000)))["id"] for _ in range(10)]
    assert [shown["id"] for shown in listed(engine)["data"]] == ids[:6:-1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["after", "limit", "create_after", "purpose"]), st.text(max_size=9)))
def test_any_query_is_answered_or_refused(engine: Engine, query: dict[str, str]) -> None:
    asked: Call = call(engine, surface=COMPAT, query=dict(query))
    try:
        files.listing(engine, asked)
    except Refused as refused:
        status = refused.refusal.status
    else:
        status = 400
    assert status == 400


@pytest.fixture
def client(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[openai.OpenAI]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with (
        serving(engine) as url,
        openai.OpenAI(base_url=f"{url}/compatible-mode/v1", api_key=KEY, max_retries=0) as made,
    ):
        yield made


def test_the_openai_sdk_keeps_lists_reads_and_deletes(client: openai.OpenAI) -> None:
    purpose: Any = "file-extract"
    kept = client.files.create(file=("茶.txt", io.BytesIO(b"oolong")), purpose=purpose)
    assert (kept.filename, kept.bytes, kept.purpose) == ("茶.txt", 6, "file-extract")
    assert [file.id for file in client.files.list()] == [kept.id]
    assert client.files.retrieve(kept.id) == kept
    assert client.files.content(kept.id).read() == b"oolong"
    assert client.files.delete(kept.id).deleted
    with pytest.raises(openai.NotFoundError, match="Not found!"):
        client.files.retrieve(kept.id)
    with pytest.raises(openai.BadRequestError, match="'purpose' must be 'file-extract'"):
        client.files.create(file=b"tea", purpose="vision")


def talk_of(name: str) -> dict[str, Any]:
    """A chat about a file."""
    said = [{"role": "system", "content": f"fileid://{name}"}, {"role": "user", "content": "What is it?"}]
    return {"model": "qwen-long", "messages": said}


def test_a_model_reads_a_file_as_long_as_it_is_there(client: openai.OpenAI) -> None:
    purpose: Any = "file-extract"
    kept = client.files.create(file=("tea.txt", b"oolong"), purpose=purpose)
    for _ in range(4):
        assert client.chat.completions.create(**talk_of(kept.id)).choices
    client.files.delete(kept.id)
    with pytest.raises(openai.BadRequestError, match=rf"Invalid file \[id:{kept.id}\]\."):
        client.chat.completions.create(**talk_of(kept.id))


def asked_about(engine: Engine, name: str, *, key: str = KEY) -> tuple[int, list[str]]:
    """The status of a chat about a file, and what was found in it."""
    body = talk_of(name)
    native = {"model": body["model"], "input": {"messages": body["messages"]}}
    one = engine.chat(COMPAT, make_headers(key=key), dumps(body), arrived=NOW)
    other = engine.chat(NATIVE_TEXT, make_headers(key=key), dumps(native), arrived=NOW)
    assert one.status == other.status
    assert one.entry is not None
    return one.status, [finding.rule for finding in one.entry.findings]


def test_a_file_of_another_key_cannot_be_read(engine: Engine) -> None:
    name = uploaded(engine)["id"]
    assert asked_about(engine, name) == (200, [])
    assert asked_about(engine, name, key="sk-another") == (400, ["files.unknown"])
    assert asked_about(engine, "file-fe-nope") == (400, ["files.unknown"])


def test_a_lenient_server_reports_a_file_that_is_not_there() -> None:
    assert asked_about(Engine(Settings(rules="lenient")), "file-fe-nope") == (200, ["files.unknown"])


def test_what_was_recorded_or_is_kept_nowhere_is_not_looked_for(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.recorded = Recorded(Library(tmp_path), Redaction.of(), Playing(strict_miss=False))
    assert asked_about(engine, "file-fe-recorded") == (200, [])
    engine.recorded = None
    monkeypatch.setattr(engine.keeping, "shared", True)
    assert engine._keeps_files is False
