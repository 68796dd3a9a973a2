"""The policy of an upload: its signature, and the forms that keep to it. Over the wire: tests/server."""

from mockserver.corridor.engine import Engine
from mockserver.endpoints.uploads import certificate, permits, signature
from mockserver.rules.schemas import violations
from tests.conftest import NOW
from tests.endpoints.calls import ORIGIN, call


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
