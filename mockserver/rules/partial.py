"""The rules of continuations: an assistant message whose text goes on."""

from collections.abc import Iterator

from mockserver.rules.marks import Mark
from mockserver.rules.registry import Broken, rule
from mockserver.talk.finding import Severity
from mockserver.talk.request import ChatRequest

_DOCS = "Model Studio docs, partial mode, 2026"


@rule(
    "partial.thinking",
    severity=Severity.REFUSED,
    source=_DOCS,
    fix="Switch thinking off (`enable_thinking: false`) to have a text continued.",
    refusals=("thinking.partial",),
    marks=(Mark.PARTIAL,),
)
def _thinking(request: ChatRequest) -> Iterator[Broken]:
    if request.partial is not None and request.thinking:
        yield Broken(f"{request.message_place(len(request.messages) - 1)}.partial")


@rule(
    "partial.position",
    severity=Severity.REFUSED,
    source=f"{_DOCS}; the words are the mock's own",
    fix="Mark the last message only, and only the assistant's.",
    refusals=("partial.position",),
    marks=(Mark.PARTIAL,),
)
def _position(request: ChatRequest) -> Iterator[Broken]:
    last = len(request.messages) - 1
    for index, message in enumerate(request.messages):
        if message.partial and (index != last or message.role != "assistant"):
            yield Broken(f"{request.message_place(index)}.partial")
            return


@rule(
    "partial.model",
    severity=Severity.REFUSED_BY_SOME,
    source=f"{_DOCS}: the list of models; what others do is not recorded",
    fix="Use a model of the list, such as qwen-plus or qwen3-coder-plus.",
    teaches="{model} is not documented to continue a text.",
    marks=(Mark.PARTIAL,),
)
def _model(request: ChatRequest) -> Iterator[Broken]:
    if request.partial is not None and not request.model.partial:
        place = f"{request.message_place(len(request.messages) - 1)}.partial"
        yield Broken(place, {"model": request.model.name})
