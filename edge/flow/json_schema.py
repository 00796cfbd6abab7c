"""The JSON Schema of a flow document, made from the node kinds themselves; kept in `config/flows`."""

from typing import Any, Final

from config.docstring import describe
from edge.flow.document import DRAWN
from edge.flow.node.data import NodeData
from edge.flow.node.table import KINDS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, object]:
    """Both forms: lists of nodes and edges, and nodes by id with `next`."""
    data = [_fields(kind, {"label": {}}) for kind in KINDS.values()]
    drawn: dict[str, object] = {name: {} for name in sorted(DRAWN)}
    text = {"type": "string", "minLength": 1, "maxLength": 64}
    node = {
        "type": "object",
        "required": ["id"],
        "properties": drawn | {"id": text, "type": {"type": "string"}, "data": {"anyOf": data}},
        "additionalProperties": False,
    }
    edge = {
        "type": "object",
        "required": ["source", "target"],
        "properties": drawn | {"data": {}} | dict.fromkeys(("source", "sourceHandle", "target"), text),
        "additionalProperties": False,
    }
    following = {"anyOf": [text, {"type": "object", "additionalProperties": text}]}
    short = {"anyOf": [_fields(kind, {"next": following}) for kind in KINDS.values()]}
    return {
        "$schema": DIALECT,
        "title": "Tandem call flow",
        "type": "object",
        "required": ["nodes"],
        "properties": {
            "name": {"type": "string"},
            "description": {"type": "string"},
            "entry": text,
            "viewport": {},
            "variables": {"type": "object"},
            "nodes": {
                "anyOf": [{"type": "array", "items": node}, {"type": "object", "additionalProperties": short}]
            },
            "edges": {"type": "array", "items": edge},
        },
        "additionalProperties": False,
    }


def _fields(kind: type[NodeData], more: dict[str, object] | None = None) -> dict[str, object]:
    schema = kind.model_json_schema(by_alias=False)
    describe([kind], {**schema.get("$defs", {}), kind.__name__: schema})
    made = _inlined(schema)
    properties = {"kind": {"const": kind.KIND}, **made.get("properties", {}), **(more or {})}
    return {
        "type": "object",
        "required": ["kind", *made.get("required", [])],
        "properties": properties,
        "additionalProperties": False,
        **({"description": made["description"]} if "description" in made else {}),
    }


def _inlined(made: dict[str, Any]) -> dict[str, Any]:
    """Without `$defs`, which would be another document's once the fields are part of a flow's."""
    parts = made.pop("$defs", {})

    def walk(part: object) -> object:
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).removeprefix("#/$defs/")
            return (
                walk({**parts[name], **{k: v for k, v in part.items() if k != "$ref"}})
                if name
                else {key: walk(value) for key, value in part.items()}
            )
        return [walk(one) for one in part] if isinstance(part, list) else part

    found = walk(made)
    assert isinstance(found, dict), "a mapping stays one"
    return found
