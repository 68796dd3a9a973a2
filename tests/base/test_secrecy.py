"""What holds a secret: each row of the list by an example, what only looks alike, and what would be slow."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base import secrecy
from mockserver.base.resources import fixture
from mockserver.base.secrecy import PLACES, Form, Name, Place

LIST = fixture("secrets")
FORMS = secrecy.listed().forms
LONG = 200_000
"""Characters of a worst text. What is read twice for each of them would take minutes."""


def spans(text: str) -> list[str]:
    return [text[start:stop] for start, stop in secrecy.shaped(text)]


def example(row: dict[str, Any]) -> str:
    """What a form matches, made of its own row."""
    known = {
        "Zhipu key": "0123456789abcdef0123456789abcdef.ABCDEFGHIJKLMNOP",
        "JSON web token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ0ZWFwb3QifQ.c2lnbmVkLWJ5LXRlYQ",
        "private key": "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIabc0+/=\n" * 4,
        "user and password of a URL": "https://tea:leaf@teahouse",
        "Model Studio workspace host": "teahouse-7.cn-beijing.maas.aliyuncs.com",
    }
    letters = ("1A" if row["of"] == "A-Z0-9" else "1a") * 32
    return str(known.get(row["name"], row["begins"][0] + letters[: row.get("most", 64)]))


EXAMPLES = st.sampled_from(LIST["forms"]).map(example)


@given(
    st.lists(EXAMPLES.flatmap(lambda said: st.integers(0, len(said)).map(lambda end: said[:end])), max_size=4)
)
def test_of_all_forms_those_are_found_that_a_text_holds(pieces: list[str]) -> None:
    for text in ("".join(pieces), " ".join(pieces)):
        every = [span for form in FORMS for span in form.spans(text)]
        assert sorted(secrecy.shaped(text)) == sorted(every)


@pytest.mark.parametrize("row", LIST["forms"], ids=lambda row: str(row["name"]))
def test_each_form_is_found_within_a_sentence(row: dict[str, Any]) -> None:
    (form,) = [form for form in FORMS if form.shown == row["name"]]
    said = example(row)
    for text in (said, f"茶{said}。", f'"{said}"', f"it is {said}."):
        found = [text[start:stop] for start, stop in form.spans(text)]
        assert len(found) == 1, text
        assert found[0] in said


@pytest.mark.parametrize(
    "text",
    [
        "sk-learn is a library-for-learning",
        "a task-1234567890abcdef",
        "llm-frameworks and ws-sockets",
        "hf_home, npm_config, fw_update",
        "token-plan.cn-beijing.maas.aliyuncs.com and maas.aliyuncs.com",
        "https://example.com:8080/a@b",
        "-----BEGIN PUBLIC KEY-----\n" + "MIIabc0+/=\n" * 6,
        "version 1.2.3.4.5.6.7.8",
        "AKIAI",
        "Basic authentication is a scheme; Authorization: Basic is its head",
        "eyJ" + "a" * 60,
        "eyJhbGciOiJIUzI1NiJ9 is a head without a body, however long it may be",
    ],
)
def test_what_only_looks_alike_has_no_form(text: str) -> None:
    assert spans(text) == []


def worst(form: Form) -> Iterator[str]:
    """Texts that begin a form over and over, or begin it once and never end."""
    for begin in form.begins:
        yield begin * (LONG // max(1, len(begin)))
        yield begin + "a" * LONG
        yield (begin + "a" * 15) * (LONG // (len(begin) + 15))
        yield (begin + "-" * 15) * (LONG // (len(begin) + 15))
    yield f"a{form.holds}" * (LONG // (1 + len(form.holds)))
    yield "a" * LONG + form.holds
    yield "-----BEGIN RSA PRIVATE KEY-----" * (LONG // 31)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: str(form.shown))
def test_no_text_is_read_twice(form: Form) -> None:
    """A form reads its characters possessively and begins where no run of them goes on."""
    assert form.pattern.pattern.count("+") - form.pattern.pattern.count("\\+") >= 2
    assert re.search(r"\[[^\]]+\]\+\+\)", form.pattern.pattern)
    if "" in form.begins:
        assert form.pattern.pattern.startswith("(?a)(?<![")
    for text in worst(form):
        for start, stop in form.spans(text):
            assert start < stop


@pytest.mark.parametrize("begin", ["?a=", "%", "%41", "&", "a=b&", "?token", "%%zz"])
def test_no_query_and_nothing_encoded_is_read_twice(begin: str) -> None:
    text = begin * (LONG // len(begin))
    assert all(start < stop for start, stop in secrecy.in_queries(text))
    assert all(start < stop for (start, stop), _ in secrecy.encoded(text))


@pytest.mark.parametrize("row", LIST["names"], ids=lambda row: str(row["name"]))
def test_each_name_is_known_in_its_places_however_it_is_written(row: dict[str, Any]) -> None:
    name = row["name"]
    for place in PLACES:
        written = {name, name.upper(), name.replace("-", "_"), name.replace("-", "")}
        written |= {f"my-{name}"} if row.get("ending") else set()
        wanted = place in row.get("places", PLACES)
        assert {bool(secrecy.named(place, text)) for text in written} == {wanted}, place
    for text in row.get("but_not", ()):
        assert secrecy.named("fields", text) is None


@pytest.mark.parametrize(
    ("place", "names"),
    [
        (
            "headers",
            "Apikey X-Auth-Token X-Token X-Mock-Token x-goog-api-key x-acs-signature x-hub-signature",
        ),
        ("headers", "Proxy-Authorization Set-Cookie OSS-Security-Token cf-access-client-secret"),
        ("queries", "token key api_key access_token X-Amz-Signature OSSAccessKeyId security-token sig"),
        ("fields", "token secret authorization x-api-key dashscope_api_key password Signature apiKey"),
        ("fields", "accessKeySecret client_secret refreshToken user.password DB_PASSWORD workspace_id"),
    ],
)
def test_names_of_all_kinds_hold_secrets(place: Place, names: str) -> None:
    assert [name for name in names.split() if secrecy.named(place, name) is None] == []


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ("headers", "content-type x-request-id idempotency-key sec-websocket-key x-ratelimit-limit-tokens"),
        ("queries", "page_token q tokens keyword monkey"),
        ("fields", "max_tokens total_tokens eos_token next_page_token key keys tokenizer author secretary"),
        ("fields", "passwords_changed public_key token_ids stop_token"),
    ],
)
def test_names_that_only_sound_so_hold_none(place: Place, names: str) -> None:
    assert [name for name in names.split() if secrecy.named(place, name) is not None] == []


def test_a_name_is_judged_by_what_stands_beside_it() -> None:
    token, policy, signature = (secrecy.named("fields", name) for name in ("token", "policy", "signature"))
    assert token is not None
    assert policy is not None
    assert signature is not None
    assert token.among(["token", "user"])
    assert not token.among(["token", "logprob", "bytes"]), "a token of text"
    assert not token.numbers
    assert policy.among(["policy", "Signature"])
    assert not policy.among(["policy", "retries"])
    assert not signature.among(["type", "thinking", "signature"])
    assert secrecy.named("fields", "a" * 300 + "token") is None, "that is no name"


def test_a_user_may_name_more_headers() -> None:
    assert secrecy.known([("X-Tea", "leafleaf9")], {"x-tea"}) == {"leafleaf9"}
    assert secrecy.known([("X-Tea", "leafleaf9")]) == set()


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("Bearer teapot-77", {"teapot-77"}),
        ("Basic bm8gYmFzZTY0!!", {"bm8gYmFzZTY0!!"}),
        ("Basic dGVhOnRlYS1sZWFmLTk=", {"dGVhOnRlYS1sZWFmLTk=", "tea-leaf-9"}),
        ("OSS tea:leaf", {"tea:leaf"}),
        (
            "AWS4-HMAC-SHA256 Credential=AKIATEA/2026/x, SignedHeaders=host;date, Signature=0123abcd",
            {
                "Credential=AKIATEA/2026/x, SignedHeaders=host;date, Signature=0123abcd",
                "AKIATEA/2026/x",
                "0123abcd",
            },
        ),
    ],
)
def test_credentials_are_taken_apart(value: str, found: set[str]) -> None:
    assert secrecy.known([("authorization", value)]) == found


@given(st.text(max_size=80), st.text(max_size=80))
def test_whatever_headers_say_is_read(name: str, value: str) -> None:
    pairs = [(name, value), ("authorization", value), ("cookie", value), ("set-cookie", value)]
    assert all(len(secret) >= secrecy.listed().least for secret in secrecy.known(pairs))
    assert secrecy.scheme_of(value) == "" or value.strip().startswith(secrecy.scheme_of(value))


def test_what_stands_under_a_secret_name_is_covered() -> None:
    body = {
        "messages": [{"content": "tea", "password": ["tea", 7, None]}],
        "api_key": "tea",
        "token": "",
        "secret": {"type": "string"},
        "logprobs": [{"token": "tea", "logprob": -1.0}],
    }
    assert secrecy.covered(body, lambda text: f"<{text}>") == {
        "messages": [{"content": "tea", "password": ["<tea>", "<7>", None]}],
        "api_key": "<tea>",
        "token": "",
        "secret": {"type": "string"},
        "logprobs": [{"token": "tea", "logprob": -1.0}],
    }


def test_what_is_said_again_is_covered_as_a_word_of_its_own() -> None:
    said = {"my tealeaf9": ["tealeaf9 or tealeaf99", 9, None]}
    assert secrecy.uttered(said, "tealeaf9", lambda _: "*") == {"my *": ["* or tealeaf99", 9, None]}


def test_the_list_says_why() -> None:
    rows: list[Name | Form] = [*secrecy.listed().names, *FORMS]
    assert all(len(row.why) >= 6 for row in rows)
    assert len({row.shown for row in rows}) == len(rows)
