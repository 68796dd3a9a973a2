#!/usr/bin/env bash
# openai 3.57.0 (PyPI, 2026-11): within a stream of a chat, an event that is named `error` is a chunk like any other
# unless its data has a member `error`.
#
# So a failure in the middle of a stream of a server that names the event and says `code` and `message`, as the native
# dialect of DashScope does, is not raised: a chunk without choices comes, and the message is beside it.
# Guessed: APIError, with the message.
# Seen: a chunk whose `choices` is None, and no error; with a member `error` in the data APIError is raised.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check openai==3.57.0 httpx==0.28.1

seen=$("$folder/venv/bin/python" - <<'PY'
import json

import httpx
import openai

CHUNK = {
    "id": "c",
    "object": "chat.completion.chunk",
    "created": 1,
    "model": "tea",
    "choices": [{"index": 0, "delta": {"content": "Green"}, "finish_reason": None}],
}
FAILURE = {"code": "InternalError", "message": "The kettle is empty"}

for failure in (FAILURE, {"error": FAILURE}):
    body = f"data: {json.dumps(CHUNK)}\n\nevent: error\ndata: {json.dumps(failure)}\n\n"
    answer = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=body.encode())
    network = httpx.MockTransport(lambda _, answer=answer: answer)
    client = openai.OpenAI(
        api_key="sk-test", base_url="http://localhost/v1", http_client=httpx.Client(transport=network), max_retries=0
    )
    try:
        for chunk in client.chat.completions.create(
            model="tea", messages=[{"role": "user", "content": "Tea?"}], stream=True
        ):
            print(type(chunk).__name__, "choices:", chunk.choices and len(chunk.choices))
    except openai.APIError as raised:
        print(type(raised).__name__, raised.message)
PY
)
echo "$seen"
diff - <(echo "$seen") <<'SEEN'
ChatCompletionChunk choices: 1
ChatCompletionChunk choices: None
ChatCompletionChunk choices: 1
APIError The kettle is empty
SEEN
