"""When a scripted reply answers: conditions on a request, all of which must hold."""

from collections.abc import Callable, Mapping
from dataclasses import field
from fnmatch import fnmatchcase
from typing import Any

from mockserver.base.values import value
from mockserver.scripts import expressions
from mockserver.scripts.conversation import conversation_test, request_test
from mockserver.scripts.expressions import RegexError
from mockserver.talk.request import ChatRequest

Text = Callable[[str], bool]
Condition = tuple[str, Callable[[ChatRequest], bool]]


class MatchError(ValueError):
    """A condition that cannot be understood, or cannot be decided in its time; the message says why."""


def text_test(spec: str | Mapping[str, str], *, name: str) -> Text:
    """The test for a text: equality, or a part of it, or a regular expression found in it.

    Raises `MatchError`, as the test itself does for an expression that goes back without end.
    """
    if isinstance(spec, str):
        return lambda text: text == spec
    if "contains" in spec:
        part = spec["contains"]
        return lambda text: part in text
    return _pattern_test(spec["regex"], name)


def _pattern_test(pattern: str, name: str) -> Text:
    """The test whether a regular expression is found in a text. It raises `MatchError` too."""
    try:
        found = expressions.found(pattern)
    except RegexError as error:
        msg = f"match.{name}.regex {error}"
        raise MatchError(msg) from None

    def holds(text: str) -> bool:
        try:
            return found(text)
        except RegexError as error:
            msg = f"match.{name}.regex {error}"
            raise MatchError(msg) from None

    return holds


def _any_text(test: Text, role: str | None = None) -> Callable[[ChatRequest], bool]:
    def holds(request: ChatRequest) -> bool:
        return any(test(message.text) for message in request.messages if role in (None, message.role))

    return holds


def _offered(names: set[str]) -> Callable[[ChatRequest], bool]:
    def holds(request: ChatRequest) -> bool:
        return names <= {tool.get("function", {}).get("name") for tool in request.tools}

    return holds


def _headers(tests: Mapping[str, Text]) -> Callable[[ChatRequest], bool]:
    def holds(request: ChatRequest) -> bool:
        return all(name in request.headers and test(request.headers[name]) for name, test in tests.items())

    return holds


def _same_request(body: Mapping[str, Any], surface: str | None) -> Callable[[ChatRequest], bool]:
    try:
        return request_test(body, surface)
    except ValueError as error:
        msg = f"match.request cannot be matched: {error}"
        raise MatchError(msg) from None


def _condition(name: str, spec: Any, surface: str | None) -> Callable[[ChatRequest], bool]:  # noqa: C901, PLR0911, PLR0912 - a flat table of cases
    match name:
        case "surface":
            return lambda request: request.surface.name == spec
        case "model":
            return lambda request: fnmatchcase(request.model.name, spec)
        case "stream":
            return lambda request: request.stream is spec
        case "turn":
            return lambda request: request.turn == spec
        case "last_user":
            last_user = text_test(spec, name=name)
            return lambda request: last_user(request.last_user)
        case "system":
            system = text_test(spec, name=name)
            return lambda request: system(request.system)
        case "any_message":
            return _any_text(text_test(spec, name=name))
        case "tool_result":
            return _any_text(text_test(spec, name=name), role="tool")
        case "tools":
            return _offered(set(spec))
        case "header":
            return _headers(
                {key.lower(): text_test(text, name=f"header.{key}") for key, text in spec.items()}
            )
        case "conversation":
            return conversation_test(spec, lambda text: text_test(text, name=name))
        case "parameters":
            return lambda request: all(request.get(key) == value for key, value in spec.items())
        case "request":
            return _same_request(spec, surface)
    msg = f"match.{name} is no condition"
    raise MatchError(msg)


@value
class Match:
    """The conditions of one script. `key` limits it to one API key's world."""

    key: str | None = field(default=None, repr=False)
    conditions: tuple[Condition, ...] = ()
    spec: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, spec: Mapping[str, Any] | None) -> "Match":
        """The conditions of a `match` object. Raises `MatchError`."""
        spec = spec or {}
        surface = spec.get("surface")
        conditions = [
            (name, _condition(name, value, surface)) for name, value in spec.items() if name != "key"
        ]
        return cls(spec.get("key"), tuple(conditions), spec)

    def holds(self, key: str, request: ChatRequest) -> bool:
        """Whether every condition holds for a request of this API key."""
        if self.key is not None and self.key != key:
            return False
        for _, test in self.conditions:  # noqa: SIM110 - most have few, for which a generator is dear
            if not test(request):
                return False
        return True
