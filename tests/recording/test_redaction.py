"""Nothing secret is kept: in headers, paths, requests and answers, split or escaped."""

import gzip
import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.recording.cassette import redacted
from mockserver.recording.interaction import Chunk
from mockserver.recording.redaction import MARK, Redaction, RedactionError, SpoiltError
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
    assert Redaction.of().pairs([(f"x-{KEY}", KEY)]) == [("x-redacted", MARK)]


@pytest.mark.parametrize(
    "header",
    [
        ("authorization", "Bearer {}"),
        ("Authorization", "{}"),
        ("authorization", "Token {}"),
        ("authorization", "Hawk {}"),
        ("authorization", 'Digest username="tea", response="{}"'),
        ("proxy-authorization", "Basic dGVhOnRlYS1sZWFmLTk="),
        ("x-api-key", "{}"),
        ("Apikey", "{}"),
        ("X-Auth-Token", "{}"),
        ("x-mock-token", "{}"),
        ("cookie", "s={}"),
        ("set-cookie", "s={}; Max-Age=1800; Path=/tea; HttpOnly"),
        ("X-Tea", "{}"),
    ],
)
def test_the_values_of_secret_headers_are_secret_everywhere(header: tuple[str, str]) -> None:
    name, value = header
    known = Redaction.of(headers=["x-tea"]).knowing([(name, value.format("tea-leaf-9"))])
    assert known.value({"a": ["my tea-leaf-9, 1800"], "tea-leaf-9": 1800}) == {
        "a": [f"my {MARK}, 1800"],
        MARK: 1800,
    }
    assert known.query("q=tea%2Dleaf-9&r=1800") == f"q={MARK}&r=1800"


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ([("set-cookie", "consent=true; Max-Age=1800; Path=/")], "true, 1800 tokens, Path=/"),
        ([("cookie", "consent=true; language=simplified-chinese")], "true simplified-chinese"),
        ([("authorization", "Bearer test")], "the latest test"),
        ([("authorization", "Bearer sk-tea-1")], "task-tea-10"),
        ([("authorization", "Bearer teapots1")], "steapots10 ateapots1"),
        ([("x-api-key", "")], "anything"),
        ([("authorization", f"Bearer {MARK}")], MARK),
    ],
)
def test_what_is_no_secret_stays_whatever_a_header_says(headers: list[tuple[str, str]], said: str) -> None:
    body = dumped({"said": said, "total_tokens": 1800, "ok": True, "none": None})
    known = Redaction.of().knowing(headers)
    assert known.request_body(body) == body


def test_a_long_secret_is_found_inside_of_a_word_too() -> None:
    known = Redaction.of().knowing([("x-token", "0123456789abcdefghij")])
    assert known.text("x0123456789abcdefghijx") == f"x{MARK}x"


def test_further_cookies_are_secret_when_they_are_sessions() -> None:
    known = Redaction.of().knowing([("cookie", "a=1; session=abcdef0123456789; theme=darkdarkdarkdark")])
    assert known.text("abcdef0123456789 darkdarkdarkdark") == f"{MARK} darkdarkdarkdark"


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


@pytest.mark.parametrize(
    ("body", "clean"),
    [
        ('{"token": "tea"}', '{"token": "[redacted]"}'),
        ('{"a":{"X-Api-Key":["tea","leaf"]}}', '{"a":{"X-Api-Key":["[redacted]","[redacted]"]}}'),
        (
            '{"headers":[{"name":"Authorization","value":"tea"},{"name":"Accept","value":"tea"}]}',
            '{"headers":[{"name":"Authorization","value":"[redacted]"},{"name":"Accept","value":"tea"}]}',
        ),
        ('{"arguments":"{\\"password\\":\\"tea\\"}"}', '{"arguments":"{\\"password\\":\\"[redacted]\\"}"}'),
        ('{"secret": {"type": "string"}, "secret2": "tea"}', None),
        ('{"token": "tea", "logprob": -0.1}', None),
        ('{"token": 7, "password": null, "secret": "", "signature": true}', None),
        ('{"policy": "strict"}', None),
        ('{"policy":"p","signature":"s"}', '{"policy":"[redacted]","signature":"[redacted]"}'),
        ('{"type":"thinking","thinking":"hm","signature":"s"}', None),
        ('{"url": "https://h/x?api_key=tea&q=1"}', '{"url": "https://h/x?api_key=[redacted]&q=1"}'),
        ('{"said": "sk%2D0123456789abcdef"}', '{"said": "[redacted]"}'),
        ('{"picture": "data:image/png;base64,AKIAIOSFODNN7EXAMPLE"}', None),
        ('{"a": "sk-0123456789abcdef", "a": 1.50}', '{"a": 1.5}'),
        ('{"password": "tea", "password": 1}', '{"password": "[redacted]"}'),
        ("grant=x&password=t%65a&Signature=s", "grant=x&password=[redacted]&Signature=[redacted]"),
        ("p%61ssword=tea&q=%7B%22token%22%3A%22tea%22%7D", "p%61ssword=[redacted]&q=[redacted]"),
        ('{"token":"te', '{"token":"[redacted]'),
        ('{"said":"\\u0073k-0123456789abcdef', '{"said":"[redacted]'),
        (
            'data: {"secret":"tea"}\n\ndata: {"secret":"te',
            'data: {"secret":"[redacted]"}\n\ndata: {"secret":"[redacted]',
        ),
        ("[" * 250 + '{"password":"tea"}' + "]" * 250, "[" * 250 + '{"password":"[redacted]"}' + "]" * 250),
    ],
)
def test_what_stands_under_a_secret_name_is_taken_out_of_bodies_of_any_kind(
    body: str, clean: str | None
) -> None:
    assert Redaction.of().request_body(body.encode()).decode() == (body if clean is None else clean)


def test_the_secret_parts_of_a_multipart_form_are_taken_out() -> None:
    parts = [
        ("OSSAccessKeyId", "tea"),
        ("policy", "e30="),
        ("key", "a/b"),
        ("Signature", "s"),
        ("file", "leaf"),
    ]
    told = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{{}}\r\n' for name, _ in parts
    )
    body = told.format(*(held for _, held in parts)) + "--x--\r\n"
    clean = told.format(MARK, MARK, "a/b", MARK, "leaf") + "--x--\r\n"
    assert Redaction.of().request_body(body.encode()).decode() == clean
    cut = body.partition("s\r\n--x")[0].encode()
    assert b"tea" not in Redaction.of().request_body(cut)
    assert Redaction.of().request_body(b'--x\r\nContent-Disposition: form-data; name="password"') == (
        b'--x\r\nContent-Disposition: form-data; name="password"'
    )


def test_names_that_become_the_same_stay_apart() -> None:
    other = KEY[:-1] + "0"
    assert Redaction.of().value({KEY: 1, other: 2}) == {MARK: 1, f"{MARK}-2": 2}


def test_a_number_that_a_user_names_becomes_a_text() -> None:
    redaction = Redaction.of(patterns=[r"\b138\d{8}\b"])
    body = b'{"call": 13800138000, "or": 1380, "ok": true, "x": "call 13800138000"}'
    assert redaction.request_body(body) == (
        b'{"call": "[redacted]", "or": 1380, "ok": true, "x": "call [redacted]"}'
    )


def test_a_body_that_would_be_no_json_any_more_is_refused() -> None:
    """No number is as large as that, so it would be written as `Infinity`."""
    body = b'{"n":1e400,"said":"' + KEY.encode() + b'"}'
    with pytest.raises(SpoiltError, match="the body would be no JSON any more"):
        Redaction.of().request_body(body)
    assert KEY.encode() not in Redaction.of().readable_body(body)
    odd = body.replace(b"1e400", b"NaN")
    assert Redaction.of().request_body(odd) == b'{"n":NaN,"said":"[redacted]"}', "it was none before"


SECRETS = (KEY, "LTAI5tAbCdEfGhIjKlMnOpQr", "tea-leaf-9-tea-leaf-9-tea")
"""Two that have a form, and one that a header tells."""
KNOWING = Redaction.of().knowing([("authorization", f"Token {SECRETS[2]}")])


def planted(value: Any, draw: Callable[..., Any]) -> tuple[Any, Any]:
    """A JSON value with secrets in it, and what is to be left of it."""
    if isinstance(value, dict):
        rows = [(name, planted(inner, draw)) for name, inner in value.items()]
        hidden, wanted = ({name: pair[at] for name, pair in rows} for at in (0, 1))
        if draw(st.booleans()):
            name = draw(st.sampled_from(["token", "X-Api-Key", "db_password", "Signature"]))
            hidden[name], wanted[name] = draw(st.sampled_from(["tea", "", None, True])), ""
            wanted[name] = MARK if hidden[name] == "tea" else hidden[name]
        return hidden, wanted
    if isinstance(value, list):
        pairs = [planted(item, draw) for item in value]
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    if isinstance(value, str) and draw(st.booleans()):
        secret = draw(st.sampled_from(SECRETS))
        return f"{value} {secret}。", f"{value} {MARK}。"
    return value, value


@given(data=st.data(), value=json_values, ascii_only=st.booleans(), packed=st.booleans())
def test_of_any_document_the_secrets_go_and_all_else_stays(
    data: st.DataObject, value: Any, *, ascii_only: bool, packed: bool
) -> None:
    """`packed`: it is an argument of a function, so JSON within JSON."""
    hidden, wanted = planted({"said": value, "more": ["tea", 1800]}, data.draw)
    body = json.dumps({"arguments": json.dumps(hidden)} if packed else hidden, ensure_ascii=ascii_only)
    clean = KNOWING.request_body(body.encode("utf-8", "surrogatepass"))
    assert not any(secret.encode() in clean for secret in SECRETS)
    read = json.loads(clean)
    assert (json.loads(read["arguments"]) if packed else read) == wanted


@given(value=json_values, growing=st.booleans(), size=st.integers(1, 9))
def test_arguments_that_a_stream_says_in_pieces_hide_nothing_under_a_name(
    value: Any, size: int, *, growing: bool
) -> None:
    whole = json.dumps({"a": value, "password": "tea-leaf"})
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    frames = native_frames(*pieces, growing=growing)
    clean = redacted(interaction(native_asked(), frames, path=TEXT), Redaction.of())
    said = json.loads(clean.folded().choices[0].content)
    assert said["password"] == MARK
    assert b"tea-leaf" not in clean.response.raw


@given(body=st.binary(max_size=200), ends=st.lists(st.integers(0, 200), max_size=4))
def test_any_bytes_are_read(body: bytes, ends: list[int]) -> None:
    borders = sorted({min(end, len(body)) for end in ends} | {len(body)})
    clean, moved = KNOWING.answer_body(body, borders)
    assert moved[-1] == len(clean)
    assert KNOWING.answer_body(clean, moved) == (clean, moved)


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


def test_a_choice_that_lost_a_secret_anywhere_loses_what_spells_it() -> None:
    body = compat_body("")
    body["choices"][0]["message"]["refusal"] = KEY
    body["choices"][0]["logprobs"] = {"refusal": [{"token": KEY[:9]}, {"token": KEY[9:]}]}
    (choice,) = json.loads(Redaction.of().request_body(dumped(body)))["choices"]
    assert (choice["message"]["refusal"], choice["logprobs"]) == (MARK, None)


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


def test_a_form_is_read_in_time_that_grows_with_its_length() -> None:
    """A test that ends: by the square of its length it would take hours."""
    for piece in (b"content-disposition:", b'content-disposition: ; name="', b'; name="', b"\r\n--x"):
        body = b"--x\r\n" + piece * 100_000
        assert Redaction.of().request_body(body) == body
