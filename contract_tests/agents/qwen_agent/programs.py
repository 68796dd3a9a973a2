"""Qwen-Agent: the assistant of its README, which asks for calls in words."""

import json

from qwen_agent.agents import Assistant
from qwen_agent.tools.base import BaseTool, register_tool
from running import BASE, KEY, MODEL, book_hotel, get_weather, has, main, program

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@register_tool("get_weather")
class Weather(BaseTool):
    description = "Get the weather of a city."
    parameters = CITY

    def call(self, params: str, **_: object) -> str:
        return get_weather(json.loads(params)["city"])


@register_tool("book_hotel")
class Hotel(BaseTool):
    description = "Book a hotel in a city."
    parameters = CITY

    def call(self, params: str, **_: object) -> str:
        return book_hotel(json.loads(params)["city"])


def run(said: str, *tools: str, **more: object) -> list[dict[str, object]]:
    llm = {"model": MODEL, "model_server": BASE, "api_key": KEY, "generate_cfg": more}
    *_, last = Assistant(llm=llm, function_list=list(tools)).run([{"role": "user", "content": said}])
    return last


@program("chat")
def chat() -> None:
    has(run("What is tea?"), "What is tea?")


@program("tool")
def tool() -> None:
    has(run("What is the weather in Paris?", "get_weather")[-1]["content"], "sunny in Paris")


@program("tools")
def tools() -> None:
    told = run("Get the weather in Paris, then book a hotel in Paris", "get_weather", "book_hotel")
    has(told, "sunny in Paris", "Grand Hotel in Paris")


main()
