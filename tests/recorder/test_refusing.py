"""What a recorder says for itself."""

import asyncio
import json

import pytest
from starlette.types import Message

from mockserver.recorder.refusing import fault, misled, objection, say
from mockserver.wire.incoming import RequestHeaders


def test_what_is_said_is_whole_and_in_the_envelopes_of_both_dialects() -> None:
    heard: list[Message] = []

    async def send(message: Message) -> None:
        heard.append(message)

    asyncio.run(say(send, 502, fault("no tea", "boil water")))
    start, body = heard
    told = json.loads(body["body"])
    assert start["status"] == 502
    assert dict(start["headers"])[b"content-length"] == b"%d" % len(body["body"])
    assert told["error"]["message"] == told["message"] == "no tea; boil water"


@pytest.mark.parametrize(
    ("pair", "status", "value", "fix"),
    [
        (
            (b"origin", b"https://tea.example"),
            403,
            "the origin is 'https://tea.example'",
            "ask from a program",
        ),
        ((b"sec-fetch-site", b"cross-site"), 403, "a page of another site", "ask from a program"),
        ((b"host", b"tea.example"), 403, "the host is 'tea.example'", "write 127.0.0.1 or localhost"),
        ((b"content-type", b"text/plain"), 415, "the content type is 'text/plain'", "send application/json"),
    ],
)
def test_an_objection_says_value_rule_and_fix(
    pair: tuple[bytes, bytes], status: int, value: str, fix: str
) -> None:
    found = objection(RequestHeaders([pair]), local=True)
    assert found is not None
    assert found[0] == status
    assert str(found[1]["message"]).startswith(value)
    assert f"; {fix}" in str(found[1]["message"])


def test_a_program_passes() -> None:
    assert objection(RequestHeaders([(b"host", b"localhost:8000")]), local=True) is None
    assert objection(RequestHeaders([(b"host", b"tea.example")]), local=False) is None


def test_the_upstreams_own_host_is_what_a_client_names_that_takes_this_for_a_proxy() -> None:
    headers = RequestHeaders([(b"host", b"H.example:443")])
    assert objection(headers, local=True, upstream="h.example") is None
    assert objection(headers, local=True, upstream="other.example") is not None


def test_no_other_host_is_asked_than_the_upstream() -> None:
    assert misled("H.example", "h.example") is None
    found = misled("tea.example", "h.example")
    assert found is not None
    assert found[0] == 403
    assert found[1]["message"] == (
        "the target's host is 'tea.example': this recorder leads to h.example and nowhere else; "
        "record that host with --upstream"
    )
