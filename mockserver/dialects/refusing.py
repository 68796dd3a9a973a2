"""Refusals rendered: the right status, envelope and framing for the surface that asked."""

from dataclasses import dataclass
from functools import cache

from mockserver.base.jsontext import dump_text, dumps
from mockserver.catalogue import errors as error_catalogue
from mockserver.catalogue.errors import Refusal, StreamForm, Words, envelope_of, envelopes, stream_forms
from mockserver.catalogue.models import Model
from mockserver.catalogue.regions import DEFAULT, Region
from mockserver.talk.surface import Surface
from mockserver.wire import sse
from mockserver.wire.template import Template

BACKENDS = {
    "older models": {"backend": "line", "era": "2025"},
    "Singapore and Virginia until 2026-04": {"backend": "open", "era": "2025"},
    "newest models": {"backend": "json", "era": "2026"},
}
"""The backends that refuse a stream in ways of their own (`fixtures/families.json` has them by model)."""


@dataclass(frozen=True, slots=True)
class RenderedError:
    """A refusal as it is sent. `sse`: its body is a frame; `door`: it never passed the gateway."""

    status: int
    body: bytes
    sse: bool
    door: bool


def stream_form(
    refusal: Refusal,
    dialect: str,
    model: Model | None = None,
    *,
    moment: error_catalogue.Moment = "refused",
) -> StreamForm:
    """How a refusal looks to a client that asked for a stream.

    The table with its sources is `streams` in `fixtures/errors.json`. Without a model the older backends
    speak.
    """
    backend, era = (model.family.stream_refusal, model.family.compat_era) if model else ("line", "2025")
    forms = stream_forms(dialect, moment)
    return next(form for form in forms if form.holds(refusal, backend=backend, era=era))


def render_native(
    refusal: Refusal, request_id: str, model: Model | None = None, *, stream: bool, region: Region = DEFAULT
) -> RenderedError:
    """A refusal on the native surface: a flat body, or an `event:error` frame that names the real status."""
    body = _native(refusal, request_id, region)
    door = refusal.origin == "door"
    form = stream_form(refusal, "native", model) if stream else None
    if form is None or form.form == "json":
        return RenderedError(refusal.status, body, sse=False, door=door)
    frame = sse.native_frame(1, body, event=b"error", status=refusal.status)
    return RenderedError(form.status or refusal.status, frame, sse=True, door=False)


def render_compat(
    refusal: Refusal, request_id: str, model: Model | None, *, stream: bool, region: Region = DEFAULT
) -> RenderedError:
    """A refusal on the compatible surface.

    Door and gateway answer without an `id`. What the parameter check and the model service refuse
    carries one; on a streaming request older backends send it as one data line, in another order.
    """
    form = stream_form(refusal, "compat", model) if stream else None
    if form is not None and form.form == "line":
        name = envelope_of("compat", "line", refusal.origin)
        line = sse.compat_frame(_enveloped(refusal.words["compat"], name, refusal.prefix, request_id, region))
        return RenderedError(form.status or refusal.status, line, sse=True, door=False)
    name = refusal.words["compat"].envelope or envelope_of("compat", "json", refusal.origin)
    body = _enveloped(refusal.words["compat"], name, refusal.prefix, request_id, region)
    return RenderedError(refusal.status, body, sse=False, door=refusal.origin == "door")


def render_late(
    refusal: Refusal, surface: Surface, request_id: str, number: int, *, region: Region = DEFAULT
) -> bytes:
    """A refusal in a stream that has begun: its last frame, the `number`-th (native frames carry it).

    Inside a compatible stream it is a native frame, its number 1 whatever went before; only moderation
    speaks the surface's own dialect, without the prefix. No `[DONE]` follows (Model Studio users, 2025
    and 2026).
    """
    if not surface.native and stream_form(refusal, "compat", moment="late").form == "line":
        return sse.compat_frame(_enveloped(refusal.words["compat"], "line-late", "", request_id, region))
    if surface.native:
        body = _native(refusal, request_id, region)
        return sse.native_frame(number, body, event=b"error", status=refusal.status)
    body = _enveloped(refusal.words["native"], "flat-id-first", refusal.prefix, request_id, region)
    return sse.native_frame(1, body, event=b"error", status=refusal.status)


def _native(refusal: Refusal, request_id: str, region: Region) -> bytes:
    name = refusal.words["native"].envelope or envelope_of("native", "json", refusal.origin)
    return _enveloped(refusal.words["native"], name, refusal.prefix, request_id, region)


@cache
def _template(envelope: str) -> Template:
    return Template(envelopes()[envelope]["body"])


def _enveloped(words: Words, envelope: str, prefix: str, request_id: str, region: Region) -> bytes:
    """Words in the body that is sent around them."""
    return _template(envelope).fill(
        {
            "code": dumps(words.code),
            "type": dumps(words.type),
            "param": dumps(words.param),
            "message": dump_text(prefix + words.text(region)),
            "id": dump_text(request_id),
            "chat_id": dump_text(f"chatcmpl-{request_id}"),
        }
    )
