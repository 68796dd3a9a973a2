"""`dashscope.Client` (the 2.x interface); the argument names the protocol it speaks, `native` or `openai`."""

import sys
from functools import partial
from typing import Any

import httpx
from dashscope import Client

from contract_tests.clients.jobs import Gathering, Job, Message, Turn, serve


def gather(answer: Gathering, response: Any) -> None:
    """Note a completion or a chunk."""
    answer.envelope(answer_id=response.request_id, usage=response.usage and response.usage.model_dump())
    for choice in response.choices:
        said = choice.message if hasattr(choice, "message") else choice.delta
        answer.choice(
            index=choice.index,
            content=said.content,
            reasoning=said.reasoning_content,
            finish_reason=choice.finish_reason,
        )


def ask(job: Job, history: list[Message], *, protocol: str) -> Turn:
    """Send one request."""
    answer = Gathering()
    base_url = job["openai_url"] if protocol == "openai" else job["native_url"]
    arguments: dict[str, Any] = {
        "model": job["model"],
        "messages": history,
        "parameters": job["parameters"],
        "stream": job["stream"],
    }
    if job["n"] > 1:
        arguments["n"] = job["n"]
    headers = {"Authorization": f"Bearer {job['key']}"} | (job.get("headers") or {})
    options: dict[str, Any] = {"api_key": job["key"], "base_url": base_url, "protocol": protocol}
    with (
        httpx.Client(headers=headers, timeout=60) as http,  # calls take no headers of their own
        Client(**options, http_client=http, max_retries=0) as client,
    ):
        response: Any = client.chat.completions.create(**arguments)
        for piece in response if job["stream"] else [response]:
            gather(answer, piece)
    return answer.turn()


if __name__ == "__main__":
    serve(partial(ask, protocol=sys.argv[1]))
