"""`dashscope.AioGeneration` (the 1.x interface, asynchronous), which merges the pieces of a stream itself."""

import asyncio
from typing import Any

from dashscope import AioGeneration

from contract_tests.clients.dashscope_generation import gather, request
from contract_tests.clients.jobs import Gathering, Job, Message, Turn, serve


async def ask(job: Job, history: list[Message]) -> Turn:
    """Send one request."""
    answer = Gathering()
    response: Any = await AioGeneration.call(**request(job, history, cumulative=True))
    if job["stream"]:
        async for piece in response:
            gather(answer, piece, cumulative=True)
    else:
        gather(answer, response, cumulative=True)
    return answer.turn()


if __name__ == "__main__":
    serve(lambda job, history: asyncio.run(ask(job, history)))
