"""The `openai` package for Python, asynchronous."""

import asyncio

from openai import AsyncOpenAI

from contract_tests.clients.jobs import Gathering, Job, Message, Turn, serve
from contract_tests.clients.openai_python_sync import gather, request


async def ask(job: Job, history: list[Message]) -> Turn:
    """Send one request."""
    answer = Gathering()
    async with AsyncOpenAI(api_key=job["key"], base_url=job["openai_url"], max_retries=0) as client:
        response = await client.chat.completions.create(**request(job, history))
        if job["stream"]:
            async for chunk in response:
                gather(answer, chunk)
        else:
            gather(answer, response)
    return answer.turn()


if __name__ == "__main__":
    serve(lambda job, history: asyncio.run(ask(job, history)))
