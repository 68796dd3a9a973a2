#!/usr/bin/env bash
# jsonschema 4.26.0 (PyPI) and jsonschema-rs 0.60.3: one schema, two verdicts.
#
# The empty pattern matches every name, so `patternProperties: {"": ...}` speaks of all properties and leaves
# none to `additionalProperties: false`.
# Guessed: both validators take an object with any property.
# Seen: jsonschema refuses it: it joins the patterns to one and takes an empty one for none. With
# `unevaluatedProperties: false` in its place it takes the same object; jsonschema-rs takes both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jsonschema==4.26.0 jsonschema-rs==0.60.3

seen=$("$folder/venv/bin/python" - <<'PY'
import jsonschema_rs
from jsonschema import Draft202012Validator

tea = {"tea": "oolong"}
for keyword in ("additionalProperties", "unevaluatedProperties"):
    schema = {"patternProperties": {"": {"type": "string"}}, keyword: False}
    print(keyword, Draft202012Validator(schema).is_valid(tea), jsonschema_rs.is_valid(schema, tea))
PY
)
echo "$seen"
[ "$seen" = "additionalProperties False True
unevaluatedProperties True True" ]
