r"""Server-Sent Events: frames to bytes and bytes to frames, for the grammars of the cloud.

The native grammar has no blank after any colon and carries the status in a comment::

    id:1\nevent:result\n:HTTP_STATUS/200\ndata:{...}\n\n

The compatible grammar is data lines only, with one blank, and ends with ``data: [DONE]``::

    data: {...}\n\n

(recordings: alibaba/loongsuite-python-agent, cnblogs/dashscope-sdk; 160 streams.)

The Messages of Anthropic's dialect have named events, no blank, no number and no end mark::

    event:ping\ndata:{...}\n\n

(recordings: foggy-projects/Foggy-Navigator, 2026-03; a live audit of 13 models, 2026-06.)

The reader follows the WHATWG rules: a line ends at LF, CR or CRLF and nowhere else (U+2028 and
U+0085 are text), a blank line ends a frame, a leading byte order mark is dropped.
"""

from mockserver.base.values import value

DONE = b"data: [DONE]\n\n"
"""The last frame of a compatible stream. A native stream has none: it just closes."""

_LF, _CR = 0x0A, 0x0D
_BOM = b"\xef\xbb\xbf"
_STATUS = "HTTP_STATUS/"


def compat_frame(data: bytes) -> bytes:
    """One frame of the compatible grammar. `data` is one line of JSON."""
    return b"data: " + data + b"\n\n"


def native_prefix(*, event: bytes = b"result", status: int = 200) -> bytes:
    """What stands between a native frame's number and its data."""
    return b"\nevent:%b\n:HTTP_STATUS/%d\ndata:" % (event, status)


def native_frame(number: int, data: bytes, *, event: bytes = b"result", status: int = 200) -> bytes:
    """One frame of the native grammar. Numbers count from 1."""
    return b"id:%d%b%b\n\n" % (number, native_prefix(event=event, status=status), data)


def named_frame(name: bytes, data: bytes, *, blank: bool = False) -> bytes:
    """One frame of Anthropic's grammar, without a number; a `blank` is put before the name for some only."""
    return b"event:%b%b\ndata:%b\n\n" % (b" " * blank, name, data)


@value
class Frame:
    """One frame as it was read: its fields in the order of the lines, a comment under the name ""."""

    fields: tuple[tuple[str, str], ...]

    def _last(self, name: str) -> str | None:
        return next((value for key, value in reversed(self.fields) if key == name), None)

    @property
    def id(self) -> str | None:
        """The frame's number, as text; None when it has none."""
        return self._last("id")

    @property
    def event(self) -> str | None:
        """`result` or `error` on the native surface; None when the frame does not say."""
        return self._last("event")

    @property
    def data(self) -> str | None:
        """The data lines joined with LF; None when the frame has none (a heartbeat)."""
        lines = [value for key, value in self.fields if key == "data"]
        return "\n".join(lines) if lines else None

    @property
    def comments(self) -> tuple[str, ...]:
        """The comment lines, without their colon."""
        return tuple(value for key, value in self.fields if key == "")

    @property
    def status(self) -> int | None:
        """The number of the native ``:HTTP_STATUS/n`` comment; None when there is none."""
        for comment in self.comments:
            number = comment.removeprefix(_STATUS)
            if comment.startswith(_STATUS) and number.isascii() and number.isdigit():
                return int(number)
        return None


class Reader:
    """Turns bytes into frames, however the bytes are cut.

    Feed it what arrives; it gives each frame as soon as the blank line behind it is seen.
    `close` gives what is left when the stream ends without that blank line.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._fields: list[tuple[str, str]] = []
        self._after_cr = False
        self._first_line = True

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames that these bytes complete."""
        frames: list[Frame] = []
        start, end = 0, len(chunk)
        if self._after_cr and end:
            self._after_cr = False
            start = 1 if chunk[0] == _LF else 0
        while start < end:
            lf, cr = chunk.find(b"\n", start), chunk.find(b"\r", start)
            at = min(lf, cr) if lf >= 0 and cr >= 0 else max(lf, cr)
            if at < 0:
                self._line += chunk[start:]
                break
            self._line += chunk[start:at]
            self._end_line(frames)
            start = at + 1
            if chunk[at] == _CR:
                if start == end:
                    self._after_cr = True
                elif chunk[start] == _LF:
                    start += 1
        return frames

    def close(self) -> Frame | None:
        """What has no blank line behind it yet; None when nothing is left over."""
        if self._line:
            self._end_line([])
        if not self._fields:
            return None
        frame, self._fields = Frame(tuple(self._fields)), []
        return frame

    def _end_line(self, frames: list[Frame]) -> None:
        raw, self._line = bytes(self._line), bytearray()
        if self._first_line:
            self._first_line = False
            raw = raw.removeprefix(_BOM)
        if raw:
            name, _, value = raw.decode("utf-8", "replace").partition(":")
            self._fields.append((name, value.removeprefix(" ") if name else value))
        elif self._fields:
            frames.append(Frame(tuple(self._fields)))
            self._fields = []


def read(body: bytes) -> list[Frame]:
    """All frames of a whole body, an unfinished last one included."""
    reader = Reader()
    frames = reader.feed(body)
    rest = reader.close()
    return [*frames, rest] if rest else frames
