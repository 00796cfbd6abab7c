"""Values of a flow's variables: what JSON has, with a bound on each."""

import json
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

Value: TypeAlias = "bool | int | float | str | Sequence[Value] | Mapping[str, Value] | None"

TEXT_MAX: Final = 4_000
"Characters of a text; what comes beyond is cut off."
NUMBER_MAX: Final = 2**53
"Beyond it, whole numbers are no longer told apart by every reader of JSON."
DEPTH_MAX: Final = 8
"Lists and mappings within each other."
ITEMS_MAX: Final = 1_000
"Parts of one value, counted at every depth."


def text_of(value: Value) -> str:
    """How a value is spoken and sent: nothing for null, `true`, `3`, JSON for lists and mappings."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case int():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False, default=str)[:TEXT_MAX]


def bounded(value: object) -> Value:
    """`value`, as it came from elsewhere, cut down to what a variable may hold."""
    return _Cutter().cut(value, DEPTH_MAX)


class _Cutter:
    def __init__(self) -> None:
        self._left = ITEMS_MAX

    def cut(self, value: object, depth: int) -> Value:
        self._left -= 1
        match value:
            case None | bool():
                return value
            case str():
                return value[:TEXT_MAX]
            case int() | float():
                return value if -NUMBER_MAX <= value <= NUMBER_MAX else None
            case Mapping() if depth and self._left > 0:
                return {
                    str(key)[:64]: self.cut(inner, depth - 1)
                    for key, inner in value.items()
                    if self._left > 0
                }
            case Sequence() if depth and self._left > 0 and not isinstance(value, (bytes, bytearray)):
                return [self.cut(inner, depth - 1) for inner in value if self._left > 0]
            case _:
                return None
