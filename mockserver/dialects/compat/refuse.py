"""Refusals in the OpenAI-compatible dialect."""

from mockserver.catalogue.errors import Refusal, envelope_of
from mockserver.catalogue.models import Model
from mockserver.catalogue.regions import DEFAULT, Region
from mockserver.dialects.refusing import RenderedError, enveloped, stream_form
from mockserver.wire import sse


def refused(
    refusal: Refusal, request_id: str, model: Model | None = None, *, stream: bool, region: Region = DEFAULT
) -> RenderedError:
    """A refusal on the compatible surface.

    Door and gateway answer without an `id`. What the parameter check and the model service refuse
    carries one; on a streaming request some backends send it as one data line, in another order.
    """
    words = refusal.words["compat"]
    form = stream_form(refusal, "compat", model) if stream else None
    if form is not None and form.form == "line":
        name = envelope_of("compat", "line", refusal.origin)
        prefix = "" if form.bare else refusal.prefix
        line = sse.compat_frame(enveloped(words, name, prefix, request_id, region))
        return RenderedError(form.status or refusal.status, line, sse=True, door=False)
    name = words.envelope or envelope_of("compat", "json", refusal.origin)
    body = enveloped(words, name, refusal.prefix, request_id, region)
    return RenderedError(refusal.status, body, sse=False, door=refusal.origin == "door")


def late(refusal: Refusal, request_id: str, *, region: Region = DEFAULT) -> bytes:
    """A refusal in a stream that has begun: its last frame.

    It is a native frame, its number 1 whatever went before; only moderation speaks the dialect of the
    stream, without the prefix. No `[DONE]` follows (Model Studio users, 2025 and 2026).
    """
    if stream_form(refusal, "compat", moment="late").form == "line":
        return sse.compat_frame(enveloped(refusal.words["compat"], "line-late", "", request_id, region))
    body = enveloped(refusal.words["native"], "flat-id-first", refusal.prefix, request_id, region)
    return sse.native_frame(1, body, event=b"error", status=refusal.status)
