"""Vectors for texts: the same text has the same vector, and near texts have near ones.

A text is broken into features (its words, and pieces of them), and each feature has a random direction of
its own, drawn from a digest of its name. The vector of a text is the weighted sum of its directions at
length 1, so that the cosine of two texts is about the share of features they have in common, whatever
their language. All sums are of whole numbers: every machine finds the same vector.
"""

import base64
import re
import struct
import unicodedata
from array import array
from collections import Counter
from collections.abc import Sequence
from hashlib import shake_128
from math import sqrt
from typing import Any
from zlib import crc32

_RUN = re.compile(r"\w+|[^\w\s]")
_DENSE_SCRIPTS = "\u2e80"
"""From here on a single character carries meaning: Han, kana, hangul, and the symbols behind them."""

_WORD, _PIECE, _CHARACTER, _PAIR, _MARK = 3, 1, 1, 2, 1
"""The weights of the kinds of feature."""

_PIECE_LENGTH = 3
_MOST_FEATURES = 512
_GROWTH = 1000
"""So many characters a text may become longer when it is read."""

_LANE = 4
"""Bytes for the sum of one dimension: 512 features of a weight below 100 stay below 2**24."""


def _plain(text: str, most: int | None) -> str:
    """A text without case and the forms of its letters: about as long as it is, and no longer than `most`.

    A letter may stand for eighteen; a text of such ones is read as far as others of its length.
    """
    grown = unicodedata.normalize("NFKC", text[:most]).casefold()
    return grown[: len(text) + _GROWTH][:most]


def features(text: str, most: int | None = None) -> Counter[str]:
    """The features of a text with their weights. A repetition counts, but less each time.

    At most so many characters are read, those that one stands for counted apart.
    """
    counts: Counter[str] = Counter()
    weights: dict[str, int] = {}

    def found(feature: str, weight: int) -> None:
        counts[feature] += 1
        weights[feature] = weight

    for run in _RUN.findall(_plain(text, most)):
        if not run[0].isalnum() and run[0] != "_":
            found(run, _MARK)
            continue
        found(f"={run}", _WORD)
        framed = f"<{run}>"
        for at in range(len(framed) - _PIECE_LENGTH + 1):
            found(framed[at : at + _PIECE_LENGTH], _PIECE)
        if max(run) >= _DENSE_SCRIPTS:
            for character in run:
                found(character, _CHARACTER)
            for at in range(len(run) - 1):
                found(run[at : at + 2], _PAIR)
    return Counter({name: weights[name] * count.bit_length() for name, count in counts.items()})


def _sample(found: Counter[str]) -> Counter[str]:
    """At most 512 features, chosen by their checksum, so that near texts keep the same ones."""
    if len(found) <= _MOST_FEATURES:
        return found
    kept = sorted(found, key=lambda name: (crc32(name.encode()), name))[:_MOST_FEATURES]
    return Counter({name: found[name] for name in kept})


def embed(text: str, *, space: str, size: int) -> "array[float]":
    """The vector of a text: `size` 32-bit numbers, length 1.

    `space` is the model's name: the vectors of two models have nothing to do with each other. A smaller
    vector points the way of the larger one's beginning.
    """
    found = _sample(features(text)) or Counter({"": 1})
    prefix = f"{space}\0".encode()
    total = 0
    for name, weight in found.items():
        # One byte of the digest for each dimension, each in a lane of its own: one addition adds them all.
        lanes = bytearray(size * _LANE)
        lanes[::_LANE] = shake_128(prefix + name.encode()).digest(size)
        total += weight * int.from_bytes(lanes, "little")
    sums = struct.unpack(f"<{size}I", total.to_bytes(size * _LANE, "little"))
    middle = 255 * found.total()
    centred = [2 * value - middle for value in sums]
    length = sqrt(sum(value * value for value in centred))
    return array("f", [value / length for value in centred])


def sparse(ids: Sequence[int], tokens: Sequence[bytes]) -> list[dict[str, Any]]:
    """The sparse vector of a text's tokens: each token once, with a value that rises with its count."""
    counts = Counter(ids)
    texts = dict(zip(ids, tokens, strict=True))
    return [
        {"index": token, "value": 1 - 0.5**count, "token": texts[token].decode("utf-8", "replace")}
        for token, count in counts.items()
    ]


def packed(vector: "array[float]") -> str:
    """A vector as base64 of little-endian 32-bit floats (recording: loongsuite-python-agent, 2025-11)."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
