"""Batches: checked, worked off by the clock, cancelled, listed; and through the OpenAI SDK."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from mockserver.base.jsontext import loads
from mockserver.corridor.engine import Engine
from mockserver.corridor.work import Steps, at_once
from mockserver.dialects.compat.surface import COMPAT
from mockserver.endpoints import batches, files
from mockserver.endpoints.endpoint import Said
from mockserver.rules.schemas import violations
from mockserver.talk.refused import Refused
from tests.conftest import KEY, NOW, MakeHeaders
from tests.endpoints.calls import answered, call
from tests.endpoints.test_batch_lines import CHAT, body, content, line
from tests.endpoints.test_files import form, uploaded
from tests.server.live import serving

GOOD = content(line("a"), line("b", body=body(temperature=9)))


def at(engine: Engine, seconds: float) -> None:
    """Sets the clock so long after the beginning."""
    engine.clock = lambda: NOW + seconds


def shown(said: Said | Steps[Said], schema: str = "batches.response") -> dict[str, Any]:
    """What is sent of a batch, held against its schema."""
    if not isinstance(said, Said):
        said = at_once(said)
    assert violations(schema, said.content) == []
    assert said.pretty
    found: dict[str, Any] = said.content
    return found


def begun(engine: Engine, data: bytes = GOOD, *, key: str = KEY, **more: Any) -> dict[str, Any]:
    """A new batch."""
    file_id = uploaded(engine, form(data, "batch", "tea.jsonl"), key=key)["id"]
    request = {"input_file_id": file_id, "endpoint": CHAT, "completion_window": "24h", **more}
    return shown(batches.creation(engine, call(engine, request, surface=COMPAT, key=key)))


def looked(engine: Engine, batch: dict[str, Any], *, key: str = KEY) -> dict[str, Any]:
    """How a batch is doing."""
    return shown(batches.retrieval(engine, call(engine, surface=COMPAT, id=batch["id"], key=key)))


def listed(engine: Engine, **query: str) -> dict[str, Any]:
    """A page of batches."""
    return shown(batches.listing(engine, call(engine, surface=COMPAT, query=dict(query))), "batches.list")


def lines(engine: Engine, file_id: str) -> list[Any]:
    """The lines of a file of results."""
    said = files.content(engine, call(engine, id=file_id))
    return [loads(each) for each in said.content.splitlines()]


# -- by the clock


def test_a_batch_is_validated_then_in_progress_then_completed(engine: Engine) -> None:
    batch = begun(engine, metadata={"ds_name": "Tea list"})
    assert (batch["status"], batch["request_counts"]["total"]) == ("validating", 0)
    assert batch["in_progress_at"] is None
    assert batch["metadata"] == {"ds_name": "Tea list"}
    running = looked(engine, batch)
    assert (running["status"], running["in_progress_at"]) == ("in_progress", running["created_at"])
    assert running["request_counts"] == {"total": 2, "completed": 0, "failed": 0}
    assert len(engine.journal) == 0
    at(engine, 1)
    done = looked(engine, batch)
    assert done["status"] == "completed"
    assert done["completed_at"] == done["finalizing_at"] == int(NOW + 1)
    assert done["request_counts"] == {"total": 2, "completed": 1, "failed": 1}
    (good,) = lines(engine, done["output_file_id"])
    (bad,) = lines(engine, done["error_file_id"])
    assert (good["custom_id"], bad["custom_id"]) == ("a", "b")
    assert looked(engine, batch) == done
    assert len(engine.journal) == 2


def test_its_keys_have_the_recorded_order_and_all_are_there(engine: Engine) -> None:
    asked = {
        "input_file_id": uploaded(engine, form(GOOD, "batch"))["id"],
        "endpoint": CHAT,
        "completion_window": "24h",
    }
    said = at_once(batches.creation(engine, call(engine, asked, surface=COMPAT)))
    assert said.body.startswith(b'{\n  "id": "batch_')
    assert list(said.content) == [
        "id",
        "object",
        "endpoint",
        "errors",
        "input_file_id",
        "completion_window",
        "status",
        "output_file_id",
        "error_file_id",
        "created_at",
        "in_progress_at",
        "expires_at",
        "finalizing_at",
        "completed_at",
        "failed_at",
        "expired_at",
        "cancelling_at",
        "cancelled_at",
        "request_counts",
        "metadata",
    ]


def test_a_batch_without_a_failed_line_has_no_file_of_errors(engine: Engine) -> None:
    batch = begun(engine, content(line("a")))
    at(engine, 1)
    assert looked(engine, batch)["error_file_id"] is None


def test_a_bad_file_fails_the_batch_at_once(engine: Engine) -> None:
    batch = begun(engine, content(line(url="/v1/chat/completion")))
    assert batch["errors"] is None
    failed = looked(engine, batch)
    assert (failed["status"], failed["failed_at"]) == ("failed", failed["created_at"])
    assert failed["errors"]["data"][0]["code"] == "url_not_found"
    assert failed["request_counts"] == {"total": 0, "completed": 0, "failed": 0}


def test_a_script_answers_the_lines_of_a_batch(engine: Engine) -> None:
    engine.scripts.add({"reply": {"content": "Oolong."}}, engine.errors)
    batch = begun(engine, content(line("a")))
    at(engine, 1)
    (good,) = lines(engine, looked(engine, batch)["output_file_id"])
    assert good["response"]["body"]["choices"][0]["message"]["content"] == "Oolong."


def test_everybody_has_a_turn_between_many_lines_and_who_leaves_breaks_nothing(engine: Engine) -> None:
    batch = begun(engine, content(*[line(str(number)) for number in range(60)]))
    at(engine, 1)
    steps = batches.retrieval(engine, call(engine, surface=COMPAT, id=batch["id"]))
    assert next(steps)() is None
    assert looked(engine, batch)["status"] == "in_progress"
    steps.close()
    assert looked(engine, batch)["request_counts"] == {"total": 60, "completed": 60, "failed": 0}


# -- cancelling


def test_a_batch_that_is_cancelled_has_asked_for_nothing(engine: Engine) -> None:
    batch = begun(engine)
    at(engine, 0.5)
    cancelling = shown(batches.cancel(engine, call(engine, surface=COMPAT, id=batch["id"])))
    assert (cancelling["status"], cancelling["cancelling_at"]) == ("cancelling", None)
    at(engine, 5)
    cancelled = looked(engine, batch)
    assert (cancelled["status"], cancelled["cancelled_at"]) == ("cancelled", int(NOW + 0.5))
    assert cancelled["request_counts"] == {"total": 2, "completed": 0, "failed": 2}
    assert [each["error"]["code"] for each in lines(engine, cancelled["error_file_id"])] == [
        "batch_cancelled"
    ] * 2
    assert len(engine.journal) == 0


@pytest.mark.parametrize("data", [GOOD, b"tea"])
def test_what_is_over_is_not_cancelled(engine: Engine, data: bytes) -> None:
    batch = begun(engine, data)
    at(engine, 1)
    with pytest.raises(Refused, match=r"operation\.unsupported"):
        at_once(batches.cancel(engine, call(engine, surface=COMPAT, id=batch["id"])))


# -- unknown and foreign


@pytest.mark.parametrize("produce", [batches.retrieval, batches.cancel])
def test_what_is_unknown_foreign_or_over_is_not_found(engine: Engine, produce: Any) -> None:
    batch = begun(engine)
    for asked in (call(engine, id="batch_1"), call(engine, id=batch["id"], key="sk-other")):
        with pytest.raises(Refused, match="not-found"):
            at_once(produce(engine, asked))
    at(engine, 31 * 86_400)
    with pytest.raises(Refused, match="not-found"):
        at_once(produce(engine, call(engine, id=batch["id"])))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"input_file_id": "file-batch-1"}, "File [id:file-batch-1] cannot be found."),
        ({"input_file_id": None}, "input_file_id"),
        ({"endpoint": "/v1/tea"}, "/v1/tea is not one of"),
        ({"completion_window": "soon"}, "completion_window"),
        ({"metadata": "tea"}, "metadata"),
    ],
)
def test_a_bad_request_is_refused(
    engine: Engine, headers: MakeHeaders, changed: dict[str, Any], words: str
) -> None:
    request = {
        "input_file_id": uploaded(engine, form(GOOD, "batch"))["id"],
        "endpoint": CHAT,
        "completion_window": "24h",
        **changed,
    }
    answer = answered(engine, batches.creation, call(engine, request, surface=COMPAT), headers())
    assert answer.status == 400
    assert violations("compat.error", loads(answer.body)) == []
    assert words in loads(answer.body)["error"]["message"]


def test_a_file_that_is_not_for_batches_is_refused(engine: Engine) -> None:
    request = {"input_file_id": uploaded(engine)["id"], "endpoint": CHAT, "completion_window": "24h"}
    with pytest.raises(Refused, match=r"file\.not-found"):
        at_once(batches.creation(engine, call(engine, request, surface=COMPAT)))


# -- the list


def test_an_empty_list_has_null_for_its_data(engine: Engine) -> None:
    assert listed(engine) == {
        "object": "list",
        "data": None,
        "first_id": None,
        "last_id": None,
        "has_more": False,
    }


def test_the_list_has_the_newest_first_and_pages(engine: Engine) -> None:
    ids = [begun(engine)["id"] for _ in range(3)]
    page = listed(engine, limit="2")
    assert [batch["id"] for batch in page["data"]] == ids[:0:-1]
    assert (page["first_id"], page["last_id"], page["has_more"]) == (ids[2], ids[1], True)
    assert [batch["id"] for batch in listed(engine, after=ids[1])["data"]] == [ids[0]]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"ds_name": "ea li"}, 1),
        ({"ds_name": "milk"}, 0),
        ({"status": "in_progress"}, 1),
        ({"status": "failed,completed"}, 0),
        ({"input_file_ids": "file-batch-1,file-batch-2"}, 0),
        ({"create_after": "20260202104000"}, 1),
        ({"create_before": "20260202104000"}, 0),
    ],
)
def test_the_list_is_filtered(engine: Engine, query: dict[str, str], count: int) -> None:
    begun(engine, metadata={"ds_name": "Tea list"})
    assert len(listed(engine, **query)["data"] or ()) == count


def test_the_list_works_off_what_is_due(engine: Engine) -> None:
    batch = begun(engine)
    at(engine, 1)
    assert [row["status"] for row in listed(engine, input_file_ids=batch["input_file_id"])["data"]] == [
        "completed"
    ]


# -- through the real client


@pytest.fixture
def client(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[openai.OpenAI]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with (
        serving(engine) as url,
        openai.OpenAI(base_url=f"{url}/compatible-mode/v1", api_key=KEY, max_retries=0) as made,
    ):
        yield made


def begin(client: openai.OpenAI, file_id: str) -> Any:
    return client.batches.create(
        input_file_id=file_id, endpoint="/v1/chat/completions", completion_window="24h"
    )


def test_the_openai_sdk_runs_a_batch(engine: Engine, client: openai.OpenAI) -> None:
    kept = client.files.create(file=("tea.jsonl", GOOD), purpose="batch")
    batch = client.batches.create(
        input_file_id=kept.id, endpoint="/v1/chat/completions", completion_window="24h"
    )
    assert batch.status == "validating"
    assert client.batches.retrieve(batch.id).status == "in_progress"
    at(engine, 1)
    done = client.batches.retrieve(batch.id)
    assert done.status == "completed"
    assert done.output_file_id is not None
    result = loads(client.files.content(done.output_file_id).read())
    assert result["response"]["body"]["choices"][0]["message"]["content"]
    assert [row.id for row in client.batches.list()] == [batch.id]
    with pytest.raises(openai.BadRequestError):
        client.batches.cancel(batch.id)
    with pytest.raises(openai.NotFoundError):
        client.batches.retrieve("batch_1")


def test_the_openai_sdk_cancels_a_batch(client: openai.OpenAI) -> None:
    kept = client.files.create(file=("tea.jsonl", GOOD), purpose="batch")
    batch = client.batches.create(
        input_file_id=kept.id, endpoint="/v1/chat/completions", completion_window="24h"
    )
    assert client.batches.cancel(batch.id).status == "cancelling"
    assert client.batches.retrieve(batch.id).status == "cancelled"
