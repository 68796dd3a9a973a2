"""Refusals of the Responses API in their three forms."""

import json

import pytest

from mockserver.catalogue.errors import Errors, Refusal
from mockserver.dialects.responses.refuse import late, refused
from mockserver.rules.schemas import violations
from mockserver.scripts.script import read_answer
from tests import folding
from tests.wire.exchanges import RID

OFF = (
    "The product is not activated, please confirm that you have activated products "
    "and try again after activation."
)
LIMIT = "Operation model request rate limit exceeded, please try again later."


@pytest.mark.parametrize(
    ("entry", "status", "code", "message"),
    [
        ("auth.missing-key", 401, "InvalidApiKey", "No API-key provided."),
        ("auth.wrong-key", 401, "InvalidApiKey", "Invalid API-key provided."),
        ("response.model", 400, "InvalidParameter", "Unsupported model: 'tea'"),
        (
            "model.not-activated",
            400,
            "InvalidParameter",
            OFF,
        ),
        ("response.previous", 400, "InvalidParameter", "Not found previous_response_id: resp_1"),
        ("response.path", 404, "Not Found", "Not support"),
    ],
)
def test_a_refusal_is_flat(errors: Errors, entry: str, status: int, code: str, message: str) -> None:
    rendered = refused(errors.refuse(entry, model="tea", id="resp_1"), RID, stream=False)
    assert (rendered.status, rendered.sse) == (status, False)
    assert json.loads(rendered.body) == {"request_id": RID, "code": code, "message": message}


def test_what_is_not_there_is_nested(errors: Errors) -> None:
    rendered = refused(errors.refuse("response.not-found", id="resp_x"), RID, stream=False)
    assert rendered.status == 404
    assert rendered.body.decode() == (
        '{"error":{"message":"Response with id \'resp_x\' not found.","type":"InvalidParameter"}}'
    )


def test_a_stream_is_refused_by_a_response_that_failed_in_a_200(errors: Errors) -> None:
    rendered = refused(
        errors.refuse("response.temperature", value=5), RID, stream=True, created=1_790_000_000
    )
    assert (rendered.status, rendered.sse) == (200, True)
    assert rendered.body.startswith(
        b'id:1\nevent:response.failed\n:HTTP_STATUS/200\ndata:{"sequence_number":0,"type":"response.failed",'
    )
    (event,) = folding.response_events(rendered.body)
    assert violations("responses.event", event) == []
    response = event["response"]
    assert (response["status"], response["model"], response["output"]) == ("failed", "", [])
    assert (response["id"], response["created_at"]) == (f"resp_{RID}", 1_790_000_000)
    assert response["error"] == {
        "message": "Invalid 'temperature': 5. Expected a value between [0,2), but got 5 instead.",
        "code": "InvalidParameter",
    }


def test_a_key_is_refused_in_a_body_even_where_a_stream_is_asked_for(errors: Errors) -> None:
    rendered = refused(errors.refuse("auth.wrong-key"), RID, stream=True)
    assert (rendered.status, rendered.sse, rendered.door) == (401, False, True)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "entry", ["throttling.rate-quota", "throttling.allocation-quota", "throttling.route"]
)
def test_a_limit_is_a_response_that_failed_in_a_200(errors: Errors, entry: str, *, stream: bool) -> None:
    rendered = refused(errors.refuse(entry), RID, stream=stream)
    assert (rendered.status, rendered.sse) == (200, stream)
    told = json.loads(rendered.body.partition(b"data:")[2] if stream else rendered.body)
    response = told["response"] if stream else told
    assert violations("responses.response", response) == []
    assert (response["status"], response["model"], response["output"]) == ("failed", "", [])
    assert response["error"] == {"message": LIMIT, "code": "server_error"}


def test_a_scripted_limit_keeps_its_words(errors: Errors) -> None:
    spec = {"error": {"code": "Throttling.RateQuota", "message": "Too much tea."}}
    refusal = read_answer(spec, errors)
    assert isinstance(refusal, Refusal)
    told = json.loads(refused(refusal, RID, stream=False).body)
    assert told["error"] == {"message": "Too much tea.", "code": "server_error"}


def test_a_refusal_inside_a_stream_is_its_last_event(errors: Errors) -> None:
    frame = late(errors.refuse("moderation.output"), RID, 7, created=1)
    assert frame.startswith(b'id:7\nevent:response.failed\n:HTTP_STATUS/200\ndata:{"sequence_number":6,')
    response = json.loads(frame.partition(b"data:")[2])["response"]
    assert response["error"]["code"] == "DataInspectionFailed"
    assert response["error"]["message"].startswith("<400> InternalError.Algo.DataInspectionFailed: ")


@pytest.mark.parametrize("stream", [False, True])
def test_every_refusal_of_the_catalogue_keeps_to_the_schemas(errors: Errors, *, stream: bool) -> None:
    for entry in errors:
        rendered = refused(errors.refuse(entry.id), RID, stream=stream)
        told = json.loads(rendered.body.partition(b"data:")[2] if rendered.sse else rendered.body)
        name = "responses.event" if rendered.sse else "native.error"
        name = "responses.response" if "object" in told else name
        assert violations(name, told) == [], entry.id
