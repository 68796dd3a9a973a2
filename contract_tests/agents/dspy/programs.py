"""DSPy: its modules on the programs of its front page."""

import dspy
from pydantic import BaseModel
from running import BASE, KEY, MODEL, get_weather, has, main, program

dspy.configure(lm=dspy.LM(f"openai/{MODEL}", api_base=BASE, api_key=KEY, cache=False))


class Person(BaseModel):
    name: str
    age: int


@program("chat")
def chat() -> None:
    assert dspy.Predict("question -> answer")(question="What is tea?").answer


@program("thought")
def thought() -> None:
    found = dspy.ChainOfThought("question -> answer")(question="What is tea?")
    assert found.reasoning
    assert found.answer


@program("structured")
def structured() -> None:
    class Extract(dspy.Signature):
        """Extract a person."""

        text: str = dspy.InputField()
        name: str = dspy.OutputField()
        age: int = dspy.OutputField()

    found = dspy.Predict(Extract)(text="Jason is 25 years old")
    assert (found.name, found.age) == ("Jason", 25), found


@program("json")
def json() -> None:
    with dspy.context(adapter=dspy.JSONAdapter()):
        found = dspy.Predict("text: str -> name: str, age: int")(text="Jason is 25 years old")
    assert (found.name, found.age) == ("Jason", 25), found


@program("tool")
def tool() -> None:
    agent = dspy.ReAct("question -> answer", tools=[get_weather], max_iters=3)
    found = agent(question="What is the weather in Paris?")
    has(found.trajectory, "sunny in Paris")


main()
