"""Asks one thing through LiteLLM's provider `anthropic/`: ``blocks.py JOB``; tells as JSON what it reports.

A job has base_url, key, model, stream, tools and messages, these in the form of chat completions.
"""

import json
import os
import sys
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it asks the network for prices

import litellm


def ask(job: dict[str, Any]) -> dict[str, Any]:
    """Sends one request."""
    asked = {"api_base": job["base_url"], "api_key": job["key"], "tools": job.get("tools"), "max_retries": 0}
    response: Any = litellm.completion(
        f"anthropic/{job['model']}", job["messages"], stream=job["stream"], max_tokens=1024, **asked
    )
    if job["stream"]:
        response = litellm.stream_chunk_builder(list(response), messages=job["messages"])
    choice = response.choices[0]
    said = choice.message
    return {
        "text": said.content or "",
        "thinking": getattr(said, "reasoning_content", None) or "",
        "calls": [
            {"id": call.id, "name": call.function.name, "arguments": json.loads(call.function.arguments)}
            for call in said.tool_calls or ()
        ],
        "finish": choice.finish_reason,
        "input": response.usage.prompt_tokens,
        "output": response.usage.completion_tokens,
    }


if __name__ == "__main__":
    try:
        print(json.dumps(ask(json.loads(sys.argv[1]))))
    except Exception as error:  # noqa: BLE001 - whatever it raises is what it tells
        status = getattr(error, "status_code", None)
        print(json.dumps({"status": status, "kind": type(error).__name__, "message": str(error)}))
