"""To which of several agents a tool hands the work over.

Some frameworks have a tool for each agent, others one for all, which is told the agent's name. Which these
are stands in an enum of its parameter or in its description (`fixtures/agents.json`).
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from mockserver.answer.asks import hands_over, is_for, said_in, terms
from mockserver.answer.course import Course, known
from mockserver.instances.fragments import shortened
from mockserver.instances.kinds import parts

_LONGEST = 8_000
"""How much of a description is read."""

_MOST = 64
"""How many agents of a tool are known."""

Tool = Mapping[str, Any]


@cache
def _listed() -> list[re.Pattern[str]]:
    return [re.compile(pattern) for pattern in known()["handoffs"]["listed"]]


def _named(tool: Tool) -> str | None:
    """The property of a tool that takes the agent's name."""
    parameters = tool["function"].get("parameters")
    properties = parameters.get("properties") if isinstance(parameters, Mapping) else None
    to = set(known()["handoffs"]["to"])
    for name, schema in properties.items() if isinstance(properties, Mapping) else ():
        if isinstance(schema, Mapping) and schema.get("type", "string") == "string" and to & set(parts(name)):
            return str(name)
    return None


def agents(tool: Tool) -> dict[str, str]:
    """The agents that a tool hands over to, each with what is said of it; {} where it is for one or none."""
    if not hands_over(str(tool["function"]["name"])):
        return {}
    name = _named(tool)
    if name is None:
        return {}
    description = str(tool["function"].get("description") or "")[:_LONGEST]
    found: dict[str, str] = {}
    for pattern in _listed():
        for match in pattern.finditer(description):
            found.setdefault(match["name"], match["said"])
    members = tool["function"]["parameters"]["properties"][name].get("enum")
    if isinstance(members, list):
        found = {each: found.get(each, "") for each in members if isinstance(each, str)}
    return dict(list(found.items())[:_MOST])


def handed(tool: Tool, course: Course) -> Iterator[Tool]:
    """A tool as it is called for each agent that the words are for, and that has not been handed the work.

    What was called for is no agent's work any more.
    """
    done = {
        term for called in course.calls if not hands_over(called) for term in terms(" ".join(parts(called)))
    }
    said = said_in(shortened(course.question)) - done
    name = tool["function"]["name"]
    before = [arguments for tried, arguments in course.tried if tried == name] or [course.said]
    for agent, about in agents(tool).items():
        if is_for(agent, about, said) and not any(agent in told for told in before):
            yield _to(tool, agent)


def _to(tool: Tool, agent: str) -> Tool:
    """A tool that hands over to one agent only."""
    function = tool["function"]
    parameters = function["parameters"]
    properties = {**parameters["properties"], str(_named(tool)): {"const": agent}}
    return {**tool, "function": {**function, "parameters": {**parameters, "properties": properties}}}
