"""The rules of the model: which surface it is on, and whether it only streams."""

from collections.abc import Iterator

from mockserver.dialects.table import dialect_of
from mockserver.rules.marks import Mark
from mockserver.rules.registry import Broken, rule
from mockserver.talk.finding import Severity
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Trait


@rule(
    "model.surface",
    severity=Severity.REFUSED,
    source="Model Studio docs, error codes (zh), 2025-12; qwen3.5 and newer are on the multimodal path only; "
    "notes of live calls, 2026-08: models of the realtime kind are refused by the compatible surface",
    fix="Send the request to the path that serves the model.",
    refusals=(
        "model.compat-unsupported",
        "stream.http-call",
        "path.wrong-task",
        "model.unknown-native",
        "response.model",
        "model.not-activated",
    ),
    fixed=True,
)
def _surface(request: ChatRequest) -> Iterator[Broken]:
    dialect = dialect_of(request.surface)
    if not dialect.serves(request.surface, request.model):
        yield Broken("model", {"model": request.model.name}, dialect.unserved(request.model))


@rule(
    "access.asynchronous",
    severity=Severity.REFUSED,
    source="Model Studio users, public issues, 2026: chat answers at once or not at all",
    fix="Leave `X-DashScope-Async` out; it is for tasks such as making pictures.",
    museum="alibaba/spring-ai-alibaba#4509, spring-ai-alibaba/spring-ai-extensions#166",
    refusals=("access.asynchronous",),
    marks=(Mark.ASYNCHRONOUS,),
    traits=(Trait.TASKS,),
)
def _asynchronous(_: ChatRequest) -> Iterator[Broken]:
    yield Broken("X-DashScope-Async")


@rule(
    "stream.required",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio docs, error codes (zh), 2025-12",
    fix="Ask for a stream: `stream` on the compatible surface, `X-DashScope-SSE: enable` on the native ones.",
    refusals=("stream.required",),
    marks=(Mark.NARROW_MODEL,),
)
def _stream_only(request: ChatRequest) -> Iterator[Broken]:
    if request.model.stream_only and not request.stream:
        yield Broken(request.place("stream"))


@rule(
    "search.unsupported",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio users, public issues, 2025-01: qwen2.5-14b-instruct, qwen2.5-3b-instruct, "
    "qwen-math-plus-latest and qwen-coder-plus-latest refuse; taken for all of these lines up to Qwen2.5",
    fix="Leave `enable_search` out, or ask a model that searches, such as qwen-plus.",
    museum="lobehub/lobehub#5296, lobehub/lobehub#5400",
    refusals=("search.unsupported",),
    needs=("enable_search",),
)
def _search(request: ChatRequest) -> Iterator[Broken]:
    if request.get("enable_search") and not request.model.search:
        yield Broken(request.place("enable_search"))
