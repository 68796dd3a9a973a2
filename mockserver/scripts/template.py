"""Replies with holes: texts that are filled with values of the request when they answer.

The language is Jinja, in a sandbox with bounds (`scripts/sandbox.py`): a template sees what `values`
gives and nothing of the program.
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from mockserver.base.deadline import Deadline, Timer, working_time
from mockserver.base.kept import remembered
from mockserver.scripts import sandbox
from mockserver.scripts.sandbox import Meter, TemplateError
from mockserver.talk.request import ChatRequest

A = TypeVar("A")

PATIENCE = 0.05
"""The most seconds that the templates of a reply may take."""

_PLAIN = re.compile(r"""(?:[^{]|\{(?![{%#])|\{\{ *[\w.]+(?:\(['"]\w*['"]\))? *\}\})*+""")
"""A template whose holes hold a name, or the call of one: `{{ counter('orders') }}`."""

_COUNTING = threading.Lock()
"""Templates may be filled in several threads."""

NAMES = ("request", "now", "use", "counter")
"""What a template may name beside the variables of its scenario."""


def is_template(spec: Any) -> bool:
    """Whether any text in a JSON value has a hole."""
    if isinstance(spec, str):
        return "{{" in spec or "{%" in spec or "{#" in spec
    if isinstance(spec, Mapping):
        return any(map(is_template, spec.values()))
    return isinstance(spec, list) and any(map(is_template, spec))


@remembered(most=512, characters=1 << 20)
def _compiled(text: str) -> Any:
    return sandbox.compiled(text)


def new_meter(*, timer: Timer = working_time) -> Meter:
    """What counts the work of the templates of one reply; the time is its thread's, whatever else runs."""
    return Meter(Deadline(PATIENCE, timer=timer))


def names_in(text: str) -> set[str]:
    """The names that a template needs from outside. Raises `TemplateError`."""
    from jinja2 import meta  # noqa: PLC0415

    _compiled(text)
    environment = sandbox.environment()
    return set(meta.find_undeclared_variables(environment.parse(text))) - set(environment.globals)


def filled(text: str, values: Mapping[str, Any], meter: Meter | None = None) -> str:
    """A template with its holes filled. Raises `TemplateError`."""
    template = _compiled(text)
    try:
        return sandbox.rendered(template, values, meter or new_meter())
    except TemplateError as error:
        msg = f"{text[:80]!r} cannot be filled: {error}"
        raise TemplateError(msg) from None


def fill(spec: Any, values: Mapping[str, Any], meter: Meter | None = None) -> Any:
    """A JSON value with all its templates filled. Raises `TemplateError`."""
    meter = meter or new_meter()
    if isinstance(spec, str):
        return filled(spec, values, meter) if is_template(spec) else spec
    if isinstance(spec, Mapping):
        return {name: fill(value, values, meter) for name, value in spec.items()}
    if isinstance(spec, list):
        return [fill(value, values, meter) for value in spec]
    return spec


def texts(spec: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every template in a JSON value, with its place."""
    if isinstance(spec, str) and is_template(spec):
        yield path, spec
    elif isinstance(spec, Mapping):
        for name, value in spec.items():
            yield from texts(value, f"{path}.{name}" if path else name)
    elif isinstance(spec, list):
        for at, value in enumerate(spec):
            yield from texts(value, f"{path}[{at}]")


def shown(request: ChatRequest) -> dict[str, Any]:
    """What a template sees of a request; never its headers, which hold the key."""
    return {
        "model": request.model.name,
        "surface": request.surface.name,
        "stream": request.stream,
        "turn": request.turn,
        "last_user": request.last_user,
        "system": request.system,
        "messages": [{"role": message.role, "content": message.text} for message in request.messages],
        "tool_result": next(
            (message.text for message in reversed(request.messages) if message.role == "tool"), ""
        ),
        "parameters": dict(request.parameters),
    }


class Draft(Generic[A]):
    """A reply with holes; `read` makes the answer of its JSON when they are filled."""

    def __init__(self, spec: Mapping[str, Any], read: Callable[[Mapping[str, Any]], A]) -> None:
        self._spec = spec
        self._read = read
        found = [text for _, text in texts(spec)]
        for text in found:
            _compiled(text)
        self.plain = all(_PLAIN.fullmatch(text) for text in found)
        """Whether it has but names in its holes, which are filled in no time."""

    def fill(
        self,
        request: ChatRequest,
        *,
        now: float,
        use: int,
        counters: dict[str, int],
        variables: Mapping[str, Any],
    ) -> A:
        """The answer to one request. `now` is in seconds since 1970. Raises `TemplateError`."""

        def counter(name: str = "") -> int:
            with _COUNTING:
                counters[name] = counters.get(name, 0) + 1
                return counters[name]

        values = {
            **variables,
            "request": shown(request),
            "now": datetime.fromtimestamp(now, UTC),
            "use": use,
            "counter": counter,
        }
        return self._read(fill(self._spec, values))
