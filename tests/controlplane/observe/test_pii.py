"""Texts that hide themselves (style §2, logs)."""

import orjson

from controlplane.observe.pii import Pii


def test_no_way_of_printing_shows_it() -> None:
    number = Pii("+12025550123")
    for text in (str(number), repr(number), f"{number}", f"{number:>20}", f"{[number]}", f"{number!r}"):
        assert "1202555" not in text and "23" in text
    assert b"1202555" not in orjson.dumps({"to": number}, default=str)


def test_a_short_one_shows_nothing() -> None:
    assert str(Pii("1001")) == str(Pii("")) == "…"


def test_equal_ones_are_equal() -> None:
    assert Pii("1001") == Pii("1001") != Pii("1002")
    assert len({Pii("1001"), Pii("1001")}) == 1 and Pii("1001") != "1001"
