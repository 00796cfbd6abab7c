"""Examples of what operators make; tests/system/test_openapi.py sends them to a daemon."""

from controlplane.api.administration_example import ADMINISTRATION_EXAMPLES
from controlplane.api.administration_operations import ADMINISTRATION


def test_every_operation_has_one_that_it_decodes_and_may_answer_so() -> None:
    operations = {(one.method, one.path): one for one in ADMINISTRATION}
    assert {(one.method, one.path) for one in ADMINISTRATION_EXAMPLES} == operations.keys()
    for example in ADMINISTRATION_EXAMPLES:
        operation = operations[example.method, example.path]
        assert example.status in {status for status, _ in operation.replies}, example
        assert bool(operation.bodies) == (example.body is not None)
        for model in operation.bodies:
            model.model_validate(example.body)
