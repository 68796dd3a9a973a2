"""The rules of thinking: which model, and together with what."""

from collections.abc import Iterator

from mockserver.rules.marks import Mark
from mockserver.rules.registry import ACCEPTED, Broken, rule
from mockserver.talk.finding import Severity
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Trait

_CODES = "Model Studio docs, error codes (zh), 2025-12"


@rule(
    "thinking.unsupported",
    severity=Severity.REFUSED_BY_SOME,
    source=f"{_CODES}; qwen-max takes it (mnfst/modelparams.dev#235, probes, 2026-08)",
    fix="Send `enable_thinking` only to a model that has the switch, and leave it on where it must be.",
    refusals=("thinking.unsupported", "thinking.always-on"),
    teaches="`enable_thinking` for {model}, which does not think: nothing comes of it.",
    needs=("enable_thinking", "reasoning_effort"),
)
def _unsupported(request: ChatRequest) -> Iterator[Broken]:
    model, asked = request.model, request.get("enable_thinking")
    if asked and model.thinking == "none":
        entry = ACCEPTED if model.family.ignores_thinking else ""
        yield Broken(request.place("enable_thinking"), {"model": model.name}, entry)
    if model.thinking != "only" or model.family.ignores_off:
        return
    if asked is False:
        yield Broken(request.place("enable_thinking"), entry="thinking.always-on")
    elif model.family.effort_switches and request.get("reasoning_effort") == "none":
        yield Broken(request.place("reasoning_effort"), entry="thinking.always-on")


@rule(
    "thinking.no-kind",
    severity=Severity.REFUSED_BY_SOME,
    source="Joycai/simple-ai-writer, probes of seven models, 2026-09-03: `thinking` with no `type` in it is "
    "refused by qwen3.7-flash, qwen3-vl-plus, deepseek-v4-pro-0813 and MiniMax-M2.5",
    fix="Send `thinking` with the type `enabled` or `disabled`, or `enable_thinking`.",
    refusals=("thinking.no-kind",),
    needs=("thinking",),
    traits=(Trait.USAGE_ASKED,),
)
def _no_kind(request: ChatRequest) -> Iterator[Broken]:
    sent = request.options("thinking")
    if sent and "type" not in sent and request.model.family.kind_wanted:
        yield Broken(request.place("thinking"))


@rule(
    "thinking.non-streaming",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio docs, deep thinking, 2026; the newest accept it (recording: vercel/ai, qwen3-max)",
    fix="Stream, or send `enable_thinking: false`: the default of open-source models is true.",
    museum="langchain4j#3974, infiniflow/ragflow#8972, alibaba/spring-ai-alibaba#867, "
    "browser-use/web-ui#659, coze-dev/coze-studio#324, sansan0/TrendRadar#827, QuantumNous/new-api#1109, "
    "anything-llm#3933, claude-code-router#948, llxprt-code#229, hello-agents#230",
    refusals=("thinking.non-streaming", "stream.required"),
    marks=(Mark.THINKS_AT_ONCE,),
    traits=(Trait.STREAM_TO_THINK,),
)
def _non_streaming(request: ChatRequest) -> Iterator[Broken]:
    if not request.stream and not request.model.thinking_plain and request.thinking:
        entry = "stream.required" if request.model.thinking == "only" else ""
        yield Broken(request.place("enable_thinking"), entry=entry)


@rule(
    "thinking.incremental-output",
    severity=Severity.REFUSED_BY_SOME,
    source=f"{_CODES}; the newest models accept it without a stream "
    "(recording: cnblogs/dashscope-sdk, deepseek-v4-pro, 2026-06)",
    fix="Send `incremental_output: true` with a stream that thinks.",
    refusals=("thinking.incremental-output",),
    needs=("incremental_output",),
    traits=(Trait.CUMULATIVE,),
)
def _incremental(request: ChatRequest) -> Iterator[Broken]:
    if request.model.incremental_only:
        return
    if request.stream and request.get("incremental_output") is False and request.thinking:
        yield Broken(request.place("incremental_output"))


@rule(
    "thinking.result-format",
    severity=Severity.REFUSED_BY_SOME,
    source=_CODES,
    fix="Send `result_format: message` with thinking.",
    refusals=("thinking.result-format",),
    needs=("result_format",),
    traits=(Trait.TEXT_FORM,),
)
def _result_format(request: ChatRequest) -> Iterator[Broken]:
    if request.get("result_format") == "text" and request.thinking and not request.model.thinking_plain:
        yield Broken(request.place("result_format"))


@rule(
    "thinking.tool-choice",
    severity=Severity.REFUSED_BY_SOME,
    source="recording: maruel/genai, qwen3.8-max, 2026-08; taken by qwen3.7-flash, deepseek-v4, kimi-k3 and "
    "glm-5.2 (Joycai/simple-ai-writer, probes, 2026-09)",
    fix="Leave the choice of tools to a model that thinks: auto or none.",
    refusals=("thinking.tool-choice",),
    needs=("tool_choice",),
)
def _tool_choice(request: ChatRequest) -> Iterator[Broken]:
    choice = request.get("tool_choice")
    forced = choice == "required" or isinstance(choice, dict)
    if forced and request.thinking and not request.model.family.forces_in_thought:
        yield Broken(request.place("tool_choice"))


@rule(
    "thinking.json-mode",
    severity=Severity.REFUSED_BY_SOME,
    source=f"{_CODES}; accepted by the newest (recording: maruel/genai, qwen3.8-max, 2026-08)",
    fix="Switch thinking off for an answer in JSON.",
    refusals=("thinking.json-mode",),
    needs=("response_format",),
)
def _json_mode(request: ChatRequest) -> Iterator[Broken]:
    asked = request.options("response_format").get("type")
    if asked == "json_object" and request.thinking and not request.model.thinking_plain:
        yield Broken(request.place("response_format"))


@rule(
    "thinking.search",
    severity=Severity.REFUSED_BY_SOME,
    source=f"{_CODES}; some accept it (recordings: maruel/genai, qwen3.8-max, 2026-08; "
    "cnblogs/dashscope-sdk, qwen3.6-plus, 2026-04); notes of users, 2026: refused by qwen3.5-plus, "
    "qwen3.7-plus and qwen3.7-flash",
    fix="Stream when a model that thinks is to search the web.",
    refusals=("thinking.web-search",),
    needs=("enable_search",),
    traits=(Trait.STREAM_TO_THINK,),
)
def _search(request: ChatRequest) -> Iterator[Broken]:
    plainly = request.model.family.searches_plainly
    if request.stream or (request.model.thinking_plain if plainly is None else plainly):
        return
    if request.get("enable_search") and request.thinking:
        yield Broken(request.place("enable_search"))


@rule(
    "thinking.budget",
    severity=Severity.REFUSED,
    source=f"{_CODES}; kimi-k3 takes none (Joycai/simple-ai-writer, probes, 2026-09); a user's table and "
    "another's notes of the Responses API, 2026-08 and 2026-09: high efforts of glm-5.2 and qwen3.6-flash",
    fix="Choose a budget from 1 to the model's limit of thinking, where the model takes one, or less effort.",
    refusals=("thinking.budget-range", "thinking.no-budget"),
    needs=("thinking_budget", "reasoning_effort"),
)
def _budget(request: ChatRequest) -> Iterator[Broken]:
    asked = request.get("thinking_budget")
    limit = request.model.max_thinking
    if asked is not None and not request.model.family.takes_budget:
        yield Broken(request.place("thinking_budget"), entry="thinking.no-budget")
    elif asked is not None and (asked < 1 or (limit is not None and asked > limit)):
        yield Broken(request.place("thinking_budget"), {"max": limit or "the model's limit"})
    elif (
        Trait.THREADS in request.surface.traits
        and request.get("reasoning_effort") in request.model.family.excessive_efforts
    ):
        yield Broken(request.place("reasoning_effort"), {"max": limit})


@rule(
    "thinking.budget-and-effort",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio users, public issues, 2026-08: the parameter check, before any model is asked; "
    "models without efforts ignore the parameter (Model Studio docs, deep thinking, 2026-09)",
    fix="Send `reasoning_effort` or `thinking_budget`, not both.",
    museum="anomalyco/opencode#41531, QwenLM/qwen-code#8525",
    refusals=("thinking.budget-and-effort",),
    needs=("reasoning_effort",),
    traits=(Trait.EFFORT_OR_BUDGET,),
)
def _budget_and_effort(request: ChatRequest) -> Iterator[Broken]:
    both = request.get("reasoning_effort") is not None and request.get("thinking_budget") is not None
    if both and request.model.reasoning_effort:
        yield Broken(request.place("reasoning_effort"))


@rule(
    "thinking.effort",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio users, public issues, 2026-08, qwen3.8; refusals pasted by users, 2026-08 to "
    "2026-10: which efforts each generation names; others take what they do not know",
    fix="Send an effort that the model takes, and none but `none` where it is not to think.",
    museum="VicBilibily/GCMP#384",
    refusals=("thinking.effort", "thinking.effort-without"),
    needs=("reasoning_effort",),
    traits=(Trait.EFFORT,),
)
def _effort(request: ChatRequest) -> Iterator[Broken]:
    family, effort = request.model.family, request.get("reasoning_effort")
    if effort is None or effort == "none":
        return
    place = request.place("reasoning_effort")
    if family.effort_words and effort not in family.effort_words:
        words = [f"'{word}'" for word in family.effort_words]
        yield Broken(place, {"efforts": ", ".join(words), "listed": ",".join(words)})
    elif family.effort_needs_thought and request.get("enable_thinking") is False:
        yield Broken(place, entry="thinking.effort-without")


@rule(
    "thinking.budget-above-completion",
    severity=Severity.REFUSED,
    source="Model Studio users, 2026; pasted answer of the service; of `max_tokens` in Anthropic's dialect: "
    "Joycai/simple-ai-writer, probes, 2026-09",
    fix="Let `max_completion_tokens`, which counts the thinking too, exceed `thinking_budget`.",
    museum="liliMozi/openhanako#2402",
    refusals=("parameter.max-completion-tokens-range", "parameter.max-completion-tokens-checked"),
    needs=("max_completion_tokens", "thinking_budget"),
)
def _budget_above_completion(request: ChatRequest) -> Iterator[Broken]:
    name = "max_tokens" if Trait.THINKING_KIND in request.surface.traits else "max_completion_tokens"
    most, budget = request.get(name), request.get("thinking_budget")
    if most is not None and budget is not None and most <= budget and request.thinking:
        checked = request.model.family.checks_bounds
        entry = (
            "parameter.max-completion-tokens-checked" if checked else "parameter.max-completion-tokens-range"
        )
        yield Broken(request.place(name), {"value": most, "budget": budget}, entry)


@rule(
    "thinking.sent-back",
    severity=Severity.HARMFUL,
    source="Model Studio docs, deep thinking, 2026: the history holds answers, not the thinking before them",
    fix="Keep `content` and `tool_calls` only. Models from qwen3.5 on read it within a running tool loop, "
    "from qwen3.6 on everywhere when `preserve_thinking` is true.",
    teaches="`reasoning_content` in the history: this model ignores it, each turn carries it for nothing.",
    marks=(Mark.REASONING,),
    traits=(Trait.THOUGHTS_OUT,),
)
def _sent_back(request: ChatRequest) -> Iterator[Broken]:
    if Trait.THREADS in request.surface.traits:
        return  # a response's thoughts are items like any other, and go back as they came
    for index, message in enumerate(request.messages[: request.thinking_read_from]):
        if message.reasoning:
            yield Broken(f"{request.message_place(index)}.reasoning_content")
