"""What operators and functions of flows make of values: total, and bounded in what they give.

Whatever makes no sense (a text divided by another, a division by zero) is null. Digits are text, so a number
compared with a text that reads as one is compared as a number.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from edge.flow.value import NUMBER_MAX, TEXT_MAX, Value, text_of


def number(value: Value) -> int | float | None:
    """The number that `value` is or reads as."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,15}(\.[0-9]{1,15})?\s*", value):
        return float(value) if "." in value else int(value)
    return None


def negative(value: Value) -> Value:
    found = number(value)
    return None if found is None else -found


def _arithmetic(act: Callable[[int | float, int | float], int | float]) -> Callable[[Value, Value], Value]:
    def calculate(left: Value, right: Value) -> Value:
        a, b = number(left), number(right)
        if a is None or b is None:
            return None
        try:
            made = act(a, b)
        except (ZeroDivisionError, OverflowError):
            return None
        return made if -NUMBER_MAX <= made <= NUMBER_MAX else None

    return calculate


def _add(left: Value, right: Value) -> Value:
    """Numbers are added, texts joined; digits are text until one side is a number."""
    if isinstance(left, str) and isinstance(right, str):
        return (left + right)[:TEXT_MAX]
    added = _PLUS(left, right)
    if added is None and (isinstance(left, str) or isinstance(right, str)):
        return (text_of(left) + text_of(right))[:TEXT_MAX]
    return added


def _divide(a: int | float, b: int | float) -> int | float:
    made = a / b
    return int(made) if made.is_integer() else made


_PLUS: Final = _arithmetic(lambda a, b: a + b)
ARITHMETIC: Final[Mapping[str, Callable[[Value, Value], Value]]] = {
    "+": _add,
    "-": _arithmetic(lambda a, b: a - b),
    "*": _arithmetic(lambda a, b: a * b),
    "/": _arithmetic(_divide),
    "%": _arithmetic(lambda a, b: a % b),
}


def _pair(left: Value, right: Value) -> tuple[Value, Value]:
    """Both as numbers when one is a number and the other reads as one."""
    if isinstance(left, str) != isinstance(right, str):
        a, b = number(left), number(right)
        if a is not None and b is not None:
            return a, b
    return left, right


def _equal(left: Value, right: Value) -> bool:
    a, b = _pair(left, right)
    return isinstance(a, bool) == isinstance(b, bool) and a == b


def _ordered(act: Callable[[float | str, float | str], bool]) -> Callable[[Value, Value], Value]:
    def compare(left: Value, right: Value) -> Value:
        a, b = _pair(left, right)
        if isinstance(a, str) and isinstance(b, str):
            return act(a, b)
        if isinstance(a, (int, float)) and isinstance(b, (int, float)):
            return act(a, b)
        return None

    return compare


def _within(left: Value, right: Value) -> bool:
    if isinstance(right, str):
        return isinstance(left, str) and left in right
    if isinstance(right, Mapping):
        return text_of(left) in right
    return isinstance(right, Sequence) and any(_equal(left, item) for item in right)


COMPARISONS: Final[Mapping[str, Callable[[Value, Value], Value]]] = {
    "==": _equal,
    "!=": lambda a, b: not _equal(a, b),
    "<": _ordered(lambda a, b: a < b),  # type: ignore[operator]
    "<=": _ordered(lambda a, b: a <= b),  # type: ignore[operator]
    ">": _ordered(lambda a, b: a > b),  # type: ignore[operator]
    ">=": _ordered(lambda a, b: a >= b),  # type: ignore[operator]
    "in": _within,
}


def _length(value: Value) -> Value:
    return len(value) if isinstance(value, (str, Sequence, Mapping)) else 0


def _whole(value: Value) -> int:
    found = number(value)
    return 0 if found is None else max(0, int(found))


FUNCTIONS: Final[Mapping[str, tuple[int, Callable[..., Value]]]] = {
    "length": (1, _length),
    "lower": (1, lambda a: text_of(a).lower()),
    "upper": (1, lambda a: text_of(a).upper()[:TEXT_MAX]),
    "trim": (1, lambda a: text_of(a).strip()),
    "number": (1, number),
    "text": (1, text_of),
    "starts": (2, lambda a, b: text_of(a).startswith(text_of(b))),
    "ends": (2, lambda a, b: text_of(a).endswith(text_of(b))),
    "contains": (2, lambda a, b: _within(b, a)),
    "left": (2, lambda a, b: text_of(a)[: _whole(b)]),
    "right": (2, lambda a, b: text_of(a)[-_whole(b) :] if _whole(b) else ""),
    "default": (2, lambda a, b: b if a is None or a == "" else a),
}
"Name → number of values, and what it makes of them."
