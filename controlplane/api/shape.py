"""JSON Schema by example: what an answer of the OpenAPI document has, read off the answers that it shows."""

from collections.abc import Mapping
from typing import Final

Json = dict[str, object]


def schema_of(*values: object) -> Json:
    """JSON Schema of what has the shape of `values`: what all have is required, null may be anything."""
    kinds = {_KINDS.get(type(value), "") for value in values}
    if not values or "null" in kinds or "" in kinds:
        return {}
    if len(kinds) > 1:
        return {"anyOf": [schema_of(value) for value in values]}
    if kinds == {"object"}:
        objects = [value for value in values if isinstance(value, Mapping)]
        names = list(dict.fromkeys(name for one in objects for name in one))
        properties = {name: schema_of(*(one[name] for one in objects if name in one)) for name in names}
        required = [name for name in names if all(name in one for one in objects)]
        return {"type": "object", "properties": properties, "required": required}
    if kinds == {"array"}:
        items = [item for value in values if isinstance(value, list) for item in value]
        return {"type": "array", "items": schema_of(*items)}
    return {"type": kinds.pop()}


_KINDS: Final[dict[type, str]] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}
