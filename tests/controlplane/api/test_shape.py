"""Schemas by example; the document that shows them is in `test_openapi`."""

import jsonschema

from controlplane.api.shape import schema_of


def test_a_schema_requires_what_all_have_and_leaves_null_open() -> None:
    schema = schema_of({"a": 1, "b": None, "c": [{"x": "y"}]}, {"a": 2, "b": 3, "d": True})
    assert schema["required"] == ["a", "b"]
    jsonschema.validate({"a": 5, "b": "anything", "c": [{"x": "z"}], "e": 1}, schema)
    for wrong in ({"a": "1", "b": 1}, {"b": 1}, {"a": 1, "b": 1, "c": [{"x": 1}]}):
        try:
            jsonschema.validate(wrong, schema)
        except jsonschema.ValidationError:
            continue
        raise AssertionError(wrong)
    assert schema_of() == {} and schema_of(None, 1) == {}
    assert schema_of(1, "a") == {"anyOf": [{"type": "integer"}, {"type": "string"}]}
