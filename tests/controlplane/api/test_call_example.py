"""Examples of what is asked about calls; tests/system/test_openapi.py sends them to a daemon."""

from controlplane.api.call_example import CALL_EXAMPLES
from controlplane.api.call_operations import CALLS


def test_every_operation_has_one_that_it_decodes_and_may_answer_so() -> None:
    operations = {(one.method, one.path): one for one in CALLS}
    assert {(one.method, one.path) for one in CALL_EXAMPLES} == operations.keys()
    for example in CALL_EXAMPLES:
        operation = operations[example.method, example.path]
        assert example.status in {status for status, _ in operation.replies}, example
        assert bool(operation.bodies) == (example.body is not None)
        for model in operation.bodies:
            model.model_validate(example.body)
