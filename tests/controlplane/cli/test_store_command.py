"""The commands are part of `tandem`."""

from tests.support.operator import tandem


def test_they_are_listed_beside_the_others() -> None:
    text = tandem("--help").stdout
    assert "backup" in text and "doctor" in text
