"""Haystack: chat generator and agent of its tutorials."""

from haystack.components.agents import Agent
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage
from haystack.tools import create_tool_from_function
from haystack.utils import Secret
from pydantic import BaseModel
from running import BASE, KEY, MODEL, book_hotel, get_weather, has, main, program

weather, hotel = create_tool_from_function(get_weather), create_tool_from_function(book_hotel)


class Person(BaseModel):
    name: str
    age: int


def generator(**more: object) -> OpenAIChatGenerator:
    return OpenAIChatGenerator(model=MODEL, api_base_url=BASE, api_key=Secret.from_token(KEY), **more)


@program("chat")
def chat() -> None:
    history = [
        ChatMessage.from_user("Hi, I am Bob"),
        ChatMessage.from_assistant("Hello Bob"),
        ChatMessage.from_user("What is my name?"),
    ]
    has(generator().run(history)["replies"][0].text, "What is my name?")


@program("tool")
def tool() -> None:
    agent = Agent(chat_generator=generator(), tools=[weather])
    result = agent.run(messages=[ChatMessage.from_user("What is the weather in Paris?")])
    has(result["last_message"].text, "sunny in Paris")


@program("tools")
def tools() -> None:
    agent = Agent(chat_generator=generator(), tools=[weather, hotel])
    asked = ChatMessage.from_user("Get the weather in Paris, then book a hotel in Paris")
    has(agent.run(messages=[asked])["messages"], "sunny in Paris", "Grand Hotel in Paris")


@program("structured")
def structured() -> None:
    made = generator(generation_kwargs={"response_format": Person})
    said = made.run([ChatMessage.from_user("Jason is 25 years old")])["replies"][0].text
    assert Person.model_validate_json(said) == Person(name="Jason", age=25)


@program("stream")
def stream() -> None:
    pieces = []
    made = generator(streaming_callback=lambda chunk: pieces.append(chunk.content))
    made.run([ChatMessage.from_user("Tell me of tea")])
    assert len(pieces) > 1
    has("".join(pieces), "Tell me of tea")


main()
