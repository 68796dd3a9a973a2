"""Refusals of the Responses API, in three forms.

Without a stream they are flat native bodies; a rate limit is a response that failed, with status 200. Where a
stream was asked for, what passed the door is one event of a response that failed, with status 200 too (live
probes, 2026-09; Model Studio docs, Responses API, 2026).
"""

from mockserver.catalogue import errors
from mockserver.catalogue.errors import Refusal, envelope_of
from mockserver.catalogue.models import Model
from mockserver.catalogue.regions import DEFAULT, Region
from mockserver.dialects.refusing import RenderedError, enveloped, stream_form
from mockserver.dialects.responses.render import failed, failed_event

LIMIT = "response.rate-limit"
"""The entry of the catalogue that has the words of a response that failed for a limit."""

_TOO_MANY = 429


def refused(
    refusal: Refusal,
    request_id: str,
    model: Model | None = None,
    *,
    stream: bool,
    region: Region = DEFAULT,
    created: int = 0,
) -> RenderedError:
    """A refusal in the place of an answer."""
    if stream and (form := stream_form(refusal, "responses", model)).form == "failed":
        frame = late(refusal, request_id, 1, region=region, created=created)
        return RenderedError(form.status or refusal.status, frame, sse=True, door=False)
    if refusal.status == _TOO_MANY:
        body = failed(request_id, created, *told(refusal, region))
        return RenderedError(200, body, sse=False, door=False)
    words = refusal.words["native"]
    name = words.envelope or envelope_of("native", "json", refusal.origin)
    body = enveloped(words, name, refusal.prefix, request_id, region)
    return RenderedError(refusal.status, body, sse=False, door=refusal.origin == "door")


def late(
    refusal: Refusal, request_id: str, number: int, *, region: Region = DEFAULT, created: int = 0
) -> bytes:
    """A refusal as the last event of a stream, the `number`-th."""
    return failed_event(request_id, number, created, *told(refusal, region))


def told(refusal: Refusal, region: Region = DEFAULT) -> tuple[str | None, str]:
    """Code and message of a response that failed. A limit has words of its own, unless a script gave some."""
    words = refusal.words["native"]
    if refusal.status == _TOO_MANY:
        limit = errors.load()[LIMIT].words["native"]
        known = refusal.id and errors.load()[refusal.id].words["native"].message == words.message
        return limit.code, limit.message if known else words.text(region)
    return words.code, refusal.prefix + words.text(region)
