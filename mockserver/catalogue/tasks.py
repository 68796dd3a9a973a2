"""What models are there for: whether they chat, and what the cloud's list of models says of them."""

from collections.abc import Mapping
from typing import NamedTuple


class Task(NamedTuple):
    """What a model is there for.

    Those that do not chat (`chats`) have endpoints of their own; who speaks or listens all the time
    (`realtime`) has none here. `capability` and `makes` are its words in the list of models.
    """

    chats: bool
    capability: str
    makes: tuple[str, ...]
    realtime: bool = False


TASKS: Mapping[str, Task] = {
    "chat": Task(True, "TG", ("Text",)),
    "translation": Task(True, "TG", ("Text",)),
    "ocr": Task(True, "TG", ("Text",)),
    "audio": Task(True, "TG", ("Text",)),
    "asr": Task(True, "ASR", ("Text",)),
    "omni": Task(True, "Multimodal-Omni", ("Text", "Audio")),
    "embedding": Task(False, "TR", ()),
    "multimodal-embedding": Task(False, "ME", ()),
    "rerank": Task(False, "TR", ()),
    "image": Task(False, "IG", ("Image",)),
    "video": Task(False, "VG", ("Video",)),
    "tts": Task(False, "TTS", ("Audio",)),
    "realtime-asr": Task(False, "Realtime-ASR", ("Text",), True),
    "realtime-tts": Task(False, "Realtime-Text-to-Speech", ("Audio",), True),
    "realtime-omni": Task(False, "Realtime-Omni", ("Text", "Audio"), True),
    "realtime-translate": Task(False, "Realtime-Audio-Translate", ("Text", "Audio"), True),
}
"""All of them (`schemas/catalogue.models.schema.json`), by name.

The words are documented; those of sounds are as several clients of the list name them (2026).
"""
