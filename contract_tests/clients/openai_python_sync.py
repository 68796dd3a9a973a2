"""The `openai` package for Python, synchronous."""

from typing import Any

from openai import OpenAI

from contract_tests.clients.jobs import Gathering, Job, Message, Turn, serve


def request(job: Job, history: list[Message]) -> dict[str, Any]:
    """Build the arguments of `chat.completions.create`; what OpenAI does not know travels in `extra_body`."""
    arguments: dict[str, Any] = {
        "model": job["model"],
        "messages": history,
        "extra_body": job["parameters"],
        "extra_headers": job.get("headers"),
    }
    if job["n"] > 1:
        arguments["n"] = job["n"]
    if job["stream"]:
        arguments |= {"stream": True, "stream_options": {"include_usage": True}}
    return arguments


def gather(answer: Gathering, response: Any) -> None:
    """Note a completion or a chunk; the vendor's `reasoning_content` is an extra field of both."""
    answer.envelope(answer_id=response.id, usage=response.usage and response.usage.model_dump())
    for choice in response.choices:
        said = choice.message if hasattr(choice, "message") else choice.delta
        answer.choice(
            index=choice.index,
            content=said.content,
            reasoning=getattr(said, "reasoning_content", None),
            finish_reason=choice.finish_reason,
        )


def ask(job: Job, history: list[Message]) -> Turn:
    """Send one request."""
    answer = Gathering()
    with OpenAI(api_key=job["key"], base_url=job["openai_url"], max_retries=0) as client:
        response = client.chat.completions.create(**request(job, history))
        for piece in response if job["stream"] else [response]:
            gather(answer, piece)
    return answer.turn()


if __name__ == "__main__":
    serve(ask)
