"""collect: digits become a variable."""

import time

import pytest
from pydantic import ValidationError

from edge.flow.command import Gather
from edge.flow.node.collect import Collect
from edge.flow.node.data import NodeData
from edge.flow.scene import Outcome
from tests.support.flow import Walk, node

FIELDS = """kind: collect
variable: zip
prompt: Your code.
invalid: Wrong.
min_digits: 5
max_digits: 5
regex: "[1-9][0-9]{4}"
maxTries: 2"""


def collect(fields: str = FIELDS) -> Walk:
    return Walk(node(fields, "done", "timeout", "invalid", "failed"))


def test_digits_that_fit_become_the_variable() -> None:
    walk = collect()
    assert isinstance(walk.command, Gather) and (walk.command.min_digits, walk.command.max_digits) == (5, 5)
    assert walk.step("digit:12345").at == "done" and walk.variables["zip"] == "12345"


@pytest.mark.parametrize("digits", ["1234", "01234", "123456"])
def test_digits_that_do_not_fit_are_asked_again_and_then_invalid(digits: str) -> None:
    walk = collect().step(f"digit:{digits}")
    assert isinstance(walk.command, Gather) and walk.command.sounds[0].text == "Wrong."
    assert walk.step(f"digit:{digits}").at == "invalid" and "zip" not in walk.variables


def test_silence_is_asked_again_and_then_timeout() -> None:
    walk = collect().step("timeout")
    assert isinstance(walk.command, Gather) and walk.command.sounds[0].text == "Your code."
    assert walk.step("timeout").at == "timeout"


def test_what_cannot_be_asked_leaves_by_failed() -> None:
    assert collect().step("failed").at == "failed"


def test_secret_digits_are_marked_as_such() -> None:
    walk = collect("kind: collect\nvariable: pin\nsecret: true")
    assert isinstance(walk.command, Gather) and walk.command.secret
    assert walk.step("digit:1234").state.secrets == {"pin"}


@pytest.mark.parametrize("pattern", ["(1+)+", "1*2*3*", "[", "(?=x)", "1{2,}3{2,}4+", "(12){9}", "a"])
def test_a_pattern_that_may_take_long_is_refused(pattern: str) -> None:
    with pytest.raises(ValidationError):
        Collect.model_validate({"variable": "x", "pattern": pattern})


def test_the_costliest_pattern_that_is_allowed_takes_no_time() -> None:
    data: NodeData = Collect.model_validate({"variable": "x", "pattern": "[0-9]*1[0-9]*2", "max_digits": 32})
    walk = Walk(node("kind: collect\nvariable: x", "done"))
    assert walk.state.node.data.KIND == data.KIND
    start = time.process_time()
    assert Outcome("digit:" + "1" * 32).digits and not data._fits("1" * 32)  # type: ignore[attr-defined]
    assert time.process_time() - start < 0.1


def test_bounds_are_in_order() -> None:
    with pytest.raises(ValidationError, match="above max_digits"):
        Collect.model_validate({"variable": "x", "min_digits": 3, "max_digits": 2})
