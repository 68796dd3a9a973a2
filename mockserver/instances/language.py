"""Which language a text is written in, as far as its script tells."""

import re

KANA = re.compile("[\u3040-\u30ff]")
HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")


def language(text: str) -> str:
    """The language to answer a text in: ja when it has kana, zh when it has Han characters, else en."""
    if text.isascii():
        return "en"
    if KANA.search(text):
        return "ja"
    return "zh" if HAN.search(text) else "en"
