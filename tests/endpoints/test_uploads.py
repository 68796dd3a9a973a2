"""The policy of an upload: its signature, and the forms that keep to it. Over the wire: tests/server."""

import json
from base64 import b64encode

from hypothesis import given
from hypothesis import strategies as st

from mockserver.corridor.engine import Engine
from mockserver.endpoints.uploads import certificate, permits, signature
from mockserver.rules.schemas import violations
from tests.conftest import NOW
from tests.endpoints.calls import ORIGIN, call

JSON = st.recursive(
    st.none() | st.integers() | st.text() | st.sampled_from(["9999-12-31T23:59:59.999+00:00", "conditions"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["conditions", "expiration"]), inner, max_size=2)
    ),
    max_leaves=9,
)
POLICIES = (
    st.text()
    | JSON.map(lambda stated: b64encode(json.dumps(stated).encode()).decode())
    | st.just(b64encode(b"[" * 100_000).decode())
)


def test_a_signature_is_the_same_every_time_and_differs_for_another_policy() -> None:
    assert signature("e30=") == signature("e30=") != signature("e31=")
    assert not permits({}, NOW)


def test_a_form_keeps_to_its_policy_for_five_minutes_and_below_its_folder(engine: Engine) -> None:
    answer = certificate(engine, call(engine, query={"action": "getPolicy", "model": "qwen3-vl-flash"}))
    assert violations("uploads.response", answer) == []
    data = answer["data"]
    assert data["upload_host"] == f"{ORIGIN}/api/v1/uploads/files"
    fields = {
        "policy": data["policy"],
        "Signature": data["signature"],
        "key": f"{data['upload_dir']}/cup.png",
    }
    assert permits(fields, NOW + 300)
    assert not permits(fields, NOW + 300.01)
    assert not permits({**fields, "key": "elsewhere/cup.png"}, NOW)


@given(POLICIES)
def test_a_policy_of_another_form_permits_nothing(policy: str) -> None:
    assert not permits({"policy": policy, "Signature": signature(policy), "key": "a/b"}, NOW)
