"""What is wrong with a schema, told without making a list of everything that is.

Whoever explains why a value fits none of several ways lists what is wrong with each of them. A meta-schema
has such ways: a list of 40,000 items none of which is a schema makes 40,000 errors, each of two more, which
are 450 MB for 600 kB. To ask whether it is valid takes none of that. So the smallest subschema that is
broken is looked for, and it is explained with the beginnings of its lists alone.
"""

from collections.abc import Iterator
from typing import Any

from mockserver.instances.spelling import MAPS, VALUES

FEW = 20
"""So many items of a list are looked at: a `type` that names more than the seven types is wrong by these."""

_SMALL = 500
"""A schema of so many values is explained as it is."""

_NOWHERE = "its meta-schema does not allow it"


def flaw(judge: Any, schema: Any) -> str:
    """Why a judge of schemas refuses one, with the place of what is wrong; empty when it does not."""
    if judge.is_valid(schema):
        return ""
    if _is_small(schema):
        return _told(judge, schema)
    for path, each in reversed(list(_placed(_begun(schema)))):
        if not judge.is_valid(each):
            return ".".join((*path, _told(judge, each)))
    return _NOWHERE


def brief(error: Exception) -> str:
    """The reason that an error of the validator gives, and where it lies."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    place = next((line for line in lines if line.startswith("On instance[")), "")
    at = place.removeprefix("On instance").removesuffix(":").replace('"]["', ".").strip('[]"')
    return f"{at}: {lines[0][:200]}" if at else (lines or ["unknown"])[0][:200]


def _told(judge: Any, schema: Any) -> str:
    # The first error alone: a list of all is made before one is read, and nobody runs meanwhile.
    try:
        judge.validate(schema)
    except ValueError as error:
        return brief(error)
    return ""


def _is_small(schema: Any) -> bool:
    left, count = [schema], 0
    while left and count <= _SMALL:
        one = left.pop()
        count += 1
        if isinstance(one, dict | list):
            count += len(one)
            left += [
                each
                for each in (one.values() if isinstance(one, dict) else one)
                if isinstance(each, dict | list)
            ]
    return count <= _SMALL


def _begun(value: Any) -> Any:
    """A value whose lists end after the first few items."""
    if isinstance(value, dict):
        return {name: _begun(each) for name, each in value.items()}
    return [_begun(each) for each in value[:FEW]] if isinstance(value, list) else value


def _placed(schema: Any) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every object of a document that is, or may be, a schema, with the way to it; those around it first."""
    todo: list[tuple[tuple[str, ...], Any, bool]] = [((), schema, False)]
    while todo:
        path, value, named = todo.pop()
        if isinstance(value, list):
            todo += [((*path, str(at)), below, False) for at, below in enumerate(value)]
        elif isinstance(value, dict):
            if not named:
                yield path, value
            todo += [
                ((*path, name), below, not named and name in MAPS)
                for name, below in value.items()
                if isinstance(below, dict | list) and (named or name not in VALUES)
            ]
