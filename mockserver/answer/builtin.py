"""The built-in model: says something sensible to anything, always the same to the same request.

Its words are data (`fixtures/builtin.json`); which of them it says follows from a digest of the
model, the messages, the seed and the sampling parameters. It is stable within a major release.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b

from mockserver import resources
from mockserver.meter.tokenizer import Tokenizer
from mockserver.wire.reply import Choice, Reply
from mockserver.wire.request import ChatRequest

_SAMPLING = (
    "temperature",
    "top_p",
    "top_k",
    "presence_penalty",
    "frequency_penalty",
    "repetition_penalty",
)
_KANA = re.compile("[\u3040-\u30ff]")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_TOPIC = 40
_MIDDLES = 3


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The sentences of one language, by their place in an answer."""

    first: tuple[str, ...]
    about: tuple[str, ...]
    later: tuple[str, ...]
    middle: tuple[str, ...]
    last: tuple[str, ...]
    thought: tuple[str, ...]
    blank: str


@cache
def _lexicons() -> dict[str, Lexicon]:
    data = resources.fixture("builtin")
    return {
        name: Lexicon(
            **{place: tuple(sentences) for place, sentences in data[name].items()},
            blank=" " if name == "en" else "",
        )
        for name in ("en", "zh", "ja")
    }


def language(text: str) -> str:
    """The language to answer a text in: ja when it has kana, zh when it has Han characters, else en."""
    if _KANA.search(text):
        return "ja"
    return "zh" if _HAN.search(text) else "en"


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _TOPIC else line[:_TOPIC].rstrip() + "…"


def _numbers(request: ChatRequest, index: int) -> Iterator[int]:
    """Endless numbers that follow from the request and the choice's index."""
    digest = blake2b(digest_size=16)
    digest.update(f"{request.model.name}\0{request.seed}\0{index}".encode())
    for name in _SAMPLING:
        digest.update(f"\0{request.get(name)}".encode())
    for message in request.messages:
        digest.update(f"\0{message.role}\0{message.text}".encode("utf-8", "replace"))
        for part in message.media:
            digest.update(f"\0{part.kind}\0{part.value}".encode("utf-8", "replace"))
    seed = digest.digest()
    block = 0
    while True:
        yield from blake2b(seed + block.to_bytes(4, "big"), digest_size=64).digest()
        block += 1


def _pick(sentences: tuple[str, ...], numbers: Iterator[int]) -> str:
    return sentences[next(numbers) % len(sentences)]


def _sentences(request: ChatRequest, lexicon: Lexicon, numbers: Iterator[int]) -> list[str]:
    turn = request.turn
    chosen = [_pick(lexicon.first, numbers), _pick(lexicon.about, numbers)]
    if turn > 1:
        chosen.append(_pick(lexicon.later, numbers))
    start = next(numbers)
    steps = range(1 + next(numbers) % _MIDDLES)
    chosen.extend(lexicon.middle[(start + 3 * step) % len(lexicon.middle)] for step in steps)
    chosen.append(_pick(lexicon.last, numbers))
    return chosen


def _fill(sentences: list[str], request: ChatRequest, lexicon: Lexicon) -> str:
    said = [message.text for message in request.messages if message.role == "user"]
    topic = _excerpt(said[-1]) if said else ""
    before = _excerpt(said[-2]) if len(said) > 1 else ""
    values = {
        "model": request.model.name,
        "turn": max(len(said), 1),
        "topic": topic or "…",
        "before": before or "…",
    }
    return lexicon.blank.join(sentence.format(**values) for sentence in sentences)


def _stop_at(text: str, request: ChatRequest, tokenizer: Tokenizer) -> str:
    """The text before the first stop sequence in it."""
    for stop in request.stop:
        if isinstance(stop, str):
            text = text.partition(stop)[0]
            continue
        ids = tokenizer.encode(text)
        at = next((at for at in range(len(ids)) if tuple(ids[at : at + len(stop)]) == stop), None)
        if at is not None:
            text = tokenizer.head(text, at)
    return text


def _choice(request: ChatRequest, tokenizer: Tokenizer, index: int) -> Choice:
    lexicon = _lexicons()[language(request.last_user)]
    numbers = _numbers(request, index)
    content = _fill(_sentences(request, lexicon, numbers), request, lexicon)
    reasoning = ""
    room = request.max_output
    if request.thinking:
        reasoning = _fill(list(lexicon.thought), request, lexicon)
        budget = request.get("thinking_budget")
        if budget is not None:
            reasoning = tokenizer.head(reasoning, int(budget))
        whole = request.get("max_completion_tokens")
        if whole is not None:
            reasoning = tokenizer.head(reasoning, int(whole))
            room = min(room, int(whole) - len(tokenizer.ends(reasoning)))
    content = _stop_at(content, request, tokenizer)
    kept = tokenizer.head(content, room)
    return Choice(kept, reasoning, finish_reason="stop" if kept == content else "length")


def answer(request: ChatRequest, tokenizer: Tokenizer) -> Reply:
    """The built-in model's answer."""
    return Reply(tuple(_choice(request, tokenizer, index) for index in range(request.n)))
