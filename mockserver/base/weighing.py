"""How many bytes a document takes that was read: of what has a bound in bytes it is added up."""

from sys import getsizeof
from typing import Any

_VALUE = 100
"""About what a value takes beside its text: itself, its place in what holds it, and its name."""


def weight(document: Any) -> int:
    """About how many bytes a document of JSON takes. What is no JSON counts as a value without text."""
    size, left = 0, [document]
    while left:
        one = left.pop()
        size += _VALUE
        if isinstance(one, str):
            size += getsizeof(one)
        elif isinstance(one, dict):
            left += one.values()
        elif isinstance(one, list):
            left += one
    return size
