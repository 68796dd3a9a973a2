"""Faults as values: read from JSON or from a short text, written back as text.

The text of one fault is a name and options, several make a sequence::

    reset-mid-chunk
    Throttling.RateQuota;times=2
    error=InternalError;after=5
    stall=800ms;at=answer
    Throttling.RateQuota, InternalError, ok;again
"""

import random
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from itertools import accumulate
from typing import Any

from mockserver.catalogue.errors import Errors, Refusal, UnknownErrorCodeError, fill
from mockserver.faults.kinds import Kind, kinds, presets
from mockserver.names import nearest
from mockserver.rules.schemas import violations

COMMON = ("times", "probability", "seed", "again")
"""The options of every fault."""

_NUMBER = re.compile(r"(-?[0-9]{1,15}(?:\.[0-9]{1,9})?)(ms|s)?")
_LONGEST = 500
_MOST = 100


class BadFaultError(ValueError):
    """A fault that cannot be understood; the message says what is wrong and what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault. `ms` are milliseconds; `after` counts tokens, of a split bytes.

    `times` is how many requests it takes, None for one in a sequence and all else; of those it strikes
    the share `probability`, drawn with `seed`. `again`: the sequence that it ends begins anew.
    """

    kind: Kind
    code: str | None = None
    refusal: Refusal | None = None
    ms: float = 0.0
    after: int | None = None
    at: str | None = None
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    again: bool = False

    def __str__(self) -> str:
        """The fault in its text form, which reads back the same."""
        defaults = {field.name: field.default for field in fields(self)} | dict(self.kind.options)
        main = self.kind.main
        text = self.kind.name
        if main is not None and getattr(self, main) != defaults[main]:
            text += f"={_written(main, getattr(self, main))}"
        for name in (*self.kind.options, *COMMON):
            value = getattr(self, name)
            if name != main and value != defaults[name] and f";{name}" not in text:
                text += f";{name}" if value is True else f";{name}={_written(name, value)}"
        return text

    def instead(self, *, stream: bool) -> Refusal | None:
        """The error that takes the place of the whole answer; None for every other fault."""
        return self.refusal if self.after is None or not stream else None

    def strikes(self, use: int) -> bool:
        """Whether it strikes the request of that number, counted from 0; the same for the same seed."""
        return self.probability >= 1 or random.Random(f"{self.seed}:{use}").random() < self.probability  # noqa: S311


def _written(name: str, value: Any) -> str:
    # `repr` writes small numbers with an exponent, which the text form does not know.
    text = f"{value:.9f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return f"{text}ms" if name == "ms" else text


@dataclass(frozen=True, slots=True)
class Faults:
    """Faults one after the other: which one strikes the request of a number, counted from 0."""

    steps: tuple[Fault, ...]

    def __str__(self) -> str:
        """The sequence in its text form."""
        return ", ".join(map(str, self.steps))

    @property
    def length(self) -> int | None:
        """How many requests it takes; None for all."""
        if self.steps[-1].again:
            return None
        return self._ends()[-1] if len(self.steps) > 1 else self.steps[0].times

    def _ends(self) -> list[int]:
        """Behind how many requests each step ends, within one round."""
        return list(accumulate(step.times or 1 for step in self.steps))

    def at(self, use: int) -> Fault | None:
        """The fault that strikes that request; None when it is answered well."""
        if self.length is not None and use >= self.length:
            return None
        ends = self._ends()
        step = self.steps[bisect_right(ends, use % ends[-1])]
        if step.kind.name == "ok" or not step.strikes(use):
            return None
        # A split that says no place takes the next one with each request.
        return replace(step, after=use + 1) if step.kind.name == "split" and step.after is None else step


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
    found = violations("fault", dict(spec))
    if found:
        place = found[0].path or "the fault"
        msg = f"{place}: {found[0].message[:300]}"
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
