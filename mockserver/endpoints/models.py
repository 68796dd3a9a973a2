"""The catalogue as clients see it: the compatible list, and the native pages with filters.

Sources: recordings of alibaba/loongsuite-python-agent (2026-04) and maruel/genai (2026-08);
Model Studio docs, list models, 2026-09.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mockserver.catalogue.models import Model
from mockserver.catalogue.tasks import TASKS
from mockserver.endpoints.endpoint import Call
from mockserver.endpoints.paging import page, whole
from mockserver.talk.refused import Refused

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine

_LISTED_SINCE = 1_767_225_600
"""The `created` of the first model of the list: 2026-01-01, one second more for each further one."""

_PAGE_SIZE = 20
_MAKERS = {
    "deepseek": "deepseek",
    "kimi": "moonshot-ai",
    "glm": "zhipu-ai",
    "minimax": "mini-max",
}
"""The documented `provider` of a maker's line; all others are qwen."""

_HOSTS = {
    "siliconflow": "siliconflow",
    "vanchin": "vanchin",
    "kimi": "moonshot",
    "MiniMax": "mini-max",
}
"""The documented `inference_provider` by what stands before the slash of a name."""


def listing(engine: "Engine", _call: Call) -> dict[str, Any]:
    """All models at once, as the compatible surface lists them."""
    listed = [_compat_entry(model, at) for at, model in enumerate(engine.models)]
    ends = {"first_id": "model-id-0", "last_id": f"model-id-{len(listed) - 1}", "has_more": False}
    return {"object": "list", "data": listed, **ends}


def retrieval(engine: "Engine", call: Call) -> dict[str, Any]:
    """One model, as it stands in the list. Raises `Refused`."""
    name = call.places["model"]
    for at, model in enumerate(engine.models):
        if model.name == name:
            return _compat_entry(model, at)
    raise Refused(engine.errors.refuse("model.unknown", model=name))


def _compat_entry(model: Model, at: int) -> dict[str, Any]:
    return {"id": model.name, "object": "model", "created": _LISTED_SINCE + at, "owned_by": "system"}


def native_listing(engine: "Engine", call: Call) -> dict[str, Any]:
    """One page of the models that pass the filters of the query. Raises `Refused`."""
    number = whole(engine, call, "page_no", 1)
    size = whole(engine, call, "page_size", _PAGE_SIZE)
    tests = _filters(engine, call)
    matching = [entry for entry in map(_native_entry, engine.models) if all(test(entry) for test in tests)]
    output = {
        "total": len(matching),
        "page_no": number,
        "page_size": size,
        "models": page(matching, number, size),
    }
    return _enveloped(output, call.request_id)


def native_retrieval(engine: "Engine", call: Call) -> dict[str, Any]:
    """One model by its name, as the dashscope SDK 1 asks for it. Raises `Refused`."""
    name = call.places["model"]
    model = engine.models.find(name)
    if model is None:
        raise Refused(engine.errors.refuse("model.unknown", model=name))
    return _enveloped(_native_entry(model), call.request_id)


def _enveloped(output: dict[str, Any], request_id: str) -> dict[str, Any]:
    return {"code": None, "message": None, "success": True, "output": output, "request_id": request_id}


def _filters(engine: "Engine", call: Call) -> list[Callable[[dict[str, Any]], bool]]:
    """A test for each filter of the query. Of several values of a filter, one is enough."""
    query = call.query
    tests: list[Callable[[dict[str, Any]], bool]] = []
    if "model" in query:
        tests.append(lambda entry: entry["model"] in query["model"])
    if "name" in query:
        tests.append(lambda entry: any(part.lower() in entry["name"].lower() for part in query["name"]))
    if "providers" in query:
        tests.append(lambda entry: entry["provider"] in query["providers"])
    if "inference_providers" in query:
        tests.append(lambda entry: entry["inference_provider"] in query["inference_providers"])
    if "capabilities" in query:
        tests.append(lambda entry: not set(query["capabilities"]).isdisjoint(entry["capabilities"]))
    if "features" in query:
        tests.append(lambda entry: not set(query["features"]).isdisjoint(entry["features"]))
    if "context_window" in query:
        limit = whole(engine, call, "context_window", 1)
        tests.append(lambda entry: entry["model_info"]["context_window"] < limit)
    return tests


def _native_entry(model: Model) -> dict[str, Any]:
    """A model in the documented form. What the catalogue does not know is empty or null."""
    thinks = model.thinking != "none"
    return {
        "model": model.name,
        "name": model.name,
        "description": "",
        "provider": _MAKERS.get(model.line, "qwen"),
        "inference_provider": _HOSTS.get(model.name.partition("/")[0], "aliyun-bailian"),
        "capabilities": _capabilities(model),
        "features": [
            feature
            for feature, has in (("function-calling", model.tools), ("prefix-completion", model.partial))
            if has
        ],
        "prices": [],
        "published_time": None,
        "inference_metadata": {
            "response_modality": list(TASKS[model.task].makes),
            "request_modality": [medium.capitalize() for medium in model.input],
        },
        "model_info": {
            "context_window": model.context,
            "max_input_tokens": model.max_input,
            "max_output_tokens": model.max_output or None,
            "max_reasoning_tokens": model.max_thinking,
            "reasoning_max_input_tokens": model.max_input_thinking if thinks else None,
            "reasoning_max_output_tokens": model.max_output_thinking if thinks else None,
        },
    }


def _capabilities(model: Model) -> list[str]:
    capabilities = [TASKS[model.task].capability]
    if not model.chat:
        return capabilities
    if model.thinking != "none":
        capabilities.append("Reasoning")
    if not {"image", "video"}.isdisjoint(model.input):
        capabilities.append("VU")
    return capabilities
