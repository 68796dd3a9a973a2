"""Refusals in the native dialect: a flat body, or an `event:error` frame that names the real status."""

from mockserver.catalogue.errors import Refusal, envelope_of
from mockserver.catalogue.models import Model
from mockserver.catalogue.regions import DEFAULT, Region
from mockserver.dialects.refusing import RenderedError, enveloped, stream_form
from mockserver.wire import sse


def refused(
    refusal: Refusal, request_id: str, model: Model | None = None, *, stream: bool, region: Region = DEFAULT
) -> RenderedError:
    """A refusal in the place of an answer."""
    form = stream_form(refusal, "native", model) if stream else None
    if form is None or form.form == "json":
        body = _body(refusal, request_id, region)
        return RenderedError(refusal.status, body, sse=False, door=refusal.origin == "door")
    frame = late(refusal, request_id, 1, region=region)
    return RenderedError(form.status or refusal.status, frame, sse=True, door=False)


def late(refusal: Refusal, request_id: str, number: int, *, region: Region = DEFAULT) -> bytes:
    """A refusal as a frame of a stream, the `number`-th."""
    body = _body(refusal, request_id, region)
    return sse.native_frame(number, body, event=b"error", status=refusal.status)


def _body(refusal: Refusal, request_id: str, region: Region) -> bytes:
    words = refusal.words["native"]
    name = words.envelope or envelope_of("native", "json", refusal.origin)
    return enveloped(words, name, refusal.prefix, request_id, region)
