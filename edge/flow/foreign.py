"""What people write in expressions that comes from other languages, and how it is written here."""

from typing import Final

SIGNS: Final = {
    "=": "equal is ==",
    "&": "write and",
    "||": "write or",
    "|": "a function is written upper(name)",
    "!": "write not",
    "'": "the quote is not closed",
    '"': "the quote is not closed",
    "{": "braces are for texts only",
    "$": "a variable is its bare name",
}
"Signs of other languages → what is written here."


def in_our_words(rest: str) -> str:
    """What to write, where `rest` begins with a sign of another language; else empty."""
    return next((f": {ours}" for sign, ours in SIGNS.items() if rest.startswith(sign)), "")
