"""Faults read: from JSON, or from the text form of `mockserver.talk.fault`."""

import re
from collections.abc import Mapping
from typing import Any

from mockserver.base.names import nearest
from mockserver.catalogue.errors import Errors, Refusal, UnknownErrorCodeError, fill
from mockserver.faults.kinds import kinds, presets
from mockserver.rules.schemas import told_at_once
from mockserver.talk.fault import COMMON, Fault, Faults, Kind

_NUMBER = re.compile(r"(-?[0-9]{1,15}(?:\.[0-9]{1,9})?)(ms|s)?")
_LONGEST = 500
_MOST = 100


class BadFaultError(ValueError):
    """A fault that cannot be understood; the message says what is wrong and what would be right."""


def nearest_fault(name: str, errors: Errors) -> str:
    """The known fault, short name or error code that is most like a name."""
    return nearest(name, [*kinds(), *presets(), *errors.codes()])


def _unknown(name: str, errors: Errors) -> BadFaultError:
    near = nearest_fault(name, errors)
    return BadFaultError(f"there is no fault {name[:100]!r}; the nearest known one is {near!r}")


def _refusal(code: str, errors: Errors) -> Refusal:
    try:
        return fill(errors.by_code(code), {})
    except UnknownErrorCodeError:
        raise _unknown(code, errors) from None


def _parsed(name: str, text: str) -> Any:
    """The value of an option; what is no number stays text, and the schema says so."""
    found = _NUMBER.fullmatch(text)
    if found is None or (found[2] and name != "ms"):
        return text
    value = float(found[1]) if "." in found[1] else int(found[1])
    return value * 1000 if found[2] == "s" else value


def _object(text: str, errors: Errors) -> dict[str, Any]:
    """The object that one fault in text form stands for. Raises `BadFaultError`."""
    head, *options = [part.strip() for part in text.split(";")]
    name, assigned, value = (part.strip() for part in head.partition("="))
    kind = kinds().get(name)
    spec: dict[str, Any] = {"kind": name}
    if kind is None:
        _refusal(name, errors)
        spec = {"kind": "error", "code": name}
    elif assigned:
        if kind.main is None:
            msg = f"the fault {name!r} takes no value; write {name!r} alone"
            raise BadFaultError(msg)
        spec[kind.main] = value if kind.main == "code" else _parsed(kind.main, value)
    for option in options:
        key, assigned, value = (part.strip() for part in option.partition("="))
        if key in spec:
            msg = f"{key!r} stands twice in {text[:100]!r}; once is enough"
            raise BadFaultError(msg)
        spec[key] = _parsed(key, value) if assigned else True
    return spec


def _check(spec: Mapping[str, Any], errors: Errors) -> Kind:
    """The kind of a fault whose options are known, fit and suffice. Raises `BadFaultError`."""
    name = spec.get("kind")
    kind = kinds().get(name) if isinstance(name, str) else None
    if isinstance(name, str) and kind is None:
        raise _unknown(name, errors)
    if kind is not None:
        known = [*kind.options, *COMMON]
        for option in spec:
            if option != "kind" and option not in known:
                near = nearest(option, known)
                msg = f"the fault {name!r} has no option {option[:100]!r}; the nearest known one is {near!r}"
                raise BadFaultError(msg)
    found = told_at_once("fault", dict(spec))
    if found is not None:
        msg = f"{found.path or 'the fault'}: {found.message[:300]}"
        raise BadFaultError(msg)
    assert kind is not None
    return kind


def read_fault(spec: str | Mapping[str, Any], errors: Errors) -> Fault:
    """One fault, from its text or its object. Raises `BadFaultError`."""
    given = _object(presets().get(spec, spec), errors) if isinstance(spec, str) else dict(spec)
    kind = _check(given, errors)
    values = {name: value for name, value in kind.options.items() if value is not None} | given
    del values["kind"]
    if kind.name != "error":
        return Fault(kind=kind, **values)
    if "code" not in values:
        msg = "the fault 'error' needs a code: error=InternalError"
        raise BadFaultError(msg)
    return Fault(kind=kind, refusal=_refusal(values["code"], errors), **values)


def read_faults(spec: str | Mapping[str, Any] | list[Any], errors: Errors) -> Faults:
    """A fault or a sequence, from text, an object or a list of both. Raises `BadFaultError`."""
    if isinstance(spec, str):
        if len(spec) > _LONGEST:
            msg = f"a fault of {len(spec)} characters: it may have {_LONGEST}"
            raise BadFaultError(msg)
        spec = [step.strip() for step in presets().get(spec.strip(), spec).split(",")]
    steps = tuple(read_fault(step, errors) for step in (spec if isinstance(spec, list) else [spec]))
    if len(steps) > _MOST:
        msg = f"a sequence of {len(steps)} faults: it may have {_MOST}"
        raise BadFaultError(msg)
    if any(step.again for step in steps[:-1]):
        msg = "again belongs to the last fault of a sequence, which then begins anew"
        raise BadFaultError(msg)
    return Faults(steps)
