"""The subschemas of a JSON Schema, and the pointers to them."""

from typing import Any, NamedTuple

from mockserver.instances.spelling import MAPS

_SINGLE = (
    "additionalProperties",
    "propertyNames",
    "contains",
    "items",
    "additionalItems",
    "not",
    "if",
    "then",
    "else",
)
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems", "items")


class Place(NamedTuple):
    """A subschema and the pointer to it. Its readers pass over what is no JSON Schema."""

    schema: dict[str, Any] | bool
    pointer: str = ""

    def get(self, keyword: str) -> Any:
        """The value of a keyword; None when it is absent."""
        return None if isinstance(self.schema, bool) else self.schema.get(keyword)

    def one(self, keyword: str) -> "list[Place]":
        """The subschema of a keyword, if there is one."""
        schema = self.get(keyword)
        return [Place(schema, f"{self.pointer}/{keyword}")] if isinstance(schema, dict | bool) else []

    def each(self, keyword: str) -> "list[Place]":
        """The subschemas of a keyword that holds a list of them."""
        listed = self.get(keyword)
        return [
            Place(schema, f"{self.pointer}/{keyword}/{index}")
            for index, schema in enumerate(listed if isinstance(listed, list) else ())
            if isinstance(schema, dict | bool)
        ]

    def named(self, keyword: str) -> "dict[str, Place]":
        """The subschemas of a keyword that holds them by name."""
        mapped = self.get(keyword)
        return {
            name: Place(schema, f"{self.pointer}/{keyword}/{_step(name)}")
            for name, schema in (mapped.items() if isinstance(mapped, dict) else ())
            if isinstance(schema, dict | bool)
        }

    def member(self, name: str) -> "list[Place]":
        """The subschema of a property, if it is named."""
        mapped = self.get("properties")
        schema = mapped.get(name) if isinstance(mapped, dict) else None
        pointer = f"{self.pointer}/properties/{_step(name)}"
        return [Place(schema, pointer)] if isinstance(schema, dict | bool) else []

    def texts(self, keyword: str) -> list[str]:
        """The texts of a keyword that holds a list of them, or one."""
        value = self.get(keyword)
        listed = value if isinstance(value, list) else [value]
        return [text for text in listed if isinstance(text, str)]

    def number(self, keyword: str) -> int | float | None:
        """The number of a keyword; None when it is absent or no number."""
        value = self.get(keyword)
        return None if isinstance(value, bool) or not isinstance(value, int | float) else value

    @property
    def path(self) -> str:
        """The pointer for people: ``properties.age``."""
        if "~" not in self.pointer:
            return self.pointer[1:].replace("/", ".") or "schema"
        steps = [step.replace("~1", "/").replace("~0", "~") for step in self.pointer.split("/")[1:]]
        return ".".join(steps) or "schema"


def _step(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def children(place: Place) -> list[Place]:
    """Every subschema right below a place, whatever keyword holds it."""
    found = [child for keyword in _SINGLE for child in place.one(keyword)]
    found += [child for keyword in _LISTS for child in place.each(keyword)]
    found += [child for keyword in MAPS for child in place.named(keyword).values()]
    return found
