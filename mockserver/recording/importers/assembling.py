"""What an importer read, made an interaction that knows what it is.

The body decides: whether it is packed as its headers say, whether it is as long as they say, whether what it
is written in has come to its end. What a tool keeps silent about is taken for lost and never for complete.
"""

import re
import zlib
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime

from mockserver.dialects.table import at, dialect_of, named
from mockserver.recording import canonical, cassette, coding, documents
from mockserver.recording.importers import pieces
from mockserver.recording.importers.told import Body, Found, Skipped, Taken, Told
from mockserver.recording.interaction import Chunk, End, Interaction, Kept, Request, Response
from mockserver.recording.redaction import Pairs

_FRAME_END = re.compile(rb"\r?\n\r?\n|\r\r")
_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_FRAME_ENDS = (b"\n\n", b"\r\n\r\n", b"\r\r")
_BODILESS = (204, 304)
_ZLIB = tuple(bytes((0x78, level)) for level in (0x01, 0x5E, 0x9C, 0xDA))
"""How what is called deflate begins (RFC 1950)."""
_DIGITS = 19
"""No length has as many digits."""

ACCEPT = ("accept", "text/event-stream")
"""What is added to a request whose headers were not kept and which was answered by a stream."""


def frames(body: bytes) -> list[bytes]:
    """A stream in its frames, as the cloud sends them; any other body in one piece, an empty one in none."""
    if not documents.is_sse(body):
        return [body] if body else []
    found, start = [], 0
    for match in _FRAME_END.finditer(body):
        found.append(body[start : match.end()])
        start = match.end()
    return [*found, body[start:]] if body[start:] else found


_WINDOWS = {"gzip": (31,), "x-gzip": (31,), "zlib": (15,), "deflate": (15, -15)}
"""What zlib is told of each coding; `deflate` is zlib by its standard, and bare with some servers."""


def is_packed(body: bytes, name: str) -> bool:
    """Whether a body has a coding: one that can be read tells; of another, what is text has none."""
    if name in ("gzip", "x-gzip", "deflate"):
        try:
            return coding.decoded(body, name.removeprefix("x-")) != body
        except coding.TooLargeError:
            return True
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _is_whole(body: bytes, wbits: int) -> bool:
    """Whether a body is packed so from its first byte to its last; what is too large is not looked at."""
    unpacker = zlib.decompressobj(wbits=wbits)
    try:
        unpacker.decompress(body, coding.MOST)
    except zlib.error:
        return False
    return unpacker.eof and not unpacker.unused_data


def _may_be_either(body: bytes, name: str) -> bool:
    """Whether a body could be packed or not: a bare stream of deflate has no sign that it begins with."""
    bare = name == "deflate" and not body.startswith(_ZLIB) and not _is_whole(body, -15)
    return bare and coding.decoded(body, name) != body


def _is_unfinished(body: bytes, name: str) -> bool:
    """Whether a packed body ends before it says so; what is too large to be unpacked is not looked at."""
    for wbits in _WINDOWS.get(name, ()):
        unpacker = zlib.decompressobj(wbits=wbits)
        try:
            unpacker.decompress(body, coding.MOST)
        except zlib.error:
            continue
        return not unpacker.eof and not unpacker.unconsumed_tail
    return False


@dataclass(slots=True)
class _Judged:
    """An answer on the way: what it is by now, and what was changed."""

    told: Told
    body: bytes
    headers: Pairs
    kept: Kept
    lost: str
    end: End = "complete"
    changes: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """What the headers say the body is written in: `json`, `stream`, or something else."""
        mime = coding.header(self.headers, "content-type").lower()
        return "stream" if "event-stream" in mime else "json" if "json" in mime else mime

    def cut(self, why: str) -> None:
        if self.end == "complete":
            self.end = "cut-by-client" if self.told.left else "cut"
            self.lost = self.lost or why

    def length(self) -> int | None:
        """How long the body is by its headers, in bytes; None when they do not say or say nonsense."""
        value = coding.header(self.headers, "content-length").strip()
        return int(value) if value.isdecimal() and len(value) < _DIGITS else self.told.length

    def _is_secretly_packed(self) -> bool:
        """Whether a body is packed that should be plain: as a whole, or one of JSON or events up to a cut.

        Of text the least beginning tells it: the byte that zlib begins with is an `x`, which neither JSON nor
        an event begins with.
        """
        begun = self.kind in ("json", "stream") and any(
            _is_unfinished(self.body, name) for name in ("gzip", "zlib")
        )
        return begun or any(_is_whole(self.body, wbits) for wbits in (31, 15))

    def unpack_headers(self) -> bool:
        """Leaves out a coding that the body does not have; whether there was one that it has or had."""
        name = coding.codings_of(self.headers)
        if not name or name == "identity":
            if self.kept == "whole" and self._is_secretly_packed():
                self.kept, self.lost = "rebuilt", self.lost or "it is packed, and its headers do not say so"
            return False
        if _may_be_either(self.body, name):
            self.kept, self.lost = (
                "rebuilt",
                self.lost or f"nobody tells whether the tool unpacked the {name}",
            )
        elif is_packed(self.body, name):
            if _is_unfinished(self.body, name):
                self.cut(f"the packed body ends before the {name} does")
            return True
        self.headers = [pair for pair in self.headers if pair[0].lower() != "content-encoding"]
        self.changes.append(f"it was unpacked by the tool: content-encoding {name} is left out")
        return True

    def measure(self, *, packed: bool) -> None:
        """Holds the body against the length that its headers tell, and puts that right."""
        length, size = self.length(), len(self.body)
        if length is not None and not packed and self.kept == "whole":
            if length > size:
                self.cut(f"it holds {size} of {length} bytes")
                return
            if length < size:
                self.kept, self.lost = (
                    "rebuilt",
                    self.lost or f"it holds {size} bytes, and {length} were sent",
                )
        fitting = [
            (name, str(len(self.body)) if name.lower() == "content-length" else value)
            for name, value in self.headers
        ]
        if fitting != self.headers:
            self.changes.append("content-length is that of the body as it is kept")
            self.headers = fitting


def _empty(judged: _Judged) -> str:
    """Why an empty body cannot be what was sent; "" when it can."""
    told = judged.told
    if told.failure:
        return told.failure
    if told.method == "HEAD" or told.status in _BODILESS or judged.length() == 0:
        return ""
    if judged.length() or not told.sure or judged.kind in ("json", "stream"):
        return "the tool kept no body"
    if not judged.headers:
        return "neither a header nor a body was kept, and no server sends as little"
    return ""


def _is_cut_json(text: str) -> bool:
    """Whether a text is the beginning of an object or a list and no more: something in it stays open."""
    if text.lstrip()[:1] not in ("{", "[") or documents.parse(text) is not documents.UNREADABLE:
        return False
    bare = _LITERAL.sub("", text)
    return '"' in bare or sum(bare.count(sign) for sign in "{[") > sum(bare.count(sign) for sign in "}]")


def _finish(judged: _Judged, made: Interaction) -> None:
    """Looks whether what an answer is written in has come to its end."""
    body = made.response.body
    if not documents.is_sse(body) or not (judged.kind == "stream" or b"data:" in body):
        text = body.decode("utf-8", "replace")
        if judged.kind in ("json", "stream") and _is_cut_json(text):
            judged.cut("its JSON ends before its end")
        elif judged.kind == "stream" and text.lstrip()[:1] not in ("{", "["):
            judged.cut("its stream ends within its first event")
        return
    ended, unsaid = body.endswith(_FRAME_ENDS), _unsaid(made)
    if unsaid:
        judged.cut(unsaid)
    elif not ended and made.surface == "other":
        judged.cut("its last frame has no end")
    elif not ended:
        judged.kept, judged.lost = "rebuilt", judged.lost or "the end of its last frame was not kept"


def _unsaid(made: Interaction) -> str:
    """What a stream of a chat lacks at its end; "" when it lacks nothing, or is of no dialect."""
    folded = made.folded()
    surface = at(made.request.path)
    if surface is None or folded.error is not None:
        return ""
    grammar = dialect_of(named(surface.name)).grammar
    rest = made.response.body.rstrip().rsplit(b"\n", 1)[-1]
    if grammar.end:
        return "" if rest.endswith(grammar.end.encode()) else f"its stream does not end with {grammar.end}"
    if folded.choices and not all(choice.finish_reason for choice in folded.choices):
        return "its stream does not say why it ended"
    return ""


def _asking(made: Interaction, told: Told) -> Interaction:
    """The same with the header that asked for a stream, where headers of requests were not kept."""
    surface, streams = canonical.shape_of(made.request)
    if not told.headless or streams or surface == "other" or not made.stream:
        return made
    return replace(made, request=replace(made.request, headers=[*made.request.headers, ACCEPT]))


def _carried(headers: Pairs) -> tuple[Pairs, list[str]]:
    """Headers as HTTP/1.1 has them, and the names of those that it cannot carry.

    Browsers and proxies list the pseudo headers of HTTP/2 (RFC 9113, 8.3) among the others.
    """
    real = [(name, value) for name, value in headers if not name.startswith(":")]
    odd = [name for name, _ in real if not cassette.TOKEN.fullmatch(name)]
    return [pair for pair in real if pair[0] not in odd], odd


def assembled(told: Told, where: str, *, after: str = "") -> Found:
    """The interaction of what an entry tells, or why there can be none.

    `after`: when the entry before it was recorded. A tool that keeps no times keeps their order, which a
    replay goes by: of such entries none is older than the one before it.
    """
    if told.status < 200:  # noqa: PLR2004 - HTTP
        return Skipped(
            where, f"its status is {told.status}: an interim answer or a WebSocket, and no exchange"
        )
    length = coding.header(told.sent, "content-length").strip()
    unknown = told.asked.kept == "missing" or (length.isdecimal() and int(length[:_DIGITS]) > 0)
    if unknown and not told.asked.data:
        return Skipped(
            where, "the body of its request was not kept, so no request could find it; record it again"
        )
    headers, odd = _carried(told.headers)
    mark = told.mark
    kept = told.answered.kept if mark.kept == "whole" else mark.kept
    why = mark.lost or told.answered.lost
    judged = _Judged(told, told.answered.data, headers, kept, why, mark.end)
    judged.changes += [body.changed for body in (told.asked, told.answered) if body.changed]
    judged.changes += [f"a header that HTTP cannot carry is left out: {name[:40]!r}" for name in odd]
    if not judged.body:
        why = judged.lost or _empty(judged) if judged.kept == "missing" else _empty(judged)
        if why:
            judged.kept, judged.lost = "missing", why
            judged.headers = [pair for pair in judged.headers if pair[0].lower() != "content-length"]
    else:
        judged.measure(packed=judged.unpack_headers())
        if told.failure:
            judged.cut(told.failure)
    made = _interaction(judged, where)
    if judged.body and judged.end == "complete":
        _finish(judged, made)
        made = _interaction(judged, where)
    asking = _asking(made, told)
    if not told.recorded and asking.recorded < after:
        asking = replace(asking, recorded=after)
    if asking.request.headers != made.request.headers:
        judged.changes.append("the tool keeps no headers of requests: that a stream was asked for is added")
    return Taken(asking, tuple(judged.changes))


def _dated(headers: Pairs) -> str:
    """When an answer says that it was made (RFC 9110, 6.6.1); "" when it does not."""
    try:
        return pieces.moment_of(parsedate_to_datetime(coding.header(headers, "date")))
    except (TypeError, ValueError, OverflowError):
        return ""


def _sent(told: Told) -> Pairs:
    """The headers of a request; its host stands in a pseudo header where HTTP/2 was spoken."""
    headers, _ = _carried(told.sent)
    host = coding.header(told.sent, ":authority")
    return headers if not host or coding.header(headers, "host") else [("host", host), *headers]


def _interaction(judged: _Judged, where: str) -> Interaction:
    told, parts = judged.told, frames(judged.body)
    step = (told.last - told.first) / (len(parts) - 1) if len(parts) > 1 else 0.0
    return Interaction(
        request=Request(
            method=told.method,
            path=told.target[0],
            query=told.target[1],
            headers=_sent(told),
            body=told.asked.data,
        ),
        response=Response(
            status=told.status,
            headers=judged.headers,
            chunks=tuple(Chunk(told.first + at * step, part) for at, part in enumerate(parts)),
            end=judged.end,
            kept=judged.kept,
            lost=judged.lost,
        ),
        recorded=told.recorded or _dated(judged.headers),
        client=coding.header(told.sent, "user-agent"),
        source=where,
    )


def rebuilt(data: bytes, tool: str) -> Body:
    """A body of JSON that a tool kept as values, written as JSON again."""
    return Body(data=data, kept="rebuilt", lost=f"{tool} keeps what JSON says, and not its bytes")
