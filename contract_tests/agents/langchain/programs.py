"""LangChain and LangGraph: what their tutorials show."""

from langchain.agents import create_agent
from langchain.agents.structured_output import ToolStrategy
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.output_parsers import PydanticOutputParser
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.prebuilt import create_react_agent
from pydantic import BaseModel
from running import BASE, KEY, MODEL, book_hotel, get_weather, has, main, program

model = ChatOpenAI(model=MODEL, base_url=BASE, api_key=KEY)


class Person(BaseModel):
    """A person."""

    name: str
    age: int


class Weather(BaseModel):
    """The weather of a city."""

    city: str
    summary: str


@program("chat")
def chat() -> None:
    history = [HumanMessage("Hi, I am Bob"), AIMessage("Hello Bob"), HumanMessage("What is my name?")]
    has(model.invoke(history).content, "What is my name?")


@program("tool")
def tool() -> None:
    agent = create_agent(model, tools=[get_weather])
    result = agent.invoke({"messages": [("user", "What is the weather in Paris?")]})
    has(result["messages"][-1].content, "sunny in Paris")


@program("tools")
def tools() -> None:
    agent = create_react_agent(model, tools=[get_weather, book_hotel])
    result = agent.invoke({"messages": [("user", "Get the weather in Paris, then book a hotel in Paris")]})
    told = " ".join(message.content for message in result["messages"])
    has(told, "sunny in Paris", "Grand Hotel in Paris")


@program("structured")
def structured() -> None:
    person = model.with_structured_output(Person).invoke("Jason is 25 years old")
    assert person == Person(name="Jason", age=25), person
    person = model.with_structured_output(Person, method="function_calling").invoke("Jason is 25 years old")
    assert person == Person(name="Jason", age=25), person


@program("strategy")
def strategy() -> None:
    agent = create_agent(model, tools=[get_weather], response_format=ToolStrategy(Weather))
    result = agent.invoke({"messages": [("user", "What is the weather in Paris?")]})
    found = result["structured_response"]
    has(found.city, "Paris")
    has(found.summary, "sunny")


@program("prompted")
def prompted() -> None:
    parser = PydanticOutputParser(pydantic_object=Person)
    json_model = model.bind(response_format={"type": "json_object"})
    said = json_model.invoke(f"Jason is 25 years old.\n{parser.get_format_instructions()}")
    assert parser.invoke(said) == Person(name="Jason", age=25)


@program("memory")
def memory() -> None:
    agent = create_agent(model, tools=[get_weather], checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "1"}}
    for city in ("Paris", "Rome"):
        result = agent.invoke({"messages": [("user", f"What is the weather in {city}?")]}, config)
        has(result["messages"][-1].content, f"sunny in {city}")


@program("stream")
def stream() -> None:
    pieces = [piece.content for piece in model.stream("Tell me of tea")]
    assert len(pieces) > 1
    has("".join(pieces), "Tell me of tea")


main()
