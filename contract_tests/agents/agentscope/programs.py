"""AgentScope: what its tutorials show."""

from agentscope.agent import Agent
from agentscope.credential import OpenAICredential
from agentscope.message import UserMsg
from agentscope.model import OpenAIChatModel
from agentscope.permission import PermissionBehavior, PermissionDecision
from agentscope.tool import FunctionTool, Toolkit
from pydantic import BaseModel
from running import BASE, KEY, MODEL, book_hotel, get_weather, has, main, program

ALLOWED = PermissionDecision(behavior=PermissionBehavior.ALLOW, message="")


class Person(BaseModel):
    """A person."""

    name: str
    age: int


def agent(*functions: object, stream: bool = False) -> Agent:
    credential = OpenAICredential(api_key=KEY, base_url=BASE)
    model = OpenAIChatModel(credential, MODEL, stream=stream)
    tools = [FunctionTool(function, permission=ALLOWED) for function in functions]
    return Agent("friday", "You are a helpful assistant.", model, Toolkit(tools=tools))


@program("chat")
async def chat() -> None:
    friday = agent()
    await friday.reply(UserMsg("user", "Hi, I am Bob"))
    has((await friday.reply(UserMsg("user", "What is my name?"))).get_text_content(), "What is my name?")


@program("tool")
async def tool() -> None:
    said = await agent(get_weather).reply(UserMsg("user", "What is the weather in Paris?"))
    has(said.get_text_content(), "sunny in Paris")


@program("tools")
async def tools() -> None:
    friday = agent(get_weather, book_hotel)
    await friday.reply(UserMsg("user", "Get the weather in Paris, then book a hotel in Paris"))
    has(friday.state.model_dump_json(), "sunny in Paris", "Grand Hotel in Paris")


@program("structured")
async def structured() -> None:
    said = await agent().reply(UserMsg("user", "Jason is 25 years old"), structured_schema=Person)
    assert said.structured_output == {"name": "Jason", "age": 25}, said


@program("stream")
async def stream() -> None:
    friday = agent(stream=True)
    events = [event async for event in friday.reply_stream(UserMsg("user", "Tell me of tea"))]
    pieces = [event.delta for event in events if event.type == "TEXT_BLOCK_DELTA"]
    assert len(pieces) > 1
    has("".join(pieces), "Tell me of tea")


main()
