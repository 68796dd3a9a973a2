"""The speech of an omni model: a made-up tone beside the text, as long as its words would take to say.

The form is documented, no answer is recorded: 16-bit PCM, mono, 24,000 samples a second, as base64 in pieces
of a stream (Model Studio docs, Qwen-Omni, 2026). A tone is no voice: nothing is synthesized.
"""

from array import array
from base64 import b64encode
from dataclasses import replace
from functools import cache
from math import ceil, pi, sin

from mockserver.meter.media import SPEECH_RATE, SPEECH_WIDTH
from mockserver.talk.reply import Reply
from mockserver.talk.request import ChatRequest, Part

_PITCH, _LOUDNESS = 240, 2_000
_SECONDS_A_WORD, _MOST = 0.25, 4.0
_PIECE = 0.5


def wanted(request: ChatRequest) -> bool:
    """Whether a streamed answer is to be spoken, by a model that can."""
    asked = request.get("modalities")
    return bool(asked) and "audio" in asked and request.stream and request.model.family.speaks


@cache
def _tone() -> bytes:
    """The longest speech there is."""
    samples = (
        int(_LOUDNESS * sin(2 * pi * _PITCH * at / SPEECH_RATE)) for at in range(int(SPEECH_RATE * _MOST))
    )
    return array("h", samples).tobytes()


def _spoken(text: str) -> tuple[Part, ...]:
    """The pieces of a text's speech. Letters of a script without spaces are words of their own."""
    wide = sum(letter > "\u2e80" for letter in text)
    seconds = min(_MOST, _SECONDS_A_WORD * (len(text.split()) + wide))
    size, step = ceil(seconds * SPEECH_RATE) * SPEECH_WIDTH, int(_PIECE * SPEECH_RATE) * SPEECH_WIDTH
    pieces = (_tone()[at : min(at + step, size)] for at in range(0, size, step))
    return tuple(Part("audio", b64encode(piece).decode()) for piece in pieces)


def spoken(reply: Reply) -> Reply:
    """The reply with the speech of each choice behind its text, unless its script brings sounds."""
    choices = tuple(
        choice if choice.media else replace(choice, media=_spoken(choice.content)) for choice in reply.choices
    )
    return replace(reply, choices=choices)
