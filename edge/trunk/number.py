"""How a number is written for a trunk: the rules of the configuration first, then E.164 with or without +."""

from edge.directory import NumberFormat
from edge.routing.route import digits_of

LONGEST = 32
"Longer numbers are left as they are: no rule is tried on them."


def written(format: NumberFormat, number: str) -> str:
    """`number`, as it was dialled, in the trunk's way. The first rule that matches all of it is taken."""
    if len(number) > LONGEST:
        return number
    for rule in format.rules:
        match = rule.pattern.fullmatch(number)
        if match is not None:
            number = match.expand(rule.to)
            break
    digits = digits_of(number)
    match format.style:
        case "plus" if digits:
            return f"+{digits}"
        case "e164" if digits:
            return digits
        case _:
            return number
