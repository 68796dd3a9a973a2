"""AutoGen: the assistant agent of AgentChat's tutorial."""

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_ext.models.openai import OpenAIChatCompletionClient
from pydantic import BaseModel
from running import BASE, KEY, MODEL, book_hotel, get_weather, has, main, program

INFO = {
    "vision": False,
    "function_calling": True,
    "json_output": True,
    "family": "unknown",
    "structured_output": True,
}


class Person(BaseModel):
    name: str
    age: int


def agent(name: str = "assistant", **more: object) -> AssistantAgent:
    client = OpenAIChatCompletionClient(model=MODEL, base_url=BASE, api_key=KEY, model_info=INFO)
    return AssistantAgent(name, model_client=client, **more)


@program("chat")
async def chat() -> None:
    one = agent()
    await one.run(task="Hi, I am Bob")
    has((await one.run(task="What is my name?")).messages[-1].content, "What is my name?")


@program("tool")
async def tool() -> None:
    one = agent(tools=[get_weather], reflect_on_tool_use=True)
    has((await one.run(task="What is the weather in Paris?")).messages[-1].content, "sunny in Paris")


@program("tools")
async def tools() -> None:
    one = agent(tools=[get_weather, book_hotel], max_tool_iterations=5)
    result = await one.run(task="Get the weather in Paris, then book a hotel in Paris")
    has(result.messages, "sunny in Paris", "Grand Hotel in Paris")


@program("structured")
async def structured() -> None:
    found = (await agent(output_content_type=Person).run(task="Jason is 25 years old")).messages[-1].content
    assert found == Person(name="Jason", age=25), found


@program("team")
async def team() -> None:
    team = RoundRobinGroupChat([agent("one"), agent("two")], termination_condition=MaxMessageTermination(3))
    assert len((await team.run(task="Tell me of tea")).messages) == 3


@program("stream")
async def stream() -> None:
    events = [event async for event in agent(model_client_stream=True).run_stream(task="Tell me of tea")]
    assert len(events) > 3
    has(events[-1].messages[-1].content, "Tell me of tea")


main()
