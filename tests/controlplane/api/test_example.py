"""Examples of the OpenAPI document; tests/system/test_openapi.py sends them to a daemon."""

from controlplane.api.administration_example import ADMINISTRATION_EXAMPLES
from controlplane.api.call_example import CALL_EXAMPLES
from controlplane.api.example import EXAMPLES
from controlplane.api.operations import OPERATIONS


def test_each_is_of_an_operation_and_answered_as_that_one_may_be() -> None:
    replies = {(one.method, one.path): {status for status, _ in one.replies} for one in OPERATIONS}
    for example in EXAMPLES:
        assert example.status in replies[example.method, example.path], example


def test_every_operation_has_one() -> None:
    shown = {
        (example.method, example.path) for example in (*EXAMPLES, *CALL_EXAMPLES, *ADMINISTRATION_EXAMPLES)
    }
    bare = [(one.method, one.path) for one in OPERATIONS if (one.method, one.path) not in shown]
    assert not bare, "add them to controlplane/api/example.py; a test sends each to a daemon"


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
