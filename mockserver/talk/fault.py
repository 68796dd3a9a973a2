"""Faults as values: what is to go wrong, with which requests, and their text form.

The text of one fault is a name and options, several make a sequence::

    reset-mid-chunk
    Throttling.RateQuota;times=2
    error=InternalError;after=5
    stall=800ms;at=answer
    Throttling.RateQuota, InternalError, ok;again
"""

import random
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import fields, replace
from itertools import accumulate
from typing import Any, Literal

from mockserver.base.values import value
from mockserver.catalogue.errors import Refusal

Where = Literal["any", "stream", "tools"]
"""What a fault can strike: any answer, streams, or streams that call tools. Others go out well."""

Harm = Literal["none", "error", "incomplete", "mislabelled", "usage", "finish", "changed"]
"""What a careful client is left with: the whole answer, an error, less than an answer, a whole one under a
wrong label, one without usage, or another text than was said."""

COMMON = ("times", "probability", "seed", "again")
"""The options of every fault."""


@value
class Kind:
    """One kind of fault. `options` are its own, with defaults; `main` is what `name=value` sets."""

    name: str
    group: str
    does: str
    imitates: str
    where: Where
    harm: Harm
    options: Mapping[str, Any]
    main: str | None = None


@value(kw_only=True)
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


@value
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
