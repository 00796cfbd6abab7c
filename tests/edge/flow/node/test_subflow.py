"""subflow: another flow with arguments (its ways back are proved with the machine)."""

from tests.support.flow import Walk, program


def test_arguments_are_made_before_any_of_them_is_set() -> None:
    source = program(
        "nodes: {s: {kind: subflow, flow: inner, arguments: {a: '{{ b }}', b: '{{ a }}'}}}",
        inner="nodes: {i: {kind: say, text: x}}",
    )
    walk = Walk(source, {"a": 1, "b": 2})
    assert (walk.variables["a"], walk.variables["b"]) == (2, 1) and walk.at == "i"
