"""Refusals in Anthropic's dialect: the native ones."""

import json

import pytest

from mockserver.catalogue.errors import Errors
from mockserver.dialects.anthropic.refuse import late, refused
from tests.wire.exchanges import RID


@pytest.mark.parametrize(
    ("entry", "body"),
    [
        (
            "auth.wrong-key",
            '{"code":"InvalidApiKey","message":"Invalid API-key provided.","request_id":"%s"}',
        ),
        (
            "model.unknown-native",
            '{"code":"InvalidParameter","message":"Model not exist.","request_id":"%s"}',
        ),
    ],
)
def test_a_refusal_is_flat(errors: Errors, entry: str, body: str) -> None:
    for stream in (False, True):
        rendered = refused(errors.refuse(entry), RID, stream=stream)
        assert rendered.body.decode() == body % RID
        assert (rendered.sse, rendered.door) == (False, True)


def test_a_stream_is_refused_by_one_error_event_and_its_own_status(errors: Errors) -> None:
    refusal = errors.refuse("parameter.input-length", max=30000)
    plain, framed = (refused(refusal, RID, stream=stream) for stream in (False, True))
    assert (plain.status, framed.status, plain.sse, framed.sse) == (400, 400, False, True)
    head, _, data = framed.body.decode().partition("data:")
    assert head == "id:1\nevent:error\n:HTTP_STATUS/400\n"
    assert list(json.loads(data)) == ["request_id", "code", "message"]
    assert json.loads(data)["message"].endswith("Range of input length should be [1, 30000]")
    assert late(refusal, RID) == framed.body
