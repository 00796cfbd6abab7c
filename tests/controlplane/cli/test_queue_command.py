"""Commands for queues and their people: there, and quick to explain themselves."""

import pytest

from tests.support.operator import tandem


@pytest.mark.parametrize(
    "words",
    [("agents", word) for word in ("list", "login", "logout", "available", "pause", "resume")]
    + [("queues", word) for word in ("list", "days", "callbacks", "withdraw")],
)
def test_a_command_says_what_it_does(words: tuple[str, str]) -> None:
    result = tandem(*words, "--help")
    assert result.exit_code == 0 and "--json" in result.output and "--data" in result.output
    assert tandem(*words).exit_code == 2
