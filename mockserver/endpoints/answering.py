"""How a call beside chat becomes an answer, and a chat request that is refused before it is read."""

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mockserver.answers import Answer
from mockserver.door import Refused, bearer_key
from mockserver.journal import Entry
from mockserver.wire.encoding import encoded
from mockserver.wire.jsontext import dumps
from mockserver.wire.request import Surface
from mockserver.work import Steps, aside, at_once
from mockserver.worlds import World

if TYPE_CHECKING:
    from mockserver.engine import Engine

log = logging.getLogger("mockserver")


def _entry(engine: "Engine", surface: Surface, arrived: float) -> Entry:
    return Entry(engine.ids.request_id(), engine.worlds.of(""), surface.value, False, b"", arrived)


def refusal(
    engine: "Engine",
    entry_id: str,
    surface: Surface,
    headers: Mapping[str, str],
    *,
    arrived: float,
    **values: Any,
) -> Answer:
    """The answer to a chat request that is refused before its body is read, whatever its key."""
    entry = _entry(engine, surface, arrived)
    entry.refusal = engine.errors.refuse(entry_id, **values)
    engine.journal.add(entry)
    return engine.answers.refused(surface, entry, None, headers, stream=False, clock=engine.clock)


def simple(
    engine: "Engine",
    surface: Surface,
    headers: Mapping[str, str],
    produce: Callable[[str, World], Any],
    *,
    arrived: float,
    header_set: str = "compat-door",
) -> Answer:
    """The answer that `produce` makes of the request id and the world of the key, or its refusal."""
    return at_once(steps(engine, surface, headers, produce, arrived=arrived, header_set=header_set))


def steps(
    engine: "Engine",
    surface: Surface,
    headers: Mapping[str, str],
    produce: Callable[[str, World], Any],
    *,
    arrived: float,
    header_set: str = "compat-door",
    large: bool = False,
) -> Steps[Answer]:
    """The way to that answer, made aside for a `large` request; what fails unforeseen is a refusal too."""
    entry = _entry(engine, surface, arrived)
    try:
        entry.world = engine.door.admit(bearer_key(headers))
        content = yield from aside(large, produce, entry.request_id, entry.world)
    except Refused as refused:
        entry.refusal = refused.refusal
    except Exception:
        log.exception("a request beside chat could not be answered")
        entry.refusal = engine.errors.refuse("internal.error")
    if entry.refusal is not None:
        return engine.answers.refused(surface, entry, None, headers, stream=False, clock=engine.clock)
    encoding, body = encoded(dumps(content), headers)
    sent = engine.answers.headers(header_set, entry, None, clock=engine.clock, encoding=encoding)
    return Answer(200, sent, body)
