"""What is gone by itself, without the collector: it hardly ever comes by where a server runs."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def _alive(kind: type) -> dict[int, object]:
    return {id(one): one for one in gc.get_objects() if issubclass(type(one), kind)}


@contextmanager
def nothing_left(kind: type[BaseException]) -> Iterator[None]:
    """Holds that no exception of a kind that is raised meanwhile stays: it would hold all it came through."""
    gc.collect()
    before = _alive(kind)
    gc.disable()
    try:
        yield
        assert [one for number, one in _alive(kind).items() if number not in before] == []
    finally:
        gc.enable()
