"""Instances of a JSON Schema: the JSON that the built-in model answers with.

It proposes and checks. A value is proposed from the words of the user where they offer one, else from what
the schema says, else made up; `jsonschema-rs` judges it at its place in the schema, and the first that is
valid stays.
"""

from collections.abc import Iterable
from itertools import chain, repeat
from math import inf
from typing import Any

from mockserver.base.deadline import Deadline, working_time
from mockserver.instances.document import Document, compiled
from mockserver.instances.facts import DeadEndError
from mockserver.instances.impossible import ImpossibleSchemaError, TakesLongError
from mockserver.instances.maker import PATIENCE, STEPS, Maker, OutOfStepsError, OutOfTimeError
from mockserver.instances.spots import Spot
from mockserver.instances.words import Words

__all__ = ["ImpossibleSchemaError", "instance"]

_BESIDE = 2.0
"""About how many times as long as compiling a schema all else takes that is done with its text: to read the
request, to count its tokens. What makes an instance has so much less time, unless its deadline is hasty: that
one goes by what the making takes."""

_SOON = 0.001
"""How many seconds of work at most show that a schema which was found to take long does not."""

_SHARE = 0.5
"""Which part of the time that is left an attempt may take: the rest is for a simpler one."""


def _readings(schema: Any, *, hasty: bool) -> Iterable[tuple[Document, bool]]:
    """The ways to read a schema, the strictest first, each with whether formats bind.

    Constraints beside a `$ref`, which drafts up to 07 ignore and many validators do not, bind unless they
    contradict the rest; so does a `format`, which only annotates (JSON Schema 2020-12, Validation, 7.2.1).
    """
    strict = compiled(schema, hasty=hasty)
    if hasty and strict.slow:
        raise TakesLongError
    formats = (True, False) if strict.formats else (True,)
    yield from ((strict, binding) for binding in formats)
    if strict.siblings:
        loose = compiled(schema, loose=True, hasty=hasty)
        yield from ((loose, binding) for binding in formats)


def instance(
    schema: Any,
    *,
    numbers: Iterable[int],
    words: Words,
    deadline: Deadline | None = None,
    brief: bool = False,
    taken: Iterable[Any] = (),
) -> Any:
    """An instance of a schema, the same for the same numbers and words.

    Raises `ImpossibleSchemaError`, and `TakesLongError` behind a hasty deadline.

    It is as complete as models make theirs: optional properties are there unless that would never end; a
    `brief` one has those only that the words give, as models call functions. `taken` are values of the words
    that something else has. When such an instance takes too many steps or too much time, only what is
    required is made. Without a deadline the time is that of the work itself: a machine that is busy with
    others changes no answer.
    """
    deadline = deadline or Deadline(PATIENCE, timer=working_time)
    begun = 0.0 if deadline.hasty else working_time()
    endless = chain(numbers, repeat(0))
    reason = ""
    for document, formats in _readings(schema, hasty=deadline.hasty):
        if STEPS < (size := document.size(document.root)) < inf:
            reason = reason or f"its smallest instance has {size:g} values, and the mock makes {STEPS}"
            continue
        left = deadline if deadline.hasty else deadline.earlier(_BESIDE * document.reading)
        for sparse in (False, True):
            maker = Maker(
                document,
                endless,
                words,
                left if deadline.hasty else left.share(_SHARE),
                sparse=sparse,
                formats=formats,
                brief=brief,
                taken=list(taken),
            )
            try:
                made = maker.make((document.root,), Spot(passed=frozenset(("",))))
            except (DeadEndError, OutOfStepsError, OutOfTimeError) as error:
                if deadline.hasty and isinstance(error, OutOfTimeError):
                    document.late += 1
                    raise TakesLongError from None
                reason = reason or str(error)
            else:
                if deadline.hasty or (document.late and working_time() - begun < _SOON):
                    document.late = 0
                return made
    raise ImpossibleSchemaError(reason)
