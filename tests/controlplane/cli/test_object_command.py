"""Commands for what operators make: there, and quick to explain themselves."""

import pytest

from tests.support.operator import tandem


@pytest.mark.parametrize(
    "words",
    [
        ("keys", "create"),
        ("keys", "list"),
        ("users", "create"),
        ("users", "list"),
        ("users", "remove"),
        ("export",),
        ("import",),
        ("keys", "rotate"),
        ("keys", "revoke"),
    ],
)
def test_a_command_says_what_it_does(words: tuple[str, ...]) -> None:
    result = tandem(*words, "--help")
    assert result.exit_code == 0 and "--json" in result.output and "--data" in result.output


def test_the_scopes_are_named() -> None:
    assert "edge.control" in tandem("keys", "create", "--help").output
