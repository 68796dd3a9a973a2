"""Refusals rendered: the right status, envelope and framing for the surface that asked."""

from dataclasses import dataclass
from http import HTTPStatus

from mockserver.catalogue.errors import Refusal
from mockserver.catalogue.models import Model
from mockserver.wire import sse
from mockserver.wire.jsontext import dump_text, dumps
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
_NATIVE = Template({"code": "$code", "message": "$message", "request_id": "$id"})


@dataclass(frozen=True, slots=True)
class RenderedError:
    """A refusal as it is sent. `sse`: its body is a frame; `door`: it never passed the gateway."""

    status: int
    body: bytes
    sse: bool
    door: bool


def render_native(refusal: Refusal, request_id: str, *, stream: bool) -> RenderedError:
    """A refusal on the native surface.

    Asked for a stream, the cloud answers 200 with one `event:error` frame that names the real status
    (recording: cnblogs/dashscope-sdk, 2024-02); only what is refused at the door stays plain JSON
    with its own status (recordings: alibaba/loongsuite-python-agent, 401, 4 of 4).
    """
    values = {
        "code": dumps(refusal.native.code),
        "message": dump_text(refusal.prefix + refusal.native.message),
        "id": dump_text(request_id),
    }
    door = refusal.origin == "door"
    body = _NATIVE.fill(values)
    if not stream or door:
        return RenderedError(refusal.status, body, sse=False, door=door)
    frame = sse.native_frame(1, body, event=b"error", status=refusal.status)
    return RenderedError(200, frame, sse=True, door=False)


def render_compat(refusal: Refusal, request_id: str, model: Model | None, *, stream: bool) -> RenderedError:
    """A refusal on the compatible surface.

    Door and gateway answer without an `id`. What the parameter check and the model service refuse
    carries one; on a streaming request older backends send it as one data line, in another order
    (Model Studio users, at least eight reports of 2026, status 400; recording: maruel/genai,
    qwen3-vl-flash, 2026-04, status 200).
    """
    values = {
        "code": dumps(refusal.compat.code),
        "type": dumps(refusal.compat.type),
        "message": dump_text(refusal.prefix + refusal.compat.message),
        "id": dump_text(request_id),
    }
    if refusal.origin in ("door", "gateway"):
        return RenderedError(refusal.status, _COMPAT.fill(values), sse=False, door=refusal.origin == "door")
    values["chat_id"] = dump_text(f"chatcmpl-{request_id}")
    old = model is None or model.family.stream_refusal == "line"
    if stream and (refusal.status == HTTPStatus.OK or (refusal.status == HTTPStatus.BAD_REQUEST and old)):
        line = sse.compat_frame(_COMPAT_LINE.fill(values))
        return RenderedError(refusal.status, line, sse=True, door=False)
    return RenderedError(refusal.status, _COMPAT.fill(values), sse=False, door=False)
