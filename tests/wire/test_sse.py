"""Server-Sent Events: both grammars written and read, however the bytes are cut."""

import re

from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.jsontext import dumps
from mockserver.wire import sse
from mockserver.wire.sse import Frame, Reader
from tests.wire.strategies import json_values, texts

LINES = st.sampled_from(
    [
        "id:1",
        "id: 27",
        "event:result",
        "event:error",
        ":HTTP_STATUS/200",
        ": HTTP_STATUS/429",
        ":",
        ": heartbeat",
        "data",
        "data:",
        "data: ",
        "data:  two blanks",
        "data: [DONE]",
        'data:{"text":"绿茶要泡多久?"}',
        'data: {"text":"three\u2028minutes\u0085🍵"}',
        "retry:10",
        "不是字段",
    ]
)
SAFE_TEXTS = texts.map(lambda text: re.sub(r"[\r\n]", " ", text))
ENDS = st.sampled_from(["\n", "\n", "\r\n", "\r"])
BODIES = st.builds(
    lambda bom, lines, rest: (bom + "".join(line + end for line, end in lines) + rest).encode(),
    st.sampled_from(["", "\ufeff"]),
    st.lists(st.tuples(st.one_of(st.just(""), LINES, SAFE_TEXTS), ENDS), max_size=20),
    st.one_of(st.just(""), LINES, SAFE_TEXTS),
)


def reference(body: bytes) -> list[tuple[tuple[str, str], ...]]:
    """The fields of each frame by the letter of the rules, for a body that is there as a whole."""
    frames: list[tuple[tuple[str, str], ...]] = []
    fields: list[tuple[str, str]] = []
    for line in [*re.split(r"\r\n|\n|\r", body.decode().removeprefix("\ufeff")), ""]:
        if not line:
            if fields:
                frames.append(tuple(fields))
            fields = []
        elif line.startswith(":"):
            fields.append(("", line[1:]))
        else:
            name, _, value = line.partition(":")
            fields.append((name, value.removeprefix(" ")))
    return frames


def fed(pieces: list[bytes]) -> list[Frame]:
    reader = Reader()
    frames = [frame for piece in pieces for frame in reader.feed(piece)]
    rest = reader.close()
    assert reader.close() is None, "a closed reader has nothing left"
    return [*frames, rest] if rest else frames


@given(BODIES)
def test_a_whole_body_is_read_by_the_letter_of_the_rules(body: bytes) -> None:
    assert [frame.fields for frame in sse.read(body)] == reference(body)


@given(BODIES)
def test_bytes_fed_one_at_a_time_give_the_same_frames(body: bytes) -> None:
    assert fed([bytes([byte]) for byte in body]) == sse.read(body)


@given(st.data(), BODIES)
def test_bytes_cut_anywhere_give_the_same_frames(data: st.DataObject, body: bytes) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    pieces = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert fed(pieces) == sse.read(body)


@given(st.lists(json_values, max_size=5))
def test_a_compat_stream_reads_back_as_it_was_written(values: list[object]) -> None:
    lines = [dumps(value) for value in values]
    frames = sse.read(b"".join([*map(sse.compat_frame, lines), sse.DONE]))
    assert [frame.data for frame in frames] == [*(line.decode() for line in lines), "[DONE]"]
    assert all(frame.id is None and frame.event is None and frame.status is None for frame in frames)


@given(
    st.lists(st.tuples(json_values, st.sampled_from(["result", "error"]), st.integers(100, 599)), max_size=5)
)
def test_a_native_stream_reads_back_as_it_was_written(said: list[tuple[object, str, int]]) -> None:
    stream = b"".join(
        sse.native_frame(number, dumps(value), event=event.encode(), status=status)
        for number, (value, event, status) in enumerate(said, 1)
    )
    read = [(frame.id, frame.event, frame.status, frame.data) for frame in sse.read(stream)]
    assert read == [
        (str(number), event, status, dumps(value).decode())
        for number, (value, event, status) in enumerate(said, 1)
    ]


def test_a_native_frame_has_no_blank_behind_any_colon() -> None:
    assert sse.native_frame(3, '{"text":"三分钟 🍵"}'.encode()) == (
        b"id:3\nevent:result\n:HTTP_STATUS/200\n" + 'data:{"text":"三分钟 🍵"}\n\n'.encode()
    )


def test_a_native_error_frame_names_the_real_status() -> None:
    assert sse.native_frame(1, b"{}", event=b"error", status=429) == (
        b"id:1\nevent:error\n:HTTP_STATUS/429\ndata:{}\n\n"
    )


def test_a_compat_frame_is_one_data_line_with_one_blank() -> None:
    assert sse.compat_frame('{"text":"茶"}'.encode()) == 'data: {"text":"茶"}\n\n'.encode()
    assert sse.DONE == b"data: [DONE]\n\n"


def test_line_and_paragraph_separators_of_unicode_are_text() -> None:
    said = "one\u2028two\u2029three\u0085four\x0bfive\x0csix"
    (frame,) = sse.read(f"data: {said}\n\n".encode())
    assert frame.data == said


def test_several_data_lines_are_joined_with_lf() -> None:
    (frame,) = sse.read(b"data: three\r\ndata:\r\ndata: minutes\r\n\r\n")
    assert frame.data == "three\n\nminutes"


def test_only_one_blank_behind_a_colon_is_dropped() -> None:
    (frame,) = sse.read(b"data:  tea\nid: 2\n\n")
    assert (frame.data, frame.id) == (" tea", "2")


def test_a_field_without_a_colon_is_empty() -> None:
    (frame,) = sse.read(b"data\n\n")
    assert frame.data == ""


def test_a_frame_of_comments_is_a_heartbeat_without_data() -> None:
    (frame,) = sse.read(b": still here\n:HTTP_STATUS/soon\n\n")
    assert frame.data is None
    assert frame.comments == (" still here", "HTTP_STATUS/soon")
    assert frame.status is None


def test_the_last_of_equal_fields_counts() -> None:
    (frame,) = sse.read(b"id:1\nid:2\nevent:result\nevent:error\n\n")
    assert (frame.id, frame.event) == ("2", "error")


def test_the_first_status_comment_counts_and_only_ascii_digits_are_a_status() -> None:
    (frame,) = sse.read(":HTTP_STATUS/\n:HTTP_STATUS/٢٠٠\n:HTTP_STATUS/400\n:HTTP_STATUS/500\n\n".encode())
    assert frame.status == 400


def test_a_byte_order_mark_is_dropped_at_the_start_only() -> None:
    first, second = sse.read(b"\xef\xbb\xbfdata: tea\n\n\xef\xbb\xbfdata: cup\n\n")
    assert first.data == "tea"
    assert (second.data, second.fields) == (None, (("\ufeffdata", "cup"),))


def test_a_frame_is_given_as_soon_as_its_blank_line_is_seen() -> None:
    reader = Reader()
    assert reader.feed(b"data: tea\r\n") == []
    (frame,) = reader.feed(b"\r")
    assert frame.data == "tea"
    assert reader.feed(b"\n") == []
    assert reader.close() is None


def test_a_stream_that_ends_without_its_blank_line_gives_the_rest_on_close() -> None:
    reader = Reader()
    assert reader.feed(b"id:1\ndata:tea") == []
    rest = reader.close()
    assert rest is not None
    assert (rest.id, rest.data) == ("1", "tea")


def test_bytes_that_are_no_utf8_become_replacement_characters() -> None:
    (frame,) = sse.read(b"data: \xff\xfe\n\n")
    assert frame.data == "\ufffd\ufffd"


def test_a_named_frame_has_no_blank_and_no_number() -> None:
    frame = sse.named_frame(b"ping", b'{"type":"ping"}')
    assert frame == b'event:ping\ndata:{"type":"ping"}\n\n'
    (read,) = sse.read(frame)
    assert (read.event, read.data, read.id) == ("ping", '{"type":"ping"}', None)
