"""smolagents: the tool calling agent and the code agent of its guided tour."""

from running import BASE, KEY, MODEL, book_hotel, get_weather, has, main, program
from smolagents import CodeAgent, OpenAIModel, ToolCallingAgent, tool

model = OpenAIModel(model_id=MODEL, api_base=BASE, api_key=KEY)
weather, hotel = tool(get_weather), tool(book_hotel)


@program("chat")
def chat() -> None:
    has(ToolCallingAgent(tools=[], model=model, verbosity_level=0).run("Tell me of tea"), "")


@program("tool")
def one() -> None:
    agent = ToolCallingAgent(tools=[weather], model=model, max_steps=4, verbosity_level=0)
    has(agent.run("What is the weather in Paris?"), "sunny in Paris")


@program("tools")
def two() -> None:
    agent = ToolCallingAgent(tools=[weather, hotel], model=model, max_steps=5, verbosity_level=0)
    agent.run("Get the weather in Paris, then book a hotel in Paris")
    told = " ".join(str(step) for step in agent.memory.steps)
    has(told, "sunny in Paris", "Grand Hotel in Paris")


@program("code")
def code() -> None:
    agent = CodeAgent(tools=[weather], model=model, max_steps=4, verbosity_level=0)
    has(agent.run("What is the weather in Paris?"), "sunny in Paris")


@program("code-none")
def code_none() -> None:
    agent = CodeAgent(tools=[], model=model, max_steps=3, verbosity_level=0)
    assert agent.run("Tell me of tea")


@program("stream")
def stream() -> None:
    agent = ToolCallingAgent(tools=[weather], model=model, max_steps=4, verbosity_level=0)
    *_, last = agent.run("What is the weather in Paris?", stream=True)
    has(last, "sunny in Paris")


main()
