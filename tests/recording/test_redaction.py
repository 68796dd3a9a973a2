"""Nothing secret is kept: in headers, paths, requests and answers, split or escaped."""

import gzip
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.recording.cassette import Chunk, redacted
from mockserver.recording.redaction import MARK, Redaction, RedactionError
from tests.recording.exchanges import (
    COMPAT,
    TEXT,
    asked,
    compat_body,
    compat_frames,
    dumped,
    interaction,
    native_asked,
    native_frames,
)
from tests.wire.strategies import json_values, texts

SECRET = 'tea-9Xq7-秘密"/\\x'
PATTERN = r"tea-9Xq7-秘密\"/\\x"
OURS = Redaction.of(patterns=[PATTERN])
KEY = "sk-0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    "secret",
    [
        KEY,
        "sk-ws-H9x.ABCDEFGHIJ1234",
        "Bearer abcdefghijklmnop1234",
        "LTAI5tAbCdEfGhIjKlMnOpQr",
        "ws-1jlwl58hlx3p5jjz",
        "llm-8h2k3j4h5g6",
        "STS.NUabcdefgh12345678",
    ],
)
def test_the_usual_forms_of_secrets_are_known(secret: str) -> None:
    assert Redaction.of().text(f"a {secret} b") == f"a {MARK} b"
    assert Redaction.of().text(f"密钥{secret}。是") == f"密钥{MARK}。是", "no blanks around it in Chinese"


@pytest.mark.parametrize(
    "text", ["sk-learn is a library-for-learning", "llm-frameworks", "a task-list", "ws-"]
)
def test_what_only_looks_alike_stays(text: str) -> None:
    assert Redaction.of().text(text) == text


@pytest.mark.parametrize(
    ("pattern", "words"), [("[tea-9Xq7", "no regular expression"), ("x*", "matches the empty text")]
)
def test_a_pattern_that_cannot_be_is_explained_and_not_shown(pattern: str, words: str) -> None:
    with pytest.raises(RedactionError, match=words) as raised:
        Redaction.of(patterns=[pattern])
    assert pattern not in str(raised.value)


def test_secret_headers_lose_their_value_and_keep_their_scheme() -> None:
    pairs = [
        ("Authorization", f"Bearer {KEY}"),
        ("Cookie", "a=b"),
        ("X-DashScope-WorkSpace", "mine"),
        ("a", "b"),
    ]
    assert Redaction.of().pairs(pairs) == [
        ("Authorization", f"Bearer {MARK}"),
        ("Cookie", MARK),
        ("X-DashScope-WorkSpace", MARK),
        ("a", "b"),
    ]
    assert Redaction.of(headers=["A"]).pairs([("a", "b")]) == [("a", MARK)]


def test_the_values_of_secret_headers_are_secret_everywhere() -> None:
    known = Redaction.of().knowing(
        [("authorization", "Bearer sk-a"), ("cookie", "u=12345; v=ab"), ("x-api-key", "")]
    )
    assert known.text("sk-a 12345 ab u=12345; v=ab") == f"{MARK} {MARK} ab {MARK}"


def test_fields_and_query_parameters_are_secret_by_name() -> None:
    redaction = Redaction.of(fields=["Tea_Leaf"])
    value = {
        "workspace-id": "x",
        "uid": 7,
        "tea_leaf": "y",
        "password": {"type": "string"},
        "ok": True,
        "policy": "",
    }
    assert redaction.value(value) == {
        "workspace-id": MARK,
        "uid": MARK,
        "tea_leaf": MARK,
        "password": {"type": "string"},
        "ok": True,
        "policy": "",
    }
    assert redaction.query("Signature=a%2Fb&x=1&y=" + KEY) == f"Signature={MARK}&x=1&y={MARK}"
    assert redaction.query("") == ""
    assert redaction.query(f"{KEY}=1") == f"{MARK}=1"
    assert redaction.path("/a/b") == "/a/b"
    assert redaction.path(f"/a/%73{KEY[1:]}/b") == f"/a/{MARK}/b"


def test_overlapping_secrets_become_one_mark() -> None:
    redaction = Redaction.of(patterns=["abc", "bcd"])
    assert redaction.text("xabcdx abcabc") == f"x{MARK}x {MARK}"


def everywhere(value: Any, secret: str) -> Any:
    """A JSON value with a secret in every name and every text."""
    if isinstance(value, dict):
        return {name: everywhere(inner, secret) for name, inner in value.items()} | {
            f"n{secret}": f"v{secret}v"
        }
    if isinstance(value, list):
        return [*(everywhere(inner, secret) for inner in value), secret]
    return f"{value}{secret}" if isinstance(value, str) else value


def leaks(data: bytes, secret: str) -> bool:
    """Whether a secret is in a file, in any way in which JSON may write it, over borders of pieces too."""
    text = data.decode("utf-8", "surrogateescape")
    forms = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    forms |= {json.dumps(form)[1:-1] for form in forms} | {
        json.dumps(form, ensure_ascii=False)[1:-1] for form in forms
    }
    return any(form in text for form in forms)


@given(value=json_values, ascii_only=st.booleans(), cuts=st.sets(st.integers(1, 400), max_size=9))
def test_a_secret_in_every_field_split_across_chunks_is_taken_out(
    value: Any, cuts: set[int], *, ascii_only: bool
) -> None:
    planted = json.dumps(
        everywhere({"choices": [{"message": {"content": value}}]}, SECRET), ensure_ascii=ascii_only
    )
    body = planted.encode("utf-8", "replace")
    ends = [*sorted(cut for cut in cuts if cut < len(body)), len(body)]
    clean, borders = OURS.answer_body(body, ends)
    assert not leaks(clean, SECRET)
    assert borders == sorted(borders)
    assert borders[-1] == len(clean)
    assert len(borders) == len(ends)
    assert OURS.answer_body(clean, borders) == (clean, borders), "what is clean stays as it is"


@given(text=texts, cuts=st.lists(st.integers(0, 30), min_size=1, max_size=6), growing=st.booleans())
def test_a_secret_said_piece_by_piece_is_taken_out_of_every_piece(
    text: str, cuts: list[int], *, growing: bool
) -> None:
    whole = f"{text} {KEY}"
    at = sorted({min(len(whole), cut) for cut in cuts} | {0, len(whole)})
    pieces = [whole[a:b] for a, b in pairwise(at)]
    for frames in (compat_frames(*pieces), native_frames(*pieces, growing=growing)):
        path = COMPAT if frames[0].startswith(b"data: ") else TEXT
        clean = redacted(
            interaction(asked() if path == COMPAT else native_asked(), frames, path=path), Redaction.of()
        )
        said = clean.folded().choices[0].content
        assert KEY not in said
        assert KEY[:20] not in clean.response.raw.decode()
        assert KEY[16:] not in clean.response.raw.decode()
        assert len(clean.response.chunks) == len(frames)


def test_arguments_and_parts_and_log_probabilities_hide_nothing() -> None:
    calls = [
        {
            "choices": [
                {"delta": {"tool_calls": [{"index": 0, "function": {"arguments": '{"k":"' + KEY[:9]}}]}}
            ]
        },
        {
            "choices": [
                {"delta": {"tool_calls": [{"index": 0, "function": {"arguments": KEY[9:] + '"}'}}, 7]}}
            ]
        },
        {
            "choices": [
                {"delta": {"content": [{"text": KEY[:5]}, {"image": 1}, 5]}, "logprobs": {"content": [1]}}
            ]
        },
        {
            "choices": [
                {"delta": {"content": [{"text": KEY[5:]}]}, "logprobs": {"content": [2]}},
                9,
                {"delta": 4},
            ]
        },
    ]
    frames = [b"data: " + dumped(call) + b"\n\n" for call in calls]
    clean = redacted(interaction(None, frames), Redaction.of()).response
    assert b'"{\\"k\\":\\"[redacted]"' in clean.raw
    assert clean.raw.count(b'"logprobs":null') == 2
    assert KEY[9:].encode() not in clean.raw
    body = compat_body(KEY)
    body["choices"][0]["logprobs"] = {"content": [{"token": KEY}]}
    clean = redacted(interaction(None, body), Redaction.of()).response
    assert json.loads(clean.raw)["choices"][0]["logprobs"] is None


def test_an_escape_inside_an_argument_hides_nothing() -> None:
    inner = json.dumps({"note": SECRET})
    assert SECRET not in json.loads(OURS.value({"arguments": inner})["arguments"])["note"]
    assert OURS.value('{"a\\u0041": not json') == '{"a\\u0041": not json'
    assert OURS.value('{"a": "\\n"}') == '{"a": "\\n"}'


def test_what_holds_no_secret_keeps_every_byte() -> None:
    odd = b'\xff\xfe{"a" :  1}\r\n\r\ndata: {"b":[]}'
    assert Redaction.of().answer_body(odd, [3, len(odd)]) == (odd, [3, len(odd)])


def test_a_packed_answer_is_packed_again_without_the_secret() -> None:
    packed = gzip.compress(dumped(compat_body(KEY)), mtime=0)
    headers = [("Content-Encoding", "gzip"), ("Content-Length", str(len(packed)))]
    before = interaction(None, packed, headers=headers)
    before = type(before)(
        request=before.request,
        response=type(before.response)(
            status=200, headers=headers, chunks=(Chunk(1.0, packed[:20]), Chunk(2.0, packed[20:]))
        ),
        recorded="",
    )
    after = redacted(before, Redaction.of()).response
    assert json.loads(after.body)["choices"][0]["message"]["content"] == MARK
    assert dict(after.headers)["Content-Length"] == str(len(after.raw))
    assert [chunk.at for chunk in after.chunks] == [1.0, 2.0]
    untouched = interaction(None, gzip.compress(b"{}", mtime=0), headers=headers[:1])
    assert redacted(untouched, Redaction.of()).response == untouched.response


def test_what_is_no_json_is_cleaned_as_text_whatever_its_bytes() -> None:
    body = b"\xff " + KEY.encode() + "é".encode() + KEY.encode() + b" \xfe"
    clean, ends = Redaction.of().answer_body(body, [5, len(body)])
    assert clean == b"\xff [redacted]\xc3\xa9[redacted] \xfe"
    assert ends == [len(b"\xff [redacted]"), len(clean)]
