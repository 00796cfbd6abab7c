"""A good JSON message → one with values of another type, of no sense or without end in its fields."""

import json
from copy import deepcopy
from random import Random
from typing import Any

from tests.fuzz.mutation import WORDS

DEEP = ("[", "]"), ('{"a":', "}"), ('[{"type":', "}]")
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 7, 255, 2**31, 2**53 + 1, 2**63, 2**64, 10**30, -(10**30), 0.0, -0.5, 1e308,
    1e-320, float("nan"), float("inf"), "", " ", "0", "-1", "1.5", "true", "null", "9" * 5_000, "\u0663",
    "\u00b2", "\0", "\ud800", "a" * 300, "x" * 20_000, "=", "AAA", "AA==", "A" * 641, "\u2028", "user:1001",
    "agent:sales", "queue:", "12*#", "hang_up", "set_variables", "send_digits", '{"digits":5}',
    '{"variables":{"a":[1]}}', '{"target":["a"]}', "[" * 500, [], {}, [[]], [None], [1, "a", {}], [{}],
    {"": {}}, {"type": 1}, ["x"] * 300, {str(n): n for n in range(300)},
)  # fmt: skip


def mistaken(random: Random, message: dict[str, Any], others: list[dict[str, Any]]) -> bytes:
    """`message` after one to four mistakes; `others` lend keys and values."""
    whole = deepcopy(message)
    for _ in range(random.choice((1, 1, 2, 4))):
        at: Any = whole
        while True:
            key = random.choice(list(at) if isinstance(at, dict) else range(len(at))) if at else None
            if key is None or not isinstance(at[key], dict | list) or random.random() < 0.3:
                break
            at = at[key]
        _err(random, at, key, random.choice(others))
    text = json.dumps(whole, ensure_ascii=random.random() < 0.8).encode("utf-8", "surrogatepass")
    while b'"@deep"' in text:  # a word until now, which no recursion ends at
        opened, closed = random.choice(DEEP)
        levels = random.choice((3, 60, 66, 250, 260, 1_000, 3_000))
        deep = opened * levels + "1" + closed * random.choice((levels, levels, 0))
        text = text.replace(b'"@deep"', deep.encode(), 1)
    return text


def _err(random: Random, at: Any, key: Any, other: dict[str, Any]) -> None:
    value: Any = deepcopy(random.choice(VALUES))
    match random.randrange(8):
        case 0 if key is not None:
            del at[key]
        case 1 if key is not None:
            at[key] = [at[key]]
        case 2 if key is not None:
            at[key] = {"value": at[key]}
        case 3 if isinstance(at, dict):
            at.update(deepcopy(other))
        case 4 if isinstance(at, dict):
            at[random.choice([*other, random.choice(WORDS).decode("latin-1")])] = value
        case 5:
            _put(at, key, "@deep")
        case _:
            _put(at, key, value)


def _put(at: Any, key: Any, value: object) -> None:
    if key is not None:
        at[key] = value
    elif isinstance(at, dict):
        at["type"] = value
    else:
        at.append(value)
