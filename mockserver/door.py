"""The door: what a request has to pass before it is answered.

Its key, its JSON, its model, its schema, the rules: the first of them that does not hold ends its way.
"""

from collections.abc import Mapping
from typing import Any

from mockserver.catalogue.errors import Errors, Refusal
from mockserver.catalogue.models import Model, Models
from mockserver.rules import Finding, Severity, check, schemas
from mockserver.settings import INVALID_KEY, KEY_FORM, Settings
from mockserver.wire import compat, native
from mockserver.wire.jsontext import loads_bounded
from mockserver.wire.request import ChatRequest, Surface
from mockserver.worlds import World, Worlds, mask

_REQUEST_SCHEMAS = {surface: f"{surface.value}.request" for surface in Surface}


class Refused(Exception):  # noqa: N818 - a refusal is an answer here, not an error
    """Ends the way of a request early; carries what is answered."""

    def __init__(self, refusal: Refusal, findings: tuple[Finding, ...] = ()) -> None:
        self.refusal = refusal
        self.findings = findings
        super().__init__(refusal.id)


def bearer_key(headers: Mapping[str, str]) -> str | None:
    """The API key of a request; None when there is no Authorization header."""
    value = headers.get("authorization")
    if value is None:
        return None
    scheme, _, key = value.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def without_key(body: bytes, key: str | None) -> bytes:
    """A request body as the journal may keep it: the key it came with is masked, a refused one too."""
    secret = (key or "").encode()
    return body.replace(secret, mask(key or "").encode()) if secret and secret in body else body


class Door:
    """Lets requests in, or refuses them in the cloud's words."""

    def __init__(self, settings: Settings, errors: Errors, models: Models, worlds: Worlds) -> None:
        self._settings = settings
        self._errors = errors
        self._models = models
        self._worlds = worlds

    def admit(self, key: str | None) -> World:
        """The world of a key; None stands for no key at all. Raises `Refused`."""
        if key is None:
            raise Refused(self._errors.refuse("auth.missing-key"))
        # What is refused is booked on the world without a key, which lets nobody in.
        world = self._worlds.known(key) if key else None
        if world is not None:
            return world
        allowed = self._settings.api_keys
        if key == INVALID_KEY or not KEY_FORM.fullmatch(key) or (allowed and key not in allowed):
            raise Refused(self._errors.refuse("auth.wrong-key"))
        return self._worlds.of(key)

    def parse(self, body: bytes) -> dict[str, Any]:
        """The JSON object of a body. Raises `Refused`."""
        try:
            data = loads_bounded(body)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise Refused(self._errors.refuse("body.malformed"))
        return data

    def model(self, surface: Surface, data: Mapping[str, Any]) -> Model:
        """The model that a request names. Raises `Refused`."""
        name = data.get("model")
        model = self._models.find(name)
        if model is not None:
            return model
        if not isinstance(name, str) or not name:
            raise Refused(self._errors.refuse("model.missing"))
        raise Refused(
            self._errors.refuse("model.unknown-native" if surface.native else "model.unknown", model=name)
        )

    def read(
        self, surface: Surface, data: Mapping[str, Any], model: Model, headers: Mapping[str, str]
    ) -> ChatRequest:
        """The request, read. Raises `Refused` when it breaks its schema."""
        self.allow(_REQUEST_SCHEMAS[surface], data, surface)
        if surface.native:
            return native.read_request(surface, data, model, headers)
        return compat.read_request(data, model, headers)

    def allow(self, schema: str, data: Any, surface: Surface) -> None:
        """Raises `Refused` for a document that breaks its schema."""
        if schemas.validator(schema).is_valid(data):
            return
        violation = schemas.violations(schema, data)[0]
        refusal = schemas.refusal(violation, surface, self._errors)
        rule = f"schema.{violation.keyword}"
        finding = Finding(rule, Severity.REFUSED, violation.path, violation.message[:500], refusal)
        raise Refused(refusal, (finding,))

    def judge(self, request: ChatRequest) -> tuple[Finding, ...]:
        """What the rules find in a request. Raises `Refused` when the cloud refuses it."""
        findings = tuple(check(request, self._errors))
        for finding in findings:
            if finding.refusal is not None:
                raise Refused(finding.refusal, findings)
        return findings
