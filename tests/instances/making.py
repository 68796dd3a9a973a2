"""What the tests of made-up JSON share: numbers, and instances made with them."""

from collections.abc import Iterator
from hashlib import blake2b
from itertools import count
from typing import Any

from mockserver.base.deadline import Deadline
from mockserver.instances.instance import ImpossibleSchemaError, instance
from mockserver.instances.words import Words

Json = dict[str, Any]
HELLO = Words.of("Hello")
STRING: Json = {"type": "string"}
INTEGER: Json = {"type": "integer"}


def drawn(seed: int = 0) -> Iterator[int]:
    """Endless numbers, as a request gives them."""
    for block in count():
        yield from blake2b(f"{seed} {block}".encode(), digest_size=64).digest()


def made(schema: Any, *, words: Words = HELLO, seed: int = 0) -> Any:
    """An instance, made while the clock stands still: what a busy machine is late with is no matter here."""
    return instance(schema, numbers=drawn(seed), words=words, deadline=Deadline(1, timer=lambda: 0))


def attempt(schema: Any, *, seed: int = 0) -> tuple[Any, str]:
    """An instance, or why there is none."""
    try:
        return made(schema, seed=seed), ""
    except ImpossibleSchemaError as impossible:
        return None, str(impossible)


def thing(properties: Json, required: tuple[str, ...] = (), **more: Any) -> Json:
    return {"type": "object", "properties": properties, "required": list(required), **more}
