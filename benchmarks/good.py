"""A good request for each endpoint, which the fuzz begins with."""

from __future__ import annotations

from typing import Any

import nasty

CALLS = [{"id": "call_1", "type": "function", "function": {"name": "brew", "arguments": '{"tea": "oolong"}'}}]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "tea": {"type": "string", "enum": ["oolong", "sencha"]},
        "cups": {"type": "integer", "minimum": 1, "maximum": 9},
        "when": {"type": "string", "format": "date-time"},
        "to": {"type": "array", "items": {"$ref": "#/$defs/guest"}, "minItems": 1, "uniqueItems": True},
        "code": {"type": "string", "pattern": "^[A-Z]{2}-\\d{3}$"},
    },
    "required": ["tea", "cups"],
    "$defs": {"guest": {"anyOf": [{"type": "string", "minLength": 2}, {"type": "object"}]}},
    "if": {"properties": {"tea": {"const": "oolong"}}},
    "then": {"required": ["when"]},
    "additionalProperties": False,
}
TOOLS = [{"type": "function", "function": {"name": "brew", "description": "Brew tea.", "parameters": SCHEMA}}]
CHAT = {
    "messages": [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "Which tea? Answer as JSON."},
        {"role": "assistant", "content": "", "tool_calls": CALLS},
        {"role": "tool", "tool_call_id": "call_1", "content": "ok"},
        {"role": "user", "content": [{"type": "text", "text": "And now?"}]},
    ],
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "tea", "schema": SCHEMA, "strict": True}}
OPTIONS = {
    "temperature": 0.5,
    "top_p": 0.9,
    "max_tokens": 50,
    "n": 1,
    "seed": 7,
    "stop": ["tea"],
    "logprobs": True,
    "top_logprobs": 2,
    "enable_thinking": False,
    "thinking_budget": 10,
}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg=="}}
SEEN = {"messages": [{"role": "user", "content": [{"type": "text", "text": "What?"}, PICTURE]}]}
URL = "https://example.com/a.png"
VISION = "/api/v1/services/aigc/multimodal-generation/generation"
NATIVE_SEEN = [{"role": "user", "content": [{"text": "What?"}, {"image": URL}]}]
HEARD = [{"role": "user", "content": [{"audio": "https://example.com/a.mp3"}]}]
READING = {
    "ocr_options": {
        "task": "key_information_extraction",
        "task_config": {"result_schema": {"tea": "", "cups": [{"price": ""}]}},
    }
}
PAIR = {"source": "tea", "target": "茶"}
TRANSLATING = {"source_lang": "auto", "target_lang": "zh", "terms": [PAIR], "tm_list": [PAIR]}
NATIVE_EMBEDDINGS = "/api/v1/services/embeddings/text-embedding/text-embedding"
ANTHROPIC = "/apps/anthropic/v1/messages"
RERANK = "/api/v1/services/rerank/text-rerank/text-rerank"
MANY_KINDS = "/api/v1/services/embeddings/multimodal-embedding/multimodal-embedding"
PAINT = "/api/v1/services/aigc/text2image/image-synthesis"
FILM = "/api/v1/services/aigc/video-generation/video-synthesis"
REPAINT = "/api/v1/services/aigc/image2image/image-synthesis"
DRAW = "/api/v1/services/aigc/image-generation/generation"
RESPONSES = "/compatible-mode/v1/responses"
CONVERSATIONS = "/compatible-mode/v1/conversations"
APP = "/api/v1/apps/tea/completion"
FILES = "/compatible-mode/v1/files"
BATCHES = "/compatible-mode/v1/batches"
TEAS = ["Oolong.", "Sencha.", "Coffee."]
USER = {"role": "user", "content": "Which tea?"}
DONE = {"type": "tool_use", "id": "toolu_1", "name": "brew", "input": {"tea": "oolong"}}
MESSAGES = [
    USER,
    {"role": "assistant", "content": [DONE]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "ok"}]},
]
MESSAGES_TOOLS = [{"name": "brew", "description": "Brew tea.", "input_schema": SCHEMA}]
KEPT = {"type": "message", **USER}
ITEMS = [
    KEPT,
    {"type": "function_call", "call_id": "call_1", "name": "brew", "arguments": '{"tea": "oolong"}'},
    {"type": "function_call_output", "call_id": "call_1", "output": "ok"},
]
FLAT_TOOLS = [{"type": "function", "name": "brew", "description": "Brew tea.", "parameters": SCHEMA}]
LINES = [
    {
        "custom_id": f"{number}",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"model": "qwen-plus", "messages": [USER]},
    }
    for number in range(3)
]
REPLY = {
    "content": "Oolong.",
    "reasoning_content": "Hm.",
    "pace": {"per_token_ms": 1},
    "finish_reason": "stop",
}

BROKEN = {"code": "PotBroken", "status": 500, "message": "The pot broke."}
"""The one error of status 500 that is scripted."""

FORM = "FORM"
"""In the place of a method: a POST of a form with a file, which has a line of JSON for each part."""

GOOD: list[tuple[str, str, Any]] = [
    ("POST", nasty.COMPAT, {"model": "qwen-plus", **CHAT, **OPTIONS}),
    (
        "POST",
        nasty.COMPAT,
        {"model": "qwen3-max", **CHAT, "tools": TOOLS, "stream": True, "tool_choice": "auto"},
    ),
    ("POST", nasty.COMPAT, {"model": "qwen-plus", **CHAT, "response_format": FORMAT}),
    ("POST", nasty.COMPAT, {"model": "qwen3-vl-plus", **SEEN, "stream": True}),
    ("POST", nasty.TEXT, {"model": "qwen-plus", "input": CHAT, "parameters": {**OPTIONS, "tools": TOOLS}}),
    ("POST", nasty.TEXT, {"model": "qwen-turbo", "input": {"prompt": "Which tea?"}, "parameters": OPTIONS}),
    ("POST", VISION, {"model": "qwen3-vl-plus", "input": {"messages": NATIVE_SEEN}, "parameters": {}}),
    (
        "POST",
        VISION,
        {
            "model": "qwen3-asr-flash",
            "input": {"messages": HEARD},
            "parameters": {"asr_options": {"language": "zh"}},
        },
    ),
    ("POST", VISION, {"model": "qwen-vl-ocr", "input": {"messages": NATIVE_SEEN}, "parameters": READING}),
    (
        "POST",
        nasty.COMPAT,
        {"model": "qwen-mt-plus", "messages": [USER], "stream": True, "translation_options": TRANSLATING},
    ),
    ("POST", nasty.EMBEDDINGS, {"model": "text-embedding-v4", "input": ["tea", "pot"], "dimensions": 64}),
    (
        "POST",
        NATIVE_EMBEDDINGS,
        {"model": "text-embedding-v3", "input": {"texts": ["tea"]}, "parameters": {}},
    ),
    ("POST", nasty.TOKENIZER, {"model": "qwen-plus", "input": CHAT}),
    ("POST", ANTHROPIC, {"model": "qwen3-max", "max_tokens": 50, "messages": MESSAGES, "stream": True}),
    ("POST", ANTHROPIC, {"model": "qwen-plus", "max_tokens": 9, "messages": [USER], "tools": MESSAGES_TOOLS}),
    ("POST", RESPONSES, {"model": "qwen3-max", "input": "Which tea?", "instructions": "Be short."}),
    ("POST", RESPONSES, {"model": "qwen-plus", "input": ITEMS, "tools": FLAT_TOOLS, "stream": True}),
    ("POST", RESPONSES, {"model": "qwen-plus", "input": "Tea?", "previous_response_id": "{response}"}),
    ("POST", RESPONSES, {"model": "qwen-plus", "input": [USER], "conversation": "{conversation}"}),
    ("GET", f"{RESPONSES}/{{response}}?x", None),
    ("GET", f"{RESPONSES}/{{response}}/input_items?limit=2", None),
    ("DELETE", f"{RESPONSES}/{{response}}?x", None),
    ("POST", CONVERSATIONS, {"items": [KEPT], "metadata": {"pot": "blue"}}),
    ("GET", f"{CONVERSATIONS}/{{conversation}}?x", None),
    ("POST", f"{CONVERSATIONS}/{{conversation}}", {"metadata": {"pot": "red"}}),
    ("DELETE", f"{CONVERSATIONS}/{{conversation}}?x", None),
    ("POST", f"{CONVERSATIONS}/{{conversation}}/items", {"items": [KEPT, KEPT]}),
    ("GET", f"{CONVERSATIONS}/{{conversation}}/items?limit=2", None),
    ("GET", f"{CONVERSATIONS}/{{conversation}}/items/{{message}}?x", None),
    ("DELETE", f"{CONVERSATIONS}/{{conversation}}/items/{{message}}?x", None),
    ("POST", APP, {"input": {"prompt": "Tea?", "session_id": "s-1"}, "parameters": {}, "debug": {}}),
    (
        "POST",
        "/api/v1/apps/workflow-tea/completion",
        {
            "input": {"prompt": "Tea?", "biz_params": {"city": "Hangzhou"}},
            "parameters": {"flow_stream_mode": "message_format_plus", "has_thoughts": True},
        },
    ),
    ("POST", f"{ANTHROPIC}/count_tokens", {"model": "qwen-plus", "messages": MESSAGES}),
    ("POST", RERANK, {"model": "gte-rerank-v2", "input": {"query": "Tea?", "documents": TEAS}}),
    ("POST", "/compatible-api/v1/reranks", {"model": "qwen3-rerank", "query": "Tea?", "documents": TEAS}),
    ("POST", MANY_KINDS, {"model": "tongyi-embedding-vision-plus", "input": {"contents": [{"text": "tea"}]}}),
    ("POST", PAINT, {"model": "wanx-v1", "input": {"prompt": "A cup of tea."}, "parameters": {}}),
    ("POST", REPAINT, {"model": "wanx2.1-imageedit", "input": {"prompt": "Tea.", "base_image_url": URL}}),
    ("POST", DRAW, {"model": "wan2.6-t2i", "input": {"messages": NATIVE_SEEN}, "parameters": {}}),
    ("POST", FILM, {"model": "wanx2.1-t2v-turbo", "input": {"prompt": "Tea is poured."}, "parameters": {}}),
    ("GET", "/api/v1/tasks?page_no=1", None),
    ("GET", "/api/v1/tasks/{task}?x", None),
    ("POST", "/api/v1/tasks/{task}/cancel", {}),
    (FORM, FILES, LINES),
    (FORM, "/api/v1/files", LINES),
    ("GET", f"{FILES}?limit=2", None),
    ("GET", "/api/v1/files?page_no=1", None),
    ("GET", "/api/v1/files/{file}?x", None),
    ("DELETE", "/api/v1/files/{file}?x", None),
    ("GET", f"{FILES}/{{file}}?x", None),
    ("GET", f"{FILES}/{{file}}/content?x", None),
    ("DELETE", f"{FILES}/{{file}}?x", None),
    (
        "POST",
        BATCHES,
        {"input_file_id": "{file}", "endpoint": "/v1/chat/completions", "completion_window": "24h"},
    ),
    ("GET", f"{BATCHES}?limit=2", None),
    ("GET", f"{BATCHES}/{{batch}}?x", None),
    ("POST", f"{BATCHES}/{{batch}}/cancel", {}),
    ("GET", "/api/v1/uploads?action=getPolicy&model=qwen-plus", None),
    ("GET", "/compatible-mode/v1/models", None),
    ("GET", "/compatible-mode/v1/models/qwen-plus?x", None),
    ("GET", "/api/v1/models/qwen-plus?x", None),
    ("GET", "/api/v1/models?capabilities=TG&page_no=1", None),
    (
        "POST",
        nasty.REPLIES,
        {"match": {"model": "qwen-*", "last_user": {"regex": "t(e|o)a"}}, "reply": REPLY},
    ),
    (
        "POST",
        nasty.REPLIES,
        {"match": {"turn": 1}, "reply": {"tool_calls": [{"name": "brew", "arguments": {}}]}},
    ),
    ("POST", nasty.REPLIES, {"reply": {"content": "Tea for {{ request.last_user }}"}, "template": True}),
    ("POST", nasty.REPLIES, {"match": {"model": "qwen-max"}, "reply": {"error": BROKEN}, "times": 2}),
    (
        "POST",
        "/_mock/faults",
        {"match": {"model": "qwen-*"}, "fault": {"kind": "reset-mid-chunk"}, "times": 1},
    ),
    ("PUT", "/_mock/quotas", {"model": "tea-*", "rpm": 60, "tpm": 1000}),
    ("PUT", "/_mock/moderation", {"input": ["forbidden"], "output": ["secret"]}),
    ("PUT", "/_mock/rules", {"key": "sk-ci", "mode": "strict", "rules": {"usage.not-asked": "off"}}),
    ("GET", "/_mock/requests?limit=5", None),
    ("GET", "/_mock/requests?contains=tea&limit=50", None),
    ("GET", "/_mock/requests?format=scenario&limit=50", None),
    ("GET", "/_mock/requests?endpoint=*", None),
    ("POST", "/_mock/verify", {"requests": [{"match": {"last_user": "Which tea?"}}], "ordered": True}),
    ("PUT", "/_mock/scenario", {"text": "replies: [{match: {turn: 9}, reply: {content: Oolong.}}]"}),
    ("PUT", "/_mock/on-miss", {"on_miss": "built-in"}),
    ("GET", "/_mock/replies?unused=true", None),
    ("GET", "/_mock/usage", None),
    ("GET", "/_mock/metrics", None),
    ("GET", "/_mock/changes?revision=0", None),
    ("GET", "/_mock/requests/{number}?x", None),
    ("GET", "/_mock/requests/{number}/copy?form=python", None),
    ("GET", "/_mock/recordings?x", None),
    ("GET", "/_mock/?x", None),
    ("GET", "/_mock/rules?key=sk-ci", None),
    ("DELETE", "/_mock/quotas?model=tea-*", None),
]
"""A good request for each endpoint, which the fuzz begins with."""
