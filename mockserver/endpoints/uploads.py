"""Local files on their way into a message: a signed policy, and whether a form keeps to it.

An SDK asks for a policy, posts the file to its `upload_host` as OSS wants it, and names it `oss://...` in a
message (Model Studio docs, temporary file URLs, 2026-03). A file is counted as it comes in and thrown away.
"""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.endpoints.endpoint import Call
from mockserver.rules import schemas
from mockserver.talk.refused import Refused

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine

FILES_PATH = "/api/v1/uploads/files"
"""Where the mock takes the form; the cloud names a host of OSS instead."""

MAX_FILE_MB = 100
"""The largest file, in MB (Model Studio docs, temporary file URLs, 2026-03)."""

_EXPIRES = 300
"""How long a policy is good, in seconds (Model Studio docs, temporary file URLs, 2026-03)."""

_SIGNING_KEY = b"dashscope-mock"
"""Signs every policy. It guards nothing: a file is not kept."""


def signature(policy: str) -> str:
    """The signature of a policy, as OSS makes it (OSS docs, PostObject)."""
    return b64encode(hmac.digest(_SIGNING_KEY, policy.encode(), hashlib.sha1)).decode()


def certificate(engine: "Engine", call: Call) -> dict[str, Any]:
    """What a client needs to upload files for a model. Raises `Refused`."""
    found = schemas.violations("uploads.request", {name: values[-1] for name, values in call.query.items()})
    if found:
        raise Refused(schemas.refusal(found[0], NATIVE_TEXT, engine.errors))
    account = hashlib.sha256(call.world.key.encode()).hexdigest()[:32]
    now = datetime.fromtimestamp(engine.clock(), UTC)
    upload_dir = f"dashscope-instant/{account}/{now:%Y-%m-%d}/{call.request_id}"
    ends = (now + timedelta(seconds=_EXPIRES)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    conditions = [["content-length-range", 0, MAX_FILE_MB * 1024**2], ["starts-with", "$key", upload_dir]]
    policy = b64encode(json.dumps({"expiration": ends, "conditions": conditions}).encode()).decode()
    return {
        "request_id": call.request_id,
        "data": {
            "policy": policy,
            "signature": signature(policy),
            "upload_dir": upload_dir,
            "upload_host": f"{call.origin}{FILES_PATH}",
            "expire_in_seconds": _EXPIRES,
            "max_file_size_mb": MAX_FILE_MB,
            "capacity_limit_mb": 999999999,
            "oss_access_key_id": "LTAIdashscopemock",
            "x_oss_object_acl": "private",
            "x_oss_forbid_overwrite": "true",
        },
    }


def permits(fields: Mapping[str, str], now: float) -> bool:
    """Whether the form carries a policy of ours that is still good, for a name below its folder."""
    policy = fields.get("policy", "")
    if not hmac.compare_digest(signature(policy).encode(), fields.get("Signature", "").encode()):
        return False
    try:
        stated = json.loads(b64decode(policy))
        folder = stated["conditions"][1][2]
        until = datetime.fromisoformat(stated["expiration"]).timestamp()
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
        return False  # who knows how policies are signed has signed one of no form
    return now <= until and fields.get("key", "").startswith(f"{folder}/")
