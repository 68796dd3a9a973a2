"""The rules about the form of an answer: JSON, increments, usage in a stream."""

from collections.abc import Iterator

from mockserver.rules.registry import ACCEPTED, Broken, Moment, rule
from mockserver.talk.finding import Severity
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Trait

_USAGE = (
    "Model Studio docs, OpenAI-compatible chat, 2026: the last chunk carries it when include_usage is true"
)


@rule(
    "forms.json-word",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio docs, structured output, 2026; not asked of Kimi, GLM and MiniMax "
    "(Joycai/simple-ai-writer, probes, 2026-09)",
    fix="Say in a message that the answer is to be JSON.",
    refusals=("response-format.no-json-word",),
    needs=("response_format",),
)
def _json_word(request: ChatRequest) -> Iterator[Broken]:
    asked = request.options("response_format").get("type")
    if asked != "json_object" or not request.model.family.wants_json_word:
        return
    if not any("json" in message.text.lower() for message in request.messages):
        yield Broken(request.message_place())


@rule(
    "incremental-output.only",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio docs, DashScope API reference, 2026: QwQ, QVQ, open-source Qwen3 and those that "
    "only think, whether they think or not; jeecgboot/JeecgBoot#9446 and notes of four users, 2026-03 to "
    "2026-08: qwen3.5-plus too, with a stream or without",
    fix="Send `incremental_output: true` to this model, or leave it out.",
    refusals=("incremental-output.only",),
    needs=("incremental_output",),
    traits=(Trait.CUMULATIVE,),
)
def _incremental_only(request: ChatRequest) -> Iterator[Broken]:
    if request.model.incremental_only and request.get("incremental_output") is False:
        yield Broken(request.place("incremental_output"))


@rule(
    "incremental-output.non-streaming",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio docs, error codes (zh), 2025-12; which models refuse is not recorded, "
    "the newest accept it (recording: cnblogs/dashscope-sdk, 2026-06)",
    fix="Send `incremental_output` with a stream only: `X-DashScope-SSE: enable`.",
    museum="alibaba/spring-ai-alibaba#3048, spring-ai-extensions#26",
    refusals=("incremental-output.non-streaming",),
    teaches="`incremental_output` without a stream: others refuse it.",
    needs=("incremental_output",),
    traits=(Trait.CUMULATIVE,),
)
def _incremental_plain(request: ChatRequest) -> Iterator[Broken]:
    if request.get("incremental_output") and not request.stream:
        entry = ACCEPTED if request.model.thinking_plain else ""
        yield Broken(request.place("incremental_output"), entry=entry)


@rule(
    "incremental-output.unset",
    severity=Severity.HARMFUL,
    source="Model Studio docs, DashScope API reference, 2026: the default differs by model",
    fix="Send `incremental_output: true` and append each event, or false and replace what you have.",
    museum="dashscope-sdk-python#4, dify-official-plugins#501, dify-official-plugins#557, "
    "spring-ai-alibaba#302, semantic-kernel-dashscope#17",
    teaches="A native stream without `incremental_output`: {model} sends {what}, other models the opposite.",
    traits=(Trait.CUMULATIVE,),
)
def _incremental_unset(request: ChatRequest) -> Iterator[Broken]:
    if request.stream and request.get("incremental_output") is None:
        what = "deltas" if request.incremental else "the whole text so far with each event"
        place = request.place("incremental_output")
        yield Broken(place, {"model": request.model.name, "what": what})


@rule(
    "usage.not-asked",
    severity=Severity.HARMFUL,
    source=_USAGE,
    fix='Send `stream_options: {"include_usage": true}` and read the chunk whose `choices` are empty.',
    museum="openclaw#43184, deepchat#344, PAI-RAG#552",
    teaches="A stream without `stream_options.include_usage`: no chunk of it carries the usage.",
    needs=("stream",),
    traits=(Trait.USAGE_ASKED,),
)
def _usage_not_asked(request: ChatRequest) -> Iterator[Broken]:
    if request.stream and not request.include_usage:
        yield Broken("stream_options.include_usage")


@rule(
    "usage.not-read",
    severity=Severity.HARMFUL,
    source=_USAGE,
    fix="Read a stream to its end: the usage comes after the finish reason.",
    teaches="The client asked for the usage and left after {sent} of {total} events, before the usage came.",
    moment=Moment.DELIVERY,
    traits=(Trait.USAGE_ASKED,),
)
def _usage_not_read(request: ChatRequest, sent: int, total: int) -> Iterator[Broken]:
    # The usage is the last event but `[DONE]`.
    if request.include_usage and sent < total - 1:
        yield Broken("stream_options.include_usage", {"sent": sent, "total": total})
