"""A coding agent, Claude Code, driven by its SDK. One job on stdin, one report on stdout: what it told.

A job has url, key, model, the asks, and `leave`: whether it is interrupted at the first piece of a text.
The agent has one tool of its own, `brew_tea`, beside those that it always has.
"""

import asyncio
import json
import os
import sys
from typing import Any

from claude_agent_sdk import (
    AssistantMessage,
    ClaudeAgentOptions,
    ClaudeSDKClient,
    ResultMessage,
    StreamEvent,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
    create_sdk_mcp_server,
    tool,
)


@tool("brew_tea", "Brew a cup of tea", {"leaf": str})
async def brew_tea(given: dict[str, Any]) -> dict[str, Any]:
    """Brews."""
    return {"content": [{"type": "text", "text": f"A cup of {given['leaf']}."}]}


def options(job: dict[str, Any]) -> ClaudeAgentOptions:
    """What the agent is started with: nothing of the user's own settings."""
    return ClaudeAgentOptions(
        model=job["model"],
        cwd=os.environ["HOME"],
        setting_sources=[],
        mcp_servers={"kitchen": create_sdk_mcp_server("kitchen", tools=[brew_tea])},
        allowed_tools=["mcp__kitchen__brew_tea"],
        include_partial_messages=True,
        env={"ANTHROPIC_BASE_URL": job["url"], "ANTHROPIC_API_KEY": job["key"]},
    )


def note(told: dict[str, Any], message: AssistantMessage) -> None:
    """Note the blocks of a message."""
    for block in message.content:
        if isinstance(block, TextBlock):
            told["texts"].append(block.text)
        elif isinstance(block, ThinkingBlock):
            told["thoughts"].append(block.thinking)
        elif isinstance(block, ToolUseBlock):
            told["calls"].append({"name": block.name, "input": block.input})


async def turn(client: ClaudeSDKClient, ask: str, *, leave: bool) -> dict[str, Any]:
    """What one turn told, to its result."""
    told: dict[str, Any] = {"texts": [], "thoughts": [], "calls": [], "pieces": []}
    await client.query(ask)
    async for message in client.receive_response():
        if isinstance(message, AssistantMessage):
            note(told, message)
        elif isinstance(message, ResultMessage):
            told |= {"result": message.result, "failed": message.is_error, "kind": message.subtype}
        elif isinstance(message, StreamEvent) and "text" in message.event.get("delta", {}):
            told["pieces"].append(message.event["delta"]["text"])
            if leave and len(told["pieces"]) == 1:
                await client.interrupt()
    return told


async def main() -> None:
    """Holds the conversation."""
    job = json.load(sys.stdin)
    async with ClaudeSDKClient(options(job)) as client:
        told = [await turn(client, ask, leave=job.get("leave", False)) for ask in job["asks"]]
    print(json.dumps(told))


asyncio.run(main())
