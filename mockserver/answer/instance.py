"""Instances of a JSON Schema: the JSON that the built-in model answers with.

It proposes and checks. A value is proposed from the words of the user where they offer one, else from what
the schema says, else made up; `jsonschema-rs` judges it at its place in the schema, and the first that is
valid stays.
"""

from collections.abc import Iterable
from itertools import chain, repeat
from typing import Any

from mockserver.answer.document import compiled
from mockserver.answer.facts import DeadEndError
from mockserver.answer.impossible import ImpossibleSchemaError
from mockserver.answer.maker import Maker, OutOfStepsError
from mockserver.answer.spots import Spot
from mockserver.answer.words import Words

__all__ = ["ImpossibleSchemaError", "instance"]


def instance(schema: Any, *, numbers: Iterable[int], words: Words) -> Any:
    """An instance of a schema, the same for the same numbers and words. Raises `ImpossibleSchemaError`.

    It is as complete as models make theirs: optional properties are there unless that would never end. When
    such an instance takes too many steps, only what is required is made; when a `format` contradicts the
    rest, it gives way, as it only annotates (JSON Schema 2020-12, Validation, 7.2.1).
    """
    document = compiled(schema)
    endless = chain(numbers, repeat(0))
    reason = ""
    for formats in (True, False) if document.formats else (True,):
        for sparse in (False, True):
            maker = Maker(document, endless, words, sparse=sparse, formats=formats)
            try:
                return maker.make((document.root,), Spot(passed=frozenset(("",))))
            except (DeadEndError, OutOfStepsError) as error:
                reason = reason or str(error)
    raise ImpossibleSchemaError(reason)
