"""Small values that are never changed once they are made."""

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

Value = TypeVar("Value")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[Value]) -> type[Value]:
    """A dataclass that is frozen for the type checker alone.

    Freezing it at run time would double the cost of making one, and every request makes many.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
