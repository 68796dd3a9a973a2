"""CrewAI: a crew of one and two, with a tool and with a shape."""

from crewai import LLM, Agent, Crew, Task
from crewai.tools import tool as as_tool
from pydantic import BaseModel
from running import BASE, KEY, MODEL, get_weather, has, main, program


class Person(BaseModel):
    name: str
    age: int


def kickoff(said: str, *, tools: list[object] | None = None, **more: object) -> object:
    llm = LLM(model=f"openai/{MODEL}", base_url=BASE, api_key=KEY)
    agent = Agent(role="Helper", goal="Help", backstory="You help.", llm=llm, tools=tools or [])
    task = Task(description=said, expected_output="An answer", agent=agent, **more)
    return Crew(agents=[agent], tasks=[task]).kickoff()


@program("chat")
def chat() -> None:
    has(kickoff("What is tea?").raw, "mock")


@program("tool")
def tool() -> None:
    result = kickoff("What is the weather in Paris?", tools=[as_tool(get_weather)])
    has(result.raw, "sunny in Paris")


@program("structured")
def structured() -> None:
    found = kickoff("Jason is 25 years old", output_pydantic=Person).pydantic
    assert found == Person(name="Jason", age=25), found


main()
