"""For each rule and surface the smallest conversation that breaks it, and one that just does not."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.rules import Moment, all_rules
from mockserver.rules.repetition import ROUNDS
from mockserver.talk.surface import Surface
from tests.asking import COMPLETIONS, body_of

TEXT, MULTIMODAL = NATIVE_TEXT, NATIVE_MULTIMODAL
Messages = list[dict[str, Any]]

FUNCTION = {"type": "function", "function": {"name": "sing"}}
JSON = {"type": "json_object"}
LONG = " tea" * 3500
"""Too long for a model of 4,096 tokens."""


class Side(NamedTuple):
    """One conversation. A role `user` or `assistant` may be left out of `messages` by giving a text."""

    messages: Any = "Hi"
    parameters: Mapping[str, Any] = {}
    model: str = ""
    stream: bool = False
    top: Mapping[str, Any] = {}


class Case(NamedTuple):
    """What breaks a rule on a surface, where it is found, and the near miss that keeps the rule."""

    rule: str
    surface: Surface
    broken: Side
    path: str
    kept: Side


MODELS = {COMPAT: "qwen-plus", TEXT: "qwen-plus", MULTIMODAL: "qwen3-vl-plus"}
DEFAULT = object()


def body(side: Side, surface: Surface) -> Any:
    """The body of a conversation as a client sends it."""
    messages = side.messages
    if isinstance(messages, list) and surface is MULTIMODAL:
        messages = [_parts(message) for message in messages]
    model = side.model or MODELS[surface]
    sent = body_of(messages, model=model, surface=surface, stream=side.stream, parameters=side.parameters)
    for name, value in side.top.items():
        if value is DEFAULT:
            del sent[name]
        else:
            sent[name] = value
    return sent


def _parts(message: Any) -> Any:
    """A message with its text as a list of parts."""
    if not isinstance(message, dict) or not isinstance(message.get("content"), str):
        return message
    text = message["content"]
    return {**message, "content": [{"text": text}] if text else []}


def user(text: Any = "Sing.") -> dict[str, Any]:
    return {"role": "user", "content": text}


def said(text: Any = "La.", **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **more}


def call(call_id: Any = "c1", arguments: Any = "{}", name: str = "sing") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def calls(*made: dict[str, Any]) -> dict[str, Any]:
    return said("", tool_calls=list(made))


def result(call_id: Any = "c1") -> dict[str, Any]:
    return {"role": "tool", "content": "Sung.", "tool_call_id": call_id}


def place(path: str, surface: Surface) -> str:
    """A path of the compatible surface as it stands in a native body."""
    if surface is COMPAT or path in ("", "model"):
        return path
    return f"input.{path}" if path.startswith("messages") else f"parameters.{path}"


ASKED, CALLED, DONE = user(), calls(call()), result()
RANGES = {
    "temperature": (2, 1.9),
    "top_p": (1.5, 0),
    "top_k": (-1, 0),
    "repetition_penalty": (0, 0.1),
    "presence_penalty": (2.5, 2),
    "n": (5, 4),
    "top_logprobs": (6, 5),
    "seed": (-1, 0),
}
TWO = [call("c1"), call("c2")]
EVERYWHERE: list[tuple[str, Any, str, Any]] = [
    ("messages.empty", [], "messages", [ASKED]),
    ("messages.not-object", ["Hi"], "messages[0]", [ASKED]),
    ("messages.role", [ASKED, {"role": "developer", "content": "Hi"}], "messages[1].role", [ASKED, ASKED]),
    ("messages.content-missing", [{"role": "user"}], "messages[0]", [ASKED]),
    ("messages.content-form", [user(7)], "messages[0].content", [user("7")]),
    (
        "tools.arguments-missing",
        [ASKED, said("", tool_calls=[{"id": "c1", "function": {"name": "sing"}}]), DONE],
        "messages[1].tool_calls[0].function",
        [ASKED, CALLED, DONE],
    ),
    (
        "tools.calls-empty",
        [ASKED, said(tool_calls=[]), ASKED],
        "messages[1].tool_calls",
        [ASKED, said(tool_calls=None), ASKED],
    ),
    ("messages.no-user", [{"role": "system", "content": "Hi"}], "messages", [user("Hi")]),
    ("messages.empty-content", [user("")], "messages[0].content", [user(" ")]),
    ("messages.empty-answer", [ASKED, said(""), ASKED], "messages[1].content", [ASKED, said("."), ASKED]),
    (
        "messages.system-moved",
        [ASKED, said(), {"role": "system", "content": "Be loud."}, ASKED],
        "messages[2].role",
        [{"role": "system", "content": "Be loud."}, ASKED, said(), ASKED],
    ),
    (
        "messages.error-as-answer",
        [ASKED, said('{"code":"Throttling","message":"No.","request_id":"1"}'), ASKED],
        "messages[1].content",
        [ASKED, said('{"code":"Throttling","message":"No."}'), ASKED],
    ),
    (
        "messages.tool-without-call",
        [ASKED, said(), DONE],
        "messages[2].tool_call_id",
        [ASKED, CALLED, DONE],
    ),
    (
        "messages.tool-unknown-id",
        [ASKED, CALLED, DONE, result("c2")],
        "messages[3].tool_call_id",
        [ASKED, calls(*TWO), DONE, result("c2")],
    ),
    (
        "messages.tool-duplicate-id",
        [ASKED, CALLED, DONE, DONE],
        "messages[3].tool_call_id",
        [ASKED, CALLED, DONE, CALLED, DONE],
    ),
    (
        "messages.tool-out-of-order",
        [ASKED, calls(*TWO), result("c2"), DONE],
        "messages[2].tool_call_id",
        [ASKED, calls(*TWO), DONE, result("c2")],
    ),
    (
        "messages.call-without-tool",
        [ASKED, calls(*TWO), DONE, ASKED],
        "messages[1].tool_calls",
        [ASKED, calls(*TWO), DONE, result("c2"), ASKED],
    ),
    (
        "tools.call-id",
        [ASKED, calls(call("")), result("")],
        "messages[1].tool_calls[0].id",
        [ASKED, CALLED, DONE],
    ),
    (
        "tools.call-name",
        [ASKED, calls(call(name="")), DONE],
        "messages[1].tool_calls[0].function.name",
        [ASKED, CALLED, DONE],
    ),
    (
        "tools.arguments-not-json",
        [ASKED, calls(call(arguments='{"song": ')), DONE],
        "messages[1].tool_calls[0].function.arguments",
        [ASKED, calls(call(arguments='{"song": 1}')), DONE],
    ),
    (
        "tools.repetitive",
        [ASKED, *[CALLED, DONE] * ROUNDS],
        f"messages[{2 * ROUNDS - 1}].tool_calls",
        [ASKED, *[CALLED, DONE] * (ROUNDS - 1), calls(call(arguments='{"song": 1}')), DONE],
    ),
    (
        "partial.thinking",
        Side([ASKED, said(partial=True)], {"enable_thinking": True}, stream=True),
        "messages[1].partial",
        Side([ASKED, said(partial=True)], stream=True),
    ),
    (
        "partial.position",
        [ASKED, said(partial=True), ASKED],
        "messages[1].partial",
        [ASKED, said(partial=True)],
    ),
    (
        "thinking.sent-back",
        [ASKED, said(reasoning_content="Hm."), ASKED],
        "messages[1].reasoning_content",
        Side([ASKED, said(reasoning_content=""), ASKED]),
    ),
    (
        "forms.json-word",
        Side("Hi", {"response_format": JSON}),
        "messages",
        Side("Json?", {"response_format": JSON}),
    ),
]
"""By conversations alone."""

OPTIONS: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    *(
        (f"ranges.{name.replace('_', '-')}", {name: wrong}, name, {name: right})
        for name, (wrong, right) in RANGES.items()
    ),
    ("ranges.other", {"max_input_tokens": 0}, "max_input_tokens", {"max_input_tokens": 1}),
    ("ranges.max-tokens", {"max_tokens": 0}, "max_tokens", {"max_tokens": 1}),
    ("ranges.top-logprobs-alone", {"top_logprobs": 2}, "top_logprobs", {"top_logprobs": 2, "logprobs": True}),
    ("forms.stop", {"stop": ["a", 1]}, "stop", {"stop": ["a", "1"]}),
    (
        "forms.response-format",
        {"response_format": {"type": "yaml"}},
        "response_format",
        {"response_format": {"type": "text"}},
    ),
    ("parameters.type", {"max_tokens": "5"}, "max_tokens", {"max_tokens": 5}),
    ("parameters.form", {"logit_bias": {"a": 1}}, "logit_bias", {"logit_bias": {"1": 1}}),
    ("parameters.unknown", {"temprature": 1}, "temprature", {"temperature": 1}),
    ("tools.definition", {"tools": [{"type": "function"}]}, "tools[0]", {"tools": [FUNCTION]}),
    (
        "tools.choice",
        {"tools": [FUNCTION], "tool_choice": "any"},
        "tool_choice",
        {"tools": [FUNCTION], "tool_choice": "auto"},
    ),
    (
        "tools.parameters-schema",
        {"tools": [{"function": {"name": "a", "parameters": {"type": "string"}}}]},
        "tools[0].function.parameters",
        {"tools": [{"function": {"name": "a", "parameters": {"type": "object"}}}]},
    ),
    (
        "tools.name",
        {"tools": [{"function": {"name": "a b"}}]},
        "tools[0].function.name",
        {"tools": [FUNCTION]},
    ),
    ("tools.name", {"tools": [FUNCTION, FUNCTION]}, "tools[1].function.name", {"tools": [FUNCTION]}),
    (
        "tools.name-search",
        {"tools": [{"function": {"name": "search"}}]},
        "tools[0].function.name",
        {"tools": [{"function": {"name": "searches"}}]},
    ),
    (
        "tools.choice-unknown",
        {"tools": [FUNCTION], "tool_choice": {"type": "function", "function": {"name": "dance"}}},
        "tool_choice",
        {"tools": [FUNCTION], "tool_choice": {"type": "function", "function": {"name": "sing"}}},
    ),
    ("tools.several-choices", {"tools": [FUNCTION], "n": 2}, "n", {"tools": [FUNCTION], "n": 1}),
    ("thinking.budget", {"thinking_budget": 0}, "thinking_budget", {"thinking_budget": 1}),
]
"""By parameters alone."""

STREAMED: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    (
        "thinking.tool-choice",
        {"enable_thinking": True, "tools": [FUNCTION], "tool_choice": "required"},
        "tool_choice",
        {"enable_thinking": True, "tools": [FUNCTION], "tool_choice": "auto"},
    ),
    (
        "thinking.json-mode",
        {"enable_thinking": True, "response_format": JSON},
        "response_format",
        {"enable_thinking": False, "response_format": JSON},
    ),
    (
        "thinking.budget-above-completion",
        {"enable_thinking": True, "thinking_budget": 9, "max_completion_tokens": 9},
        "max_completion_tokens",
        {"enable_thinking": True, "thinking_budget": 8, "max_completion_tokens": 9},
    ),
]
"""By parameters of a stream."""

THINK = {"enable_thinking": True}
SEARCH = {**THINK, "enable_search": True}
EFFORT = {"reasoning_effort": "low"}
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/cup.png"}}
FILE = {"type": "image_url", "image_url": {"url": "file:///tea/cup.png"}}
NATIVE_FILE = {"image": "/tea/cup.png"}
OSS = {"type": "image_url", "image_url": {"url": "oss://a/cup.png"}}
NATIVE_IMAGE, NATIVE_OSS = {"image": "https://example.com/cup.png"}, {"image": "oss://a/cup.png"}
TURNS = [user("Read."), said("Tea."), user("Again.")]
LONG_TURNS = [user("Read."), said("Tea."), user(" tea" * 3000)]

SINGLE: list[tuple[str, Surface, Side, str, Side]] = [
    *(("model.missing", surface, Side(top={"model": ""}), "model", Side()) for surface in COMPLETIONS),
    *(("model.unknown", surface, Side(model="qwen-tea"), "model", Side()) for surface in COMPLETIONS),
    *(
        ("request.input-missing", surface, Side(top={"input": DEFAULT}), "", Side())
        for surface in (TEXT, MULTIMODAL)
    ),
    ("messages.missing", COMPAT, Side(top={"messages": DEFAULT}), "", Side()),
    *(
        ("messages.missing", surface, Side(top={"input": {}}), "input", Side())
        for surface in (TEXT, MULTIMODAL)
    ),
    *(
        (
            "parameters.value",
            surface,
            Side("Hi", {"result_format": "xml"}),
            "parameters.result_format",
            Side(),
        )
        for surface in (TEXT, MULTIMODAL)
    ),
    *(
        (
            "parameters.misplaced",
            surface,
            Side(top={"tools": [FUNCTION]}),
            "tools",
            Side(parameters={"tools": [FUNCTION]}),
        )
        for surface in (TEXT, MULTIMODAL)
    ),
    ("model.surface", COMPAT, Side(model="qwen-audio-turbo"), "model", Side()),
    ("model.surface", TEXT, Side(model="qwen-vl-max"), "model", Side()),
    ("model.surface", MULTIMODAL, Side(model="qwen-plus"), "model", Side()),
    (
        "stream.required",
        COMPAT,
        Side(model="qwen-omni-turbo"),
        "stream",
        Side(model="qwen-omni-turbo", stream=True),
    ),
    (
        "stream.required",
        TEXT,
        Side(model="qwen-deep-research"),
        "parameters.stream",
        Side(model="qwen-deep-research", stream=True),
    ),
    (
        "stream.required",
        MULTIMODAL,
        Side(model="qvq-max"),
        "parameters.stream",
        Side(model="qvq-max", stream=True),
    ),
    ("messages.last-role", TEXT, Side(TURNS[:2]), "input.messages[1].role", Side(TURNS)),
    ("messages.last-role", MULTIMODAL, Side(TURNS[:2]), "input.messages[1].role", Side(TURNS)),
    (
        "messages.single-turn",
        COMPAT,
        Side(TURNS, model="qwen-vl-ocr"),
        "messages",
        Side(TURNS[:1], model="qwen-vl-ocr"),
    ),
    (
        "messages.single-turn",
        TEXT,
        Side(TURNS, model="qwen-mt-plus"),
        "input.messages",
        Side(TURNS[:1], model="qwen-mt-plus"),
    ),
    (
        "messages.single-turn",
        MULTIMODAL,
        Side(TURNS, model="qwen-vl-ocr"),
        "input.messages",
        Side(TURNS[:1], model="qwen-vl-ocr"),
    ),
    *(
        (
            "messages.translation-role",
            surface,
            Side([{"role": "system", "content": "Be brief."}, ASKED], model="qwen-mt-plus"),
            place("messages[0].role", surface),
            Side([ASKED], model="qwen-mt-plus"),
        )
        for surface in (COMPAT, TEXT)
    ),
    *(
        (
            "options.language",
            surface,
            Side(
                "Hi", {"translation_options": {"source_lang": "auto", "target_lang": "zh-CN"}}, "qwen-mt-plus"
            ),
            place("translation_options", surface) + ".target_lang",
            Side("Hi", {"translation_options": {"source_lang": "auto", "target_lang": "zh"}}, "qwen-mt-plus"),
        )
        for surface in (COMPAT, TEXT)
    ),
    *(
        (
            "options.no-target",
            surface,
            Side("Hi", {"translation_options": {"source_lang": "auto"}}, "qwen-mt-plus"),
            place("translation_options", surface),
            Side("Hi", {"translation_options": {"target_lang": "English"}}, "qwen-mt-plus"),
        )
        for surface in (COMPAT, TEXT)
    ),
    *(
        (
            "options.other-model",
            surface,
            Side("Hi", {name: {}}),
            place(name, surface),
            Side("Hi", {name: None}),
        )
        for name, surface in (
            ("translation_options", COMPAT),
            ("translation_options", TEXT),
            ("ocr_options", MULTIMODAL),
        )
    ),
    (
        "tools.unsupported",
        COMPAT,
        Side("Hi", {"tools": [FUNCTION]}, "qwen-mt-plus"),
        "tools",
        Side("Hi", {"tools": [FUNCTION]}),
    ),
    (
        "tools.unsupported",
        TEXT,
        Side("Hi", {"tools": [FUNCTION]}, "qwen-mt-plus"),
        "parameters.tools",
        Side("Hi", {"tools": [FUNCTION]}),
    ),
    (
        "tools.unsupported",
        MULTIMODAL,
        Side("Hi", {"tools": [FUNCTION]}, "qwen-vl-max"),
        "parameters.tools",
        Side("Hi", {"tools": [FUNCTION]}),
    ),
    (
        "tools.result-format",
        TEXT,
        Side("Hi", {"tools": [FUNCTION], "result_format": "text"}),
        "parameters.result_format",
        Side("Hi", {"tools": [FUNCTION], "result_format": "message"}),
    ),
    *(
        (
            "partial.model",
            surface,
            Side([ASKED, said(partial=True)], model=model),
            place("messages[1].partial", surface),
            Side([ASKED, said(partial=True)], model=better),
        )
        for surface, model, better in (
            (COMPAT, "qwen-long", "qwen-plus"),
            (TEXT, "qwen-long", "qwen-plus"),
            (MULTIMODAL, "qwen-vl-ocr", "qwen3-vl-plus"),
        )
    ),
    *(
        (
            "thinking.unsupported",
            surface,
            Side("Hi", THINK, model, True),
            place("enable_thinking", surface),
            Side("Hi", THINK, "", True),
        )
        for surface, model in ((COMPAT, "qwen-long"), (TEXT, "qwen-long"), (MULTIMODAL, "qwen-vl-max"))
    ),
    *(
        (
            "thinking.non-streaming",
            surface,
            Side("Hi", THINK),
            place("enable_thinking", surface),
            Side("Hi", THINK, "", True),
        )
        for surface in COMPLETIONS
    ),
    *(
        (
            "thinking.incremental-output",
            surface,
            Side("Hi", {**THINK, "incremental_output": False}, "", True),
            "parameters.incremental_output",
            Side("Hi", {**THINK, "incremental_output": True}, "", True),
        )
        for surface in (TEXT, MULTIMODAL)
    ),
    (
        "thinking.result-format",
        TEXT,
        Side("Hi", {**THINK, "result_format": "text"}, "", True),
        "parameters.result_format",
        Side("Hi", {**THINK, "result_format": "message"}, "", True),
    ),
    *(
        (
            "search.unsupported",
            surface,
            Side("Hi", {"enable_search": True}, "qwen2.5-14b-instruct"),
            place("enable_search", surface),
            Side("Hi", {"enable_search": False}, "qwen2.5-14b-instruct"),
        )
        for surface in (COMPAT, TEXT)
    ),
    *(
        (
            "thinking.search",
            surface,
            Side("Hi", SEARCH),
            place("enable_search", surface),
            Side("Hi", SEARCH, "", True),
        )
        for surface in COMPLETIONS
    ),
    *(
        (
            "thinking.budget-and-effort",
            surface,
            Side("Hi", {**EFFORT, "thinking_budget": 9}, model),
            place("reasoning_effort", surface),
            Side("Hi", EFFORT, model),
        )
        for surface, model in (
            (COMPAT, "qwen3.8-max"),
            (TEXT, "deepseek-v4-pro"),
            (MULTIMODAL, "qwen3.8-max"),
        )
    ),
    *(
        (
            "thinking.effort",
            surface,
            Side("Hi", {"reasoning_effort": "extreme"}, model),
            place("reasoning_effort", surface),
            Side("Hi", {"reasoning_effort": "xhigh"}, model),
        )
        for surface, model in (
            (COMPAT, "qwen3.8-max"),
            (TEXT, "qwen3.8-2.4t-a95b"),
            (MULTIMODAL, "qwen3.8-max"),
        )
    ),
    (
        "incremental-output.only",
        TEXT,
        Side("Hi", {"incremental_output": False}, "qwq-plus", True),
        "parameters.incremental_output",
        Side("Hi", {"incremental_output": True}, "qwq-plus", True),
    ),
    (
        "incremental-output.only",
        MULTIMODAL,
        Side("Hi", {"incremental_output": False}, "qvq-max", True),
        "parameters.incremental_output",
        Side("Hi", {"incremental_output": True}, "qvq-max", True),
    ),
    *(
        (
            "incremental-output.non-streaming",
            surface,
            Side("Hi", {"incremental_output": True}),
            "parameters.incremental_output",
            Side("Hi", {"incremental_output": False}),
        )
        for surface in (TEXT, MULTIMODAL)
    ),
    *(
        (
            "incremental-output.unset",
            surface,
            Side(stream=True),
            "parameters.incremental_output",
            Side("Hi", {"incremental_output": False}, "", True),
        )
        for surface in (TEXT, MULTIMODAL)
    ),
    (
        "usage.not-asked",
        COMPAT,
        Side(stream=True),
        "stream_options.include_usage",
        Side("Hi", {"stream_options": {"include_usage": True}}, "", True),
    ),
    (
        "media.oss-unresolved",
        COMPAT,
        Side([user([OSS])], model="qwen3-vl-plus"),
        "messages[0].content",
        Side([user([IMAGE])], model="qwen3-vl-plus"),
    ),
    ("media.oss-unresolved", TEXT, Side(), "", Side()),
    (
        "media.oss-unresolved",
        MULTIMODAL,
        Side([user([NATIVE_OSS])]),
        "input.messages[0].content",
        Side([user([NATIVE_IMAGE])]),
    ),
    (
        "media.url-invalid",
        COMPAT,
        Side([user([FILE])], model="qwen3-vl-plus"),
        "messages[0].content",
        Side([user([IMAGE])], model="qwen3-vl-plus"),
    ),
    (
        "media.url-invalid",
        MULTIMODAL,
        Side([user([NATIVE_FILE])]),
        "input.messages[0].content",
        Side([user([NATIVE_IMAGE])]),
    ),
    (
        "media.unsupported",
        COMPAT,
        Side([user([IMAGE])]),
        "messages[0].content",
        Side([user([IMAGE])], model="qwen3-vl-plus"),
    ),
    ("tools.empty", COMPAT, Side("Hi", {"tools": []}), "tools", Side("Hi", {"tools": [FUNCTION]})),
    (
        "media.unsupported",
        MULTIMODAL,
        Side([user([{"audio": "https://example.com/cup.wav"}])]),
        "input.messages[0].content",
        Side([user([NATIVE_IMAGE])]),
    ),
    *(
        (
            "prompt.too-long",
            surface,
            Side(LONG, model="qwen-math-plus"),
            place("messages", surface),
            Side(model="qwen-math-plus"),
        )
        for surface in (COMPAT, TEXT)
    ),
    *(
        (
            "prompt.near-limit",
            surface,
            Side(LONG_TURNS, model="qwen-math-plus"),
            place("messages", surface),
            Side(LONG_TURNS[2:], model="qwen-math-plus"),
        )
        for surface in (COMPAT, TEXT)
    ),
]
"""Of some surfaces, or with a model for each."""

NO_CASE = {
    ("media.oss-unresolved", TEXT): "content is text there",
    ("media.url-invalid", TEXT): "content is text there",
    ("access.asynchronous", TEXT): "a header, no body: see tests/rules/test_conversation.py",
    ("access.asynchronous", MULTIMODAL): "the same",
    ("messages.translation-role", MULTIMODAL): "no such model",
    ("options.language", MULTIMODAL): "the same",
    ("options.no-target", MULTIMODAL): "the same",
    ("search.unsupported", MULTIMODAL): "no such model",
    ("prompt.too-long", MULTIMODAL): "its models hold prompts that no test should build",
    ("prompt.near-limit", MULTIMODAL): "the same",
    ("auth.key", COMPAT): "a header, no body: see tests/corridor/test_door.py",
    ("auth.key", TEXT): "the same",
    ("auth.key", MULTIMODAL): "the same",
    ("request.json", COMPAT): "no JSON: see the test",
    ("request.json", TEXT): "the same",
    ("request.json", MULTIMODAL): "the same",
    ("parameters.value", COMPAT): "no such parameter",
}
"""Rules that a surface cannot break, or not in a table, and why."""


def _cases() -> Iterator[Case]:
    for rule, broken, path, kept in EVERYWHERE:
        for surface in COMPLETIONS:
            sides = [side if isinstance(side, Side) else Side(side) for side in (broken, kept)]
            yield Case(rule, surface, sides[0], place(path, surface), sides[1])
    for streamed, options in ((False, OPTIONS), (True, STREAMED)):
        for rule, wrong, path, right in options:
            for surface in COMPLETIONS:
                yield Case(
                    rule,
                    surface,
                    Side("Hi, json.", wrong, "", streamed),
                    place(path, surface),
                    Side("Hi, json.", right, "", streamed),
                )
    for case in SINGLE:
        if case[:2] not in NO_CASE:
            yield Case(*case)


CASES = list(_cases())
_LATER = (Moment.HISTORY, Moment.FILES, Moment.DELIVERY)
LATER = {rule.id for rule in all_rules() if rule.moment in _LATER}
"""Rules that one request cannot break: they have tests of their own."""
