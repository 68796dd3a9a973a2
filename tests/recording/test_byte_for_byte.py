"""What a client hears through the recorder, and from the cassette later, is what it hears without either."""

import gzip
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract_tests.recording import PlayingServer, playing
from mockserver.corridor.replay import Playing, Recorded
from mockserver.recorder.upstream import LARGEST
from mockserver.recording.redaction import Redaction
from tests.recording.upstreams import Heard, RawUpstream, hear, raw_upstream

EXAMPLES = int(os.environ.get("RECORDING_EXAMPLES", "60"))
"""How many upstream answers are drawn; 1000 for the full proof."""

TEXTS = st.sampled_from(["你好", "é", "🍵 tea", "plain", "\u2028", "\x00", '"quoted"', "data: [DONE]", "\r"])
FRAMES = st.one_of(
    TEXTS.map(lambda text: f'data: {{"choices":[{{"delta":{{"content":"{text}"}}}}]}}\n\n'.encode()),
    TEXTS.map(lambda text: f'id:1\nevent:result\n:HTTP_STATUS/200\ndata:{{"t":"{text}"}}\n\n'.encode()),
    st.sampled_from(
        [b"data: [DONE]\n\n", b": heartbeat\n\n", b"\n", b"data:\r\n\r\n", b"retry: 5\n\n", b"\xff\xfe"]
    ),
    st.binary(min_size=1, max_size=40),
)
HEADERS = st.lists(
    st.sampled_from(
        [
            b"Content-Type: text/event-stream;charset=UTF-8",
            b"Content-Type: application/json",
            b"X-Request-Id: 0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f",
            b"vary: Origin",
            b"Vary: Accept-Encoding",
            b"req-cost-time:  12",
            b"Server: istio-envoy",
            b"X-Odd_Name: a=b; c",
        ]
    ),
    max_size=6,
)


class Drawn:
    """One upstream answer: its bytes on the wire, in the sends in which they go out."""

    def __init__(self, sends: list[bytes]) -> None:
        self.sends = sends

    def __repr__(self) -> str:
        return repr([send[:300] for send in self.sends[:12]])


def _in_pieces(draw: st.DrawFn, data: bytes) -> list[bytes]:
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(data) - 1)), max_size=6)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True) if data[a:b]]


@st.composite
def answers(draw: st.DrawFn) -> Drawn:
    """Any legal framing, chunk border, cut, coding, status, and odd frames."""
    body = b"".join(draw(st.lists(FRAMES, max_size=8)))
    lines = list(draw(HEADERS))
    if draw(st.booleans()):
        body = gzip.compress(body, mtime=0)
        lines.append(b"Content-Encoding: gzip")
    if draw(st.integers(0, 9)) == 0:
        body *= 4000
    status = draw(
        st.sampled_from([b"200 OK", b"200 OK", b"400 Bad Request", b"429 Too Many", b"500 Oops", b"503 x"])
    )
    framing = draw(st.sampled_from(["chunked", "chunked", "length", "close"]))
    if framing == "chunked":
        lines.insert(draw(st.integers(0, len(lines))), b"Transfer-Encoding: chunked")
        wire = (
            b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in _in_pieces(draw, body)) + b"0\r\n\r\n"
        )
    else:
        wire = body
        if framing == "length":
            lines.append(b"Content-Length: %d" % len(body))
    head = (
        b"HTTP/1.1 "
        + status
        + b"\r\n"
        + b"".join(line + b"\r\n" for line in lines)
        + b"Connection: close\r\n\r\n"
    )
    if draw(st.integers(0, 4)) == 0 and framing != "close":
        wire = wire[: draw(st.integers(0, len(wire)))]
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" if draw(st.integers(0, 9)) == 0 else b""
    return Drawn(_in_pieces(draw, interim + head + wire))


@dataclass(frozen=True)
class Setting:
    """An upstream, a recorder before it, and a server that has only what was recorded."""

    upstream: RawUpstream
    recorder: PlayingServer
    replayer: PlayingServer


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    folder = tmp_path_factory.mktemp("recorded")
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    with raw_upstream() as upstream:
        url = f"http://127.0.0.1:{upstream.port}"
        with playing(folder, "all", upstream=url) as recorder, playing(folder, "none") as replayer:
            # Both look at one library, so that what was recorded is there at once.
            replayer.recorder.recorded = Recorded(
                recorder.recorder.recorded.library, Redaction.of(), Playing()
            )
            yield Setting(upstream, recorder, replayer)


def port(server: PlayingServer) -> int:
    return int(server.url.rpartition(":")[2])


_COUNT = iter(range(10**9))


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@settings(
    max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(drawn=answers())
def test_nothing_is_lost_or_changed_on_the_way_or_in_the_cassette(setting: Setting, drawn: Drawn) -> None:
    setting.upstream.sends = drawn.sends
    body = b'{"model":"qwen-plus","messages":[{"role":"user","content":"question %d"}]}' % next(_COUNT)

    direct = hear(setting.upstream.port, body)
    through = hear(port(setting.recorder), body)
    again = hear(port(setting.replayer), body)

    for heard in (through, again):
        assert heard.status == direct.status
        assert heard.headers == direct.headers
        assert heard.body == direct.body
        assert heard.complete == direct.complete
        # A chunk that large goes on in pieces: to hold all of it back would be worse.
        if (
            b"Transfer-Encoding" in b"".join(drawn.sends)
            and max(map(len, direct.chunks), default=0) < LARGEST
        ):
            assert heard.chunks == direct.chunks
    assert isinstance(through, Heard)
