"""Refusals in Anthropic's dialect: the native ones, flat, not Anthropic's own (live probes, 2026)."""

from mockserver.catalogue.errors import Refusal, envelope_of
from mockserver.catalogue.models import Model
from mockserver.catalogue.regions import DEFAULT, Region
from mockserver.dialects.refusing import RenderedError, enveloped, stream_form
from mockserver.wire import sse


def refused(
    refusal: Refusal, request_id: str, model: Model | None = None, *, stream: bool, region: Region = DEFAULT
) -> RenderedError:
    """A refusal in the place of an answer."""
    form = stream_form(refusal, "anthropic", model) if stream else None
    if form is None or form.form == "json":
        envelope = envelope_of("native", "json", refusal.origin)
        body = _flat(refusal, envelope, request_id, region)
        return RenderedError(refusal.status, body, sse=False, door=refusal.origin == "door")
    frame = late(refusal, request_id, region=region)
    return RenderedError(form.status or refusal.status, frame, sse=True, door=False)


def late(refusal: Refusal, request_id: str, *, region: Region = DEFAULT) -> bytes:
    """A native error event, its number 1 whatever went before; its body begins with the request id
    (QuantumNous/new-api, 2026; inside a stream that has begun assumed, as in the compatible dialect).
    """
    body = _flat(refusal, "flat-id-first", request_id, region)
    return sse.native_frame(1, body, event=b"error", status=refusal.status)


def _flat(refusal: Refusal, envelope: str, request_id: str, region: Region) -> bytes:
    words = refusal.words["native"]
    return enveloped(words, words.envelope or envelope, refusal.prefix, request_id, region)
