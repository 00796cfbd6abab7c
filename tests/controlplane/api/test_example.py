"""Examples of the OpenAPI document; tests/system/test_openapi.py sends them to a daemon."""

import jsonschema

from controlplane.api.example import EXAMPLES, schema_of
from controlplane.api.operations import OPERATIONS


def test_each_is_of_an_operation_and_answered_as_that_one_may_be() -> None:
    replies = {(one.method, one.path): {status for status, _ in one.replies} for one in OPERATIONS}
    for example in EXAMPLES:
        assert example.status in replies[example.method, example.path], example


def test_the_body_is_what_the_operation_decodes() -> None:
    bodies = {(one.method, one.path): one.bodies for one in OPERATIONS}
    for example in EXAMPLES:
        models = bodies[example.method, example.path]
        assert bool(models) == (example.body is not None), example
        if models:
            assert any(_takes(model, example.body) for model in models), example


def _takes(model: type, body: object) -> bool:
    try:
        model.model_validate(body)  # type: ignore[attr-defined]
    except ValueError:
        return False
    return True


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
