"""The expression language of flows: small, without loops or side effects, and bounded.

::

    expression = conjunction { "or" conjunction }
    conjunction = negation { "and" negation }
    negation   = "not" negation | comparison
    comparison = sum [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" ) sum ]
    sum        = product { ( "+" | "-" ) product }
    product    = sign { ( "*" | "/" | "%" ) sign }
    sign       = "-" sign | item
    item       = primary { "." name | "[" expression "]" }
    primary    = number | string | "true" | "false" | "null" | name
               | function "(" [ expression { "," expression } ] ")"
               | "(" expression ")" | "[" [ expression { "," expression } ] "]"
    number     = digits [ "." digits ]
    string     = '"' … '"' | "'" … "'"        (no escapes; use the other quote)
    name       = letter or _, then letters, digits, _

Functions: length, lower, upper, trim, number, text, starts, ends, contains, left, right, default.

Limits: 1,000 characters, 200 operands and operators, nesting of 24. Whatever makes no sense at run time
(a missing variable, a text divided by another) is null, and null is false: a call never breaks on data.
Digits are text, so a number compared with a text that reads as one is compared as a number.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from edge.flow.foreign import in_our_words
from edge.flow.value import NUMBER_MAX, TEXT_MAX, Value, text_of

CHARACTERS_MAX: Final = 1_000
PARTS_MAX: Final = 200
DEPTH_MAX: Final = 24

Variables = Mapping[str, Value]
Evaluate = Callable[[Variables], Value]

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>[0-9]{1,15}(?:\.[0-9]{1,15})?)|(?P<name>[A-Za-z_][A-Za-z0-9_]{0,63})"
    r"|\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<sign>==|!=|<=|>=|[-+*/%<>().,\[\]]))"
)
_CONSTANTS: Final[Mapping[str, Value]] = {"true": True, "false": False, "null": None}
_WORDS: Final = frozenset({"or", "and", "not", "in"})
_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})


class ExpressionError(Exception):
    """An expression that cannot be read; the text says why, `position` where."""

    def __init__(self, why: str, position: int) -> None:
        super().__init__(f"{why} at character {position + 1}")
        self.position = position


class Expression:
    """Call it with the variables; it never raises."""

    __slots__ = ("_evaluate", "names", "text")

    def __init__(self, text: str) -> None:
        """Raises `ExpressionError`."""
        parser = _Parser(text)
        self.text = text
        self._evaluate = parser.parse()
        self.names = frozenset(parser.names)
        "Variables that it reads."

    def __call__(self, variables: Variables) -> Value:
        return self._evaluate(variables)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


class _Parser:
    def __init__(self, text: str) -> None:
        if len(text) > CHARACTERS_MAX:
            raise ExpressionError(f"longer than {CHARACTERS_MAX} characters", CHARACTERS_MAX)
        self.names: set[str] = set()
        self._tokens: list[tuple[str, str, int]] = []
        self._next = 0
        self._depth = 0
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                rest = text[position:].strip()[:10]
                raise ExpressionError(f"{rest!r} is not understood{in_our_words(rest)}", position)
            kind = match.lastgroup or ""
            self._tokens.append((kind, match[kind], match.start(kind)))
            position = match.end()
        if len(self._tokens) > PARTS_MAX:
            raise ExpressionError(f"more than {PARTS_MAX} operands and operators", self._tokens[PARTS_MAX][2])
        self._tokens.append(("end", "", end))

    def parse(self) -> Evaluate:
        made = self._expression()
        if self._tokens[self._next][0] != "end":
            self._refuse("an operator is missing")
        return made

    # Tokens.

    def _refuse(self, why: str) -> None:
        kind, text, position = self._tokens[self._next]
        raise ExpressionError(f"{why} {'at the end' if kind == 'end' else f'before {text!r}'}", position)

    def _take(self, *choices: str) -> str | None:
        kind, text, _ = self._tokens[self._next]
        if kind in ("sign", "name") and text in choices:
            self._next += 1
            return text
        return None

    def _expect(self, sign: str) -> None:
        if self._take(sign) is None:
            self._refuse(f"{sign} is missing")

    # The grammar, one method a rule.

    def _expression(self) -> Evaluate:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise ExpressionError(f"nested deeper than {DEPTH_MAX}", self._tokens[self._next][2])
        left = self._conjunction()
        while self._take("or"):
            left = _either(left, self._conjunction())
        self._depth -= 1
        return left

    def _conjunction(self) -> Evaluate:
        left = self._negation()
        while self._take("and"):
            left = _both(left, self._negation())
        return left

    def _negation(self) -> Evaluate:
        turns = 0
        while self._take("not"):
            turns += 1
        inner = self._comparison()
        if not turns:
            return inner
        return lambda v: bool(inner(v)) is (turns % 2 == 0)

    def _comparison(self) -> Evaluate:
        left = self._sum()
        sign = self._take(*_COMPARISONS)
        if sign is None:
            return left
        right, compare = self._sum(), _COMPARE[sign]
        return lambda v: compare(left(v), right(v))

    def _sum(self) -> Evaluate:
        left = self._product()
        while sign := self._take("+", "-"):
            left = _binary(_ARITHMETIC[sign], left, self._product())
        return left

    def _product(self) -> Evaluate:
        left = self._sign()
        while sign := self._take("*", "/", "%"):
            left = _binary(_ARITHMETIC[sign], left, self._sign())
        return left

    def _sign(self) -> Evaluate:
        turns = 0
        while self._take("-"):
            turns += 1
        inner = self._item()
        if turns % 2 == 0:
            return inner
        return lambda v: _number_or_null(inner(v), -1)

    def _item(self) -> Evaluate:
        made = self._primary()
        while sign := self._take(".", "["):
            if sign == ".":
                kind, name, _ = self._tokens[self._next]
                if kind != "name":
                    self._refuse("a name is missing")
                self._next += 1
                made = _part(made, lambda v, name=name: name)  # type: ignore[misc]
            else:
                made = _part(made, self._expression())
                self._expect("]")
        return made

    def _primary(self) -> Evaluate:
        kind, text, _ = self._tokens[self._next]
        value: Value
        match kind:
            case "number":
                self._next += 1
                value = float(text) if "." in text else int(text)
                return lambda v: value
            case "single" | "double":
                self._next += 1
                return lambda v: text
            case "name" if text in _CONSTANTS:
                self._next += 1
                value = _CONSTANTS[text]
                return lambda v: value
            case "name" if text not in _WORDS:
                self._next += 1
                return self._call(text) if self._take("(") else self._variable(text)
            case "sign" if text == "(":
                self._next += 1
                inner = self._expression()
                self._expect(")")
                return inner
            case "sign" if text == "[":
                self._next += 1
                items = self._list("]")
                return lambda v: [item(v) for item in items]
        self._refuse("a value is missing")
        raise AssertionError("refuse raises")

    def _variable(self, name: str) -> Evaluate:
        self.names.add(name)
        return lambda v: v.get(name)

    def _call(self, name: str) -> Evaluate:
        function = _FUNCTIONS.get(name)
        if function is None:
            self._next -= 2
            self._refuse(f"there is no function {name}; the functions are {', '.join(_FUNCTIONS)}:")
            raise AssertionError("refuse raises")
        count, act = function
        items = self._list(")")
        if len(items) != count:
            self._next -= 1
            self._refuse(f"{name} takes {count} value{'s' if count > 1 else ''}, not {len(items)}:")
        return lambda v: act(*[item(v) for item in items])

    def _list(self, end: str) -> list[Evaluate]:
        items: list[Evaluate] = []
        if self._take(end):
            return items
        while True:
            items.append(self._expression())
            if self._take(end):
                return items
            self._expect(",")


def _either(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda v: bool(left(v)) or bool(right(v))


def _both(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda v: bool(left(v)) and bool(right(v))


def _binary(act: Callable[[Value, Value], Value], left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda v: act(left(v), right(v))


def _part(whole: Evaluate, key: Evaluate) -> Evaluate:
    def part(variables: Variables) -> Value:
        value, at = whole(variables), key(variables)
        if isinstance(value, Mapping):
            return value.get(text_of(at))
        if isinstance(value, Sequence) and isinstance(at, int) and -len(value) <= at < len(value):
            return value[at]
        return None

    return part


def number(value: Value) -> int | float | None:
    """The number that `value` is or reads as."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,15}(\.[0-9]{1,15})?\s*", value):
        return float(value) if "." in value else int(value)
    return None


def _number_or_null(value: Value, factor: int) -> Value:
    found = number(value)
    return None if found is None else found * factor


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
_ARITHMETIC: Final[Mapping[str, Callable[[Value, Value], Value]]] = {
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


_COMPARE: Final[Mapping[str, Callable[[Value, Value], Value]]] = {
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


_FUNCTIONS: Final[Mapping[str, tuple[int, Callable[..., Value]]]] = {
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
