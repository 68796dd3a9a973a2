"""Answers as responses: what is long leaves in pieces."""

import asyncio
from typing import Any

import pytest

from mockserver.server.responding import LongResponse


async def unread() -> Any:
    """Nothing is asked of the client."""
    pytest.fail("nothing is read")


@pytest.mark.parametrize(("size", "pieces"), [(0, 1), (100, 1), (262_144, 1), (262_145, 2), (3_000_000, 12)])
def test_a_long_response_leaves_in_pieces_and_says_how_long_it_is(size: int, pieces: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"." * (size % 256)
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(dict(message))

    asyncio.run(LongResponse(body, media_type="application/json")({"type": "http"}, unread, send))
    start, *rest = sent
    assert (start["type"], start["status"]) == ("http.response.start", 200)
    assert (b"content-length", b"%d" % size) in start["headers"]
    assert b"".join(message["body"] for message in rest) == body
    assert [message["more_body"] for message in rest] == [True] * (pieces - 1) + [False]
