"""Refusals rendered: the right status, envelope and framing for the surface that asked."""

from dataclasses import dataclass, replace

from mockserver.catalogue import errors as error_catalogue
from mockserver.catalogue.errors import Refusal, StreamForm, stream_forms
from mockserver.catalogue.models import Model
from mockserver.wire import sse
from mockserver.wire.jsontext import dump_text, dumps
from mockserver.wire.request import Surface
from mockserver.wire.template import Template

_COMPAT = Template(
    {
        "error": {"message": "$message", "type": "$type", "param": None, "code": "$code"},
        "id": "$chat_id?",
        "request_id": "$id",
    }
)
_COMPAT_LINE = Template(
    {"error": {"code": "$code", "param": None, "message": "$message", "type": "$type"}, "id": "$chat_id"}
)
_COMPAT_LATE = Template(
    {
        "error": {"code": "$code", "param": None, "message": "$message", "type": "$type"},
        "id": "$chat_id",
        "request_id": "$id",
    }
)
_COMPAT_BARE = Template({"error": {"message": "$message", "type": "$type"}})
_NATIVE = Template({"code": "$code", "message": "$message", "request_id": "$id"})
_NATIVE_IN_COMPAT = Template({"request_id": "$id", "code": "$code", "message": "$message"})


BACKENDS = {
    "older models": {"backend": "line", "era": "2025"},
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
    surface: error_catalogue.Surface,
    model: Model | None = None,
    *,
    moment: error_catalogue.Moment = "refused",
) -> StreamForm:
    """How a refusal looks to a client that asked for a stream.

    The table with its sources is `streams` in `fixtures/errors.json`. Without a model the older backends
    speak.
    """
    backend, era = (model.family.stream_refusal, model.family.compat_era) if model else ("line", "2025")
    forms = stream_forms(surface, moment)
    return next(form for form in forms if form.holds(refusal, backend=backend, era=era))


def render_native(
    refusal: Refusal, request_id: str, model: Model | None = None, *, stream: bool
) -> RenderedError:
    """A refusal on the native surface: a flat body, or an `event:error` frame that names the real status."""
    values = _native_values(refusal, request_id)
    door = refusal.origin == "door"
    body = _NATIVE.fill(values)
    form = stream_form(refusal, "native", model) if stream else None
    if form is None or form.form == "json":
        return RenderedError(refusal.status, body, sse=False, door=door)
    frame = sse.native_frame(1, body, event=b"error", status=refusal.status)
    return RenderedError(form.status or refusal.status, frame, sse=True, door=False)


def render_compat(refusal: Refusal, request_id: str, model: Model | None, *, stream: bool) -> RenderedError:
    """A refusal on the compatible surface.

    Door and gateway answer without an `id`. What the parameter check and the model service refuse
    carries one; on a streaming request older backends send it as one data line, in another order.
    """
    values = _compat_values(refusal, request_id)
    form = stream_form(refusal, "compat", model) if stream else None
    if form is not None and form.form == "line":
        line = sse.compat_frame(_COMPAT_LINE.fill(values))
        return RenderedError(form.status or refusal.status, line, sse=True, door=False)
    if refusal.origin in ("door", "gateway"):
        del values["chat_id"]
    template = _COMPAT_BARE if refusal.compat.bare else _COMPAT
    return RenderedError(refusal.status, template.fill(values), sse=False, door=refusal.origin == "door")


def render_late(refusal: Refusal, surface: Surface, request_id: str, number: int) -> bytes:
    """A refusal in a stream that has begun: its last frame, the `number`-th (native frames carry it).

    Inside a compatible stream it is a native frame, its number 1 whatever went before; only moderation
    speaks the surface's own dialect, without the prefix. No `[DONE]` follows (Model Studio users, 2025
    and 2026).
    """
    if surface.native:
        body = _NATIVE.fill(_native_values(refusal, request_id))
        return sse.native_frame(number, body, event=b"error", status=refusal.status)
    if stream_form(refusal, "compat", moment="late").form == "line":
        return sse.compat_frame(_COMPAT_LATE.fill(_compat_values(replace(refusal, prefix=""), request_id)))
    body = _NATIVE_IN_COMPAT.fill(_native_values(refusal, request_id))
    return sse.native_frame(1, body, event=b"error", status=refusal.status)


def _native_values(refusal: Refusal, request_id: str) -> dict[str, bytes]:
    return {
        "code": dumps(refusal.native.code),
        "message": dump_text(refusal.prefix + refusal.native.message),
        "id": dump_text(request_id),
    }


def _compat_values(refusal: Refusal, request_id: str) -> dict[str, bytes]:
    return {
        "code": dumps(refusal.compat.code),
        "type": dumps(refusal.compat.type),
        "message": dump_text(refusal.prefix + refusal.compat.message),
        "id": dump_text(request_id),
        "chat_id": dump_text(f"chatcmpl-{request_id}"),
    }
