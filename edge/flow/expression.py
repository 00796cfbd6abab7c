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
from edge.flow.operator import ARITHMETIC, COMPARISONS, FUNCTIONS, negative
from edge.flow.value import Value, text_of

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
        sign = self._take(*COMPARISONS)
        if sign is None:
            return left
        right, compare = self._sum(), COMPARISONS[sign]
        return lambda v: compare(left(v), right(v))

    def _sum(self) -> Evaluate:
        left = self._product()
        while sign := self._take("+", "-"):
            left = _binary(ARITHMETIC[sign], left, self._product())
        return left

    def _product(self) -> Evaluate:
        left = self._sign()
        while sign := self._take("*", "/", "%"):
            left = _binary(ARITHMETIC[sign], left, self._sign())
        return left

    def _sign(self) -> Evaluate:
        turns = 0
        while self._take("-"):
            turns += 1
        inner = self._item()
        if turns % 2 == 0:
            return inner
        return lambda v: negative(inner(v))

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
        function = FUNCTIONS.get(name)
        if function is None:
            self._next -= 2
            self._refuse(f"there is no function {name}; the functions are {', '.join(FUNCTIONS)}:")
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
