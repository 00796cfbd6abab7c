"""Text with expressions in it: `Hello {{ name }}, you are number {{ position + 1 }}`."""

import re
from typing import Final

from edge.flow.expression import Expression, ExpressionError, Variables
from edge.flow.value import TEXT_MAX, Value, text_of

_SLOT: Final = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


class Template:
    __slots__ = ("_fixed", "_parts", "names", "text")

    def __init__(self, text: str) -> None:
        """Raises `ExpressionError`; its position counts from the expression's begin."""
        self.text = text
        pieces = _SLOT.split(text) if "{{" in text else [text]
        if any("{{" in piece for piece in pieces[::2]):
            raise ExpressionError("{{ is never closed by }}", len(text) - 1)
        self._parts = tuple(
            Expression(piece) if place % 2 else piece
            for place, piece in enumerate(pieces)
            if place % 2 or piece
        )
        self.names = frozenset[str]().union(*(p.names for p in self._parts if isinstance(p, Expression)))
        "Variables that it reads."
        fixed = not any(isinstance(part, Expression) for part in self._parts)
        self._fixed = text[:TEXT_MAX] if fixed else None

    @property
    def bare(self) -> str:
        """Without its expressions."""
        return " ".join(part for part in self._parts if isinstance(part, str))

    @property
    def is_fixed(self) -> bool:
        """Whether it is the same text for every call."""
        return self._fixed is not None

    def render(self, variables: Variables) -> str:
        """At most `TEXT_MAX` characters."""
        if self._fixed is not None:
            return self._fixed
        parts = [part if isinstance(part, str) else text_of(part(variables)) for part in self._parts]
        return "".join(parts)[:TEXT_MAX]

    def value(self, variables: Variables) -> Value:
        """What the expression gives when there is nothing but one, else text."""
        if len(self._parts) == 1 and isinstance(self._parts[0], Expression):
            return self._parts[0](variables)
        return self.render(variables)

    def __repr__(self) -> str:
        return f"Template({self.text!r})"
