"""Replies with holes: texts that are filled with values of the request when they answer.

The language is Jinja, in its sandbox: a template sees what `values` gives and nothing of the program.
Jinja is imported when the first template is read.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mockserver.wire.jsontext import loads
from mockserver.wire.request import ChatRequest

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

A = TypeVar("A")

_LONGEST = 1_000_000
"""The most characters that a repetition in a template may make."""

NAMES = ("request", "now", "use", "counter")
"""What a template may name beside the variables of its scenario."""


class TemplateError(ValueError):
    """A template that cannot be read or filled; the message says why."""


def is_template(spec: Any) -> bool:
    """Whether any text in a JSON value has a hole."""
    if isinstance(spec, str):
        return "{{" in spec or "{%" in spec or "{#" in spec
    if isinstance(spec, Mapping):
        return any(map(is_template, spec.values()))
    return isinstance(spec, list) and any(map(is_template, spec))


def _bounded(left: Any, right: Any) -> Any:
    for text, count in ((left, right), (right, left)):
        if isinstance(text, str | list | tuple) and isinstance(count, int) and len(text) * count > _LONGEST:
            msg = f"a text or list of {len(text)} times {count} is too long"
            raise TemplateError(msg)
    return left * right


def _power(*_: Any) -> Any:
    msg = "** is not allowed"
    raise TemplateError(msg)


@cache
def _environment() -> "SandboxedEnvironment":
    from jinja2 import StrictUndefined  # noqa: PLC0415 - 40 ms that only templates need
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    class Environment(ImmutableSandboxedEnvironment):
        """The sandbox, with bounds on what grows."""

        intercepted_binops = frozenset(["*", "**"])

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002
            return _power() if operator == "**" else _bounded(left, right)

    environment = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    for name in ("lipsum", "cycler", "joiner", "namespace"):
        del environment.globals[name]
    environment.filters["from_json"] = loads
    return environment


@cache
def _compiled(text: str) -> Any:
    from jinja2 import TemplateSyntaxError  # noqa: PLC0415

    try:
        return _environment().from_string(text)
    except TemplateSyntaxError as error:
        msg = f"{text[:80]!r} is not a template: {error.message}"
        raise TemplateError(msg) from None


def names_in(text: str) -> set[str]:
    """The names that a template needs from outside. Raises `TemplateError`."""
    from jinja2 import meta  # noqa: PLC0415

    _compiled(text)
    environment = _environment()
    return set(meta.find_undeclared_variables(environment.parse(text))) - set(environment.globals)


def filled(text: str, values: Mapping[str, Any]) -> str:
    """A template with its holes filled. Raises `TemplateError`."""
    from jinja2 import TemplateError as JinjaError  # noqa: PLC0415

    template = _compiled(text)
    try:
        said: str = template.render(values)
    except TemplateError as error:
        msg = f"{text[:80]!r} cannot be filled: {error}"
        raise TemplateError(msg) from None
    except (JinjaError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        msg = f"{text[:80]!r} cannot be filled: {error}"
        raise TemplateError(msg) from None
    return said


def fill(spec: Any, values: Mapping[str, Any]) -> Any:
    """A JSON value with all its templates filled. Raises `TemplateError`."""
    if isinstance(spec, str):
        return filled(spec, values) if is_template(spec) else spec
    if isinstance(spec, Mapping):
        return {name: fill(value, values) for name, value in spec.items()}
    if isinstance(spec, list):
        return [fill(value, values) for value in spec]
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
        "surface": request.surface.value,
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
        for _, text in texts(spec):
            _compiled(text)

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
