"""LiteLLM's routes `responses` and `anthropic.messages`: ``routes.py ROUTE JOB``; tells what it reports.

A job has base_url, key, model, stream, tools, the turns in the form of the route, and `leave`: whether the
stream is left at its first piece of a text.
"""

import asyncio
import json
import os
import sys
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it asks the network for prices

import litellm


async def response(job: dict[str, Any], previous: str | None, turn: Any) -> dict[str, Any]:
    """One turn of the Responses API, which goes on from the one before."""
    said = await litellm.aresponses(
        model=f"openai/{job['model']}",
        input=turn,
        previous_response_id=previous,
        tools=job.get("tools"),
        stream=job["stream"],
        api_base=job["base_url"],
        api_key=job["key"],
        max_retries=0,
    )
    if job["stream"]:
        last: Any = None
        async for event in said:
            last = event
            if job.get("leave") and event.type == "response.output_text.delta":
                return {"left": event.delta}
        said = last.response
    items = [item if isinstance(item, dict) else item.model_dump() for item in said.output]
    told = {
        "previous": said.id,
        "status": said.status,
        "text": "".join(
            part["text"] for item in items if item["type"] == "message" for part in item["content"]
        ),
        "thinking": "".join(
            part["text"] for item in items if item["type"] == "reasoning" for part in item["summary"]
        ),
        "calls": [
            {"id": item["call_id"], "name": item["name"], "arguments": json.loads(item["arguments"])}
            for item in items
            if item["type"] == "function_call"
        ],
    }
    if said.error:
        error = said.error if isinstance(said.error, dict) else said.error.model_dump()
        told["error"] = error["message"]
    return told


async def message(job: dict[str, Any], history: list[Any], turn: Any) -> dict[str, Any]:
    """One turn of Anthropic's Messages, with all that was said before."""
    history.append({"role": "user", "content": turn})
    said: Any = await litellm.anthropic.messages.acreate(
        model=f"anthropic/{job['model']}",
        messages=history,
        max_tokens=1024,
        tools=job.get("tools"),
        stream=job["stream"],
        api_base=job["base_url"],
        api_key=job["key"],
    )
    blocks = said["content"]
    history.append({"role": "assistant", "content": blocks})
    return {
        "text": "".join(block["text"] for block in blocks if block["type"] == "text"),
        "thinking": "".join(block["thinking"] for block in blocks if block["type"] == "thinking"),
        "calls": [
            {"id": block["id"], "name": block["name"], "arguments": block["input"]}
            for block in blocks
            if block["type"] == "tool_use"
        ],
    }


async def main(route: str, job: dict[str, Any]) -> list[dict[str, Any]]:
    """Each turn of a job."""
    told: list[dict[str, Any]] = []
    history: list[Any] = []
    for turn in job["turns"]:
        try:
            if route == "responses":
                previous = told[-1]["previous"] if told else None
                told.append(await response(job, previous, turn))
            else:
                told.append(await message(job, history, turn))
        except Exception as error:  # noqa: BLE001 - whatever it raises is what it tells
            status = getattr(error, "status_code", None)
            told.append({"status": status, "kind": type(error).__name__, "message": str(error)})
            break
    return told


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], json.loads(sys.argv[2])))))
