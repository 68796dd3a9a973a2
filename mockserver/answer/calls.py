"""Function calls of the built-in model: when it calls, which function, with which arguments.

It calls once for each thing that the words ask for, and never again what has answered; what it must call
although nothing is asked for any more is the tool that ends the work.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache, partial
from itertools import islice
from typing import Any, NamedTuple

from mockserver.answer.asks import asks_for, names, nearness, standing
from mockserver.answer.course import Course, course_of, directory, ends, known
from mockserver.answer.handing import agents, handed
from mockserver.answer.heeding import heeding
from mockserver.base.deadline import Deadline
from mockserver.base.jsontext import canonical, dumps
from mockserver.base.kept import remembered
from mockserver.instances.fragments import shortened
from mockserver.instances.impossible import ImpossibleSchemaError
from mockserver.instances.instance import instance
from mockserver.instances.kinds import kind_of, parts
from mockserver.instances.words import Words
from mockserver.talk.request import ChatRequest, ToolCall

Tool = Mapping[str, Any]

MOST_TRIES = 3
"""How often a tool is called at most that cannot use its arguments."""

_ATTEMPTS = 2
"""How often other arguments are looked for in place of those that were sent before."""

_ANYTHING = frozenset({"text", "query", "made"})
"""Kinds of which every text has one."""

_PART = 0.5
"""Which part of its parameters the words have that call a tool which only takes down what was said."""

MOST_AT_ONCE = 16
"""How many calls stand in one answer."""


class Errand(NamedTuple):
    """A tool to call, and which of the things that the words ask it for others are called for.

    `step` is the part of the words that asks for it, where they ask for one thing after the other.
    """

    tool: Tool
    taken: tuple[Any, ...] = ()
    step: str = ""

    @property
    def name(self) -> str:
        """The tool's name."""
        return name_of(self.tool)


def name_of(tool: Tool) -> str:
    """The name of a tool."""
    name: str = tool["function"]["name"]
    return name


def is_ending(tool: Tool) -> bool:
    """Whether a tool ends the work."""
    return _ending(name_of(tool), str(tool["function"].get("description") or ""))


@remembered(most=256, characters=1 << 17)
def _ending(name: str, description: str) -> bool:
    return ends(parts(name), description)


def usable(request: ChatRequest) -> list[Tool]:
    """The tools that have a name."""
    return [tool for tool in request.tools if tool.get("function", {}).get("name")]


def wanted(tools: list[Tool], course: Course, choice: Any = "auto") -> tuple[list[Errand], list[Errand]]:
    """What the user's words ask to call now, and what is called though they do not, the best first.

    `choice` is a request's `tool_choice`.
    """
    tools = [tool for tool in tools if course.failures(name_of(tool)) < MOST_TRIES]
    if choice == "none":
        return [], []
    if isinstance(choice, Mapping):
        name = choice["function"]["name"]
        return [], [Errand(tool) for tool in tools if name_of(tool) == name][:1]
    failed = _failed(tools, course)
    again = {errand.name for errand in failed}
    asked = [errand for errand in _asked(tools, course) if errand.name not in again]
    asked = asked or _reminded(tools, course)
    if choice == "required" and not all(_tells(errand.tool) for errand in asked):
        asked = [errand for errand in asked if not _tells(errand.tool)]
    forced = choice == "required" or (not course.answered and _only_takes(tools, course))
    return failed + asked, _forced(tools, course) if forced else []


def _only_takes(tools: list[Tool], course: Course) -> bool:
    """Whether all tools end the work, and one of them takes down what the words have."""
    return all(map(is_ending, tools)) and any(_fed(tool, course.question, least=_PART) for tool in tools)


def _tells(tool: Tool) -> bool:
    """Whether a tool wants to be told something, such as a summary: others answer before it can be."""
    parameters = tool["function"].get("parameters")
    parameters = parameters if isinstance(parameters, Mapping) else {}
    properties = parameters.get("properties")
    required = parameters.get("required")
    required = required if isinstance(required, list) else []
    named = properties.items() if isinstance(properties, Mapping) else ()
    return any(
        name in required and kind_of(name, str(schema.get("description") or "")) == "made"
        for name, schema in named
        if isinstance(schema, Mapping)
    )


def _asked(tools: list[Tool], course: Course) -> list[Errand]:
    """One errand for each thing that the words ask a tool for and that was not called yet, in their order.

    Where none is left that the agent can do itself, the work is handed to one of several that can.
    """
    found: list[Errand] = []
    handing = [tool for tool in tools if agents(tool)]
    asked = [
        tool
        for tool in tools
        if tool not in handing and not is_ending(tool) and asks_for(tool, course.question)
    ]
    steps: list[str] = []
    if len(asked) > 1:
        steps = _steps().split(shortened(course.question))
        asked.sort(key=lambda tool: standing(tool, course.question))
    for tool in asked:
        step = _step(tool, steps) if len(steps) > 1 else ""
        if step and found and not course.results and _builds(step):
            continue  # it is called with what comes back
        things = Words.of(course.question).things(tool["function"].get("parameters"))
        errands = [Errand(tool, things[:index], step) for index in range(max(len(things), 1))]
        found += errands[course.times(name_of(tool)) :]
    return found or [Errand(each) for tool in handing for each in handed(tool, course)][:1]


@cache
def _steps() -> re.Pattern[str]:
    """What stands between one thing that is asked for and the next."""
    return re.compile(known()["steps"]["between"], re.IGNORECASE)


def _step(tool: Tool, steps: list[str]) -> str:
    """The one part of the words that asks for a tool and has what it needs; "" for none."""
    asking = [step for step in steps if asks_for(tool, step)]
    return asking[0] if len(asking) == 1 and (_fed(tool, asking[0]) or _builds(asking[0])) else ""


def _builds(step: str) -> bool:
    """Whether a part of the words speaks of what came of the one before."""
    return re.search(known()["steps"]["result"], step, re.IGNORECASE) is not None


def _reminded(tools: list[Tool], course: Course) -> list[Errand]:
    """What ends the work, where a framework reminds the model of it by name."""
    if not course.reminded:
        return []
    ending = (tool for tool in tools if is_ending(tool) and not course.times(name_of(tool)))
    return [Errand(tool) for tool in ending if names(course.reminded, name_of(tool))][:1]


def _failed(tools: list[Tool], course: Course) -> list[Errand]:
    """The tool that could not use its arguments the last time."""
    if not course.complaint or not course.tried:
        return []
    last = course.tried[-1][0]
    return [Errand(tool) for tool in tools if name_of(tool) == last][:1]


def _forced(tools: list[Tool], course: Course) -> list[Errand]:
    """What has not answered yet, and first of it what ends the work.

    Before any result what is near to the words is called for them, and then what ends the work.
    """
    if any(is_ending(tool) and course.times(name_of(tool)) for tool in tools):
        return []
    new = [tool for tool in tools if not course.times(name_of(tool))]

    def rank(tool: Tool) -> tuple[bool, int]:
        near = 0
        if not (course.answered or is_ending(tool)):
            near = nearness(tool, course.question) or _fed(tool, course.question)
        return not (near or is_ending(tool)), -near

    return [Errand(tool) for tool in sorted(new, key=rank)]


def _fed(tool: Tool, text: str, *, least: float = 1) -> bool:
    """Whether a text has what a tool needs: of its required parameters at least that part, and one."""
    parameters = tool["function"].get("parameters")
    parameters = parameters if isinstance(parameters, Mapping) else {}
    properties, required = parameters.get("properties"), parameters.get("required")
    if not isinstance(properties, Mapping) or not isinstance(required, list):
        return False
    needed = [name for name in required if isinstance(properties.get(name), Mapping)]
    words = Words.of(text)
    fed = sum(
        bool(words.offers(name, str(schema.get("description") or ""), schema))
        for name in needed
        for schema in (properties[name],)
        if kind_of(name, str(schema.get("description") or "")) not in _ANYTHING
    )
    return fed > 0 and fed >= least * len(needed)


def schema_of(tool: Tool) -> Any:
    """The schema of a tool's arguments, which are always an object."""
    parameters = tool["function"].get("parameters")
    return {"type": "object", **parameters} if isinstance(parameters, Mapping) else {"type": "object"}


def calls(
    request: ChatRequest, drawn: Iterator[int], *, deadline: Deadline | None = None
) -> tuple[ToolCall, ...]:
    """The calls, their arguments valid by the tool's own schema; ids are given later.

    Raises `ImpossibleSchemaError` for a tool whose arguments cannot exist, and `TakesLongError` as
    `instance` does.
    """
    tools = usable(request)
    if not tools:
        return ()
    return next_calls(
        tools,
        course_of(request),
        drawn,
        folder=partial(directory, request),
        choice=request.get("tool_choice") or "auto",
        most=MOST_AT_ONCE if request.get("parallel_tool_calls") else 1,
        deadline=deadline,
    )


def next_calls(
    tools: list[Tool],
    course: Course,
    drawn: Iterator[int],
    *,
    folder: Callable[[], str],
    choice: Any = "auto",
    most: int = 1,
    deadline: Deadline | None = None,
) -> tuple[ToolCall, ...]:
    """At `most` so many calls of what is wanted now; `folder` tells where the work is done.

    Raises as `calls`.
    """
    asked, forced = wanted(tools, course, choice)
    if not (asked or forced):
        return ()
    where = folder()
    asking = Words.of(course.question, directory=where)
    telling = Words.of(course.question, directory=where, results=course.results)

    def fresh(errands: list[Errand], most: int) -> tuple[ToolCall, ...]:
        return tuple(islice(_fresh(errands, (asking, telling), course, drawn, deadline), most))

    return fresh(asked, most) or fresh(forced, 1)


def _fresh(
    errands: list[Errand],
    words: tuple[Words, Words],
    course: Course,
    drawn: Iterator[int],
    deadline: Deadline | None,
) -> Iterator[ToolCall]:
    """The calls that were not made yet: none is made twice with the same arguments.

    The words are those of the question, and those that a tool is given which wants to be told something.
    """
    made = set(course.tried)
    for errand in errands:
        taken = errand.taken
        given = words[is_ending(errand.tool) or _tells(errand.tool)]
        if errand.step:
            heard = (words[1].results,) if _builds(errand.step) else ()
            given = Words.of(errand.step, directory=words[1].directory, results=heard)
        for _ in range(_ATTEMPTS):
            arguments = _arguments(errand.tool, taken, given, course, drawn, deadline)
            key = (errand.name, canonical(dumps(arguments).decode()))
            if key not in made:
                made.add(key)
                yield ToolCall(errand.name, _spaced(arguments))
                break
            taken += tuple(arguments.values()) if isinstance(arguments, Mapping) else ()


def _arguments(
    tool: Tool,
    taken: tuple[Any, ...],
    words: Words,
    course: Course,
    drawn: Iterator[int],
    deadline: Deadline | None,
) -> Any:
    """Arguments of a tool, in which what was wrong with the last ones is mended where that can be."""
    schema = schema_of(tool)
    given: Any = {"numbers": drawn, "words": words, "taken": taken, "brief": True, "deadline": deadline}
    if course.complaint and course.tried and course.tried[-1][0] == name_of(tool):
        with suppress(ImpossibleSchemaError):
            return instance(heeding(schema, course.complaint), **given)
    return instance(schema, **given)


def _spaced(arguments: Any) -> str:
    """Arguments as models write them: with a blank behind colons and commas where there are few."""
    if not isinstance(arguments, Mapping):
        return dumps(arguments).decode()
    pairs = (f"{dumps(str(key)).decode()}: {dumps(value).decode()}" for key, value in arguments.items())
    return "{" + ", ".join(pairs) + "}"
