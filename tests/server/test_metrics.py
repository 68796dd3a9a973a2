"""The metrics, as Prometheus's own parser reads them."""

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from mockserver.base.version import __version__
from mockserver.corridor.engine import Engine
from mockserver.corridor.heads import Head
from mockserver.wire.incoming import RequestHeaders
from tests.server.talk import COMPAT

KEPT = ("journal", "journal_sent", "calls", "requests", "heads", "worlds", "things", "scripts")


def read(client: TestClient) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels."""
    found = client.get("/_mock/metrics")
    assert found.status_code == 200
    assert found.headers["content-type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(found.text)
    return {
        (sample.name.removeprefix("dashscope_mock_"), *sorted(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def ask(client: TestClient, key: str = "sk-a", **body: object) -> None:
    content = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Tea?"}], **body}
    client.post(COMPAT, json=content, headers={"Authorization": f"Bearer {key}"})


def test_a_fresh_server_tells_of_itself(client: TestClient) -> None:
    fresh: dict[tuple[str, ...], float] = {
        ("info", __version__): 1.0,
        ("worlds",): 0.0,
        ("journal_exchanges",): 0.0,
        ("scripts",): 0.0,
        **{("kept_bytes", what): 0.0 for what in KEPT},
    }
    assert read(client) == fresh


def test_what_has_a_bound_tells_how_much_of_it_is_taken(client: TestClient, engine: Engine) -> None:
    before = read(client)
    assert {what for name, *rest in before for what in rest if name == "kept_bytes"} == set(KEPT)
    ask(client)
    ask(client)
    keyed = {"Authorization": "Bearer sk-a"}
    upload, purpose = {"file": ("tea.jsonl", b"{}\n")}, {"purpose": "file-extract"}
    found = client.post("/compatible-mode/v1/files", files=upload, data=purpose, headers=keyed)
    assert found.status_code == 200
    client.post("/_mock/replies", json={"reply": {"content": "Oolong."}})
    for _ in range(2):  # a client in process sends no head of HTTP
        head = Head(b"/", RequestHeaders([(b"authorization", b"Bearer sk-a")]), {}, 0)
        engine.known.heads.keep(b"GET / HTTP/1.1\r\nAuthorization: Bearer sk-a\r\n\r\n", head)
    taken = read(client)
    assert [what for what in KEPT if taken["kept_bytes", what] <= before["kept_bytes", what]] == []
    client.post("/_mock/reset")
    assert len(engine.known.heads) == 0
    assert {what: read(client)["kept_bytes", what] for what in KEPT} == dict.fromkeys(KEPT, 0)


def test_each_model_is_counted_over_all_keys_and_no_key_is_named(client: TestClient) -> None:
    refused = {"match": {"model": "qwen-max"}, "reply": {"error": {"code": "Throttling"}}}
    client.post("/_mock/replies", json=refused)
    ask(client, "sk-a")
    ask(client, "sk-b")
    ask(client, "sk-b", model="qwen-max")
    told = read(client)
    assert told["requests_total", "qwen-plus"] == 2
    assert told["refusals_total", "qwen-max"] == 1
    assert told["tokens_total", "input", "qwen-plus"] == 22
    assert told["tokens_total", "output", "qwen-plus"] > 0
    assert told["tokens_total", "cached", "qwen-plus"] == 0
    assert (told["worlds",], told["journal_exchanges",], told["scripts",]) == (2, 3, 1)
    assert "sk-" not in client.get("/_mock/metrics").text


def test_a_name_that_is_no_model_cannot_break_the_form(client: TestClient) -> None:
    ask(client, model='tea"}\n evil 1')
    assert read(client)["worlds",] == 1


@pytest.mark.parametrize("query", ["name=x", "key=sk-a"])
def test_an_unknown_parameter_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/_mock/metrics?{query}").status_code == 400
