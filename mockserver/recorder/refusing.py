"""What a recorder says for itself: that a request may not pass, and that there is no answer to it."""

from http import HTTPStatus

from starlette.types import Send

from mockserver.base.jsontext import dumps
from mockserver.server import strangers
from mockserver.wire.incoming import RequestHeaders


async def say(send: Send, status: int, content: object) -> None:
    """Sends JSON, by the ASGI protocol."""
    body = dumps(content)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def fault(message: str, fix: str) -> dict[str, object]:
    """What is wrong and what to do, in the envelopes of both dialects."""
    words = f"{message}; {fix}"
    return {
        "error": {"message": words, "type": "recorder_error", "code": "recorder"},
        "code": "Recorder",
        "message": words,
    }


def misled(authority: str, host: str) -> tuple[int, dict[str, object]] | None:
    """Why a request with a host in its target may not pass: one upstream is asked, and no other host.

    The status and the words that teach; None when it may. `host` is that of the upstream.
    """
    if authority.lower() == host:
        return None
    words = f"the target's host is {authority[:200]!r}: this recorder leads to {host} and nowhere else"
    return HTTPStatus.FORBIDDEN, fault(words, "record that host with --upstream")


def objection(
    headers: RequestHeaders, *, local: bool, upstream: str = ""
) -> tuple[int, dict[str, object]] | None:
    """Why a request may not pass: whoever asks the upstream may spend a key, so no page in a browser may.

    The status and the words that teach; None when it may. `local`: the recorder listens on the loopback.
    `upstream`: its host, which a client names that takes the recorder for a proxy; no page can own it.
    """
    origin = strangers.foreign_origin(headers)
    if origin is not None:
        words = f"the origin is {origin[:200]!r}: a page of another origin may not ask the upstream"
        return HTTPStatus.FORBIDDEN, fault(words, "ask from a program")
    if strangers.foreign_site(headers):
        return HTTPStatus.FORBIDDEN, fault(
            "a page of another site may not ask the upstream", "ask from a program"
        )
    host = strangers.foreign_host(headers) if local else None
    if host is not None and host.partition(":")[0].lower() != upstream:
        words = f"the host is {host[:200]!r}: others can own that name and point it at this machine"
        return HTTPStatus.FORBIDDEN, fault(words, "write 127.0.0.1 or localhost")
    content_type = strangers.unasked_type(headers)
    if content_type is not None:
        words = f"the content type is {content_type!r} and no header holds a key: any page could send that"
        fix = "send application/json, or a key in the header authorization"
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, fault(words, fix)
    return None
