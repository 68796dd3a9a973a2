"""OpenAI's agents SDK with its chat model: what its quickstart shows."""

from agents import (
    Agent,
    OpenAIChatCompletionsModel,
    Runner,
    SQLiteSession,
    function_tool,
    set_tracing_disabled,
)
from openai import AsyncOpenAI
from pydantic import BaseModel
from running import BASE, KEY, MODEL, book_hotel, get_weather, has, main, program

set_tracing_disabled(disabled=True)
model = OpenAIChatCompletionsModel(model=MODEL, openai_client=AsyncOpenAI(base_url=BASE, api_key=KEY))
weather, hotel = function_tool(get_weather), function_tool(book_hotel)


class Person(BaseModel):
    name: str
    age: int


@program("chat")
async def chat() -> None:
    session = SQLiteSession("one")
    agent = Agent(name="Assistant", model=model)
    await Runner.run(agent, "Hi, I am Bob", session=session)
    has((await Runner.run(agent, "What is my name?", session=session)).final_output, "What is my name?")


@program("tool")
async def tool() -> None:
    agent = Agent(name="Assistant", model=model, tools=[weather])
    has((await Runner.run(agent, "What is the weather in Paris?")).final_output, "sunny in Paris")


@program("tools")
async def tools() -> None:
    agent = Agent(name="Assistant", model=model, tools=[weather, hotel])
    result = await Runner.run(agent, "Get the weather in Paris, then book a hotel in Paris")
    has(result.to_input_list(), "sunny in Paris", "Grand Hotel in Paris")


@program("structured")
async def structured() -> None:
    agent = Agent(name="Extractor", model=model, output_type=Person)
    found = (await Runner.run(agent, "Jason is 25 years old")).final_output
    assert found == Person(name="Jason", age=25), found


@program("handoff")
async def handoff() -> None:
    expert = Agent(
        name="Weather expert", handoff_description="Knows the weather", model=model, tools=[weather]
    )
    agent = Agent(name="Triage", model=model, handoffs=[expert])
    result = await Runner.run(agent, "What is the weather in Paris? Ask the weather expert.")
    has(result.final_output, "sunny in Paris")


@program("stream")
async def stream() -> None:
    result = Runner.run_streamed(Agent(name="Assistant", model=model), "Tell me of tea")
    events = [event async for event in result.stream_events()]
    assert len(events) > 2
    has(result.final_output, "Tell me of tea")


main()
