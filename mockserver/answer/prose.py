"""Sentences of the built-in model: which ones it says follows from a digest of the request.

The sentences are data (`fixtures/builtin.json`); they are stable within a major release.
"""

from collections.abc import Iterator
from functools import cache
from hashlib import blake2b

from mockserver.answer.course import parted
from mockserver.base import resources
from mockserver.base.values import value
from mockserver.instances.language import language
from mockserver.talk.request import ChatRequest

_SAMPLING = (
    "temperature",
    "top_p",
    "top_k",
    "presence_penalty",
    "frequency_penalty",
    "repetition_penalty",
)
_TOPIC = 40
_RESULT = 200
_MIDDLES = 3


@value
class Lexicon:
    """The sentences of one language, by their place in an answer."""

    first: tuple[str, ...]
    about: tuple[str, ...]
    later: tuple[str, ...]
    middle: tuple[str, ...]
    last: tuple[str, ...]
    thought: tuple[str, ...]
    result: tuple[str, ...]
    onward: tuple[str, ...]
    blank: str


@cache
def lexicon(name: str) -> Lexicon:
    """The sentences of a language: en, zh or ja."""
    places = {place: tuple(sentences) for place, sentences in resources.fixture("builtin")[name].items()}
    return Lexicon(**places, blank=" " if name == "en" else "")


def numbers(request: ChatRequest, index: int) -> Iterator[int]:
    """Endless numbers that follow from the request and the choice's index."""
    sent = request.parameters
    told = [request.model.name, str(request.seed), str(index), *[str(sent.get(name)) for name in _SAMPLING]]
    for message in request.messages:
        told += message.role, message.text
        for part in message.media:
            told += part.kind, str(part.value)
    seed = blake2b("\0".join(told).encode("utf-8", "replace"), digest_size=16).digest()
    block = 0
    while True:
        yield from blake2b(seed + block.to_bytes(4, "big"), digest_size=64).digest()
        block += 1


def pick(sentences: tuple[str, ...], drawn: Iterator[int]) -> str:
    """One of some sentences."""
    return sentences[next(drawn) % len(sentences)]


def _excerpt(text: str, length: int = _TOPIC) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else line[:length].rstrip() + "…"


def _fill(sentences: list[str], request: ChatRequest, words: Lexicon) -> str:
    texts = [parted(message)[0] for message in request.messages if message.role == "user"]
    said = [text for text in texts if text] or texts
    results = [message.text for message in request.messages if message.role == "tool"]
    topic = _excerpt(said[-1]) if said else ""
    before = _excerpt(said[-2]) if len(said) > 1 else ""
    values = {
        "model": request.model.name,
        "turn": max(len(said), 1),
        "topic": topic or "…",
        "before": before or "…",
        "result": _excerpt(results[-1], _RESULT) if results else "",
    }
    return words.blank.join(sentences).format(**values)


def answer(request: ChatRequest, drawn: Iterator[int]) -> str:
    """A whole answer: aware of the topic, of the turn, and of what a tool has answered."""
    words = lexicon(language(request.last_user))
    chosen = [pick(words.first, drawn), pick(words.about, drawn)]
    if request.messages and request.messages[-1].role == "tool":
        chosen.append(pick(words.result, drawn))
    elif request.turn > 1:
        chosen.append(pick(words.later, drawn))
    chosen += sentences(language(request.last_user), drawn)
    chosen.append(pick(words.last, drawn))
    return _fill(chosen, request, words)


def sentences(tongue: str, drawn: Iterator[int], *, most: int = _MIDDLES) -> list[str]:
    """Some sentences about nothing, in a language."""
    middle = lexicon(tongue).middle
    start = next(drawn)
    return [middle[(start + 3 * step) % len(middle)] for step in range(1 + next(drawn) % most)]


def thought(request: ChatRequest) -> str:
    """The thinking before an answer."""
    words = lexicon(language(request.last_user))
    return _fill(list(words.thought), request, words)


def telling(result: str, drawn: Iterator[int], *, like: str) -> str:
    """A sentence that tells what a tool has answered, in the language of a text."""
    sentence = pick(lexicon(language(like)).result, drawn)
    return sentence.format(result=_excerpt(result, _RESULT))


def onward(request: ChatRequest, prefix: str, drawn: Iterator[int]) -> str:
    """How a text that was begun may go on, in its own language."""
    words = lexicon(language(prefix or request.last_user))
    start = next(drawn)
    chosen = [pick(words.onward, drawn)]
    chosen.extend(words.middle[(start + 3 * step) % len(words.middle)] for step in range(2))
    return _fill(chosen, request, words)
