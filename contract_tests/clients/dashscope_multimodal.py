"""`dashscope.MultiModalConversation` (the 1.x interface): contents are lists of parts."""

from typing import Any

from dashscope import MultiModalConversation

from contract_tests.clients.dashscope_generation import gather, request
from contract_tests.clients.jobs import Gathering, Job, Message, Turn, serve


def ask(job: Job, history: list[Message]) -> Turn:
    """Send one request."""
    answer = Gathering()
    parts = [{**message, "content": [{"text": message["content"]}]} for message in history]
    response: Any = MultiModalConversation.call(**request(job, parts, cumulative=False))
    for piece in response if job["stream"] else [response]:
        gather(answer, piece, cumulative=False)
    return answer.turn()


if __name__ == "__main__":
    serve(ask)
