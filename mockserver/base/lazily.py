"""A property that is found when it is asked for first, and then is an attribute like any other."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class lazily(Generic[T]):  # noqa: N801 - it is read as a decorator
    """Like `functools.cached_property`, without the lock that Python 3.11 takes for each of all objects.

    Two threads may find the same at once, and one of the two stays: so what is found has to follow from the
    object alone.
    """

    def __init__(self, find: Callable[[Any], T]) -> None:
        self._find = find
        self._name = find.__name__
        self.__doc__ = find.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> "lazily[T]": ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object | None, owner: type) -> "T | lazily[T]":
        """What is found for an object, which keeps it under the same name."""
        if instance is None:
            return self
        found = instance.__dict__[self._name] = self._find(instance)
        return found
