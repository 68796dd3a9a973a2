"""To which of several agents the work is handed."""

from typing import Any

import pytest

from mockserver.answer.calls import next_calls
from mockserver.answer.course import Course
from mockserver.answer.handing import agents, handed
from mockserver.base.jsontext import loads

LISTED = """Useful for handing off to another agent.

Currently available agents:
{'BookingAgent': 'Books flights', 'poet': 'Writes poems', 'Weather Desk': 'Tells the weather.'}
"""
LINES = """Delegate to one of:
- **BookingAgent**: Books flights
* poet: Writes poems
- Weather Desk: Tells the weather.
"""
TO_AGENT = {"to_agent": {"type": "string"}, "reason": {"type": "string"}}
WEATHER = {
    "function": {
        "name": "get_weather",
        "description": "Get the weather of a city.",
        "parameters": {"properties": {"city": {"type": "string"}}, "required": ["city"]},
    }
}
ALL = {"BookingAgent": "Books flights", "poet": "Writes poems", "Weather Desk": "Tells the weather."}


def tool(description: str = LISTED, name: str = "handoff", **properties: Any) -> dict[str, Any]:
    """A tool that hands over to one of several."""
    properties = properties or TO_AGENT
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {"function": {"name": name, "description": description, "parameters": parameters}}


def called(course: Course, *tools: Any) -> list[tuple[str, Any]]:
    """What is called now."""
    numbers = iter(range(10**6))
    made = next_calls(list(tools), course, numbers, folder=lambda: "", most=4)
    return [(call.name, loads(call.arguments)) for call in made]


@pytest.mark.parametrize("description", [LISTED, LINES])
def test_agents_are_read_from_the_description(description: str) -> None:
    assert agents(tool(description)) == ALL


def test_agents_are_read_from_the_members_of_a_parameter() -> None:
    next_ = {"type": "string", "enum": ["poet", "critic", 7]}
    assert agents(tool(name="transfer_to_worker", next_worker=next_)) == {
        "poet": "Writes poems",
        "critic": "",
    }


@pytest.mark.parametrize(
    "other",
    [
        tool(name="get_agents"),
        tool(name="handoff", reason={"type": "string"}),
        tool(name="handoff", to_agent=True),
    ],
    ids=["hands nothing over", "is told no agent", "says nothing of the agent"],
)
def test_a_tool_that_is_told_no_agent_hands_over_to_none_of_several(other: Any) -> None:
    assert agents(other) == {}
    assert list(handed(other, Course("Write a poem."))) == []


@pytest.mark.parametrize(
    ("question", "agent"),
    [
        ("Write a poem about tea.", "poet"),
        ("Book a flight to Rome.", "BookingAgent"),
        ("How is the weather in Rome?", "Weather Desk"),
    ],
)
def test_the_work_is_handed_to_whom_the_words_are_for(question: str, agent: str) -> None:
    [(name, arguments)] = called(Course(question), tool())
    assert (name, arguments["to_agent"]) == ("handoff", agent)
    assert arguments["reason"]


def test_words_for_nobody_are_handed_to_nobody() -> None:
    assert called(Course("Good morning!"), tool()) == []


def test_own_work_is_done_first_and_none_is_handed_the_same_twice() -> None:
    question = "How is the weather in Rome? Then write a poem about it."
    [(name, arguments)] = called(Course(question), tool(), WEATHER)
    assert (name, arguments) == ("get_weather", {"city": "Rome"})
    done = Course(question, ("get_weather",), (("get_weather", '{"city":"Rome"}'),), answered=True)
    [(name, arguments)] = called(done, tool(), WEATHER)
    assert (name, arguments["to_agent"]) == ("handoff", "poet")
    tried = (*done.tried, ("handoff", '{"to_agent":"poet"}'))
    assert called(Course(question, ("get_weather", "handoff"), tried, answered=True), tool(), WEATHER) == []
