"""Content coding: JSON bodies are gzipped for clients that ask for it, streams never are."""

import re
import zlib
from collections.abc import Mapping

_FORBIDDEN = re.compile(r"\s*q=0(\.0*)?\s*")


def takes_gzip(accepted: str) -> bool:
    """Whether an `accept-encoding` names gzip, and not to forbid it (`gzip;q=0`)."""
    accepted = accepted.lower()
    return "gzip" in accepted and any(
        coding.strip() == "gzip" and not _FORBIDDEN.fullmatch(weight)
        for coding, _, weight in (option.partition(";") for option in accepted.split(","))
    )


def encoded(body: bytes, headers: Mapping[str, str]) -> tuple[bytes, bytes]:
    """A JSON body gzipped when the client asks for it, as (content encoding, body)."""
    if not takes_gzip(headers.get("accept-encoding", "")):
        return b"", body
    return b"gzip", packed(body)


def packed(body: bytes) -> bytes:
    """A body, gzipped."""
    packer = zlib.compressobj(level=1, wbits=31)
    return packer.compress(body) + packer.flush()
