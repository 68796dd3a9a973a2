"""How a call beside chat becomes an answer, and a chat request that is refused before it is read."""

import logging
from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from mockserver.base.masking import without_key
from mockserver.corridor.answers import Answer
from mockserver.corridor.unshared import gone
from mockserver.corridor.work import LARGE, Steps, aside, at_once, sized
from mockserver.endpoints.endpoint import Said
from mockserver.faults.plan import plan
from mockserver.faults.planned import Frame, Planned
from mockserver.state.journal import Entry
from mockserver.state.worlds import World
from mockserver.talk.fault import Fault
from mockserver.talk.refused import Refused
from mockserver.talk.surface import Surface
from mockserver.wire.encoding import encoded
from mockserver.wire.incoming import key_of

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine

log = logging.getLogger("mockserver")


def _entry(engine: "Engine", surface: Surface, arrived: float) -> Entry:
    return Entry(engine.ids.request_id(), engine.worlds.of(""), surface.name, False, b"", arrived)


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
    engine.keeping.enter(entry, None)
    return engine.answers.refused(surface, entry, None, headers, stream=False, clock=engine.clock)


def unavailable(
    engine: "Engine", surface: Surface, headers: Mapping[str, str], reason: object, *, arrived: float
) -> Answer:
    """The answer while the shared state does not answer; it is entered nowhere."""
    entry = _entry(engine, surface, arrived)
    entry.refusal = gone(reason).refusal
    return engine.answers.refused(surface, entry, None, headers, stream=False, clock=engine.clock)


def turned_away(
    engine: "Engine",
    surface: Surface,
    headers: Mapping[str, str],
    entry_id: str,
    *,
    arrived: float,
    **values: Any,
) -> Answer:
    """The answer to a request that is refused for its path; without a good key, the key's comes first."""

    def refuses(_id: str, _world: World) -> Any:
        raise Refused(engine.errors.refuse(entry_id, **values))

    return simple(engine, surface, headers, refuses, arrived=arrived)


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
    endpoint: str = "",
    body: bytes = b"",
) -> Steps[Answer]:
    """The way to that answer, made aside for a `large` request; what fails unforeseen is a refusal too.

    What `produce` gives may be steps of its own; an answer that is long is written aside, too. A call of an
    `endpoint` is entered into the journal of calls with its `body`, and struck by the fault that its header
    or key names.
    """
    entry = _entry(engine, surface, arrived)
    key = key_of(surface, headers)
    entry.endpoint = endpoint
    try:
        if endpoint and engine.keeping.shared:
            yield from engine.keeping.current()
        entry.body = yield from sized(len(body), without_key, body, key)
        entry.world = engine.door.admit(key, headers)
        if endpoint:
            _strike(entry, (yield from engine.keeping.named(entry, headers)))
        make = partial(produce, entry.request_id, entry.world)
        content = (yield from aside(make)) if large else make()
        if isinstance(content, Generator):
            content = yield from content
    except Refused as refused:
        entry.refusal, entry.findings = refused.refusal, refused.findings
    except Exception:
        log.exception("a request beside chat could not be answered")
        entry.refusal = engine.errors.refuse("internal.error")
    if endpoint:
        engine.keeping.enter(entry, None)
    if entry.refusal is not None:
        return engine.answers.refused(surface, entry, None, headers, stream=False, clock=engine.clock)
    said = content if isinstance(content, Said) else Said(content)
    write = partial(_answer, engine, said, entry, surface, headers, header_set)
    return (yield from aside(write)) if large or said.over(LARGE) else write()


def _strike(entry: Entry, fault: Fault | None) -> None:
    """Notes the fault that strikes a call. Raises `Refused` when it is an error and nothing else."""
    entry.fault = fault
    refusal = None if fault is None else fault.instead(stream=False)
    if refusal is not None:
        raise Refused(refusal)


def _answer(
    engine: "Engine",
    said: Said,
    entry: Entry,
    surface: Surface,
    headers: Mapping[str, str],
    header_set: str,
) -> Answer:
    entry.status = said.status
    # A fault strikes the bytes of the JSON, not those of its compressed form.
    encoding, body = encoded(said.body, headers if entry.fault is None else {})
    sent = engine.answers.headers(header_set, entry, None, clock=engine.clock, encoding=encoding)
    answer = Answer(said.status, sent, body)
    if entry.fault is not None:
        planned = Planned(
            status=said.status,
            headers=sent,
            frames=(Frame(body),),
            streamed=False,
            surface=surface,
            request_id=entry.request_id,
        )
        answer.plan = plan(planned, entry.fault)
    return answer
