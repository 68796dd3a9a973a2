"""What was recorded, as values: a request, its answer chunk by chunk, and when."""

from dataclasses import dataclass, field
from typing import Any, Literal

from mockserver.base.version import __version__
from mockserver.dialects.table import at
from mockserver.recording import coding, documents, fold
from mockserver.recording.redaction import Pairs

End = Literal["complete", "cut", "cut-by-upstream", "cut-by-client"]
"""How an answer ended; `cut`: nobody knows by whom."""

Kept = Literal["whole", "rebuilt", "missing"]
"""What a recorder kept of an answer: its bytes; what they said, so that they were made anew; nothing."""

Standing = Literal["complete", "cut", "rebuilt", "missing"]
"""What a recording is good for, in one word."""


def surface_of(path: str) -> str:
    """The name of the surface at a path, or `other`."""
    surface = at(path)
    return "other" if surface is None else surface.name


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes as they came, and when: milliseconds after the request was sent."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A recorded request. `headers` keep their order."""

    method: str
    path: str
    query: str = ""
    headers: Pairs = field(default_factory=list)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A recorded answer: status, headers in their order, chunks, how it ended, and what was kept of it.

    `lost` says in a sentence what is not as it was sent; "" when all is.
    """

    status: int
    headers: Pairs = field(default_factory=list)
    chunks: tuple[Chunk, ...] = ()
    end: End = "complete"
    kept: Kept = "whole"
    lost: str = ""

    @property
    def standing(self) -> Standing:
        """What the recording is, in one word: the worst that holds for it."""
        if self.kept == "missing":
            return "missing"
        if self.end != "complete":
            return "cut"
        return "rebuilt" if self.kept == "rebuilt" else "complete"

    @property
    def mark(self) -> dict[str, str]:
        """What is not as it was sent, for files of other tools; empty when all is."""
        held = {"end": self.end, "kept": self.kept, "lost": self.lost}
        return {name: value for name, value in held.items() if value not in ("complete", "whole", "")}

    @property
    def raw(self) -> bytes:
        """The body as it was sent."""
        return b"".join(chunk.data for chunk in self.chunks)

    @property
    def body(self) -> bytes:
        """The body, unpacked; as it was sent where its coding cannot be read or it is too large."""
        try:
            return coding.decoded(self.raw, coding.coding_of(self.headers))
        except coding.UncleanError:
            return self.raw


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """One request with its answer. `recorded` is the moment, ISO 8601 in UTC; `client` its user agent."""

    request: Request
    response: Response
    recorded: str
    client: str = ""
    tool: str = f"dashscope-mock {__version__}"
    source: str = ""

    @property
    def surface(self) -> str:
        """The name of the surface that was asked, or `other`."""
        return surface_of(self.request.path)

    @property
    def asked(self) -> Any:
        """The JSON of the request; None when it has none."""
        value = documents.parse(self.request.body) if self.request.body else None
        return None if value is documents.UNREADABLE else value

    @property
    def model(self) -> str:
        """The model asked for; "" when the request names none."""
        asked = self.asked
        name = asked.get("model") if isinstance(asked, dict) else None
        return name.encode("utf-8", "replace").decode("utf-8") if isinstance(name, str) else ""

    @property
    def stream(self) -> bool:
        """Whether the answer is a stream of events."""
        return documents.is_sse(self.response.body)

    def folded(self) -> "fold.Folded":
        """The answer put together."""
        asked = self.asked
        parameters = asked.get("parameters") if isinstance(asked, dict) else None
        pieces = isinstance(parameters, dict) and parameters.get("incremental_output") is True
        return fold.fold(self.response.body, status=self.response.status, pieces=pieces)
