"""Drives Semantic Kernel: its `OpenAIChatCompletion`, with functions of a plugin that nobody calls by itself.

Its messages make the history; pieces of a stream are added up, and the sum goes into it, as its documentation
shows it.
"""

from functools import reduce
from importlib.metadata import version
from operator import add
from typing import Any

from openai import AsyncOpenAI, OpenAIError
from semantic_kernel import Kernel
from semantic_kernel.connectors.ai import FunctionChoiceBehavior
from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion, OpenAIChatPromptExecutionSettings
from semantic_kernel.contents import (
    AuthorRole,
    ChatHistory,
    ChatMessageContent,
    FunctionCallContent,
    FunctionResultContent,
    ImageContent,
    TextContent,
)
from semantic_kernel.exceptions import KernelException
from semantic_kernel.functions import KernelPlugin, kernel_function

from contract_tests.clients.loop import (
    Answer,
    Conversation,
    Document,
    ToldError,
    error_of,
    heard_async,
    serve,
)

NAMES = {"n": "number_of_responses"}
"""Options by the names of its settings, where these are others."""


def function_of(function: Document) -> Any:
    """A kernel function from a schema, as its plugin for MCP makes one."""

    async def call(**_: Any) -> None:
        """Never runs: the kit answers the calls."""

    made = kernel_function(name=function["name"], description=function.get("description"))(call)
    schema = function["parameters"]
    made.__kernel_function_parameters__ = [
        {
            "name": name,
            "is_required": name in schema.get("required", ()),
            "type": kind if isinstance(kind := value.get("type"), str) else "object",
            "default_value": value.get("default"),
            "schema_data": value,
        }
        for name, value in schema.get("properties", {}).items()
    ]
    return made


class Semantic(Conversation):
    """A conversation over its service for chat completions."""

    def __init__(self, begin: Document) -> None:
        super().__init__(begin)
        client = AsyncOpenAI(
            api_key=begin["key"],
            base_url=begin["openai_url"],
            timeout=begin.get("timeout", 30),
            default_headers=self.headers(),
        )
        self.service = OpenAIChatCompletion(ai_model_id=begin["model"], async_client=client)
        self.kernel = Kernel()
        functions = [function_of(tool["function"]) for tool in begin.get("tools", ())]
        if functions:
            self.kernel.add_plugin(KernelPlugin(name="tools", functions=functions))

    def system(self, text: str) -> Any:
        """The system message."""
        return ChatMessageContent(role=AuthorRole.SYSTEM, content=text)

    def user(self, text: str, parts: Any) -> Any:
        """What the user says."""
        items = [
            TextContent(text=value) if kind == "text" else ImageContent(uri=value)
            for part in parts
            for kind, value in part.items()
        ]
        return ChatMessageContent(role=AuthorRole.USER, items=items or [TextContent(text=text)])

    def result(self, result: Document) -> Any:
        """What a function gave."""
        name = next((call.name for call in self.calls() if call.id == result["id"]), "unknown")
        told = FunctionResultContent(id=result["id"], name=name, result=result["content"])
        return ChatMessageContent(role=AuthorRole.TOOL, items=[told])

    def calls(self) -> list[FunctionCallContent]:
        """The calls of the history, of which a result takes its name."""
        items = [item for message in self.history for item in message.items]
        return [item for item in items if isinstance(item, FunctionCallContent)]

    def begun(self, prefix: str) -> Any:
        """The beginning of an answer; there is no place for the mark."""
        return ChatMessageContent(role=AuthorRole.ASSISTANT, content=prefix)

    def assistant(self, answer: Answer, prefix: str) -> Any:
        """The model's own message; with a prefix, one that begins with it."""
        if prefix or 0 not in answer.messages:
            text = prefix + answer.choices.get(0, {"text": ""})["text"]
            return ChatMessageContent(role=AuthorRole.ASSISTANT, content=text)
        return answer.messages[0]

    def settings(self, command: Document) -> OpenAIChatPromptExecutionSettings:
        """The settings, with the options where its documentation puts them."""
        options = {NAMES.get(name, name): value for name, value in self.options(command).items()}
        choice = options.pop("tool_choice", "auto")
        fields = OpenAIChatPromptExecutionSettings.model_fields
        known = {name: options.pop(name) for name in [*options] if name in fields}
        if "tools" in self.begin:
            if choice == "none":
                known["function_choice_behavior"] = FunctionChoiceBehavior.NoneInvoke()
            elif choice == "auto":
                known["function_choice_behavior"] = FunctionChoiceBehavior.Auto(auto_invoke=False)
            else:  # which one cannot be said
                known["function_choice_behavior"] = FunctionChoiceBehavior.Required(auto_invoke=False)
        return OpenAIChatPromptExecutionSettings(extra_body=options or None, **known)

    async def ask(self, messages: list[Any], command: Document) -> Answer:
        """Sends one request; what it raises of a refusal has the error of OpenAI's client as its cause."""
        try:
            return await self.answer(messages, command)
        except KernelException as error:
            cause = next(
                (one for one in (error.__cause__, *error.args) if isinstance(one, OpenAIError)), error
            )
            told = {**error_of(cause), "kind": type(error).__name__}
            raise ToldError(**{name: told[name] for name in ("kind", "code", "status", "message")}) from error

    async def answer(self, messages: list[Any], command: Document) -> Answer:
        """The answer to one request."""
        answer, asked = Answer(), {"settings": self.settings(command), "kernel": self.kernel}
        history = ChatHistory(messages=messages)
        if not command.get("stream"):
            for index, message in enumerate(await self.service.get_chat_message_contents(history, **asked)):
                raw = message.inner_content.choices[index].message
                gather(answer, index, message, getattr(raw, "reasoning_content", None))
            return answer
        pieces: dict[int, list[Any]] = {}
        stream = self.service.get_streaming_chat_message_contents(history, **asked)
        async for contents in heard_async(stream, answer, command):
            for content in contents:
                pieces.setdefault(content.choice_index, []).append(content)
        for index in sorted(pieces):
            gather(answer, index, reduce(add, pieces[index]), None)
        return answer


def gather(answer: Answer, index: int, message: Any, thinking: str | None) -> None:
    """Notes a message, or the sum of its pieces; only a whole answer has its thinking, in the raw one."""
    answer.messages[index] = message
    finish = message.finish_reason.value if message.finish_reason else None
    text = "".join(item.text for item in message.items if isinstance(item, TextContent))
    answer.add(index=index, text=text, thinking=thinking, finish=finish)
    answer.tokens(message.metadata.get("usage"))
    for item in message.items:
        if isinstance(item, FunctionCallContent):
            arguments = item.arguments if isinstance(item.arguments, str) else None
            answer.call(index=None, id=item.id, name=item.name, arguments=arguments, choice=index)


if __name__ == "__main__":
    serve(
        Semantic,
        client=f"semantic-kernel {version('semantic-kernel')}, openai {version('openai')}",
        surfaces=["compat"],
    )
