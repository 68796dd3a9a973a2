"""Drives the `openai` package for Python by its helper `chat.completions.stream`.

The helper puts a stream together by itself, and its message goes into the history, as its documentation
shows it. What is not streamed is asked for as in the driver of `create`.
"""

import inspect
from typing import Any

import openai

from contract_tests.clients.loop import Answer, Document, heard, serve
from contract_tests.clients.openai_python.driver import Sync, gather, request, settings


class Helper(Sync):
    """A conversation over `OpenAI`, whose streams the helper reads."""

    def __init__(self, begin: Document) -> None:
        super().__init__(begin)
        self.stream = openai.OpenAI(**settings(begin)).chat.completions.stream

    def ask(self, messages: list[Any], command: Document) -> Answer:
        """Sends one request."""
        if not command.get("stream"):
            return super().ask(messages, command)
        answer = Answer()
        arguments = request(self, messages, command, self.create)
        del arguments["stream"]
        known = inspect.signature(self.stream).parameters
        arguments["extra_body"] |= {name: arguments.pop(name) for name in [*arguments] if name not in known}
        with self.stream(**arguments) as stream:
            for _ in heard((event for event in stream if event.type == "chunk"), answer, command):
                pass
            snapshot = (
                stream.current_completion_snapshot if answer.cancelled else stream.get_final_completion()
            )
        gather(answer, snapshot)
        return answer


if __name__ == "__main__":
    serve(Helper, client=f"openai {openai.__version__} (chat.completions.stream)", surfaces=["compat"])
