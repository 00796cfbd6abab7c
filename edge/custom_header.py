"""Custom header fields (X-…) of a caller: what an allow-list lets in, and what it lets out again."""

from collections.abc import Iterable, Sequence
from typing import Final

from edge.sip.message import Request

LONGEST: Final = 256
"Characters of a value; a longer one is left out."

Fields = tuple[tuple[str, str], ...]


def accepted(request: Request, names: Sequence[str]) -> Fields:
    """The first value of each of `names` that is there."""
    found = ((name, request.headers.get(name)) for name in names)
    return tuple((name, value) for name, value in found if value and len(value) <= LONGEST)


def passed(fields: Iterable[tuple[str, str]], names: Sequence[str]) -> Fields:
    """Those of `fields` that stand in the list of who is told."""
    return tuple((name, value) for name, value in fields if name in names)


def variables(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """By names that an expression can hold: `X-Customer-Id` is `x_customer_id`."""
    return {name.lower().replace("-", "_"): value for name, value in fields}
