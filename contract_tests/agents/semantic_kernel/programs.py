"""Semantic Kernel: the chat completion agent of its getting started."""

from openai import AsyncOpenAI
from pydantic import BaseModel
from running import BASE, KEY, MODEL, book_hotel, get_weather, has, main, program
from semantic_kernel.agents import ChatCompletionAgent, ChatHistoryAgentThread
from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion, OpenAIChatPromptExecutionSettings
from semantic_kernel.functions import KernelArguments, kernel_function

weather, hotel = kernel_function(get_weather), kernel_function(book_hotel)


class Person(BaseModel):
    name: str
    age: int


class Travel:
    get_weather = staticmethod(weather)
    book_hotel = staticmethod(hotel)


def agent(**more: object) -> ChatCompletionAgent:
    service = OpenAIChatCompletion(ai_model_id=MODEL, async_client=AsyncOpenAI(base_url=BASE, api_key=KEY))
    return ChatCompletionAgent(service=service, name="assistant", **more)


@program("chat")
async def chat() -> None:
    thread = ChatHistoryAgentThread()
    await agent().get_response("Hi, I am Bob", thread=thread)
    has((await agent().get_response("What is my name?", thread=thread)).content, "What is my name?")


@program("tool")
async def tool() -> None:
    found = await agent(plugins=[Travel()]).get_response("What is the weather in Paris?")
    has(found.content, "sunny in Paris")


@program("structured")
async def structured() -> None:
    arguments = KernelArguments(settings=OpenAIChatPromptExecutionSettings(response_format=Person))
    found = await agent(arguments=arguments).get_response("Jason is 25 years old")
    assert Person.model_validate_json(str(found.content)) == Person(name="Jason", age=25)


@program("stream")
async def stream() -> None:
    pieces = [str(piece.content) async for piece in agent().invoke_stream("Tell me of tea")]
    assert len(pieces) > 1
    has("".join(pieces), "Tell me of tea")


main()
