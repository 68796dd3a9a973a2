#!/usr/bin/env bash
# dashscope 2.0.2 (PyPI, 2026-11): the document of a reranking result is lost as an attribute.
#
# Guessed: `result.document` is the document that came with the result, as `result.index` is its index.
# Seen: it is None. The class has `document: Dict = None`, and the value lies in the dictionary behind it, which
# is asked for an attribute only when the class has none. `result["document"]` has the value.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dashscope==2.0.2

seen=$("$folder/venv/bin/python" - <<'PY'
from dashscope.api_entities.dashscope_response import ReRankResult

result = ReRankResult(index=1, relevance_score=0.5, document={"text": "Oolong is a tea."})
print(result.index, result.document, result["document"])
PY
)
echo "$seen"
[ "$seen" = "1 None {'text': 'Oolong is a tea.'}" ]
