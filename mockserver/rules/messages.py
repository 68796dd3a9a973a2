"""The rules of messages: roles, order, empty content, single turns."""

from collections.abc import Iterator

from mockserver.rules.files import FILE
from mockserver.rules.marks import ERROR_STARTS, Mark
from mockserver.rules.registry import ACCEPTED, Broken, rule
from mockserver.talk.finding import Severity
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Trait

_LAST = ("user", "function", "tool")


@rule(
    "messages.no-user",
    severity=Severity.REFUSED,
    source="Model Studio docs, error codes (zh), 2025-12",
    fix="Send one user message at least.",
    refusals=("messages.no-user",),
    marks=(Mark.NO_USER,),
)
def _no_user(request: ChatRequest) -> Iterator[Broken]:
    # A character may speak first, and again (Model Studio docs, role playing, "continue").
    if request.messages and not request.model.character:
        yield Broken(request.message_place())


@rule(
    "messages.last-role",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio docs, error codes (zh), 2025-12; accepted on the compatible surface "
    "(recordings: alibaba/loongsuite-python-agent, qwen-turbo, 2026)",
    fix="End with a user or tool message; `partial: true` makes an assistant's text be continued.",
    refusals=("role.invalid",),
    traits=(Trait.LAST_ROLE,),
)
def _last_role(request: ChatRequest) -> Iterator[Broken]:
    last = request.messages[-1] if request.messages else None
    if last is not None and last.role not in _LAST and request.partial is None:
        yield Broken(f"{request.message_place(len(request.messages) - 1)}.role")


@rule(
    "messages.single-turn",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio docs, Qwen-OCR and Qwen3-Omni-Captioner, 2026",
    fix="Send one user message to this model, without the turns before it.",
    refusals=("messages.single",),
    marks=(Mark.NARROW_MODEL,),
)
def _single_turn(request: ChatRequest) -> Iterator[Broken]:
    if request.model.single_turn and request.turn > 1:
        yield Broken(request.message_place())


@rule(
    "messages.translation-role",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio docs, error codes (zh), 2025-12, qwen-mt",
    fix="Say what a translation needs in `translation_options`; send the text as the only user message.",
    refusals=("internal.algo-translation-role",),
    marks=(Mark.NARROW_MODEL,),
)
def _translation_role(request: ChatRequest) -> Iterator[Broken]:
    if request.model.task != "translation":
        return
    for index, message in enumerate(request.messages):
        if message.role not in ("user", "assistant"):
            yield Broken(f"{request.message_place(index)}.role")


@rule(
    "messages.empty-content",
    severity=Severity.REFUSED_BY_SOME,
    source="recording: cnblogs/dashscope-sdk, qwen-max, 2024: refused on the native text surface",
    fix="Leave the message out, or say something in it.",
    refusals=("content.empty",),
    teaches="A user message without content: this surface takes it, others refuse it.",
    marks=(Mark.EMPTY,),
)
def _empty_content(request: ChatRequest) -> Iterator[Broken]:
    entry = "" if Trait.NOT_EMPTY in request.surface.traits else ACCEPTED
    for index, message in enumerate(request.messages):
        if message.role == "user" and not message.text and not message.media:
            yield Broken(f"{request.message_place(index)}.content", entry=entry)


@rule(
    "messages.empty-answer",
    severity=Severity.HARMFUL,
    source="Model Studio users, public issues, 2026: an answer or an error was lost before the next turn",
    fix="Keep what the model answered; leave the turn out when there was no answer.",
    museum="NousResearch/hermes-agent#86496, ginlix-ai/LangAlpha#396",
    teaches="An assistant message with neither text nor tool calls: the model reads that it said nothing.",
    marks=(Mark.EMPTY,),
)
def _empty_answer(request: ChatRequest) -> Iterator[Broken]:
    for index, message in enumerate(request.messages):
        bare = not (message.text or message.media or message.tool_calls or message.partial)
        if bare and message.role == "assistant":
            yield Broken(f"{request.message_place(index)}.content")


@rule(
    "messages.system-moved",
    severity=Severity.HARMFUL,
    source="Model Studio docs, multi-turn conversations and context cache, 2026: it stands first",
    fix="Keep the system message first and unchanged; say what is new in a user message.",
    teaches="A system message behind others: the prefix cache no longer fits, and the model heeds it less.",
    marks=(Mark.LATE_SYSTEM,),
)
def _system_moved(request: ChatRequest) -> Iterator[Broken]:
    # A character may be prompted once more just before the last user message (docs, role playing).
    if request.model.character:
        return
    spoken = False
    for index, message in enumerate(request.messages):
        if message.role != "system":
            spoken = True
        elif spoken and not message.text.startswith(FILE):
            yield Broken(f"{request.message_place(index)}.role")


@rule(
    "messages.error-as-answer",
    severity=Severity.HARMFUL,
    source="Model Studio users, public issues, 2026: an error inside a stream of status 200 as text",
    fix="Read the status inside a stream and its `event:error`; never keep an error as what the model said.",
    museum="NousResearch/hermes-agent#86496, holon-run/holon#2424, apache/rocketmq-dashboard#2178",
    teaches="An assistant message that is an error of the service: the model reads it as its own words.",
    marks=(Mark.ERROR_TEXT,),
)
def _error_as_answer(request: ChatRequest) -> Iterator[Broken]:
    for index, message in enumerate(request.messages):
        if message.role != "assistant" or not message.text.startswith(ERROR_STARTS):
            continue
        text = message.text
        if "event:error" in text or (
            '"message"' in text and '"code"' in text and ('"request_id"' in text or '"error"' in text)
        ):
            yield Broken(f"{request.message_place(index)}.content")
