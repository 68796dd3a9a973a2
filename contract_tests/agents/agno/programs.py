"""Agno: agents of its introduction."""

from agno.agent import Agent
from agno.models.openai.like import OpenAILike
from pydantic import BaseModel
from running import BASE, KEY, MODEL, book_hotel, get_weather, has, main, program


class Person(BaseModel):
    name: str
    age: int


def model() -> OpenAILike:
    return OpenAILike(id=MODEL, base_url=BASE, api_key=KEY)


@program("chat")
def chat() -> None:
    has(Agent(model=model(), telemetry=False).run("What is tea?").content, "What is tea?")


@program("tool")
def tool() -> None:
    agent = Agent(model=model(), tools=[get_weather], telemetry=False)
    has(agent.run("What is the weather in Paris?").content, "sunny in Paris")


@program("tools")
def tools() -> None:
    agent = Agent(model=model(), tools=[get_weather, book_hotel], telemetry=False)
    result = agent.run("Get the weather in Paris, then book a hotel in Paris")
    has([tool.result for tool in result.tools], "sunny in Paris", "Grand Hotel in Paris")


@program("structured")
def structured() -> None:
    for json_mode in (False, True):
        agent = Agent(model=model(), output_schema=Person, use_json_mode=json_mode, telemetry=False)
        found = agent.run("Jason is 25 years old").content
        assert found == Person(name="Jason", age=25), found


@program("stream")
def stream() -> None:
    pieces = [
        event.content or "" for event in Agent(model=model(), telemetry=False).run("Of tea?", stream=True)
    ]
    assert len(pieces) > 1
    has("".join(pieces), "Of tea?")


main()
