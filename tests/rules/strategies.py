"""Valid conversations, drawn for both dialects, and for each rule a mutation that breaks it."""

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from hypothesis import strategies as st

from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.rules.repetition import ROUNDS
from mockserver.talk.surface import Surface
from tests.asking import COMPLETIONS
from tests.rules.table import FUNCTION, JSON
from tests.rules.table_of_some import AGENT, CODE, NEWEST, PAPER, RUNS, heard, picture, seen

TEXT, MULTIMODAL = NATIVE_TEXT, NATIVE_MULTIMODAL
MODELS = {COMPAT: ["qwen-plus", "qwen3-max"], TEXT: ["qwen-plus", "qwen3-max"], MULTIMODAL: ["qwen3-vl-plus"]}
Body = dict[str, Any]


class Talk(NamedTuple):
    """A conversation as it is sent."""

    surface: Surface
    body: Body
    stream: bool

    @property
    def messages(self) -> list[Any]:
        """Its messages, which may be changed."""
        found: list[Any] = self.body["messages"] if self.surface is COMPAT else self.body["input"]["messages"]
        return found

    @property
    def parameters(self) -> Body:
        """Its parameters, which may be changed."""
        found: Body = self.body if self.surface is COMPAT else self.body["parameters"]
        return found

    def content(self, text: str) -> Any:
        """A text as the surface takes it."""
        return [{"text": text}] if self.surface is MULTIMODAL else text


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(
    lambda text: not text.startswith(("{", "data:", "id:", "event:"))
)
NAMES = st.from_regex(r"\A[a-z][a-z0-9_-]{0,20}\Z").filter(lambda name: name != "search")
ARGUMENTS = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=3)


def _name_of(tool: Mapping[str, Any]) -> str:
    name: str = tool["function"]["name"]
    return name


TOOLS: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(
        lambda name, about: {
            "type": "function",
            "function": {
                "name": name,
                "description": about,
                "parameters": {"type": "object", "properties": {}},
            },
        },
        NAMES,
        st.text(max_size=20),
    ),
    min_size=1,
    max_size=3,
    unique_by=_name_of,
)
OPTIONS: Mapping[str, st.SearchStrategy[Any]] = {
    "temperature": st.none() | st.floats(0, 2, exclude_max=True),
    "top_p": st.none() | st.floats(0, 1),
    "top_k": st.none() | st.integers(0, 200),
    "repetition_penalty": st.none() | st.floats(0.1, 3),
    "presence_penalty": st.none() | st.floats(-2, 2),
    "max_tokens": st.none() | st.integers(1, 16),
    "seed": st.none() | st.integers(0, 2**31 - 1),
    "stop": st.none() | st.text(max_size=5) | st.lists(st.text(max_size=5), max_size=3),
    "enable_thinking": st.none() | st.just(value=False),
    "logprobs": st.none() | st.booleans(),
    "parallel_tool_calls": st.none() | st.booleans(),
    "enable_search": st.none() | st.booleans(),
}


@st.composite
def exchange_of_calls(draw: st.DrawFn, talk: Talk, turn: int) -> list[Body]:
    """An assistant's calls and their results, in order."""
    ids = [f"call_{turn}_{number}" for number in range(draw(st.integers(1, 3)))]
    calls = [
        {
            "id": call,
            "type": "function",
            "function": {"name": draw(NAMES), "arguments": str_json(draw(ARGUMENTS))},
        }
        for call in ids
    ]
    results = [{"role": "tool", "tool_call_id": call, "content": talk.content(draw(TEXTS))} for call in ids]
    return [{"role": "assistant", "content": talk.content(draw(TEXTS)), "tool_calls": calls}, *results]


def str_json(value: Any) -> str:
    """JSON as a model writes its arguments."""
    return json.dumps(value)


@st.composite
def talks(draw: st.DrawFn) -> Talk:
    """A valid conversation on any surface, streamed or not, in which no rule finds anything."""
    surface = draw(st.sampled_from(list(COMPLETIONS)))
    stream = draw(st.booleans())
    parameters: Body = draw(st.fixed_dictionaries({}, optional=dict(OPTIONS)))
    body: Body = {"model": draw(st.sampled_from(MODELS[surface]))}
    if surface is COMPAT:
        body |= {"messages": [], **parameters}
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
    else:
        if stream:
            parameters["incremental_output"] = draw(st.booleans())
        body |= {"input": {"messages": []}, "parameters": parameters}
    talk = Talk(surface, body, stream)
    if draw(st.booleans()):
        talk.messages.append({"role": "system", "content": talk.content(draw(TEXTS))})
    for turn in range(draw(st.integers(0, 3))):
        talk.messages.append({"role": "user", "content": talk.content(draw(TEXTS))})
        if draw(st.booleans()):
            talk.messages.extend(draw(exchange_of_calls(talk, turn)))
        talk.messages.append({"role": "assistant", "content": talk.content(draw(TEXTS))})
    talk.messages.append({"role": "user", "content": talk.content(draw(TEXTS))})
    if draw(st.booleans()):
        talk.parameters["tools"] = draw(TOOLS)
        talk.parameters["tool_choice"] = draw(st.sampled_from(["auto", "none", None]))
    return talk


Mutator = Callable[[Talk], Talk]


def options(**wrong: Any) -> Mutator:
    """Sets parameters."""

    def mutate(talk: Talk) -> Talk:
        talk.parameters.update(deepcopy(wrong))
        return talk

    return mutate


def insert(*said: Any, at: int | None = None) -> Mutator:
    """Puts messages in, at the end or before an index; texts in the form of the surface."""

    def mutate(talk: Talk) -> Talk:
        new = []
        for given in deepcopy(said):
            message = given
            if isinstance(message, dict) and isinstance(message.get("content"), str):
                text = message["content"]
                message = {**message, "content": talk.content(text) if text else talk.content("")}
                if not text and talk.surface is MULTIMODAL:
                    message["content"] = []
            new.append(message)
        where = len(talk.messages) if at is None else at
        talk.messages[where:where] = new
        return talk

    return mutate


def streamed(change: Mutator) -> Mutator:
    """The same as a stream that says all that it should."""

    def mutate(talk: Talk) -> Talk:
        talk = talk._replace(stream=True)
        talk.parameters.update({"stream": True} if talk.surface is COMPAT else {"incremental_output": True})
        return change(talk)

    return mutate


def plain(change: Mutator) -> Mutator:
    """The same without a stream."""

    def mutate(talk: Talk) -> Talk:
        for name in ("stream", "stream_options", "incremental_output"):
            talk.parameters.pop(name, None)
        return change(talk._replace(stream=False))

    return mutate


def with_model(compat: str, text: str, multimodal: str, change: Mutator | None = None) -> Mutator:
    """Another model, by surface; none of them has to search."""

    def mutate(talk: Talk) -> Talk:
        names = {COMPAT: compat, TEXT: text, MULTIMODAL: multimodal}
        talk.parameters.pop("enable_search", None)
        talk.body["model"] = names[talk.surface]
        return talk if change is None else change(talk)

    return mutate


def without(*path: str) -> Mutator:
    """Takes a key out of the body, whichever of these it has."""

    def mutate(talk: Talk) -> Talk:
        for name in path:
            talk.body.pop(name, None)
        return talk

    return mutate


def only(*roles: str) -> Mutator:
    """Leaves short messages of these roles only."""

    def mutate(talk: Talk) -> Talk:
        talk.messages[:] = [{"role": role, "content": talk.content("Hi")} for role in roles]
        return talk

    return mutate


def top(**wrong: Any) -> Mutator:
    """Sets keys of the body."""

    def mutate(talk: Talk) -> Talk:
        talk.body.update(deepcopy(wrong))
        return talk

    return mutate


def call(call_id: str = "m1", arguments: Any = "{}", name: str = "sing") -> Body:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def calling(*made: Body) -> Body:
    return {"role": "assistant", "content": "Singing.", "tool_calls": list(made)}


def result(call_id: str = "m1") -> Body:
    return {"role": "tool", "content": "Sung.", "tool_call_id": call_id}


ASK = {"role": "user", "content": "Go on."}
THINK = {"enable_thinking": True}
EVERYWHERE = frozenset(COMPLETIONS)
NATIVE = frozenset({TEXT, MULTIMODAL})
PREFIX = {"role": "assistant", "content": "La", "partial": True}


class Mutation(NamedTuple):
    """How a valid conversation comes to break a rule, and on which surfaces."""

    change: Mutator
    surfaces: frozenset[Surface] = EVERYWHERE


def ranged(name: str, wrong: Any) -> Mutation:
    return Mutation(options(**{name: wrong}))


def of_some(names: Mapping[Surface, str], change: Mutator) -> Mutator:
    """Models of which a rule holds, by surface."""
    return with_model(names[COMPAT], names[TEXT], names[MULTIMODAL], change)


def shown(content: Callable[[Talk], list[Body]], model: str = "qwen3-vl-plus") -> Mutation:
    """A turn of the user that shows or plays something."""

    def mutate(talk: Talk) -> Talk:
        return insert({"role": "user", "content": content(talk)})(talk)

    return Mutation(with_model(model, "", model, mutate), frozenset({COMPAT, MULTIMODAL}))


def small(change: Mutator) -> Mutator:
    """A model of 4,096 tokens, which calls no tools: strict refuses those before the prompt is counted."""

    def mutate(talk: Talk) -> Talk:
        for name in ("tools", "tool_choice"):
            talk.parameters.pop(name, None)
        return with_model("qwen-math-plus", "qwen-math-plus", "", change)(talk)

    return mutate


MUTATIONS: dict[str, Mutation] = {
    "model.missing": Mutation(without("model")),
    "model.unknown": Mutation(top(model="qwen-tea")),
    "request.input-missing": Mutation(without("input"), NATIVE),
    "messages.missing": Mutation(without("messages"), frozenset({COMPAT})),
    "messages.empty": Mutation(only()),
    "messages.not-object": Mutation(insert("Hi", at=0)),
    "messages.role": Mutation(insert({"role": "developer", "content": "Hi"}, at=0)),
    "messages.content-missing": Mutation(insert({"role": "user"}, at=0)),
    "messages.content-form": Mutation(insert({"role": "user", "content": 7}, at=0)),
    "tools.arguments-missing": Mutation(
        insert(calling({"id": "m1", "function": {"name": "sing"}}), result(), ASK)
    ),
    "tools.calls-empty": Mutation(insert({"role": "assistant", "content": "La.", "tool_calls": []}, ASK)),
    "tools.empty": Mutation(options(tools=[]), frozenset({COMPAT})),
    "tools.definition": ranged("tools", [{"type": "function"}]),
    "tools.choice": ranged("tool_choice", "any"),
    "ranges.temperature": ranged("temperature", 2),
    "ranges.top-p": ranged("top_p", 1.5),
    "ranges.top-k": ranged("top_k", -1),
    "ranges.repetition-penalty": ranged("repetition_penalty", 0),
    "ranges.presence-penalty": ranged("presence_penalty", -3),
    "ranges.n": ranged("n", 5),
    "ranges.seed": ranged("seed", -1),
    "ranges.top-logprobs": ranged("top_logprobs", 6),
    "ranges.other": ranged("max_input_tokens", 0),
    "forms.stop": ranged("stop", ["a", 1]),
    "forms.response-format": ranged("response_format", {"type": "yaml"}),
    "parameters.type": ranged("max_tokens", "5"),
    "parameters.value": Mutation(options(result_format="xml"), NATIVE),
    "parameters.form": ranged("logit_bias", {"a": 1}),
    "model.surface": Mutation(with_model("qwen-audio-turbo", "qwen-vl-max", "qwen-plus")),
    "stream.required": Mutation(plain(with_model("qwen-omni-turbo", "qwen-deep-research", "qvq-max"))),
    "messages.no-user": Mutation(only("system")),
    "messages.last-role": Mutation(insert({"role": "assistant", "content": "La."}), NATIVE),
    "messages.single-turn": Mutation(with_model("qwen-vl-ocr", "qwen-mt-plus", "qwen-vl-ocr", insert(ASK))),
    "messages.translation-role": Mutation(
        with_model("qwen-mt-plus", "qwen-mt-plus", "", insert({"role": "system", "content": "Hi"}, at=0)),
        frozenset({COMPAT, TEXT}),
    ),
    "options.language": Mutation(
        with_model(
            "qwen-mt-plus", "qwen-mt-plus", "", options(translation_options={"target_lang": "zh-Hant"})
        ),
        frozenset({COMPAT, TEXT}),
    ),
    "options.no-target": Mutation(
        with_model("qwen-mt-plus", "qwen-mt-plus", "", options(translation_options={"source_lang": "auto"})),
        frozenset({COMPAT, TEXT}),
    ),
    "options.other-model": Mutation(options(translation_options={"target_lang": "English"})),
    "messages.empty-content": Mutation(insert({"role": "user", "content": ""})),
    "messages.empty-answer": Mutation(insert({"role": "assistant", "content": ""}, ASK)),
    "messages.system-moved": Mutation(insert({"role": "system", "content": "Be loud."}, ASK)),
    "messages.error-as-answer": Mutation(
        insert({"role": "assistant", "content": '{"code":"a","message":"b","request_id":"c"}'}, ASK)
    ),
    "messages.tool-without-call": Mutation(insert(result(), ASK)),
    "messages.tool-unknown-id": Mutation(insert(calling(call()), result(), result("m2"))),
    "messages.tool-duplicate-id": Mutation(insert(calling(call()), result(), result())),
    "messages.tool-out-of-order": Mutation(insert(calling(call(), call("m2")), result("m2"), result())),
    "messages.call-without-tool": Mutation(insert(calling(call(), call("m2")), result(), ASK)),
    "tools.call-id": Mutation(insert(calling(call("")), result(""))),
    "tools.call-name": Mutation(insert(calling(call(name="")), result())),
    "tools.arguments-not-json": Mutation(insert(calling(call(arguments="{")), result())),
    "search.unsupported": Mutation(
        with_model("qwen-math-plus", "qwen-coder-plus", "", options(enable_search=True)),
        frozenset({COMPAT, TEXT}),
    ),
    "tools.unsupported": Mutation(
        with_model("qwen-math-plus", "qwen-math-plus", "qwen-vl-max", options(tools=[FUNCTION]))
    ),
    "tools.parameters-schema": ranged(
        "tools", [{"function": {"name": "a", "parameters": {"type": "array"}}}]
    ),
    "tools.name": ranged("tools", [FUNCTION, FUNCTION]),
    "tools.name-search": ranged("tools", [{"function": {"name": "search"}}]),
    "tools.choice-unknown": Mutation(
        options(tools=[FUNCTION], tool_choice={"type": "function", "function": {"name": "dance"}})
    ),
    "tools.several-choices": Mutation(options(tools=[FUNCTION], n=2)),
    "tools.result-format": Mutation(options(tools=[FUNCTION], result_format="text"), frozenset({TEXT})),
    "tools.repetitive": Mutation(insert(*[calling(call()), result()] * ROUNDS, ASK)),
    "partial.thinking": Mutation(streamed(lambda talk: insert(PREFIX)(options(**THINK)(talk)))),
    "partial.position": Mutation(insert(PREFIX, ASK)),
    "partial.model": Mutation(with_model("qwen-long", "qwen-long", "qwen-vl-ocr", insert(PREFIX))),
    "thinking.unsupported": Mutation(
        streamed(with_model("qwen-long", "qwen-long", "qwen-vl-max", options(**THINK)))
    ),
    "thinking.non-streaming": Mutation(
        plain(with_model("qwen-plus", "qwen-plus", "qwen3-vl-plus", options(**THINK)))
    ),
    "thinking.incremental-output": Mutation(streamed(options(**THINK, incremental_output=False)), NATIVE),
    "thinking.result-format": Mutation(
        streamed(with_model("", "qwen-plus", "", options(**THINK, result_format="text"))), frozenset({TEXT})
    ),
    "thinking.tool-choice": Mutation(streamed(options(**THINK, tools=[FUNCTION], tool_choice="required"))),
    "thinking.json-mode": Mutation(
        streamed(
            with_model("qwen-plus", "qwen-plus", "qwen3-vl-plus", options(**THINK, response_format=JSON))
        )
    ),
    "thinking.search": Mutation(
        plain(with_model("qwen-plus", "qwen-plus", "qwen3-vl-plus", options(**THINK, enable_search=True)))
    ),
    "thinking.budget": ranged("thinking_budget", 0),
    "thinking.budget-and-effort": Mutation(
        with_model(
            "qwen3.8-max",
            "deepseek-v4-pro",
            "qwen3.8-max",
            options(reasoning_effort="low", thinking_budget=9),
        ),
    ),
    "thinking.effort": Mutation(
        with_model("qwen3.8-max", "qwen3.8-2.4t-a95b", "qwen3.8-max", options(reasoning_effort="extreme")),
    ),
    "thinking.budget-above-completion": Mutation(
        streamed(options(**THINK, thinking_budget=9, max_completion_tokens=9))
    ),
    "thinking.sent-back": Mutation(
        insert({"role": "assistant", "content": "La.", "reasoning_content": "Hm."}, ASK)
    ),
    "forms.json-word": Mutation(lambda talk: options(response_format=JSON)(only("user")(talk))),
    "incremental-output.only": Mutation(
        streamed(with_model("", "qwq-plus", "qvq-max", options(incremental_output=False))), NATIVE
    ),
    "incremental-output.non-streaming": Mutation(plain(options(incremental_output=True)), NATIVE),
    "incremental-output.unset": Mutation(streamed(options(incremental_output=None)), NATIVE),
    "usage.not-asked": Mutation(streamed(options(stream_options=None)), frozenset({COMPAT})),
    "ranges.max-tokens": ranged("max_tokens", 0),
    "ranges.sampling-unsupported": Mutation(
        with_model("kimi-k3", "", "kimi-k3", options(temperature=0.7)), frozenset({COMPAT, MULTIMODAL})
    ),
    "ranges.top-logprobs-alone": Mutation(options(top_logprobs=2, logprobs=False)),
    "media.oss-unresolved": Mutation(
        lambda talk: insert({"role": "user", "content": [_image(talk, "oss://a/cup.png")]})(talk),
        frozenset({COMPAT, MULTIMODAL}),
    ),
    "media.url-invalid": Mutation(
        with_model(
            "qwen3-vl-plus",
            "",
            "qwen3-vl-plus",
            lambda talk: insert({"role": "user", "content": [_image(talk, "/tea/cup.png")]})(talk),
        ),
        frozenset({COMPAT, MULTIMODAL}),
    ),
    "media.unsupported": Mutation(
        lambda talk: insert({"role": "user", "content": [_audio(talk)]})(talk),
        frozenset({COMPAT, MULTIMODAL}),
    ),
    "media.image-too-small": shown(lambda talk: seen(picture(9, 9), surface=talk.surface)),
    "media.image-illegal": shown(lambda talk: seen(PAPER, surface=talk.surface)),
    "media.video-frames": shown(lambda talk: seen(*[picture(64, 64)] * 3, surface=talk.surface)),
    "media.sound-alone": shown(lambda talk: heard(1, "Hm?", surface=talk.surface), "qwen3-asr-flash"),
    "media.sound-too-long": shown(lambda talk: heard(301, surface=talk.surface), "qwen3-asr-flash"),
    "agent.interpreter-unsupported": Mutation(streamed(of_some(NEWEST, options(**CODE)))),
    "agent.interpreter-plain": Mutation(plain(of_some(RUNS, options(**CODE)))),
    "agent.search-unsupported": Mutation(streamed(of_some(NEWEST, options(**AGENT)))),
    "agent.with-tools": Mutation(streamed(of_some(RUNS, options(**CODE, tools=[FUNCTION])))),
    "thinking.no-kind": Mutation(
        with_model("qwen3.7-plus", "", "", options(thinking={"clear_thinking": True})), frozenset({COMPAT})
    ),
    "parameters.unknown": ranged("temprature", 1),
    "parameters.misplaced": Mutation(top(tools=[FUNCTION]), NATIVE),
    "prompt.too-long": Mutation(
        small(insert({"role": "user", "content": " tea" * 3500})),
        frozenset({COMPAT, TEXT}),
    ),
    "prompt.near-limit": Mutation(
        small(insert(ASK, {"role": "user", "content": " tea" * 3500})),
        frozenset({COMPAT, TEXT}),
    ),
}
"""For each rule that one request can break."""


def _image(talk: Talk, url: str) -> Body:
    if talk.surface is COMPAT:
        return {"type": "image_url", "image_url": {"url": url}}
    return {"image": url}


def _audio(talk: Talk) -> Body:
    if talk.surface is COMPAT:
        return {"type": "input_audio", "input_audio": {"data": "https://example.com/a.wav"}}
    return {"audio": "https://example.com/a.wav"}
