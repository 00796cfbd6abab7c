"""Signs of other languages in expressions."""

import pytest

from edge.flow.foreign import in_our_words


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("= 1", ": equal is =="),
        ("&& x", ": write and"),
        ("|| x", ": write or"),
        ("| upper", ": a function is written upper(name)"),
        ("!x", ": write not"),
        ("'x", ": the quote is not closed"),
        ("${x}", ": a variable is its bare name"),
        ("~", ""),
    ],
)
def test_a_sign_of_another_language_is_told_in_ours(rest: str, said: str) -> None:
    assert in_our_words(rest) == said
