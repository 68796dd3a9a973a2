"""llama-index: chat, agents and structured output of its tutorials."""

from llama_index.core.agent.workflow import FunctionAgent, ReActAgent
from llama_index.core.llms import ChatMessage
from llama_index.core.workflow import Context
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel
from running import BASE, KEY, MODEL, book_hotel, get_weather, has, main, program

llm = OpenAILike(
    model=MODEL,
    api_base=BASE,
    api_key=KEY,
    is_chat_model=True,
    is_function_calling_model=True,
    context_window=32000,
)


class Person(BaseModel):
    """A person."""

    name: str
    age: int


@program("chat")
def chat() -> None:
    history = [
        ChatMessage("Hi, I am Bob"),
        ChatMessage("Hello Bob", role="assistant"),
        ChatMessage("My name?"),
    ]
    has(llm.chat(history).message.content, "My name?")


@program("tool")
async def tool() -> None:
    agent = FunctionAgent(tools=[get_weather], llm=llm, system_prompt="Be helpful.")
    has(await agent.run("What is the weather in Paris?"), "sunny in Paris")


@program("tools")
async def tools() -> None:
    agent = FunctionAgent(tools=[get_weather, book_hotel], llm=llm)
    context = Context(agent)
    result = await agent.run("Get the weather in Paris, then book a hotel in Paris", ctx=context)
    has([call.tool_output for call in result.tool_calls], "sunny in Paris", "Grand Hotel in Paris")


@program("react")
async def react() -> None:
    agent = ReActAgent(tools=[get_weather], llm=llm)
    has(await agent.run("What is the weather in Paris?"), "sunny in Paris")


@program("structured")
def structured() -> None:
    found = llm.as_structured_llm(Person).complete("Jason is 25 years old").raw
    assert found == Person(name="Jason", age=25), found


@program("stream")
def stream() -> None:
    pieces = [piece.delta for piece in llm.stream_complete("Tell me of tea")]
    assert len(pieces) > 1
    has("".join(pieces), "Tell me of tea")


main()
