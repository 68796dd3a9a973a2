"""The rules about the options of models that are there for one thing: translation, sounds, pictures."""

from collections.abc import Iterator

from mockserver.catalogue.languages import automatic, supported
from mockserver.rules.marks import Mark
from mockserver.rules.registry import Broken, rule
from mockserver.talk.finding import Severity
from mockserver.talk.request import ChatRequest

_TASKS = {"translation_options": "translation", "asr_options": "asr", "ocr_options": "ocr"}
"""What the models are there for that heed such options."""


@rule(
    "options.language",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio docs, error codes (zh), 2025-12, and Qwen-MT, supported languages, 2026; probes "
    "of users, 2025-01 and 2026-08: zh-CN, zh_CN, zh-TW and zh-Hant are refused, zh is not",
    fix="Give the English name or the code of a language of the list, such as `Chinese`, `zh` or `zh_tw`; "
    "`source_lang` may be `auto`.",
    refusals=("translation.language",),
    needs=("translation_options",),
)
def _language(request: ChatRequest) -> Iterator[Broken]:
    if request.model.task != "translation":
        return
    options = request.options("translation_options")
    for name in ("source_lang", "target_lang"):
        asked = options.get(name)
        if not isinstance(asked, str) or (name == "source_lang" and automatic(asked)):
            continue
        if not supported(asked, request.model.name):
            yield Broken(f"{request.place('translation_options')}.{name}")


@rule(
    "options.no-target",
    severity=Severity.HARMFUL,
    source="probes of a user, 2026-08-20: 200, with the text as it was",
    fix="Say in `translation_options.target_lang` what to translate into.",
    teaches="Without a `target_lang` a translation model gives the text back as it was.",
    marks=(Mark.NARROW_MODEL,),
)
def _no_target(request: ChatRequest) -> Iterator[Broken]:
    if request.model.task != "translation":
        return
    if not request.options("translation_options").get("target_lang"):
        yield Broken(request.place("translation_options"))


@rule(
    "options.other-model",
    severity=Severity.HARMFUL,
    source="Model Studio docs, Qwen-MT, Qwen-ASR and Qwen-OCR, 2026: the options are those of these models",
    fix="Leave them out, or ask a model that heeds them.",
    teaches="{model!r} does not heed `{name}`: it does nothing.",
    needs=_TASKS,
)
def _other_model(request: ChatRequest) -> Iterator[Broken]:
    for name, task in _TASKS.items():
        if request.get(name) is not None and request.model.task != task:
            yield Broken(request.place(name), {"model": request.model.name, "name": name})
