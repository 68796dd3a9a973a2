"""`dashscope.Generation` (the 1.x interface); with the argument `cumulative`, streams repeat the text so far.

Versions up to 1.24 really send `incremental_output: false` then; later ones ask for pieces and merge them.
"""

import sys
from functools import partial
from typing import Any

from dashscope import Generation

from contract_tests.clients.jobs import Failure, Gathering, Job, Message, RefusedError, Turn, serve


def request(job: Job, history: list[Message], *, cumulative: bool) -> dict[str, Any]:
    """Build the arguments of `call`."""
    arguments: dict[str, Any] = {
        "model": job["model"],
        "messages": history,
        "api_key": job["key"],
        "base_address": job["native_url"],
        "result_format": "message",
        "headers": dict(job.get("headers") or {}),
        **job["parameters"],
    }
    if job["n"] > 1:
        arguments["n"] = job["n"]
    if job["stream"]:
        arguments |= {"stream": True, "incremental_output": not cumulative}
    return arguments


def gather(answer: Gathering, response: Any, *, cumulative: bool) -> None:
    """Note a response, whole or a piece; this interface returns errors instead of raising them."""
    if response.status_code != 200:
        raise RefusedError(
            Failure(
                kind=type(response).__name__,
                status=int(response.status_code),
                code=response.code,
                message=response.message,
            )
        )
    answer.envelope(answer_id=response.request_id, usage=response.usage)
    for choice in response.output.choices:  # items, not attributes: merged streams end with plain dicts
        content = choice["message"]["content"]
        answer.choice(
            index=choice.get("index", 0),
            content=content if isinstance(content, str) else "".join(part["text"] for part in content),
            reasoning=choice["message"].get("reasoning_content"),
            finish_reason=choice["finish_reason"],
            cumulative=cumulative,
        )


def ask(job: Job, history: list[Message], *, cumulative: bool) -> Turn:
    """Send one request."""
    answer = Gathering()
    response: Any = Generation.call(**request(job, history, cumulative=cumulative))
    for piece in response if job["stream"] else [response]:
        gather(answer, piece, cumulative=cumulative)
    return answer.turn()


if __name__ == "__main__":
    serve(partial(ask, cumulative="cumulative" in sys.argv))
