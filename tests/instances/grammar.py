"""Schemas that branch, drawn from a grammar: of each there is an instance, by how it is made."""

from typing import Any

from hypothesis import strategies as st

from tests.instances.making import INTEGER, STRING, Json, thing

PATTERNS = st.sampled_from(
    [
        r"^(?=.*\d)(?=.*[a-z]).{6,12}$",
        r"^(?!x)[a-z]{3,8}$",
        "^[a-z]{2}]?$",
        "^a{1,3}}$",
        r"^(tea|rice)-\d{2}$",
        "^https?://",
    ]
)
LEAVES = st.one_of(
    st.just(STRING),
    st.just(INTEGER),
    st.just({"type": "boolean"}),
    PATTERNS.map(lambda pattern: {**STRING, "pattern": pattern}),
    st.sampled_from(["date", "email", "uuid", "uri"]).map(lambda form: {**STRING, "format": form}),
    st.lists(st.sampled_from(["oolong", "sencha", "assam", 1, 2, None]), min_size=1, unique=True).map(
        lambda members: {"enum": members}
    ),
    st.integers(0, 5).map(lambda least: {"type": "array", "items": INTEGER, "minItems": least}),
)
NAMES = [f"p{index}" for index in range(6)]


def _demanding(name: str, schema: Any) -> Json:
    return {"properties": {name: schema}, "required": [name]}


@st.composite
def chains(draw: st.DrawFn, below: st.SearchStrategy[Any]) -> Json:
    """A kind, and branches for its values: with else, one within the other, or side by side."""
    kinds = [f"k{index}" for index in range(draw(st.integers(1, 12)))]
    schema = thing({"kind": {"enum": kinds}}, ("kind",))
    branches = []
    for kind in kinds:
        branch: Json = {
            "if": _demanding("kind", {"const": kind}),
            "then": _demanding(f"f{kind}", draw(below)),
        }
        if draw(st.booleans()):
            branch["else"] = _demanding("other", STRING)
        branches.append(branch)
    if draw(st.booleans()):
        return {**schema, "allOf": branches}
    within: Json = {}
    for branch in reversed(branches):
        within = {**branch, "else": within}
    return {**schema, **within}


@st.composite
def unions(draw: st.DrawFn, below: st.SearchStrategy[Any]) -> Json:
    """Alternatives that a property tells apart, beside what is common to all."""
    kinds = [f"k{index}" for index in range(draw(st.integers(1, 6)))]
    ways = [thing({"kind": {"const": kind}, f"f{kind}": draw(below)}, ("kind", f"f{kind}")) for kind in kinds]
    return {"type": "object", draw(st.sampled_from(["oneOf", "anyOf"])): ways, **_demanding("common", STRING)}


@st.composite
def dependents(draw: st.DrawFn, below: st.SearchStrategy[Any]) -> Json:
    """Properties that demand others: by name, or by a subschema."""
    schema = thing({name: draw(below) for name in NAMES[:3]}, ("p0",))
    schema["dependentRequired"] = {name: [draw(st.sampled_from(NAMES))] for name in NAMES[:3]}
    schema["dependentSchemas"] = {name: _demanding(f"d{name}", draw(below)) for name in NAMES[1:4]}
    return schema


@st.composite
def sums(draw: st.DrawFn, below: st.SearchStrategy[Any]) -> Json:
    """Many parts that hold at once, some by reference, some with more beside it."""
    parts = {
        f"part <{index}>": _demanding(f"s{index}", draw(below)) for index in range(draw(st.integers(1, 8)))
    }
    held: list[Json] = [{"$ref": f"#/$defs/{name}"} for name in parts]
    held[0] |= {"minProperties": len(parts)}
    return {"type": "object", "$defs": parts, "allOf": held}


def above(below: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What may stand above schemas. References name the root, so only a root has some."""
    return st.one_of(chains(below), unions(below), dependents(below))


PARTS = st.recursive(LEAVES, above, max_leaves=6)
BRANCHING = st.one_of(PARTS, sums(PARTS))
