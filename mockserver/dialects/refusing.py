"""What the refusals of all dialects share: the envelopes, and the forms on a stream."""

from functools import cache

from mockserver.base.jsontext import dump_text, dumps
from mockserver.base.values import value
from mockserver.catalogue import errors as error_catalogue
from mockserver.catalogue.errors import Refusal, StreamForm, Words, envelopes, stream_forms
from mockserver.catalogue.models import Model
from mockserver.catalogue.regions import Region
from mockserver.wire.template import Template

BACKENDS = {
    "older models": {"backend": "line", "era": "2025"},
    "Singapore and Virginia until 2026-04": {"backend": "open", "era": "2025"},
    "newest models": {"backend": "json", "era": "2026"},
}
"""The backends that refuse a stream in ways of their own (`fixtures/families.json` has them by model)."""


@value
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


@cache
def _template(envelope: str) -> Template:
    return Template(envelopes()[envelope]["body"])


def enveloped(words: Words, envelope: str, prefix: str, request_id: str, region: Region) -> bytes:
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
