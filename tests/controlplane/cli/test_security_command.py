"""Commands for bans and allowed sources: there, and quick to explain themselves."""

import pytest

from tests.support.operator import tandem


@pytest.mark.parametrize("group", ["bans", "allow"])
@pytest.mark.parametrize("word", ["list", "add", "remove"])
def test_a_command_says_what_it_does(group: str, word: str) -> None:
    result = tandem(group, word, "--help")
    assert result.exit_code == 0 and "--json" in result.output and "--data" in result.output
    assert word == "list" or tandem(group, word).exit_code == 2


@pytest.mark.parametrize("options", [("--limit", "0"), ("--status", "gone")])
def test_bad_usage_is_2(options: tuple[str, str]) -> None:
    assert tandem("bans", "list", *options).exit_code == 2
