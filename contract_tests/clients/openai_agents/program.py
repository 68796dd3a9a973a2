"""An agent with a tool, as the tutorials of openai-agents have it. One job on stdin, one report on stdout."""

import asyncio
import json
import sys
from typing import Any

from agents import (
    Agent,
    ModelSettings,
    OpenAIResponsesModel,
    Runner,
    SQLiteSession,
    function_tool,
    set_tracing_disabled,
)
from openai import AsyncOpenAI


@function_tool
def brew_tea(leaf: str) -> str:
    """Brew a cup of tea."""
    return f"A cup of {leaf}."


async def said(agent: Agent, session: SQLiteSession, text: str, *, stream: bool) -> str:
    """The agent's last word on a text."""
    if not stream:
        return str((await Runner.run(agent, text, session=session)).final_output)
    running = Runner.run_streamed(agent, text, session=session)
    async for _ in running.stream_events():
        pass
    return str(running.final_output)


async def left(agent: Agent, session: SQLiteSession, text: str) -> str:
    """The first piece of an answer, whose stream is left there."""
    running = Runner.run_streamed(agent, text, session=session)
    async for event in running.stream_events():
        if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
            running.cancel()
            return str(event.data.delta)
    return ""


async def main() -> None:
    """Ask what the job asks, one after the other, in one session."""
    job: dict[str, Any] = json.load(sys.stdin)
    set_tracing_disabled(True)
    client = AsyncOpenAI(base_url=job["url"], api_key=job["key"], max_retries=0)
    model = OpenAIResponsesModel(model=job["model"], openai_client=client)
    agent = Agent(
        name="Host",
        instructions="You brew tea.",
        model=model,
        tools=[brew_tea],
        model_settings=ModelSettings(temperature=0.5),
    )
    session = SQLiteSession("tea")
    report: list[dict[str, Any]] = []
    for text in job["asks"]:
        try:
            if job.get("leave"):
                report.append({"left": await left(agent, session, text)})
                continue
            report.append({"text": await said(agent, session, text, stream=job["stream"])})
        except Exception as error:  # noqa: BLE001 - whatever it raises is what the report tells
            report.append({"error": type(error).__name__, "message": str(error)})
    json.dump(report, sys.stdout)


asyncio.run(main())
