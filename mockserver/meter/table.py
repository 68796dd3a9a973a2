"""A vocabulary as a table of bytes that is mapped, not read: the tokens, where each begins, and their places.

A token's place follows from its checksum; where that is taken, it has the next free one. All numbers are
those of this machine, in whose cache folder the file lies.
"""

import mmap
import os
import sys
import threading
from array import array
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Self
from zlib import crc32

_FORM = f"dashscope-mock vocabulary 1 {sys.byteorder}".encode().ljust(64)
_DIGEST = sha256().digest_size
_HEAD = len(_FORM) + 2 * _DIGEST
_WIDTH = array("I").itemsize
_ROOM = 2
"""How many places there are for a token, at least."""


class StaleTableError(Exception):
    """The bytes are not the table of this vocabulary."""


def written(tokens: Iterable[bytes], source: bytes) -> bytes:
    """The table of the tokens, in the order of their numbers, made of a source with that digest."""
    ends, all_tokens = array("I"), list(tokens)
    size = 1 << (len(all_tokens) * _ROOM).bit_length()
    places = array("I", bytes(size * _WIDTH))
    at = _HEAD + _WIDTH * (2 + len(all_tokens) + 1 + size)
    ends.append(at)
    for number, token in enumerate(all_tokens, 1):
        at += len(token)
        ends.append(at)
        place = crc32(token) & (size - 1)
        while places[place]:
            place = (place + 1) & (size - 1)
        places[place] = number
    body = b"".join([array("I", (len(all_tokens), size)).tobytes(), ends, places, *all_tokens])
    return b"".join([_FORM, source, sha256(body).digest(), body])


class Table:
    """The tokens of a vocabulary and their numbers."""

    def __init__(self, data: "bytes | mmap.mmap", source: bytes) -> None:
        """Raises `StaleTableError`."""
        whole = memoryview(data)
        digest = whole[_HEAD - _DIGEST : _HEAD]
        if whole[: len(_FORM)] != _FORM or whole[len(_FORM) : _HEAD - _DIGEST] != source:
            raise StaleTableError
        if sha256(whole[_HEAD:]).digest() != digest:
            raise StaleTableError
        first = _HEAD + 2 * _WIDTH
        count, size = whole[_HEAD:first].cast("I")
        middle = first + (count + 1) * _WIDTH
        self._data = data
        self._ends = whole[first:middle].cast("I")
        self._places = whole[middle : middle + size * _WIDTH].cast("I")
        self._mask = size - 1
        self._count = count

    @classmethod
    def mapped(cls, file: Path, source: bytes) -> Self:
        """The table in a file. Raises `StaleTableError`, or `OSError`."""
        with file.open("rb") as opened:
            try:
                return cls(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ), source)
            except ValueError:  # it is empty
                raise StaleTableError from None

    def __len__(self) -> int:
        return self._count

    def number(self, token: bytes) -> int:
        """The number of a token; -1 when there is none such."""
        data, ends, places, mask = self._data, self._ends, self._places, self._mask
        place = crc32(token) & mask
        while found := places[place]:
            if data[ends[found - 1] : ends[found]] == token:
                return found - 1
            place = (place + 1) & mask
        return -1

    def token(self, number: int) -> bytes:
        """The token of a number. Raises `KeyError`."""
        if not 0 <= number < self._count:
            raise KeyError(number)
        return self._data[self._ends[number] : self._ends[number + 1]]


def keep(file: Path, table: bytes) -> None:
    """Writes a table, whole or not at all. Raises `OSError`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        part.write_bytes(table)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
