"""pydantic-ai: what its tutorials show."""

from pydantic import BaseModel
from pydantic_ai import Agent, ModelRetry, NativeOutput, PromptedOutput, ToolOutput
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from running import BASE, KEY, MODEL, book_hotel, get_weather, has, main, program

model = OpenAIChatModel(MODEL, provider=OpenAIProvider(base_url=BASE, api_key=KEY))


LOUD = "Validation feedback: name must be in uppercase"


class Person(BaseModel):
    name: str
    age: int


class Weather(BaseModel):
    city: str
    summary: str


@program("chat")
def chat() -> None:
    agent = Agent(model, instructions="Be concise.")
    first = agent.run_sync("Hi, I am Bob")
    second = agent.run_sync("What is my name?", message_history=first.all_messages())
    has(second.output, "What is my name?")


@program("tool")
def tool() -> None:
    agent = Agent(model, tools=[get_weather])
    has(agent.run_sync("What is the weather in Paris?").output, "sunny in Paris")


@program("tools")
def tools() -> None:
    agent = Agent(model, tools=[get_weather, book_hotel])
    result = agent.run_sync("Get the weather in Paris, then book a hotel in Paris")
    has(result.all_messages_json(), "sunny in Paris", "Grand Hotel in Paris")


@program("structured")
def structured() -> None:
    for output in (ToolOutput(Person), NativeOutput(Person), PromptedOutput(Person)):
        person = Agent(model, output_type=output).run_sync("Jason is 25 years old").output
        assert person == Person(name="Jason", age=25), (output, person)


@program("strategy")
def strategy() -> None:
    agent = Agent(model, tools=[get_weather], output_type=Weather)
    found = agent.run_sync("What is the weather in Paris?").output
    has(found.city, "Paris")
    has(found.summary, "sunny")


@program("retry")
def retry() -> None:
    agent = Agent(model, output_type=Person, retries=2)

    @agent.output_validator
    def upper(person: Person) -> Person:
        if not person.name.isupper():
            raise ModelRetry(LOUD)
        return person

    assert agent.run_sync("Jason is 25 years old").output == Person(name="JASON", age=25)


@program("stream")
async def stream() -> None:
    async with Agent(model).run_stream("Tell me of tea") as result:
        pieces = [piece async for piece in result.stream_text(delta=True, debounce_by=None)]
    assert len(pieces) > 1
    has("".join(pieces), "Tell me of tea")


main()
