"""Drives Pydantic AI: its model of chat completions at Alibaba's, asked by `pydantic_ai.direct`.

Messages are its own: what it answered goes into the history as it came, as its documentation shows it.
"""

from importlib.metadata import version
from typing import Any

from pydantic_ai.direct import model_request, model_request_stream
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import (
    ImageUrl,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.alibaba import AlibabaProvider
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from contract_tests.clients.loop import (
    FEATURES,
    Answer,
    Conversation,
    Document,
    ToldError,
    heard_async,
    serve,
)

NAMES = {"stop": "stop_sequences"}
"""Options by the names of its settings, where these are others."""


class Pydantic(Conversation):
    """A conversation over its direct requests."""

    def __init__(self, begin: Document) -> None:
        super().__init__(begin)
        provider = AlibabaProvider(api_key=begin["key"], base_url=begin["openai_url"])
        self.model = OpenAIChatModel(begin["model"], provider=provider)
        functions = [tool["function"] for tool in begin.get("tools", ())]
        tools = [
            ToolDefinition(
                name=function["name"],
                description=function.get("description"),
                parameters_json_schema=function["parameters"],
            )
            for function in functions
        ]
        self.parameters = ModelRequestParameters(function_tools=tools, allow_text_output=True)

    def system(self, text: str) -> Any:
        """The system message."""
        return ModelRequest(parts=[SystemPromptPart(text)])

    def user(self, text: str, parts: Any) -> Any:
        """What the user says."""
        said = [
            value if kind == "text" else ImageUrl(value) for part in parts for kind, value in part.items()
        ]
        return ModelRequest(parts=[UserPromptPart(said or text)])

    def result(self, result: Document) -> Any:
        """What a function gave, with its name, which the call has."""
        names = {
            part.tool_call_id: part.tool_name
            for message in self.history
            for part in message.parts
            if isinstance(part, ToolCallPart)
        }
        name = names.get(result["id"], "unknown")
        return ModelRequest(parts=[ToolReturnPart(name, result["content"], result["id"])])

    def begun(self, prefix: str) -> Any:
        """The beginning of an answer; there is no place for the mark."""
        return ModelResponse(parts=[TextPart(prefix)])

    def assistant(self, answer: Answer, prefix: str) -> Any:
        """The model's own message; with a prefix, one that begins with it."""
        if prefix:
            return ModelResponse(parts=[TextPart(prefix + answer.choices[0]["text"])])
        return answer.messages[0]

    def settings(self, command: Document) -> ModelSettings:
        """The settings, with the options where its documentation puts them."""
        options = {NAMES.get(name, name): value for name, value in self.options(command).items()}
        fields = ModelSettings.__annotations__.keys() - {"top_k"}  # not for models of this kind
        known = {name: options.pop(name) for name in [*options] if name in fields}
        if isinstance(known.get("stop_sequences"), str):
            known["stop_sequences"] = [known["stop_sequences"]]
        if isinstance(known.get("tool_choice"), dict):
            known["tool_choice"] = [known["tool_choice"]["function"]["name"]]
        known |= {"timeout": self.begin.get("timeout", 30), "extra_headers": self.headers()}
        return ModelSettings(extra_body=options, **known)

    async def ask(self, messages: list[Any], command: Document) -> Answer:
        """Sends one request; of a refusal, what the service said is the body of its error."""
        try:
            return await self.answer(messages, command)
        except ModelHTTPError as error:
            body = error.body if isinstance(error.body, dict) else {}
            told = body.get("message") or error.message
            raise ToldError(type(error).__name__, body.get("code"), error.status_code, told) from error

    async def answer(self, messages: list[Any], command: Document) -> Answer:
        """The answer to one request."""
        answer, asked = Answer(), {"model_settings": self.settings(command)}
        asked["model_request_parameters"] = self.parameters
        if not command.get("stream"):
            gather(answer, await model_request(self.model, messages, **asked))
            return answer
        async with model_request_stream(self.model, messages, **asked) as stream:
            async for _ in heard_async(aiter(stream), answer, command):
                pass
            gather(answer, stream.get())
        return answer


def gather(answer: Answer, response: ModelResponse) -> None:
    """Notes a response, or what of it has come."""
    answer.messages[0] = response
    finish = (response.provider_details or {}).get("finish_reason") or response.finish_reason
    answer.add(finish=finish)
    answer.tokens(
        {"input_tokens": response.usage.input_tokens, "output_tokens": response.usage.output_tokens}
    )
    for part in response.parts:
        if isinstance(part, ToolCallPart):
            arguments = part.args if isinstance(part.args, str) else part.args_as_json_str()
            answer.call(index=None, id=part.tool_call_id, name=part.tool_name, arguments=arguments)
        elif isinstance(part, (TextPart, ThinkingPart)):
            answer.add(**{"text" if isinstance(part, TextPart) else "thinking": part.content})


if __name__ == "__main__":
    serve(
        Pydantic,
        client=f"pydantic-ai {version('pydantic-ai-slim')}, openai {version('openai')}",
        surfaces=["compat"],
        features=[feature for feature in FEATURES if feature != "choices"],
    )
